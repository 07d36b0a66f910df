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

EXTRA_DIST += tests/vm/run tests/vm/guard tests/vm/machine-uml tests/vm/machine-qemu tests/vm/init \
	tests/vm/begin tests/vm/fetch-kernel tests/vm/lib.sh tests/vm/libvirt-lib.sh \
	tests/vm/test-machine.sh
EXTRA_DIST += tests/vm/fs-lib.sh tests/vm/test-fs.sh tests/vm/test-fs-crash.sh \
	tests/vm/test-fs-exfat.sh tests/vm/test-fs-faults.sh tests/vm/test-fs-foreign.sh \
	tests/vm/test-fs-hang.sh tests/vm/test-fs-types.sh
EXTRA_DIST += tests/vm/netfs-lib.sh tests/vm/test-netfs.sh tests/vm/test-netfs-cifs.sh \
	tests/vm/test-netfs-dead.sh tests/vm/test-netfs-faults.sh
EXTRA_DIST += tests/vm/test-capabilities.sh
EXTRA_DIST += tests/vm/test-sanitized.sh tests/vm/test-share.sh
EXTRA_DIST += tests/vm/disk-lib.sh tests/vm/test-disk.sh tests/vm/test-disk-crash.sh \
	tests/vm/test-disk-faults.sh tests/vm/test-disk-labels.sh tests/vm/test-disk-volumes.sh
EXTRA_DIST += tests/vm/iscsi-lib.sh tests/vm/test-iscsi.sh tests/vm/test-iscsi-libvirt.sh \
	tests/vm/test-iscsi-login.sh tests/vm/test-iscsi-portals.sh
EXTRA_DIST += tests/vm/test-conform-disk.sh tests/vm/test-conform-fs.sh \
	tests/vm/test-conform-iscsi.sh tests/vm/test-conform-logical.sh tests/vm/test-conform-netfs.sh
