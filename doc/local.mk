# Man pages that belong to no single part.

dist_man_MANS += \
	doc/tarn-abi.7 \
	doc/tarn-bochs.7 \
	doc/tarn-call.3 \
	doc/tarn-cloop.7 \
	doc/tarn-conform.1 \
	doc/tarn-context.3 \
	doc/tarn-cow.7 \
	doc/tarn-data.3 \
	doc/tarn-dmg.7 \
	doc/tarn-error.3 \
	doc/tarn-event.3 \
	doc/tarn-format.3 \
	doc/tarn-image.3 \
	doc/tarn-images.7 \
	doc/tarn-io.3 \
	doc/tarn-iso.7 \
	doc/tarn-isolation.7 \
	doc/tarn-job.3 \
	doc/tarn-module-tutorial.7 \
	doc/tarn-module.3 \
	doc/tarn-modules.7 \
	doc/tarn-plugins.d.5 \
	doc/tarn-pool-type.3 \
	doc/tarn-pool.3 \
	doc/tarn-qcow.7 \
	doc/tarn-qcow2.7 \
	doc/tarn-raw.7 \
	doc/tarn-schema.3 \
	doc/tarn-vmdk.7 \
	doc/tarn-volume.3 \
	doc/tarn-vpc.7 \
	doc/tarn.1 \
	doc/tarn.3

EXTRA_DIST += doc/matrix

# Small programs for authors of host applications to copy from.
examplesdir = $(docdir)/examples
dist_examples_DATA = \
	doc/examples/Makefile \
	doc/examples/README \
	doc/examples/create.c \
	doc/examples/event-word.h \
	doc/examples/events-glib.c \
	doc/examples/events-poll.c \
	doc/examples/list.c \
	doc/examples/two-contexts.c
