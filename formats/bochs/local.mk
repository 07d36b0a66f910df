# The bochs format. What is not the module's entry is also linked into test programs.

bochs_sources = \
	formats/bochs/bochs.h \
	formats/bochs/check.c \
	formats/bochs/create.c \
	formats/bochs/disk.c \
	formats/bochs/format.c \
	formats/bochs/format.h \
	formats/bochs/header.c \
	formats/bochs/info.c \
	formats/bochs/resize.c \
	formats/bochs/store.c \
	formats/bochs/tables.c

module_LTLIBRARIES += bochs.la
bochs_la_SOURCES = formats/bochs/module.c $(bochs_sources)
bochs_la_CPPFLAGS = $(MODULE_CPPFLAGS)
bochs_la_LDFLAGS = $(MODULE_LDFLAGS)
bochs_la_LIBADD = libtarn-helpers.la

dist_plugins_DATA += plugins.d/bochs.conf
