# The cloop format. What is not the module's entry is also linked into test programs.

cloop_sources = \
	formats/cloop/check.c \
	formats/cloop/cloop.h \
	formats/cloop/create.c \
	formats/cloop/disk.c \
	formats/cloop/fill.c \
	formats/cloop/format.c \
	formats/cloop/format.h \
	formats/cloop/header.c \
	formats/cloop/info.c \
	formats/cloop/table.c \
	formats/cloop/unpack.c

module_LTLIBRARIES += cloop.la
cloop_la_SOURCES = formats/cloop/module.c $(cloop_sources)
cloop_la_CPPFLAGS = $(MODULE_CPPFLAGS) $(ZLIB_CFLAGS) $(LZMA_CFLAGS)
cloop_la_LDFLAGS = $(MODULE_LDFLAGS)
cloop_la_LIBADD = libtarn-helpers.la $(ZLIB_LIBS) $(LZMA_LIBS)

dist_plugins_DATA += plugins.d/cloop.conf
