# What a backend author gets: the ABI headers, and static conveniences that are never ABI.

sdkincludedir = $(includedir)/tarn
sdkinclude_HEADERS = \
	sdk/include/tarn/abi.h \
	sdk/include/tarn/call.h \
	sdk/include/tarn/define.h \
	sdk/include/tarn/format.h \
	sdk/include/tarn/io.h \
	sdk/include/tarn/module.h \
	sdk/include/tarn/param.h \
	sdk/include/tarn/pool-type.h \
	sdk/include/tarn/result.h \
	sdk/include/tarn/status.h

pkgconfig_DATA += sdk/tarn-module.pc

# --- for who begins a module: the template, what makes copies of it, and examples ---------------------

bin_SCRIPTS = sdk/tarn-module-new
dist_man_MANS += sdk/tarn-module-new.1
EXTRA_DIST += sdk/tarn-module-new.in
CLEANFILES += sdk/tarn-module-new
sdk/tarn-module-new: sdk/tarn-module-new.in Makefile
	$(AM_V_GEN)mkdir -p sdk && sed -e 's,@templatedir@,$(templatedir),; s,@version@,$(VERSION),' \
		$(srcdir)/sdk/tarn-module-new.in >$@.new && chmod +x $@.new && mv $@.new $@

templatedir = $(datadir)/tarn/template
dist_template_SCRIPTS = sdk/template/ci.sh
dist_template_DATA = \
	sdk/COPYING \
	sdk/template/Makefile.am \
	sdk/template/Makefile.plain \
	sdk/template/README.md \
	sdk/template/configure.ac \
	sdk/template/conform.ini \
	sdk/template/conform.xml \
	sdk/template/disk.c \
	sdk/template/format.c \
	sdk/template/format.h \
	sdk/template/module.c \
	sdk/template/pool.c \
	sdk/template/pool.h \
	sdk/template/shelf.conf \
	sdk/template/shelf.rng \
	sdk/template/store.c \
	sdk/template/tarn-shelf.7 \
	sdk/template/volume.c
workflowdir = $(templatedir)/.github/workflows
dist_workflow_DATA = sdk/template/.github/workflows/check.yml

moduleexamplesdir = $(docdir)/examples/modules
dist_moduleexamples_DATA = sdk/examples/Makefile sdk/examples/README
memoryexampledir = $(moduleexamplesdir)/memory
dist_memoryexample_DATA = \
	sdk/examples/memory/memory.c \
	sdk/examples/memory/memory.conf \
	sdk/examples/memory/memory.ini
checkedexampledir = $(moduleexamplesdir)/checked
dist_checkedexample_DATA = sdk/examples/checked/checked.c sdk/examples/checked/checked.conf
restexampledir = $(moduleexamplesdir)/rest
dist_restexample_DATA = \
	sdk/examples/rest/http.c \
	sdk/examples/rest/http.h \
	sdk/examples/rest/rest.c \
	sdk/examples/rest/rest.conf \
	sdk/examples/rest/rest.h \
	sdk/examples/rest/rest.ini \
	sdk/examples/rest/rest.xml \
	sdk/examples/rest/service.c \
	sdk/examples/rest/store.c
cxxexampledir = $(moduleexamplesdir)/cxx
dist_cxxexample_DATA = \
	sdk/examples/cxx/memory-cxx.cc \
	sdk/examples/cxx/memory-cxx.conf \
	sdk/examples/cxx/memory-cxx.ini \
	sdk/examples/cxx/memory-cxx.map
rustexampledir = $(moduleexamplesdir)/rust
dist_rustexample_DATA = \
	sdk/examples/rust/Cargo.toml \
	sdk/examples/rust/ferrous.conf \
	sdk/examples/rust/layout.c \
	sdk/examples/rust/layout.rs
rustsourcedir = $(rustexampledir)/src
dist_rustsource_DATA = sdk/examples/rust/src/abi.rs sdk/examples/rust/src/lib.rs

