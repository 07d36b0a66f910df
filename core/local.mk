# libtarn.so: the core. It knows no pool type and no format by name.

include core/schema/local.mk

pkginclude_HEADERS = core/include/tarn/tarn.h
pkgconfig_DATA += core/tarn.pc

core_sources = \
	core/base/arena.c \
	core/base/arena.h \
	core/base/error.c \
	core/base/error.h \
	core/base/field-text.c \
	core/base/field-text.h \
	core/base/flags.c \
	core/base/flags.h \
	core/base/persist.c \
	core/base/persist.h \
	core/base/size.c \
	core/base/size.h \
	core/base/sized.h \
	core/base/utf8.c \
	core/base/utf8.h \
	core/base/uuid-text.c \
	core/base/uuid-text.h \
	core/context/call-option.c \
	core/context/call.c \
	core/context/call.h \
	core/context/context.c \
	core/context/context.h \
	core/context/event.c \
	core/context/event.h \
	core/context/folders.c \
	core/context/folders.h \
	core/context/job.c \
	core/context/job.h \
	core/context/lock.c \
	core/context/lock.h \
	core/context/operation.c \
	core/context/operation.h \
	core/context/secret.c \
	core/context/secret.h \
	core/image/container.c \
	core/image/container.h \
	core/image/copy.c \
	core/image/copy.h \
	core/image/family.c \
	core/image/family.h \
	core/image/head-io.c \
	core/image/head-io.h \
	core/image/image-api.c \
	core/image/image-convert.c \
	core/image/image-file.c \
	core/image/image-file.h \
	core/image/image-look.c \
	core/image/image-look.h \
	core/image/image-map.c \
	core/image/image-related.c \
	core/image/image.c \
	core/image/image.h \
	core/image/io-guard.c \
	core/image/io-guard.h \
	core/image/probe.c \
	core/image/probe.h \
	core/pool/inventory.c \
	core/pool/inventory.h \
	core/pool/look-inside.c \
	core/pool/look-inside.h \
	core/pool/marks.c \
	core/pool/marks.h \
	core/pool/observe.c \
	core/pool/observe.h \
	core/pool/pool-autostart.c \
	core/pool/pool-capability.c \
	core/pool/pool-check.c \
	core/pool/pool-define.c \
	core/pool/pool-facts.c \
	core/pool/pool-facts.h \
	core/pool/pool-identity.c \
	core/pool/pool-life.c \
	core/pool/pool-list.c \
	core/pool/pool-news.c \
	core/pool/pool-notice.c \
	core/pool/pool-read.c \
	core/pool/pool-reason.c \
	core/pool/pool-seen.c \
	core/pool/pool-session.c \
	core/pool/pool-silence.c \
	core/pool/pool-sizes.c \
	core/pool/pool-stop.c \
	core/pool/pool-text.c \
	core/pool/pool-visit.c \
	core/pool/pool-xml.c \
	core/pool/pool.h \
	core/pool/pools.c \
	core/pool/watch.c \
	core/pool/watch.h \
	core/registry/capability-list.c \
	core/registry/descriptor-check.c \
	core/registry/descriptor.c \
	core/registry/descriptor.h \
	core/registry/loader.c \
	core/registry/loader.h \
	core/registry/lock-domain.c \
	core/registry/lock-domain.h \
	core/registry/module-enable.c \
	core/registry/module-list.c \
	core/registry/module.c \
	core/registry/module.h \
	core/registry/param-records.c \
	core/registry/param-records.h \
	core/registry/params.c \
	core/registry/params.h \
	core/registry/plugin-conf-keys.c \
	core/registry/plugin-conf-keys.h \
	core/registry/plugin-conf.c \
	core/registry/plugin-conf.h \
	core/registry/registry-load.c \
	core/registry/registry-private.h \
	core/registry/registry-scan.c \
	core/registry/registry.c \
	core/registry/registry.h \
	core/registry/trust.c \
	core/registry/trust.h \
	core/registry/xml-owner.c \
	core/registry/xml-owner.h \
	core/schema/embedded.h \
	core/schema/schema-class.c \
	core/schema/schema-class.h \
	core/schema/schema-explain.c \
	core/schema/schema-fragment.c \
	core/schema/schema-merge.c \
	core/schema/schema-parts.h \
	core/schema/schema-text.c \
	core/schema/schema-value.c \
	core/schema/schema.c \
	core/schema/schema.h \
	core/volume/record.c \
	core/volume/record.h \
	core/volume/stream.c \
	core/volume/stream.h \
	core/volume/volume-birth.h \
	core/volume/volume-create.c \
	core/volume/volume-delete.c \
	core/volume/volume-family.c \
	core/volume/volume-fill.c \
	core/volume/volume-format.c \
	core/volume/volume-likeness.c \
	core/volume/volume-open.c \
	core/volume/volume-publish.c \
	core/volume/volume-request.c \
	core/volume/volume-resize.c \
	core/volume/volume-transfer.c \
	core/volume/volume-wipe.c \
	core/volume/volume.c \
	core/volume/volume.h \
	core/xml/capabilities-xml.c \
	core/xml/capabilities-xml.h \
	core/xml/image-request.c \
	core/xml/image-request.h \
	core/xml/permissions-xml.c \
	core/xml/permissions-xml.h \
	core/xml/pool-def-parse.c \
	core/xml/pool-def-parts.h \
	core/xml/pool-def-print.c \
	core/xml/pool-def.c \
	core/xml/pool-def.h \
	core/xml/pool-head.c \
	core/xml/pool-options.c \
	core/xml/pool-options.h \
	core/xml/source-copy.c \
	core/xml/source-print.c \
	core/xml/source-xml.c \
	core/xml/source-xml.h \
	core/xml/volume-def.c \
	core/xml/volume-def.h \
	core/xml/volume-xml.c \
	core/xml/volume-xml.h \
	core/xml/xml-char.c \
	core/xml/xml-char.h \
	core/xml/xml-doc.c \
	core/xml/xml-doc.h \
	core/xml/xml-query.c \
	core/xml/xml-quiet.c \
	core/xml/xml-quiet.h \
	core/xml/xml-reader.c \
	core/xml/xml-reader.h \
	core/xml/xml-writer.c \
	core/xml/xml-writer.h
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
libtarn_la_LDFLAGS = $(AM_LDFLAGS) -version-info $(LIBTARN_VERSION) -pthread \
	-Wl,--version-script=$(top_srcdir)/core/libtarn.map
EXTRA_libtarn_la_DEPENDENCIES = core/libtarn.map
EXTRA_DIST += core/libtarn.map
