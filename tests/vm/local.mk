# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The test machine. The wrapper is preloaded into somebody else's program, a kernel: it goes without
# a sanitizer, whatever the rest is built with.

check_LTLIBRARIES += tests/vm/ptrace-xstate.la
tests_vm_ptrace_xstate_la_SOURCES = tests/vm/ptrace-xstate.c
tests_vm_ptrace_xstate_la_CPPFLAGS =
tests_vm_ptrace_xstate_la_CFLAGS = -std=c11 $(WARNINGS) -fvisibility=hidden
tests_vm_ptrace_xstate_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere \
	-Wl,-z,relro -Wl,-z,now
tests_vm_ptrace_xstate_la_LIBADD =
