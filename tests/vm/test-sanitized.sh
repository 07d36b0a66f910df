#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The way through a pool that mounts, with every access to memory checked: in QEMU, since the
# sanitizers need more address space than User-Mode Linux has. `./dev check` builds what this needs.
# shellcheck disable=SC2317  # inside comes back, in the machine
. "$(dirname "$0")/lib.sh"
if [ -z "${VM_MACHINE:-}" ]; then
    build=${TARN_BUILD:-$(dirname "$0")/../../build}/sanitize-address-undefined
    if [ ! -x "$build/.libs/tarn" ]; then
        echo "$build has no sanitized build: ./dev sanitize makes it"
        exit 77
    fi
    TARN_BUILD=$build
    ASAN_OPTIONS=detect_leaks=1:exitcode=99
    UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
    export TARN_BUILD ASAN_OPTIONS UBSAN_OPTIONS
fi
inside --machine qemu --memory 2048 --disk 64M --timeout 400
. "$(dirname "$0")/fs-lib.sh"

# life: whatever is found, ends the command with another status than is expected.
life() {
    fs_pool ext4
    run 0 vol-create-as p a.qcow2 8M --format qcow2
    run 0 vol-clone a.qcow2 b.qcow2 --pool p
    run 1 pool-delete p
    run 0 vol-list p
    shows b.qcow2
    run 0 vol-delete b.qcow2 --pool p
    run 0 pool-stop p
    nothing_mounted
    mkfs.ext4 -q -F "$disk"
    run 1 pool-start p
    says adopt
}

isolated() {
    isolate fs
    fs_pool ext4
    run 0 vol-create-as p a.qcow2 8M --format qcow2
    run 0 vol-list p
    shows a.qcow2
    run 0 pool-stop p
    nothing_mounted
}

fs_check "a pool of type fs and its volumes" life
fs_check "a pool of type fs in a process of its own" isolated
finish
