# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The tests of the command, and programs that they are written with. They want TARN, JSON_GET,
# TARN_MODULE_DIR and TARN_PLUGINS_DIR.

check_PROGRAMS += guest-write json-get module-elements
guest_write_SOURCES = tests/cli/guest-write.c
guest_write_CPPFLAGS = -I$(top_srcdir)/core/include -I$(top_srcdir)/sdk/include
guest_write_LDADD = libtarn.la
json_get_SOURCES = tests/cli/json-get.c
json_get_LDADD = $(JANSSON_LIBS)
module_elements_SOURCES = tests/cli/module-elements.c
module_elements_CPPFLAGS = -I$(top_srcdir)/sdk/include $(LIBXML_CFLAGS)
module_elements_LDADD = $(LIBXML_LIBS)
