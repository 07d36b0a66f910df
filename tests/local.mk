# Nothing here is installed. A unit test is one program, of the source file of its own name; what several
# share is in libtarn-test.la. tests/run runs them all.

include tests/fixtures/local.mk
include tests/formats/local.mk
include tests/bench/local.mk
include tests/fuzz/local.mk
include tests/cli/local.mk
include tests/iscsi/local.mk
include tests/xml/local.mk

LDADD = libtarn-test.la libtarn-core.la libtarn-helpers.la $(CUNIT_LIBS)
TEST_CPPFLAGS = -I$(top_srcdir)/core/include -I$(top_srcdir)/sdk $(LIBXML_CFLAGS) $(CUNIT_CFLAGS)
AM_CPPFLAGS += $(TEST_CPPFLAGS)

if HAVE_CUNIT
check_LTLIBRARIES += libtarn-test.la
libtarn_test_la_SOURCES = \
	tests/fixtures/plugins-frame.c \
	tests/fixtures/plugins-frame.h \
	tests/unit/disk-bytes.c \
	tests/unit/disk-bytes.h \
	tests/unit/fake-host.c \
	tests/unit/fake-host.h \
	tests/unit/fake-pool-host.c \
	tests/unit/fake-pool-host.h \
	tests/unit/format-crash.c \
	tests/unit/format-crash.h \
	tests/unit/format-fixture.c \
	tests/unit/format-fixture.h \
	tests/unit/host-frame.c \
	tests/unit/host-frame.h \
	tests/unit/memory-io.c \
	tests/unit/memory-io.h \
	tests/unit/random-numbers.c \
	tests/unit/random-numbers.h \
	tests/unit/sample-types.c \
	tests/unit/sample-types.h \
	tests/unit/sample-volumes.c \
	tests/unit/sample-volumes.h \
	tests/unit/test-file-volumes-fixture.c \
	tests/unit/test-file-volumes-fixture.h \
	tests/unit/toy-disk.c \
	tests/unit/toy-disk.h \
	tests/unit/truth-frame.c \
	tests/unit/truth-frame.h \
	tests/unit/unit.c \
	tests/unit/unit.h

unit_tests = \
	tests/unit/test-arena \
	tests/unit/test-block-node \
	tests/unit/test-capabilities-xml \
	tests/unit/test-descriptor \
	tests/unit/test-dir \
	tests/unit/test-disk-cut \
	tests/unit/test-disk-place \
	tests/unit/test-disk-store \
	tests/unit/test-disk-table \
	tests/unit/test-error \
	tests/unit/test-flags \
	tests/unit/test-event \
	tests/unit/test-field-text \
	tests/unit/test-file-volumes-access \
	tests/unit/test-file-volumes-create \
	tests/unit/test-file-volumes-odd \
	tests/unit/test-file-volumes-pool \
	tests/unit/test-file-volumes-recover \
	tests/unit/test-file-volumes-refresh \
	tests/unit/test-fill-disk \
	tests/unit/test-fs-device \
	tests/unit/test-head-io \
	tests/unit/test-image-lock \
	tests/unit/test-image-api \
	tests/unit/test-image-map \
	tests/unit/test-image-related \
	tests/unit/test-inventory \
	tests/unit/test-iscsi-lun \
	tests/unit/test-iscsi-lun-zero \
	tests/unit/test-iscsi-login \
	tests/unit/test-iscsi-vpd \
	tests/unit/test-io-data \
	tests/unit/test-isolate-channel \
	tests/unit/test-isolate-module \
	tests/unit/test-isolate-telling \
	tests/unit/test-isolate-wire \
	tests/unit/test-loader \
	tests/unit/test-lock \
	tests/unit/test-logical-names \
	tests/unit/test-logical-report \
	tests/unit/test-logical-seqno \
	tests/unit/test-logical-settings \
	tests/unit/test-logical-thin \
	tests/unit/test-module-list \
	tests/unit/test-module \
	tests/unit/test-mount \
	tests/unit/test-mounted-volumes \
	tests/unit/test-netfs \
	tests/unit/test-netfs-ask \
	tests/unit/test-operation \
	tests/unit/test-params \
	tests/unit/test-persist \
	tests/unit/test-plugin-conf \
	tests/unit/test-pool-def \
	tests/unit/test-pool-define \
	tests/unit/test-pool-facts \
	tests/unit/test-pool-identity \
	tests/unit/test-pool-life \
	tests/unit/test-pool-news \
	tests/unit/test-pool-options \
	tests/unit/test-pool-presence \
	tests/unit/test-pool-refusals \
	tests/unit/test-pool-silence \
	tests/unit/test-pool-stalled \
	tests/unit/test-pool-undo \
	tests/unit/test-probe \
	tests/unit/test-record \
	tests/unit/test-registry \
	tests/unit/test-run-tool \
	tests/unit/test-schema \
	tests/unit/test-secret \
	tests/unit/test-signature \
	tests/unit/test-size \
	tests/unit/test-sized \
	tests/unit/test-span-disk \
	tests/unit/test-source-xml \
	tests/unit/test-stream \
	tests/unit/test-stress \
	tests/unit/test-utf8 \
	tests/unit/test-uuid-text \
	tests/unit/test-volume-clone \
	tests/unit/test-volume-create \
	tests/unit/test-volume-def \
	tests/unit/test-volume-delete \
	tests/unit/test-volume-family \
	tests/unit/test-volume-resize \
	tests/unit/test-volume-transfer \
	tests/unit/test-volume-wipe \
	tests/unit/test-volume-xml \
	tests/unit/test-volume \
	tests/unit/test-xml-doc \
	tests/unit/test-xml-owner \
	tests/unit/test-xml-writer
