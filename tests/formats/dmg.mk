# The dmg format without the core.

if HAVE_CUNIT
check_LTLIBRARIES += libtest-dmg.la
libtest_dmg_la_SOURCES = \
	$(dmg_sources) \
	tests/unit/test-dmg-encode.c \
	tests/unit/test-dmg-encode.h \
	tests/unit/test-dmg-fixture.c \
	tests/unit/test-dmg-fixture.h \
	tests/unit/test-dmg-image.c \
	tests/unit/test-dmg-lzfse-encode.c
libtest_dmg_la_CPPFLAGS = $(AM_CPPFLAGS) $(ZLIB_CFLAGS) $(LZMA_CFLAGS)
libtest_dmg_la_LIBADD = libtarn-helpers.la $(ZLIB_LIBS) $(BZ2_LIBS) $(LZMA_LIBS)

dmg_tests = \
	tests/unit/test-dmg-check \
	tests/unit/test-dmg-codec \
	tests/unit/test-dmg-create \
	tests/unit/test-dmg-header \
	tests/unit/test-dmg-plist \
	tests/unit/test-dmg-read \
	tests/unit/test-dmg-table
check_PROGRAMS += $(dmg_tests) tests/formats/dmg-maker

dmg_ldadd = libtest-dmg.la $(LDADD)
tests_unit_test_dmg_check_LDADD = $(dmg_ldadd)
tests_unit_test_dmg_codec_LDADD = $(dmg_ldadd)
tests_unit_test_dmg_create_LDADD = $(dmg_ldadd)
tests_unit_test_dmg_header_LDADD = $(dmg_ldadd)
tests_unit_test_dmg_plist_LDADD = $(dmg_ldadd)
tests_unit_test_dmg_read_LDADD = $(dmg_ldadd)
tests_unit_test_dmg_table_LDADD = $(dmg_ldadd)
tests_formats_dmg_maker_LDADD = $(dmg_ldadd)
endif
