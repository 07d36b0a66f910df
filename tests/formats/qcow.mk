# The qcow format without the core.

if HAVE_CUNIT
check_LTLIBRARIES += libtest-qcow.la
libtest_qcow_la_SOURCES = $(qcow_sources)
libtest_qcow_la_CPPFLAGS = $(AM_CPPFLAGS) $(ZLIB_CFLAGS)
libtest_qcow_la_LIBADD = libtarn-helpers.la $(ZLIB_LIBS)

qcow_tests = \
	tests/unit/test-qcow-claims \
	tests/unit/test-qcow-crash \
	tests/unit/test-qcow-header \
	tests/unit/test-qcow-hostile \
	tests/unit/test-qcow-image
check_PROGRAMS += $(qcow_tests)

qcow_ldadd = libtest-qcow.la $(LDADD)
tests_unit_test_qcow_claims_LDADD = $(qcow_ldadd)
tests_unit_test_qcow_crash_LDADD = $(qcow_ldadd)
tests_unit_test_qcow_header_LDADD = $(qcow_ldadd)
tests_unit_test_qcow_hostile_LDADD = $(qcow_ldadd)
tests_unit_test_qcow_image_LDADD = $(qcow_ldadd)
endif
