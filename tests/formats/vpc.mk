# The vpc format without the core.

if HAVE_CUNIT
check_LTLIBRARIES += libtest-vpc.la
libtest_vpc_la_SOURCES = \
	$(vpc_sources) \
	tests/unit/test-vpc-fixture.c \
	tests/unit/test-vpc-fixture.h
libtest_vpc_la_CPPFLAGS = $(AM_CPPFLAGS)
libtest_vpc_la_LIBADD = libtarn-helpers.la

vpc_tests = \
	tests/unit/test-vpc-check \
	tests/unit/test-vpc-crash \
	tests/unit/test-vpc-disk \
	tests/unit/test-vpc-head
check_PROGRAMS += $(vpc_tests)

vpc_ldadd = libtest-vpc.la $(LDADD)
tests_unit_test_vpc_check_LDADD = $(vpc_ldadd)
tests_unit_test_vpc_crash_LDADD = $(vpc_ldadd)
tests_unit_test_vpc_disk_LDADD = $(vpc_ldadd)
tests_unit_test_vpc_head_LDADD = $(vpc_ldadd)
endif
