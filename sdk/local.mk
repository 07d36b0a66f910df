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

noinst_LTLIBRARIES += libtarn-helpers.la
libtarn_helpers_la_SOURCES = \
	sdk/helpers/be.h \
	sdk/helpers/borrowed-io.c \
	sdk/helpers/borrowed-io.h \
	sdk/helpers/io-zero.h \
	sdk/helpers/le.h \
	sdk/helpers/errno-status.c \
	sdk/helpers/errno-status.h \
	sdk/helpers/file-io.c \
	sdk/helpers/file-io.h \
	sdk/helpers/file-volumes-access.c \
	sdk/helpers/file-volumes-build.c \
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
	sdk/helpers/plain-image.c \
	sdk/helpers/plain-image.h \
	sdk/helpers/span-disk-internal.h \
	sdk/helpers/span-disk-read.c \
	sdk/helpers/span-disk-write.c \
	sdk/helpers/span-disk.c \
	sdk/helpers/span-disk.h
libtarn_helpers_la_CPPFLAGS = $(MODULE_CPPFLAGS)
