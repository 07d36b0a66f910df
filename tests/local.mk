# Nothing here is installed. A unit test is one program, of the source file of its own name; what several
# share is in libtarn-test.la. tests/run runs them all.

include tests/fixtures/local.mk
include tests/formats/local.mk
include tests/bench/local.mk
include tests/fuzz/local.mk
include tests/cli/local.mk
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
	tests/unit/host-frame.c \
	tests/unit/host-frame.h \
	tests/unit/memory-io.c \
	tests/unit/memory-io.h \
	tests/unit/sample-types.c \
	tests/unit/sample-types.h \
	tests/unit/sample-volumes.c \
	tests/unit/sample-volumes.h \
	tests/unit/test-file-volumes-fixture.c \
	tests/unit/test-file-volumes-fixture.h \
	tests/unit/toy-disk.c \
	tests/unit/toy-disk.h \
	tests/unit/unit.c \
	tests/unit/unit.h

unit_tests = \
	tests/unit/test-arena \
	tests/unit/test-capabilities-xml \
	tests/unit/test-descriptor \
	tests/unit/test-dir \
	tests/unit/test-error \
	tests/unit/test-event \
	tests/unit/test-file-volumes-access \
	tests/unit/test-file-volumes-create \
	tests/unit/test-file-volumes-odd \
	tests/unit/test-file-volumes-pool \
	tests/unit/test-file-volumes-recover \
	tests/unit/test-file-volumes-refresh \
	tests/unit/test-fill-disk \
	tests/unit/test-head-io \
	tests/unit/test-image-api \
	tests/unit/test-image-map \
	tests/unit/test-image-related \
	tests/unit/test-inventory \
	tests/unit/test-loader \
	tests/unit/test-lock \
	tests/unit/test-module-list \
	tests/unit/test-module \
	tests/unit/test-operation \
	tests/unit/test-params \
	tests/unit/test-persist \
	tests/unit/test-plugin-conf \
	tests/unit/test-pool-def \
	tests/unit/test-pool-define \
	tests/unit/test-pool-life \
	tests/unit/test-pool-refusals \
	tests/unit/test-pool-stalled \
	tests/unit/test-probe \
	tests/unit/test-record \
	tests/unit/test-registry \
	tests/unit/test-schema \
	tests/unit/test-size \
	tests/unit/test-sized \
	tests/unit/test-span-disk \
	tests/unit/test-source-xml \
	tests/unit/test-stress \
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
	tests/unit/test-xml-writer
check_PROGRAMS += $(unit_tests)

# These test a module by its own entry.
tests_unit_test_dir_SOURCES = tests/unit/test-dir.c modules/dir/dir.c
endif

# Everything that the tests need besides what is installed.
tests: $(check_PROGRAMS) $(check_LTLIBRARIES) $(check_DATA)
.PHONY: tests
