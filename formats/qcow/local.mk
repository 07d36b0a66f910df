# The qcow format. What is not the module's entry is also linked into test programs.

qcow_sources = \
	formats/qcow/check.c \
	formats/qcow/claims.c \
	formats/qcow/claims.h \
	formats/qcow/codec.c \
	formats/qcow/create.c \
	formats/qcow/disk.c \
	formats/qcow/fill.c \
	formats/qcow/format.c \
	formats/qcow/format.h \
	formats/qcow/header.c \
	formats/qcow/info.c \
	formats/qcow/pages.c \
	formats/qcow/qcow.h \
	formats/qcow/store.c \
	formats/qcow/tables.c

module_LTLIBRARIES += qcow.la
qcow_la_SOURCES = formats/qcow/module.c $(qcow_sources)
qcow_la_CPPFLAGS = $(MODULE_CPPFLAGS) $(ZLIB_CFLAGS)
qcow_la_LDFLAGS = $(MODULE_LDFLAGS)
qcow_la_LIBADD = libtarn-helpers.la $(ZLIB_LIBS)

dist_plugins_DATA += plugins.d/qcow.conf
