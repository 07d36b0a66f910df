# The pool types "iscsi" and "iscsi-direct". All but their entry is also for test programs, some of which
# put functions of their own in the place of some.

noinst_LTLIBRARIES += libtarn-iscsi.la
libtarn_iscsi_la_SOURCES = \
	modules/iscsi/capabilities.c \
	modules/iscsi/chap.c \
	modules/iscsi/chap.h \
	modules/iscsi/define.c \
	modules/iscsi/direct-pool.c \
	modules/iscsi/direct-tell.c \
	modules/iscsi/direct-visit.c \
	modules/iscsi/direct.c \
	modules/iscsi/direct.h \
	modules/iscsi/discover.c \
	modules/iscsi/guard-login.c \
	modules/iscsi/guard-rules.c \
	modules/iscsi/guard.c \
	modules/iscsi/guard.h \
	modules/iscsi/iscsi.h \
	modules/iscsi/kernel-ask.c \
	modules/iscsi/kernel-grow.c \
	modules/iscsi/kernel-in-use.c \
	modules/iscsi/kernel-login.c \
	modules/iscsi/kernel-look.c \
	modules/iscsi/kernel-node.c \
	modules/iscsi/kernel-pool.c \
	modules/iscsi/kernel-record.c \
	modules/iscsi/kernel-session.c \
	modules/iscsi/kernel-settle.c \
	modules/iscsi/kernel-unit.c \
	modules/iscsi/kernel-volume.c \
	modules/iscsi/kernel.c \
	modules/iscsi/kernel.h \
	modules/iscsi/lun-ahead.c \
	modules/iscsi/lun-cdb.c \
	modules/iscsi/lun-io.c \
	modules/iscsi/lun-io.h \
	modules/iscsi/lun-map.c \
	modules/iscsi/lun-path.c \
	modules/iscsi/lun-peek.c \
	modules/iscsi/lun-queue.c \
	modules/iscsi/lun-zero.c \
	modules/iscsi/lun.h \
	modules/iscsi/luns.c \
	modules/iscsi/portal.c \
	modules/iscsi/session-command.c \
	modules/iscsi/session-discover.c \
	modules/iscsi/session-internal.h \
	modules/iscsi/session.c \
	modules/iscsi/session.h \
	modules/iscsi/target.c \
	modules/iscsi/target.h \
	modules/iscsi/vpd.c \
	modules/iscsi/vpd.h
libtarn_iscsi_la_CPPFLAGS = $(MODULE_CPPFLAGS) $(LIBISCSI_CFLAGS) $(UDEV_CFLAGS)
iscsi_libs = libtarn-iscsi.la libtarn-server-helpers.la libtarn-tool-helpers.la libtarn-helpers.la \
	$(LIBISCSI_LIBS) $(UDEV_LIBS)

module_LTLIBRARIES += iscsi.la
iscsi_la_SOURCES = modules/iscsi/iscsi.c
iscsi_la_CPPFLAGS = $(libtarn_iscsi_la_CPPFLAGS)
iscsi_la_LDFLAGS = $(MODULE_LDFLAGS)
iscsi_la_LIBADD = $(iscsi_libs)

dist_plugins_DATA += plugins.d/iscsi.conf
dist_man_MANS += doc/tarn-iscsi.7
