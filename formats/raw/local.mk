# The raw format.

module_LTLIBRARIES += raw.la
raw_la_SOURCES = formats/raw/module.c formats/raw/raw.c formats/raw/raw.h
raw_la_CPPFLAGS = $(MODULE_CPPFLAGS)
raw_la_LDFLAGS = $(MODULE_LDFLAGS)
raw_la_LIBADD = libtarn-helpers.la

dist_plugins_DATA += plugins.d/raw.conf
