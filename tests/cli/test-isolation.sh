#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Modules in processes of their own, as the command shows them: nothing is different, but that a
# crash is told and survived.
. "$(dirname "$0")/lib.sh"

# isolate MODULE…: a plugins.d in which these run in processes of their own.
isolate() {
    mkdir -p "$work/plugins.d"
    chmod 755 "$work/plugins.d"
    for conf in "$TARN_PLUGINS_DIR"/*.conf; do
        cp "$conf" "$work/plugins.d"
    done
    for module in "$@"; do
        sed -i '/^provides/a isolation = process' "$work/plugins.d/$module.conf"
    done
    chmod 644 "$work/plugins.d"/*.conf
    TARN_PLUGINS_DIR=$work/plugins.d
    export TARN_PLUGINS_DIR
}

it_is_shown() {
    isolate dir
    run 0 module-list
    shows '^ dir .* loaded, isolated '
    shows '^ raw .* loaded  '
    run 0 module-info dir
    shows '^Isolation: *process$'
    run 0 --json module-info dir
    json isolation process
    run 0 --json module-info raw
    json isolation none
}

another_word_is_refused() {
    isolate
    sed -i '/^provides/a isolation = chroot' "$work/plugins.d/dir.conf"
    run 0 module-list --all
    shows 'dir.conf:[0-9]*: isolation is "chroot", not none or process'
}

it_survives_disabling() {
    isolate dir
    run 0 module-disable dir
    run 0 module-enable dir
    run 0 --json module-info dir
    json isolation process
}

without_the_program() {
    isolate dir
    TARN_MODULE_HOST=$work/nowhere run 0 module-list
    shows 'cannot open .*/nowhere'
    shows '^ raw .* loaded  '
}

# As in the host's process: there two threads could wait for each other, and here two processes.
a_serial_format_is_refused() {
    [ -f "${TARN_FIXTURES:-}/serial-format.so" ] ||
        skip "the fixture modules are not built: make tests"
    isolate
    printf '%s\n' '[module]' "file = $TARN_FIXTURES/serial-format.so" 'abi = 1' \
        'provides = format:serial-format' 'isolation = process' \
        >"$work/plugins.d/serial-format.conf"
    chmod 644 "$work/plugins.d/serial-format.conf"
    run 0 module-list
    shows 'has formats and takes one call at a time: declare TARN_THREADS_POOL'
}

a_pool_and_its_volumes() {
    isolate dir
    dir_pool p
    run 0 vol-create-as p a.qcow2 64M --format qcow2
    run 0 vol-create-as p b.raw 4M --format raw
    head -c 4M /dev/urandom >"$work/bytes"
    run 0 vol-upload b.raw "$work/bytes" --pool p
    run 0 vol-download b.raw "$work/back" --pool p
    cmp "$work/bytes" "$work/back"
    run 0 vol-clone b.raw c.raw --pool p
    run 0 vol-resize c.raw 8M --pool p
    run 0 vol-convert b.raw d.qcow2 --pool p --format qcow2
    run 0 vol-convert d.qcow2 e.raw --pool p --format raw
    cmp "$work/bytes" "$work/p/e.raw"
    run 0 vol-delete a.qcow2 --pool p
    run 0 vol-list p
    shows ' b.raw '
    shows_no ' a.qcow2 '
    run 0 pool-destroy p
}

a_format() {
    isolate qcow2
    truncate -s 16M "$work/disk"
    head -c 1M /dev/urandom | dd of="$work/disk" conv=notrunc bs=64K seek=3 2>"$work/err"
    run 0 image-convert "$work/disk" "$work/disk.qcow2" --format qcow2
    run 0 --json image-info "$work/disk.qcow2"
    json format qcow2
    json capacity 16777216
    run 0 image-check "$work/disk.qcow2"
    run 0 image-map "$work/disk.qcow2"
    run 0 image-convert "$work/disk.qcow2" "$work/back" --format raw
    cmp "$work/disk" "$work/back"
}

