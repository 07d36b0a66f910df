# libtarn.so: the core. It knows no pool type and no format by name.

include core/schema/local.mk

pkginclude_HEADERS = core/include/tarn/tarn.h
pkgconfig_DATA += core/tarn.pc

core_sources = \
	core/arena.c \
	core/arena.h \
	core/call.c \
	core/call.h \
	core/capabilities-xml.c \
	core/capabilities-xml.h \
	core/capability-list.c \
	core/context.c \
	core/context.h \
	core/copy.c \
	core/copy.h \
	core/descriptor-check.c \
	core/descriptor.c \
	core/descriptor.h \
	core/error.c \
	core/error.h \
	core/event.c \
	core/event.h \
	core/folders.c \
	core/folders.h \
	core/head-io.c \
	core/head-io.h \
	core/image-api.c \
	core/image-convert.c \
	core/image-file.c \
	core/image-file.h \
	core/image-look.c \
	core/image-look.h \
	core/image-map.c \
	core/image-related.c \
	core/image.c \
	core/image.h \
	core/inventory.c \
	core/inventory.h \
	core/io-guard.c \
	core/io-guard.h \
	core/job.c \
	core/job.h \
	core/loader.c \
	core/loader.h \
	core/lock-domain.c \
	core/lock-domain.h \
	core/lock.c \
	core/lock.h \
	core/module-enable.c \
	core/module-list.c \
	core/module.c \
	core/module.h \
	core/observe.c \
	core/observe.h \
	core/operation.c \
	core/operation.h \
	core/params.c \
	core/params.h \
	core/permissions-xml.c \
	core/permissions-xml.h \
	core/persist.c \
	core/persist.h \
	core/plugin-conf-keys.c \
	core/plugin-conf-keys.h \
	core/plugin-conf.c \
	core/plugin-conf.h \
	core/pool-def-parse.c \
	core/pool-def-parts.h \
	core/pool-def-print.c \
	core/pool-def.c \
	core/pool-def.h \
	core/pool-define.c \
	core/pool-head.c \
	core/pool-life.c \
	core/pool-list.c \
	core/pool-read.c \
	core/pool-session.c \
	core/pool-sizes.c \
	core/pool-text.c \
	core/pool-visit.c \
	core/pool-xml.c \
	core/pool.h \
	core/pools.c \
	core/probe.c \
	core/probe.h \
	core/record.c \
	core/record.h \
	core/registry-load.c \
	core/registry-private.h \
	core/registry-scan.c \
	core/registry.c \
	core/registry.h \
	core/schema-class.c \
	core/schema-class.h \
	core/schema-explain.c \
	core/schema-merge.c \
	core/schema-parts.h \
	core/schema-text.c \
	core/schema-value.c \
	core/schema.c \
	core/schema.h \
	core/schema/embedded.h \
	core/size.c \
	core/size.h \
	core/source-copy.c \
	core/source-print.c \
	core/source-xml.c \
	core/source-xml.h \
	core/trust.c \
	core/trust.h \
	core/uuid-text.c \
	core/uuid-text.h \
	core/volume-birth.h \
	core/volume-create.c \
	core/volume-def.c \
	core/volume-def.h \
	core/volume-delete.c \
	core/volume-fill.c \
	core/volume-open.c \
	core/volume-request.c \
	core/volume-resize.c \
	core/volume-transfer.c \
	core/volume-wipe.c \
	core/volume-xml.c \
	core/volume-xml.h \
	core/volume.c \
	core/volume.h \
	core/watch.c \
	core/watch.h \
	core/xml-char.c \
	core/xml-char.h \
	core/xml-doc.c \
	core/xml-doc.h \
	core/xml-query.c \
	core/xml-quiet.c \
	core/xml-quiet.h \
	core/xml-reader.c \
	core/xml-reader.h \
	core/xml-writer.c \
	core/xml-writer.h
# What the unit tests link: the core with all its inner names.
noinst_LTLIBRARIES += libtarn-core.la
libtarn_core_la_SOURCES = $(core_sources)
nodist_libtarn_core_la_SOURCES = core/schema/embedded.c
libtarn_core_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/core/include \
	-DCONFIG_FOLDER='"$(sysconfdir)/tarn"' \
	-DSTATE_FOLDER='"$(localstatedir)/lib/tarn"' \
	-DRUN_FOLDER='"$(runstatedir)/tarn"' \
	-DPLUGINS_FOLDER='"$(pluginsdir)"' \
	-DMODULES_FOLDER='"$(moduledir)"' \
	$(LIBXML_CFLAGS) $(INIH_CFLAGS) $(UUID_CFLAGS)
libtarn_core_la_CFLAGS = $(AM_CFLAGS) -pthread
libtarn_core_la_LIBADD = libtarn-helpers.la $(LIBXML_LIBS) $(INIH_LIBS) $(UUID_LIBS) \
	$(LTDL_LIBS)

lib_LTLIBRARIES += libtarn.la
libtarn_la_SOURCES =
libtarn_la_LIBADD = libtarn-core.la
libtarn_la_LDFLAGS = $(AM_LDFLAGS) -version-info $(LIBTARN_VERSION) -pthread
