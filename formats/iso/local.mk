# The iso format. What is not the module's entry is also linked into test programs.

iso_sources = \
	formats/iso/check-tree.c \
	formats/iso/check.c \
	formats/iso/create.c \
	formats/iso/descriptor.c \
	formats/iso/disk.c \
	formats/iso/folder.c \
	formats/iso/format.c \
	formats/iso/format.h \
	formats/iso/info.c \
	formats/iso/iso.h \
	formats/iso/writer.c \
	formats/iso/writer.h

module_LTLIBRARIES += iso.la
iso_la_SOURCES = formats/iso/module.c $(iso_sources)
iso_la_CPPFLAGS = $(MODULE_CPPFLAGS) $(ARCHIVE_CFLAGS)
iso_la_LDFLAGS = $(MODULE_LDFLAGS)
iso_la_LIBADD = libtarn-helpers.la $(ARCHIVE_LIBS)

dist_plugins_DATA += plugins.d/iso.conf