a_chain_of_images() {
    isolate dir qcow2 raw
    dir_pool p
    run 0 vol-create-as p base.raw 4M --format raw
    head -c 4M /dev/urandom >"$work/bytes"
    run 0 vol-upload base.raw "$work/bytes" --pool p
    run 0 vol-create-as p middle.qcow2 4M --format qcow2 --backing-vol base.raw --backing-vol-format raw
    run 0 vol-create-as p top.qcow2 4M --format qcow2 --backing-vol middle.qcow2 --backing-vol-format qcow2
    run 0 vol-map top.qcow2 --pool p
    run 0 vol-convert top.qcow2 flat.raw --pool p --format raw
    cmp "$work/bytes" "$work/p/flat.raw"
}

images_are_locked() {
    need qemu-io
    isolate dir raw
    dir_pool p
    run 0 vol-create-as p a.raw 1M --format raw
    mkfifo "$work/fifo"
    qemu-io -f raw "$work/p/a.raw" <"$work/fifo" >"$work/qemu" 2>&1 &
    exec 9>"$work/fifo"
    echo 'read 0 512' >&9
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        grep -q 'read 512' "$work/qemu" && break
        sleep 0.3
    done
    head -c 512 /dev/zero >"$work/bytes"
    run 1 vol-upload a.raw "$work/bytes" --pool p
    says 'qemu-io'
    exec 9>&-
    wait "$!"
    run 0 vol-upload a.raw "$work/bytes" --pool p
}

# Those of this test have its root in their environment.
workers() {
    for process in /proc/[0-9]*; do
        grep -q '^tarn-module-hos' "$process/comm" 2>/dev/null || continue
        grep -qazF "TARN_ROOT=$TARN_ROOT" "$process/environ" 2>/dev/null && echo "$process"
    done
    true
}

no_process_is_left() {
    isolate dir qcow2 raw
    dir_pool p
    run 0 vol-create-as p a.qcow2 1G --format qcow2
    mkfifo "$work/fifo"
    "$TARN" vol-upload a.qcow2 "$work/fifo" --pool p &
    exec 9>"$work/fifo"
    [ -n "$(workers)" ]
    exec 9>&-
    wait "$!"
    [ -z "$(workers)" ]
}

# environment NAME: what the pool's process has under it.
environment() {
    mkfifo "$work/fifo-$1"
    "$TARN" -q vol-upload a "$work/fifo-$1" --pool p >/dev/null &
    exec 9>"$work/fifo-$1"
    for process in $(workers); do
        tr '\0' '\n' <"$process/environ" | sed -n "s/^$1=/$1 is /p"
    done | sort -u
    exec 9>&-
    wait "$!"
}

it_has_an_environment() {
    isolate dir
    printf '[environment]\nCOLOUR = blue and so\nLANG =\n' >>"$work/plugins.d/dir.conf"
    export COLOUR=red COLOURS=many LANG=C.UTF-8
    dir_pool p
    run 0 vol-create-as p a 1M
    [ "$(environment COLOUR)" = "COLOUR is blue and so" ]
    [ "$(environment COLOURS)" = "COLOURS is many" ]
    [ "$(environment LANG)" = "LANG is " ]
}

check "it is shown which modules are isolated" it_is_shown
check "isolation is none or process" another_word_is_refused
check "disabling and enabling keeps the isolation" it_survives_disabling
check "a format that takes one call at a time is refused" a_serial_format_is_refused
check "without the program only isolated modules cannot be used" without_the_program
check "a pool and its volumes, isolated" a_pool_and_its_volumes
check "a format, isolated" a_format
check "a chain of isolated images in an isolated pool" a_chain_of_images
check "images of an isolated pool are locked, as others' are" images_are_locked
check "the module's file adds to its processes' environment" it_has_an_environment
check "no process is left when the command ends" no_process_is_left
finish
