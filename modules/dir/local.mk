# The pool type "dir".

module_LTLIBRARIES += dir.la
dir_la_SOURCES = modules/dir/dir.c
dir_la_CPPFLAGS = $(MODULE_CPPFLAGS)
dir_la_LDFLAGS = $(MODULE_LDFLAGS)
dir_la_LIBADD = libtarn-helpers.la

dist_plugins_DATA += plugins.d/dir.conf
dist_man_MANS += doc/tarn-dir.7
