# The pool type "logical". All but its entry is also for test programs, some of which put functions of
# their own in the place of some.

noinst_LTLIBRARIES += libtarn-logical.la
libtarn_logical_la_SOURCES = \
	modules/logical/activate.c \
	modules/logical/birth.c \
	modules/logical/build.c \
	modules/logical/capabilities.c \
	modules/logical/change.c \
	modules/logical/create.c \
	modules/logical/define.c \
	modules/logical/delete.c \
	modules/logical/dm.c \
	modules/logical/dm.h \
	modules/logical/extents.c \
	modules/logical/find-sources.c \
	modules/logical/health.c \
	modules/logical/in-use.c \
	modules/logical/leftover.c \
	modules/logical/logical.h \
	modules/logical/lvm.c \
	modules/logical/lvm.h \
	modules/logical/names.c \
	modules/logical/node-io.h \
	modules/logical/open.c \
	modules/logical/pool.c \
	modules/logical/report-parse.c \
	modules/logical/report.c \
	modules/logical/report.h \
	modules/logical/resize.c \
	modules/logical/seqno.c \
	modules/logical/settings.c \
	modules/logical/tell.c \
	modules/logical/thin.c
libtarn_logical_la_CPPFLAGS = $(MODULE_CPPFLAGS) $(DEVMAPPER_CFLAGS) $(JANSSON_CFLAGS)
logical_libs = libtarn-logical.la libtarn-signature-helpers.la libtarn-tool-helpers.la \
	libtarn-helpers.la $(DEVMAPPER_LIBS) $(JANSSON_LIBS)

module_LTLIBRARIES += logical.la
logical_la_SOURCES = modules/logical/logical.c
logical_la_CPPFLAGS = $(MODULE_CPPFLAGS)
logical_la_LDFLAGS = $(MODULE_LDFLAGS)
logical_la_LIBADD = $(logical_libs)

dist_plugins_DATA += plugins.d/logical.conf
dist_man_MANS += doc/tarn-logical.7
