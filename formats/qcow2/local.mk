# The qcow2 format. What is not the module's entry is also linked into test programs.

qcow2_sources = \
	formats/qcow2/bitmaps.c \
	formats/qcow2/check-bitmaps.c \
	formats/qcow2/check-compare.c \
	formats/qcow2/check-copied.c \
	formats/qcow2/check-count.c \
	formats/qcow2/check-data.c \
	formats/qcow2/check-refcounts.c \
	formats/qcow2/check.c \
	formats/qcow2/check.h \
	formats/qcow2/compressed.c \
	formats/qcow2/create.c \
	formats/qcow2/disk.c \
	formats/qcow2/extensions.c \
	formats/qcow2/features.c \
	formats/qcow2/fill.c \
	formats/qcow2/format.c \
	formats/qcow2/format.h \
	formats/qcow2/guard.c \
	formats/qcow2/head.h \
	formats/qcow2/header.c \
	formats/qcow2/image.c \
	formats/qcow2/info.c \
	formats/qcow2/layout.c \
	formats/qcow2/layout.h \
	formats/qcow2/mapping.c \
	formats/qcow2/pack.c \
	formats/qcow2/packed.c \
	formats/qcow2/pages.c \
	formats/qcow2/prealloc.c \
	formats/qcow2/qcow2.h \
	formats/qcow2/read.c \
	formats/qcow2/refcounts.c \
	formats/qcow2/reftable.c \
	formats/qcow2/repair.c \
	formats/qcow2/resize.c \
	formats/qcow2/runs.c \
	formats/qcow2/snapshots.c \
	formats/qcow2/tally.c \
	formats/qcow2/tally.h \
	formats/qcow2/write.c \
	formats/qcow2/zero.c

module_LTLIBRARIES += qcow2.la
qcow2_la_SOURCES = formats/qcow2/module.c $(qcow2_sources)
qcow2_la_CPPFLAGS = $(MODULE_CPPFLAGS) $(ZLIB_CFLAGS) $(ZSTD_CFLAGS)
qcow2_la_LDFLAGS = $(MODULE_LDFLAGS)
qcow2_la_LIBADD = libtarn-helpers.la $(ZLIB_LIBS) $(ZSTD_LIBS)

dist_plugins_DATA += plugins.d/qcow2.conf
