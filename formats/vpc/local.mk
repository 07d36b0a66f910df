# The vpc format (VHD). What is not the module's entry is also linked into test programs.

vpc_sources = \
	formats/vpc/bitmaps.c \
	formats/vpc/blocks.c \
	formats/vpc/check.c \
	formats/vpc/create-parent.c \
	formats/vpc/create-write.c \
	formats/vpc/create.c \
	formats/vpc/create.h \
	formats/vpc/footer.c \
	formats/vpc/format.c \
	formats/vpc/format.h \
	formats/vpc/head.c \
	formats/vpc/head.h \
	formats/vpc/header.c \
	formats/vpc/info.c \
	formats/vpc/names.c \
	formats/vpc/open.c \
	formats/vpc/parent.c \
	formats/vpc/resize.c \
	formats/vpc/spans.c \
	formats/vpc/table.c \
	formats/vpc/vpc.h

module_LTLIBRARIES += vpc.la
vpc_la_SOURCES = formats/vpc/module.c $(vpc_sources)
vpc_la_CPPFLAGS = $(MODULE_CPPFLAGS)
vpc_la_LDFLAGS = $(MODULE_LDFLAGS)
vpc_la_LIBADD = libtarn-helpers.la

dist_plugins_DATA += plugins.d/vpc.conf
