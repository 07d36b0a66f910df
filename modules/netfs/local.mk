# The pool type "netfs". All but its entry is also for test programs.

noinst_LTLIBRARIES += libtarn-netfs.la
libtarn_netfs_la_SOURCES = \
	modules/netfs/ask.c \
	modules/netfs/cifs.c \
	modules/netfs/define.c \
	modules/netfs/discover.c \
	modules/netfs/identity.c \
	modules/netfs/kind.c \
	modules/netfs/netfs.h \
	modules/netfs/pool.c \
	modules/netfs/rpc.c \
	modules/netfs/squash.c \
	modules/netfs/start.c
libtarn_netfs_la_CPPFLAGS = $(MODULE_CPPFLAGS) $(LIBNFS_CFLAGS) $(MOUNT_CFLAGS)
netfs_libs = libtarn-netfs.la libtarn-server-helpers.la libtarn-mount-helpers.la \
	libtarn-tool-helpers.la libtarn-helpers.la $(LIBNFS_LIBS) $(MOUNT_LIBS)

module_LTLIBRARIES += netfs.la
netfs_la_SOURCES = modules/netfs/netfs.c
netfs_la_CPPFLAGS = $(libtarn_netfs_la_CPPFLAGS)
netfs_la_LDFLAGS = $(MODULE_LDFLAGS)
netfs_la_LIBADD = $(netfs_libs)

dist_plugins_DATA += plugins.d/netfs.conf
dist_man_MANS += doc/tarn-netfs.7
