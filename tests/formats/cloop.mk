# The cloop format without the core.

if HAVE_CUNIT
check_LTLIBRARIES += libtest-cloop.la
libtest_cloop_la_SOURCES = \
	$(cloop_sources) \
	tests/unit/test-cloop-fixture.c \
	tests/unit/test-cloop-fixture.h
libtest_cloop_la_CPPFLAGS = $(AM_CPPFLAGS) $(ZLIB_CFLAGS) $(LZMA_CFLAGS)
libtest_cloop_la_LIBADD = libtarn-helpers.la $(ZLIB_LIBS) $(LZMA_LIBS)

cloop_tests = \
	tests/unit/test-cloop-fill \
	tests/unit/test-cloop-read
check_PROGRAMS += $(cloop_tests)
tests_unit_test_cloop_fill_LDADD = libtest-cloop.la $(LDADD)
tests_unit_test_cloop_read_LDADD = libtest-cloop.la $(LDADD)
endif
