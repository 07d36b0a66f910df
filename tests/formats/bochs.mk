# The bochs format without the core.

if HAVE_CUNIT
check_LTLIBRARIES += libtest-bochs.la
libtest_bochs_la_SOURCES = $(bochs_sources)
libtest_bochs_la_CPPFLAGS = $(AM_CPPFLAGS)
libtest_bochs_la_LIBADD = libtarn-helpers.la

bochs_tests = \
	tests/unit/test-bochs-crash \
	tests/unit/test-bochs-header \
	tests/unit/test-bochs-image
check_PROGRAMS += $(bochs_tests)

bochs_ldadd = libtest-bochs.la $(LDADD)
tests_unit_test_bochs_crash_LDADD = $(bochs_ldadd)
tests_unit_test_bochs_header_LDADD = $(bochs_ldadd)
tests_unit_test_bochs_image_LDADD = $(bochs_ldadd)
endif
