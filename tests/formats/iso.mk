# The iso format without the core.

if HAVE_CUNIT
check_LTLIBRARIES += libtest-iso.la
libtest_iso_la_SOURCES = \
	$(iso_sources) \
	tests/unit/test-iso-fixture.c \
	tests/unit/test-iso-fixture.h
libtest_iso_la_CPPFLAGS = $(AM_CPPFLAGS) $(ARCHIVE_CFLAGS)
libtest_iso_la_LIBADD = libtarn-helpers.la $(ARCHIVE_LIBS)

iso_tests = \
	tests/unit/test-iso-create \
	tests/unit/test-iso-read
check_PROGRAMS += $(iso_tests)
tests_unit_test_iso_create_LDADD = libtest-iso.la $(LDADD)
tests_unit_test_iso_read_LDADD = libtest-iso.la $(LDADD)
endif