noinst_LTLIBRARIES += libtarn-helpers.la
libtarn_helpers_la_SOURCES = \
	sdk/helpers/abilities.h \
	sdk/helpers/be.h \
	sdk/helpers/block-node-link.c \
	sdk/helpers/block-node.c \
	sdk/helpers/block-node.h \
	sdk/helpers/borrowed-io.c \
	sdk/helpers/borrowed-io.h \
	sdk/helpers/calm-call.c \
	sdk/helpers/calm-call.h \
	sdk/helpers/io-data.h \
	sdk/helpers/quiet-thread.h \
	sdk/helpers/io-room.h \
	sdk/helpers/io-zero.h \
	sdk/helpers/le.h \
	sdk/helpers/errno-status.c \
	sdk/helpers/errno-status.h \
	sdk/helpers/file-io.c \
	sdk/helpers/file-io.h \
	sdk/helpers/file-volumes-access.c \
	sdk/helpers/file-volumes-build.c \
	sdk/helpers/file-volumes-capabilities.c \
	sdk/helpers/file-volumes-container.h \
	sdk/helpers/file-volumes-create.c \
	sdk/helpers/file-volumes-entry.c \
	sdk/helpers/file-volumes-entry.h \
	sdk/helpers/file-volumes-info.c \
	sdk/helpers/file-volumes-internal.h \
	sdk/helpers/file-volumes-lazy-io.c \
	sdk/helpers/file-volumes-lazy-io.h \
	sdk/helpers/file-volumes-link.c \
	sdk/helpers/file-volumes-name.c \
	sdk/helpers/file-volumes-permissions.c \
	sdk/helpers/file-volumes-publish.c \
	sdk/helpers/file-volumes-recover.c \
	sdk/helpers/file-volumes-refresh.c \
	sdk/helpers/file-volumes-target.c \
	sdk/helpers/file-volumes-tell.c \
	sdk/helpers/file-volumes-watch.c \
	sdk/helpers/file-volumes.c \
	sdk/helpers/file-volumes.h \
	sdk/helpers/fill-disk.c \
	sdk/helpers/fill-disk.h \
	sdk/helpers/fill-ring.c \
	sdk/helpers/fill-ring.h \
	sdk/helpers/image-lock.c \
	sdk/helpers/image-lock.h \
	sdk/helpers/lock-holder.c \
	sdk/helpers/lock-holder.h \
	sdk/helpers/plain-image.c \
	sdk/helpers/plain-image.h \
	sdk/helpers/span-disk-internal.h \
	sdk/helpers/span-disk-read.c \
	sdk/helpers/span-disk-write.c \
	sdk/helpers/span-disk.c \
	sdk/helpers/span-disk.h
libtarn_helpers_la_CPPFLAGS = $(MODULE_CPPFLAGS)

# Apart, so that a module without external programs and mounts links none of it. Each builds on those
# before it: a module that mounts names all three.
noinst_LTLIBRARIES += libtarn-tool-helpers.la
libtarn_tool_helpers_la_SOURCES = \
	sdk/helpers/run-tool-child.c \
	sdk/helpers/run-tool-internal.h \
	sdk/helpers/run-tool-listen.c \
	sdk/helpers/run-tool-package.c \
	sdk/helpers/run-tool.c \
	sdk/helpers/run-tool.h
libtarn_tool_helpers_la_CPPFLAGS = $(MODULE_CPPFLAGS)

noinst_LTLIBRARIES += libtarn-mount-helpers.la
libtarn_mount_helpers_la_SOURCES = \
	sdk/helpers/mount-holders.c \
	sdk/helpers/mount-internal.h \
	sdk/helpers/mount-table.c \
	sdk/helpers/mount.c \
	sdk/helpers/mount.h \
	sdk/helpers/mounted-volumes.c \
	sdk/helpers/mounted-volumes.h
libtarn_mount_helpers_la_CPPFLAGS = $(MODULE_CPPFLAGS) $(MOUNT_CFLAGS)
libtarn_mount_helpers_la_LIBADD = $(MOUNT_LIBS)

noinst_LTLIBRARIES += libtarn-signature-helpers.la
libtarn_signature_helpers_la_SOURCES = \
	sdk/helpers/signature.c \
	sdk/helpers/signature.h \
	sdk/helpers/signature-label.c \
	sdk/helpers/signature-label.h
libtarn_signature_helpers_la_CPPFLAGS = $(MODULE_CPPFLAGS) $(BLKID_CFLAGS)
libtarn_signature_helpers_la_LIBADD = $(BLKID_LIBS)

noinst_LTLIBRARIES += libtarn-server-helpers.la
libtarn_server_helpers_la_SOURCES = sdk/helpers/server.c sdk/helpers/server.h
libtarn_server_helpers_la_CPPFLAGS = $(MODULE_CPPFLAGS)
