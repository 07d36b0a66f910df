# The pool type "disk". All but its entry is also for test programs.

noinst_LTLIBRARIES += libtarn-disk.la
libtarn_disk_la_SOURCES = \
	modules/disk/build.c \
	modules/disk/capabilities.c \
	modules/disk/change.c \
	modules/disk/create.c \
	modules/disk/cut.c \
	modules/disk/cut.h \
	modules/disk/device.c \
	modules/disk/disk.h \
	modules/disk/dos.c \
	modules/disk/dos.h \
	modules/disk/gpt.c \
	modules/disk/gpt.h \
	modules/disk/guard.c \
	modules/disk/guard.h \
	modules/disk/kernel.c \
	modules/disk/label.c \
	modules/disk/label.h \
	modules/disk/list.c \
	modules/disk/look.c \
	modules/disk/mapping.c \
	modules/disk/place.c \
	modules/disk/place.h \
	modules/disk/pool.c \
	modules/disk/range-io.c \
	modules/disk/reserve.c \
	modules/disk/scratch.c \
	modules/disk/scratch.h \
	modules/disk/settle.c \
	modules/disk/store.c \
	modules/disk/store.h \
	modules/disk/table-edit.c \
	modules/disk/table.c \
	modules/disk/table.h \
	modules/disk/volumes.c
libtarn_disk_la_CPPFLAGS = $(MODULE_CPPFLAGS) $(PARTED_CFLAGS) $(UDEV_CFLAGS) $(ZLIB_CFLAGS)
disk_libs = libtarn-disk.la libtarn-signature-helpers.la libtarn-helpers.la $(PARTED_LIBS) \
	$(UDEV_LIBS) $(ZLIB_LIBS)

module_LTLIBRARIES += disk.la
disk_la_SOURCES = modules/disk/disk.c
disk_la_CPPFLAGS = $(libtarn_disk_la_CPPFLAGS)
disk_la_LDFLAGS = $(MODULE_LDFLAGS)
disk_la_LIBADD = $(disk_libs)

dist_plugins_DATA += plugins.d/disk.conf
dist_man_MANS += doc/tarn-disk.7
