# Modules in processes of their own: what the library has of it, and the program they run in.

isolate_shared = \
	core/isolate/channel.c \
	core/isolate/channel.h \
	core/isolate/descriptor-wire.c \
	core/isolate/descriptor-wire.h \
	core/isolate/exchange.c \
	core/isolate/exchange.h \
	core/isolate/frame.h \
	core/isolate/handles.c \
	core/isolate/handles.h \
	core/isolate/store-client.c \
	core/isolate/store-serve.c \
	core/isolate/store.h \
	core/isolate/wire-shapes.c \
	core/isolate/wire-shapes.h \
	core/isolate/wire.c \
	core/isolate/wire.h

core_sources += $(isolate_shared) \
	core/isolate/isolate.c \
	core/isolate/isolate.h \
	core/isolate/line.c \
	core/isolate/line.h \
	core/isolate/proxy-format.c \
	core/isolate/proxy-pool.c \
	core/isolate/proxy-pool.h \
	core/isolate/proxy-refresh.c \
	core/isolate/proxy-volume.c \
	core/isolate/proxy-watch.c \
	core/isolate/seat.c \
	core/isolate/seat.h \
	core/isolate/telling-results.c \
	core/isolate/telling.c \
	core/isolate/telling.h \
	core/isolate/worker-process.c \
	core/isolate/worker.c \
	core/isolate/worker.h

libtarn_core_la_CPPFLAGS += -DMODULE_HOST='"$(pkglibexecdir)/tarn-module-host"'

# It starts with every isolated pool, so it brings only what it needs of the core: no XML.
pkglibexec_PROGRAMS += tarn-module-host
tarn_module_host_SOURCES = \
	core/isolate/host/host-results.c \
	core/isolate/host/host-table.c \
	core/isolate/host/known.c \
	core/isolate/host/main.c \
	core/isolate/host/requests-format.c \
	core/isolate/host/requests-module.c \
	core/isolate/host/requests-pool.c \
	core/isolate/host/requests-volume.c \
	core/isolate/host/requests.c \
	core/isolate/host/site.h
tarn_module_host_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/core/include
tarn_module_host_CFLAGS = $(AM_CFLAGS) -pthread
tarn_module_host_LDFLAGS = $(AM_LDFLAGS) -Wl,--as-needed -pthread
tarn_module_host_LDADD = libtarn-core.la
