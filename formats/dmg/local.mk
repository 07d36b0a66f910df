# The dmg format. What is not the module's entry is also linked into test programs.

dmg_sources = \
	formats/dmg/adc.c \
	formats/dmg/base64.c \
	formats/dmg/base64.h \
	formats/dmg/check.c \
	formats/dmg/codec.c \
	formats/dmg/codec.h \
	formats/dmg/create.c \
	formats/dmg/disk.c \
	formats/dmg/dmg.h \
	formats/dmg/fault.c \
	formats/dmg/fork.c \
	formats/dmg/format.c \
	formats/dmg/format.h \
	formats/dmg/image.c \
	formats/dmg/info.c \
	formats/dmg/koly.c \
	formats/dmg/lz-output.h \
	formats/dmg/lzfse-bits.c \
	formats/dmg/lzfse-header.c \
	formats/dmg/lzfse.c \
	formats/dmg/lzfse.h \
	formats/dmg/lzvn.c \
	formats/dmg/plist.c \
	formats/dmg/probe.c \
	formats/dmg/tables.c \
	formats/dmg/writer.c \
	formats/dmg/writer.h \
	formats/dmg/xml-scan.c \
	formats/dmg/xml-scan.h

module_LTLIBRARIES += dmg.la
dmg_la_SOURCES = formats/dmg/module.c $(dmg_sources)
dmg_la_CPPFLAGS = $(MODULE_CPPFLAGS) $(ZLIB_CFLAGS) $(LZMA_CFLAGS)
dmg_la_LDFLAGS = $(MODULE_LDFLAGS)
dmg_la_LIBADD = libtarn-helpers.la $(ZLIB_LIBS) $(BZ2_LIBS) $(LZMA_LIBS)

dist_plugins_DATA += plugins.d/dmg.conf
