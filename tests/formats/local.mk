# The formats without the core: their unit tests, and a program that shell tests compare with
# qemu-img.

include tests/formats/bochs.mk
include tests/formats/cloop.mk
include tests/formats/cow.mk
include tests/formats/dmg.mk
include tests/formats/iso.mk
include tests/formats/qcow.mk
include tests/formats/vmdk.mk
include tests/formats/vpc.mk

if HAVE_CUNIT
check_LTLIBRARIES += libtarn-formats.la
libtarn_formats_la_SOURCES = \
	formats/raw/raw.c \
	formats/raw/raw.h \
	$(qcow2_sources) \
	tests/unit/test-qcow2-fixture.c \
	tests/unit/test-qcow2-fixture.h
libtarn_formats_la_CPPFLAGS = $(AM_CPPFLAGS) $(ZLIB_CFLAGS) $(ZSTD_CFLAGS)
libtarn_formats_la_LIBADD = libtarn-helpers.la $(ZLIB_LIBS) $(ZSTD_LIBS)

format_tests = \
	tests/unit/test-file-io \
	tests/unit/test-qcow2-check \
	tests/unit/test-qcow2-crash \
	tests/unit/test-qcow2-create \
	tests/unit/test-qcow2-data \
	tests/unit/test-qcow2-fill \
	tests/unit/test-qcow2-header \
	tests/unit/test-qcow2-hostile \
	tests/unit/test-qcow2-read \
	tests/unit/test-qcow2-resize \
	tests/unit/test-qcow2-snapshots \
	tests/unit/test-qcow2-tally \
	tests/unit/test-qcow2-write \
	tests/unit/test-raw
check_PROGRAMS += $(format_tests) tests/formats/image-tool

format_ldadd = libtarn-formats.la $(LDADD)
tests_unit_test_file_io_LDADD = $(format_ldadd)
tests_unit_test_qcow2_check_LDADD = $(format_ldadd)
tests_unit_test_qcow2_crash_LDADD = $(format_ldadd)
tests_unit_test_qcow2_create_LDADD = $(format_ldadd)
tests_unit_test_qcow2_data_LDADD = $(format_ldadd)
tests_unit_test_qcow2_fill_LDADD = $(format_ldadd)
tests_unit_test_qcow2_header_LDADD = $(format_ldadd)
tests_unit_test_qcow2_hostile_LDADD = $(format_ldadd)
tests_unit_test_qcow2_read_LDADD = $(format_ldadd)
tests_unit_test_qcow2_resize_LDADD = $(format_ldadd)
tests_unit_test_qcow2_snapshots_LDADD = $(format_ldadd)
tests_unit_test_qcow2_tally_LDADD = $(format_ldadd)
tests_unit_test_qcow2_write_LDADD = $(format_ldadd)
tests_unit_test_raw_LDADD = $(format_ldadd)
tests_formats_image_tool_LDADD = libtarn-test.la libtarn-helpers.la
tests_formats_image_tool_SOURCES = \
	tests/formats/image-tool.c \
	tests/formats/image-tool.h \
	tests/formats/load-format.c \
	tests/formats/load-format.h \
	tests/formats/tool-model.c \
	tests/formats/tool-open.c
endif

# What a command takes of memory and time.
check_PROGRAMS += tests/formats/spend
tests_formats_spend_LDADD =
