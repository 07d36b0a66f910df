# The pool type "netfs". What is not the module's entry is also linked into test programs.

netfs_sources = \
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
netfs_cppflags = $(MODULE_CPPFLAGS) $(LIBNFS_CFLAGS) $(MOUNT_CFLAGS)

module_LTLIBRARIES += netfs.la
netfs_la_SOURCES = modules/netfs/netfs.c $(netfs_sources)
netfs_la_CPPFLAGS = $(netfs_cppflags)
netfs_la_LDFLAGS = $(MODULE_LDFLAGS)
netfs_la_LIBADD = libtarn-server-helpers.la libtarn-mount-helpers.la \
	libtarn-tool-helpers.la libtarn-helpers.la $(LIBNFS_LIBS) $(MOUNT_LIBS)

dist_plugins_DATA += plugins.d/netfs.conf
dist_man_MANS += doc/tarn-netfs.7
