#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A map with more extents than anybody waits for ends when one presses Ctrl-C.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"

# An image of 64 GiB, every other 512 bytes of it data: two million tables, which are all the same one.
checkered_image() {
    need qemu-img
    need qemu-io
    qemu-img create -q -f qcow2 -o cluster_size=512 "$1" 64G
    seq 0 1024 32767 | sed 's/.*/write -P 1 & 512/' | qemu-io -f qcow2 "$1" >"$work/log"
    tables=$(od -A n -t u8 --endian=big -j 40 -N 8 "$1")
    dd if="$1" of="$work/table" iflag=skip_bytes skip="$((tables))" bs=8 count=1 status=none
    for _ in $(seq 21); do
        cat "$work/table" "$work/table" >"$work/tables"
        mv "$work/tables" "$work/table"
    done
    dd if="$work/table" of="$1" oflag=seek_bytes seek="$((tables))" bs=1M conv=notrunc status=none
}

# cancelled_soon ARGUMENT…
cancelled_soon() {
    env --default-signal=INT "$TARN" --json "$@" >"$work/out" 2>"$work/err" &
    command=$!
    sleep 0.5
    kill -INT "$command"
    (
        sleep 10
        kill -KILL "$command"
    ) 2>/dev/null &
    guard=$!
    status=0
    wait "$command" || status=$?
    kill "$guard"
    [ "$status" -eq 1 ]
    [ "$("$JSON_GET" error/code <"$work/err")" = cancelled ]
    [ ! -s "$work/out" ]
}

of_a_file() {
    checkered_image "$work/image"
    cancelled_soon image-map "$work/image"
}

of_a_volume() {
    dir_pool p
    checkered_image "$work/p/image"
    cancelled_soon vol-map --pool p image
}

check "the map of a file is cancelled" of_a_file
check "the map of a volume is cancelled" of_a_volume
finish
