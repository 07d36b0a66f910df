# The cow format without the core.

if HAVE_CUNIT
check_LTLIBRARIES += libtest-cow.la
libtest_cow_la_SOURCES = \
	$(cow_sources) \
	tests/unit/test-cow-fixture.c \
	tests/unit/test-cow-fixture.h
libtest_cow_la_CPPFLAGS = $(AM_CPPFLAGS)
libtest_cow_la_LIBADD = libtarn-helpers.la

cow_tests = \
	tests/unit/test-cow-disk \
	tests/unit/test-cow-head
check_PROGRAMS += $(cow_tests)

cow_ldadd = libtest-cow.la $(LDADD)
tests_unit_test_cow_disk_LDADD = $(cow_ldadd)
tests_unit_test_cow_head_LDADD = $(cow_ldadd)
endif
