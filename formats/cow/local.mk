# The cow format. What is not the module's entry is also linked into test programs.

cow_sources = \
	formats/cow/base.c \
	formats/cow/check.c \
	formats/cow/cow.h \
	formats/cow/create.c \
	formats/cow/disk.c \
	formats/cow/format.c \
	formats/cow/format.h \
	formats/cow/info.c \
	formats/cow/layout.c \
	formats/cow/pages.c

module_LTLIBRARIES += cow.la
cow_la_SOURCES = formats/cow/module.c $(cow_sources)
cow_la_CPPFLAGS = $(MODULE_CPPFLAGS)
cow_la_LDFLAGS = $(MODULE_LDFLAGS)
cow_la_LIBADD = libtarn-helpers.la

dist_plugins_DATA += plugins.d/cow.conf
