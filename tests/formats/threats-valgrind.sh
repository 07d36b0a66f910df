#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Bytes that nobody wrote reach no target: whole and damaged images of the formats that unpack, or fill
# what an image lacks, are converted under valgrind.

# shellcheck source=tests/fault/lib.sh
. "$(dirname "$0")/../fault/lib.sh"

TOOL=${IMAGE_TOOL:?IMAGE_TOOL names the image-tool program}
maker=$(dirname "$TOOL")/dmg-maker

# converted STATUS FORMAT: $work/image is converted with that result, and valgrind finds nothing.
converted() {
    rm -f "$work/raw"
    status=0
    timeout -k 1 120 valgrind -q --error-exitcode=99 --log-file="$work/valgrind" "$PROGRAM" -q \
        image-convert "$work/image" "$work/raw" --source-format "$2" --format raw \
        >"$work/out" 2>"$work/err" || status=$?
    [ "$status" -eq "$1" ] && [ ! -s "$work/valgrind" ] && return
    echo "exit status $status, expected $1"
    cat "$work/err" "$work/valgrind"
    return 1
}

# image FORMAT OPTION…: $work/image, of half a MiB of text at odd places.
image() {
    need valgrind
    ! sanitized || skip "a build with sanitizers does not run under valgrind"
    yes 'text that packs well' 2>/dev/null | head -c 200001 >"$work/disk"
    truncate -s 524288 "$work/disk"
    yes 'more of it' 2>/dev/null | head -c 5000 |
        dd of="$work/disk" bs=1 seek=400001 conv=notrunc status=none
    format=$1
    shift
    "$TOOL" -f "$format" fill "$work/image" "$work/disk" "$@"
}

# put OFFSET HEX: these bytes there.
put() {
    # shellcheck disable=SC2046,SC2059 # a number for each byte, and the format is made of them
    printf "$(printf '\\%03o' $(echo "$2" | sed 's/../0x& /g'))" |
        dd of="$work/image" bs=1 seek="$1" conv=notrunc status=none
}

qcow() {
    image raw
    rm "$work/image"
    "$TOOL" -f qcow -c fill "$work/image" "$work/disk"
    converted 0 qcow
    cmp "$work/raw" "$work/disk"
    # The streams end, by themselves or with the file, before the cluster is complete.
    put $(($(stat -c %s "$work/image") - 40)) 0300ffffffffffff
    converted 1 qcow
}

cloop() {
    image cloop
    converted 0 cloop
    size=$(stat -c %s "$work/image")
    put $((size - 30)) ffffffffffffffff
    converted 1 cloop
}

stream() {
    image vmdk subformat=streamOptimized
    converted 0 vmdk
    put 65548 789c030000000001 # an empty stream
    converted 1 vmdk
}

dmg() {
    image raw
    for kind in adc lzfse-lzvn lzfse-v2 lzma; do
        "$maker" "$kind" "$work/image" "$work/disk"
        converted 0 dmg
        cmp "$work/raw" "$work/disk"
        put 0 40ffff00 # no such distance, no such magic
        converted 1 dmg
    done
}

bochs() {
    image bochs
    converted 0 bochs
    cmp "$work/raw" "$work/disk"
    truncate -s -200000 "$work/image"
    converted 1 bochs
}

check "compressed clusters of a qcow" qcow
check "blocks of a cloop" cloop
check "grains of a stream" stream
check "chunks of a dmg" dmg
check "sectors of a bochs" bochs
finish
