# The vmdk format without the core.

if HAVE_CUNIT
check_LTLIBRARIES += libtest-vmdk.la
libtest_vmdk_la_SOURCES = \
	$(vmdk_sources) \
	tests/unit/test-vmdk-fixture.c \
	tests/unit/test-vmdk-fixture.h
libtest_vmdk_la_CPPFLAGS = $(AM_CPPFLAGS) $(ZLIB_CFLAGS)
libtest_vmdk_la_LIBADD = libtarn-helpers.la $(ZLIB_LIBS)

vmdk_tests = \
	tests/unit/test-vmdk-crash \
	tests/unit/test-vmdk-header \
	tests/unit/test-vmdk-hostile
check_PROGRAMS += $(vmdk_tests)

vmdk_ldadd = libtest-vmdk.la $(LDADD)
tests_unit_test_vmdk_crash_LDADD = $(vmdk_ldadd)
tests_unit_test_vmdk_header_LDADD = $(vmdk_ldadd)
tests_unit_test_vmdk_hostile_LDADD = $(vmdk_ldadd)
endif
