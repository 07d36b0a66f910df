# The vmdk format. What is not the module's entry is also linked into test programs.

vmdk_sources = \
	formats/vmdk/aliases.c \
	formats/vmdk/check-copy.c \
	formats/vmdk/check-extent.c \
	formats/vmdk/check-map.c \
	formats/vmdk/check.c \
	formats/vmdk/check.h \
	formats/vmdk/commit.c \
	formats/vmdk/create-extent.c \
	formats/vmdk/create.c \
	formats/vmdk/create.h \
	formats/vmdk/descriptor.c \
	formats/vmdk/disk.c \
	formats/vmdk/edit.c \
	formats/vmdk/extent.c \
	formats/vmdk/format.c \
	formats/vmdk/format.h \
	formats/vmdk/grains.c \
	formats/vmdk/grow.c \
	formats/vmdk/guard.c \
	formats/vmdk/head.c \
	formats/vmdk/head.h \
	formats/vmdk/header.c \
	formats/vmdk/image.c \
	formats/vmdk/info.c \
	formats/vmdk/other-headers.c \
	formats/vmdk/parent.c \
	formats/vmdk/plan.c \
	formats/vmdk/probe.c \
	formats/vmdk/resize.c \
	formats/vmdk/stream.c \
	formats/vmdk/tables.c \
	formats/vmdk/text.c \
	formats/vmdk/vmdk.h \
	formats/vmdk/write.c

module_LTLIBRARIES += vmdk.la
vmdk_la_SOURCES = formats/vmdk/module.c $(vmdk_sources)
vmdk_la_CPPFLAGS = $(MODULE_CPPFLAGS) $(ZLIB_CFLAGS)
vmdk_la_LDFLAGS = $(MODULE_LDFLAGS)
vmdk_la_LIBADD = libtarn-helpers.la $(ZLIB_LIBS)

dist_plugins_DATA += plugins.d/vmdk.conf