check_PROGRAMS += $(unit_tests)

tests_unit_test_run_tool_LDADD = libtarn-tool-helpers.la $(LDADD)
tests_unit_test_mount_LDADD = libtarn-mount-helpers.la libtarn-tool-helpers.la $(LDADD)
tests_unit_test_mounted_volumes_LDADD = $(tests_unit_test_mount_LDADD)
tests_unit_test_signature_LDADD = libtarn-signature-helpers.la libtarn-tool-helpers.la $(LDADD)

# These test a module by its own entry.
tests_unit_test_dir_SOURCES = tests/unit/test-dir.c modules/dir/dir.c

disk_test_sources = tests/unit/test-disk-fixture.c tests/unit/test-disk-fixture.h
disk_test_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir)/modules/disk $(PARTED_CFLAGS) $(UDEV_CFLAGS) \
	$(ZLIB_CFLAGS)
disk_test_libs = $(disk_libs) $(LDADD)
tests_unit_test_disk_cut_SOURCES = tests/unit/test-disk-cut.c $(disk_test_sources)
tests_unit_test_disk_cut_CPPFLAGS = $(disk_test_cppflags)
tests_unit_test_disk_cut_LDADD = $(disk_test_libs)
tests_unit_test_disk_place_SOURCES = tests/unit/test-disk-place.c $(disk_test_sources)
tests_unit_test_disk_place_CPPFLAGS = $(disk_test_cppflags)
tests_unit_test_disk_place_LDADD = $(disk_test_libs)
tests_unit_test_disk_store_SOURCES = tests/unit/test-disk-store.c $(disk_test_sources)
tests_unit_test_disk_store_CPPFLAGS = $(disk_test_cppflags)
tests_unit_test_disk_store_LDADD = $(disk_test_libs)
tests_unit_test_disk_table_SOURCES = tests/unit/test-disk-table.c $(disk_test_sources)
tests_unit_test_disk_table_CPPFLAGS = $(disk_test_cppflags)
tests_unit_test_disk_table_LDADD = $(disk_test_libs)
tests_unit_test_fs_device_SOURCES = tests/unit/test-fs-device.c $(fs_la_SOURCES)
tests_unit_test_fs_device_CPPFLAGS = $(AM_CPPFLAGS) $(BLKID_CFLAGS)
tests_unit_test_fs_device_LDADD = libtarn-signature-helpers.la $(tests_unit_test_mount_LDADD) \
	$(BLKID_LIBS)
tests_unit_test_iscsi_login_CPPFLAGS = $(AM_CPPFLAGS) $(LIBISCSI_CFLAGS)
tests_unit_test_iscsi_login_LDADD = $(iscsi_libs) $(LDADD)
tests_unit_test_iscsi_vpd_CPPFLAGS = $(tests_unit_test_iscsi_login_CPPFLAGS)
tests_unit_test_iscsi_vpd_LDADD = $(iscsi_libs) $(LDADD)
tests_unit_test_netfs_CPPFLAGS = $(AM_CPPFLAGS) $(LIBNFS_CFLAGS) $(MOUNT_CFLAGS)
tests_unit_test_netfs_LDADD = $(netfs_libs) $(LDADD)
tests_unit_test_netfs_ask_CPPFLAGS = $(tests_unit_test_netfs_CPPFLAGS)
tests_unit_test_netfs_ask_LDADD = $(netfs_libs) $(LDADD)
lun_test_sources = tests/unit/fake-lun.c tests/unit/fake-lun.h
lun_test_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir)/modules/iscsi
tests_unit_test_iscsi_lun_SOURCES = tests/unit/test-iscsi-lun.c $(lun_test_sources)
tests_unit_test_iscsi_lun_CPPFLAGS = $(lun_test_cppflags)
tests_unit_test_iscsi_lun_LDADD = $(iscsi_libs) $(LDADD)
tests_unit_test_iscsi_lun_zero_SOURCES = tests/unit/test-iscsi-lun-zero.c $(lun_test_sources)
tests_unit_test_iscsi_lun_zero_CPPFLAGS = $(lun_test_cppflags)
tests_unit_test_iscsi_lun_zero_LDADD = $(iscsi_libs) $(LDADD)
tests_unit_test_logical_names_LDADD = $(logical_libs) $(LDADD)
tests_unit_test_logical_report_LDADD = $(logical_libs) $(LDADD)
tests_unit_test_logical_seqno_LDADD = $(logical_libs) $(LDADD)
tests_unit_test_logical_settings_LDADD = $(logical_libs) $(LDADD)
tests_unit_test_logical_thin_LDADD = $(logical_libs) $(LDADD)
endif

# Everything that the tests need besides what is installed.
tests: all
	$(MAKE) $(AM_MAKEFLAGS) $(check_PROGRAMS) $(check_LTLIBRARIES) $(check_DATA)
.PHONY: tests
