# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The tarn command: a host application like any other.

bin_PROGRAMS += tarn
tarn_SOURCES = \
	tools/args.c \
	tools/args.h \
	tools/assignment.c \
	tools/assignment.h \
	tools/auto.h \
	tools/command.h \
	tools/commands.c \
	tools/complete.c \
	tools/complete.h \
	tools/file.c \
	tools/file.h \
	tools/help.c \
	tools/help.h \
	tools/image-check.c \
	tools/image-facts.c \
	tools/image-facts.h \
	tools/image-info.c \
	tools/image-map.c \
	tools/image-options.c \
	tools/image-options.h \
	tools/image-show.h \
	tools/image.c \
	tools/image.h \
	tools/job.c \
	tools/job.h \
	tools/json.c \
	tools/json.h \
	tools/lookup.c \
	tools/lookup.h \
	tools/main.c \
	tools/module-names.c \
	tools/module-options.c \
	tools/module-options.h \
	tools/module.c \
	tools/module.h \
	tools/other.c \
	tools/pool-capability.c \
	tools/pool-define.c \
	tools/pool-edit.c \
	tools/pool-event.c \
	tools/pool-event.h \
	tools/pool-info.c \
	tools/pool-list.c \
	tools/pool-show.c \
	tools/pool-show.h \
	tools/pool-sources.c \
	tools/pool-state.c \
	tools/pool-xml.c \
	tools/pool-xml.h \
	tools/pool.c \
	tools/pool.h \
	tools/progress.c \
	tools/progress.h \
	tools/report.c \
	tools/report.h \
	tools/secret.c \
	tools/secret.h \
	tools/shell.c \
	tools/shell.h \
	tools/size.c \
	tools/size.h \
	tools/split.c \
	tools/split.h \
	tools/table.c \
	tools/table.h \
	tools/text.c \
	tools/text.h \
	tools/tool.c \
	tools/tool.h \
	tools/vol-backing.c \
	tools/vol-backing.h \
	tools/vol-change.c \
	tools/vol-clone.c \
	tools/vol-create.c \
	tools/vol-download.c \
	tools/vol-image.c \
	tools/vol-info.c \
	tools/vol-list.c \
	tools/vol-show.c \
	tools/vol-show.h \
	tools/vol-upload.c \
	tools/vol.c \
	tools/vol.h \
	tools/when.c \
	tools/when.h \
	tools/xml-edit.c \
	tools/xml-edit.h \
	tools/xml.c \
	tools/xml.h
tarn_CPPFLAGS = -I$(top_srcdir)/core/include -I$(top_srcdir)/sdk/include -I$(top_srcdir)
tarn_LDADD = libtarn.la $(JANSSON_LIBS) $(READLINE_LIBS)

completionsdir = $(datadir)/bash-completion/completions
dist_completions_DATA = tools/completion/tarn
