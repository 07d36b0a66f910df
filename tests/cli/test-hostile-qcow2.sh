#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Damaged and malicious qcow2 images: every command that reads one answers with an error or with the
# right bytes, soon, and never crashes.

# shellcheck source=tests/fault/lib.sh
. "$(dirname "$0")/../fault/lib.sh"

# small_image: $work/good of clusters of 512 bytes, so that it has every table, and the
# places of those: the L1 table, its first L2 table, the refcount table and its first block.
small_image() {
    need qemu-img
    dd if=/dev/urandom of="$work/content" bs=1024 count=12 status=none
    truncate -s 65536 "$work/content"
    qemu-img convert -f raw -O qcow2 -o cluster_size=512 "$work/content" "$work/good"
    l1=$(number_at 40)
    table=$(number_at 48)
    l2=$(($(number_at "$l1") & 0xfffffffffffe00))
    block=$(number_at "$table")
}

# number_at OFFSET: the 64 bits there in $work/good, as the shell counts: signed.
number_at() {
    od -An -j "$1" -N 8 -t d8 --endian=big "$work/good" | tr -d ' '
}

# poke OFFSET HEX: these bytes at that place of $work/image.
poke() {
    hex=$2
    while [ -n "$hex" ]; do
        rest=${hex#??}
        # shellcheck disable=SC2059
        printf "\\$(printf %03o "0x${hex%"$rest"}")"
        hex=$rest
    done | dd of="$work/image" bs=1 seek="$1" conv=notrunc status=none
}

# hex64 NUMBER
hex64() {
    printf %016x "$1"
}

# reads: the commands that read $work/image, and never write.
reads() {
    answers --json image-info "$work/image" --format qcow2
    answers --json image-check "$work/image" --format qcow2
    answers --json image-map "$work/image" --format qcow2
    convert
}

# convert: an error, and nothing made; or an image of the size that the header says.
convert() {
    rm -f "$work/raw"
    answers -q image-convert "$work/image" "$work/raw" --format raw --source-format qcow2
    [ "$status" -eq 0 ] || [ ! -e "$work/raw" ]
}

# right_or_refused: what was read is what was written.
right_or_refused() {
    [ ! -e "$work/raw" ] || cmp "$work/raw" "$work/content"
}

# writes: the commands that change it, each on a copy, in a pool.
writes() {
    if [ ! -d "$work/p" ]; then
        run 0 -q pool-define-as p dir --target "$work/p"
        run 0 -q pool-build p
        run 0 -q pool-start p
    fi
    for command in "vol-resize v 128KiB" "vol-resize v 1MiB" "vol-resize v 4KiB --shrink" \
        "vol-check v --repair" "vol-clone v copy"; do
        rm -f "$work"/p/*
        cp "$work/image" "$work/p/v"
        # shellcheck disable=SC2086
        answers -q $command --pool p
        answers -q vol-check v --pool p
    done
}

truncated() {
    small_image
    size=$(stat -c %s "$work/good")
    for length in $(seq 0 512 $((size - 1))) 3 71 100 103 511; do
        head -c "$length" "$work/good" >"$work/image"
        reads
        right_or_refused
    done
}

truncated_is_told() {
    small_image
    dir_pool p
    head -c 600 "$work/good" >"$work/p/cut"
    head -c 60 "$work/good" >"$work/p/head"
    : >"$work/p/empty"
    run 0 --json vol-list p
    json '#' 3
    run 1 vol-check cut --pool p
}

# With a sanitizer a process takes long: one bit of each byte then, else all eight.
flipped() {
    small_image
    for offset in $(seq 0 111); do
        byte=$(od -An -j "$offset" -N 1 -t u1 "$work/good" | tr -d ' ')
        bits='1 2 4 8 16 32 64 128'
        ! sanitized || bits=$((1 << offset % 8))
        for bit in $bits; do
            cp "$work/good" "$work/image"
            poke "$offset" "$(printf %02x $((byte ^ bit)))"
            answers --json image-info "$work/image" --format qcow2
            answers --json image-check "$work/image" --format qcow2
        done
        convert
    done
}

all_ones_and_zeros() {
    small_image
    for offset in $(seq 4 4 108); do
        for word in 00000000 ffffffff 7fffffff 80000000; do
            cp "$work/good" "$work/image"
            poke "$offset" "$word"
            reads
        done
        writes
    done
}

# Offsets where no table can be: the header, itself, another, the end, beyond, misaligned, negative.
places() {
    size=$(stat -c %s "$work/good")
    for place in 0 "$l1" "$l2" "$table" "$block" $((size - 512)) "$size" $((size + 512)) \
        $((1 << 40)) $((1 << 55)) 513 $((l2 + 1)); do
        hex64 "$place"
        echo
    done
    echo 7ffffffffffffe00
    echo 8000000000000000
    echo fffffffffffffe00
    echo ffffffffffffffff
}

# each_place OFFSET…: every one of them in those entries.
each_place() {
    for entry in "$@"; do
        for place in $(places); do
            cp "$work/good" "$work/image"
            poke "$entry" "$place"
            reads
            writes_some
        done
    done
}

# One of the places after the other is written to as well: all would take minutes.
writes_some() {
    turn=$((${turn:-0} + 1))
    [ $((turn % 4)) -ne 0 ] || writes
}

l1_entries() {
    small_image
    each_place "$l1" $((l1 + 8))
    # The same L2 table twice, marked as not shared.
    cp "$work/good" "$work/image"
    poke $((l1 + 8)) "$(printf %016x $((l2 | 1 << 63)))"
    reads
    writes
    run_check_finds_it
}

# The check says that the image is not well.
run_check_finds_it() {
    status=0
    "$PROGRAM" -q image-check "$work/image" --format qcow2 >"$work/out" 2>"$work/err" || status=$?
    [ "$status" -eq 1 ]
}

l2_entries() {
    small_image
    each_place "$l2" $((l2 + 16))
    cp "$work/good" "$work/image"
    poke "$l2" "$(printf %016x $((l2 | 1 << 63)))"
    run_check_finds_it
}

compressed_entries() {
    need qemu-img
    dd if=/dev/zero of="$work/content" bs=1024 count=8 status=none
    yes tarn | head -c 65536 | dd of="$work/content" conv=notrunc status=none
    for type in zlib zstd; do
        qemu-img convert -c -f raw -O qcow2 -o "cluster_size=4096,compression_type=$type" \
            "$work/content" "$work/good"
        l1=$(number_at 40)
        l2=$(($(number_at "$l1") & 0xfffffffffffe00))
        first=$(($(number_at "$l2") & 0x3fffffffffffff))
        size=$(stat -c %s "$work/good")
        for entry in $((first | 1 << 62)) $((size - 1 | 1 << 62)) $((size * 2 | 1 << 62)) \
            $((0x7fffffffffffffff)) $((1 << 62)) $((first + 1 | 1 << 62)); do
            cp "$work/good" "$work/image"
            poke "$l2" "$(hex64 "$entry")"
            reads
        done
        for offset in 0 1 2 5 9 20; do
            cp "$work/good" "$work/image"
            poke $(((first & 0x3ffffffffff) + offset)) ff
            reads
        done
    done
}

refcount_entries() {
    small_image
    each_place "$table" 48
    for count in 0000 ffff 0002; do
        cp "$work/good" "$work/image"
        poke "$block" "$count"
        reads
        writes
        run_check_finds_it
    done
}

snapshot_tables() {
    small_image
    cp "$work/good" "$work/image"
    qemu-img snapshot -c one "$work/image"
    cp "$work/image" "$work/good"
    for count in 00000002 00010000 ffffffff; do
        cp "$work/good" "$work/image"
        poke 60 "$count"
        reads
    done
    each_place 64 "$(number_at 64)"
}

extensions() {
    small_image
    # The type of a known extension, unknown ones, and lengths that reach beyond the header or wrap.
    for extension in e2792aca00000000 e2792acaffffffff 6803f857fffffff0 23852875ffffffff \
        44415441ffffffff 0537be77ffffffff 00000001ffffffff 000000017fffffff; do
        cp "$work/good" "$work/image"
        poke 112 "$extension"
        reads
    done
    # Header lengths that leave none, or more than a cluster.
    for length in 00000000 00000067 00000068 00000200 00000208 00010000 ffffffff; do
        cp "$work/good" "$work/image"
        poke 100 "$length"
        reads
    done
}

unknown_features_are_refused() {
    small_image
    for bit in $(seq 5 63); do
        cp "$work/good" "$work/image"
        poke 72 "$(hex64 $((1 << bit)))"
        convert
        [ "$status" -eq 1 ]
    done
}

sizes() {
    small_image
    for size in 0000000000000000 0000000000000001 00000000000001ff 7fffffffffffffff \
        8000000000000000 ffffffffffffffff 00000000ffffffff 0000010000000000; do
        cp "$work/good" "$work/image"
        poke 24 "$size"
        reads
        writes
    done
    for bits in 00000000 00000008 00000016 0000001f 00000020 0000003f 00000040 ffffffff; do
        cp "$work/good" "$work/image"
        poke 20 "$bits"
        reads
        convert
        [ "$status" -eq 1 ]
    done
}

extended_l2() {
    small_image
    qemu-img convert -f raw -O qcow2 -o extended_l2=on,cluster_size=16384 "$work/content" \
        "$work/good"
    l1=$(number_at 40)
    l2=$(($(number_at "$l1") & 0xfffffffffffe00))
    # Subclusters that are allocated and zero at once; allocated ones of no cluster.
    for bitmap in ffffffffffffffff 0000000100000001 8000000080000000; do
        cp "$work/good" "$work/image"
        poke $((l2 + 8)) "$bitmap"
        reads
        writes
        convert
        [ "$status" -eq 1 ]
        poke "$l2" 0000000000000000
        reads
    done
}

check "cut at every 512 bytes" truncated
check "a cut image is listed, and its check fails" truncated_is_told
check "each bit of the header flipped" flipped
check "each word of the header at its extremes" all_ones_and_zeros
check "L1 entries that point to where no table is" l1_entries
check "L2 entries that point to tables, beyond the end, and to themselves" l2_entries
check "compressed clusters that are none" compressed_entries
check "refcount tables and counts that lie" refcount_entries
check "snapshot tables that lie" snapshot_tables
check "header extensions that lie about their length" extensions
check "features that nobody knows are refused" unknown_features_are_refused
check "absurd sizes, of the disk and of clusters" sizes
check "contradictory subclusters" extended_l2
finish
