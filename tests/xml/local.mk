# The shell tests' view of how the core reads and prints XML.

if HAVE_CUNIT
check_PROGRAMS += tests/xml/xml-tool
endif
