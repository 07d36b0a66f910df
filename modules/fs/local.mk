# The pool type "fs".

module_LTLIBRARIES += fs.la
fs_la_SOURCES = \
	modules/fs/device.c \
	modules/fs/formats.c \
	modules/fs/fs.c \
	modules/fs/fs.h \
	modules/fs/in-use.c \
	modules/fs/make.c \
	modules/fs/progress.c \
	modules/fs/recognise.c
fs_la_CPPFLAGS = $(MODULE_CPPFLAGS) $(BLKID_CFLAGS)
fs_la_LDFLAGS = $(MODULE_LDFLAGS)
fs_la_LIBADD = libtarn-mount-helpers.la libtarn-signature-helpers.la libtarn-tool-helpers.la \
	libtarn-helpers.la $(BLKID_LIBS)

dist_plugins_DATA += plugins.d/fs.conf
dist_man_MANS += doc/tarn-fs.7
