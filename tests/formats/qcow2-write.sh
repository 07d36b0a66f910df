#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Images that are written and resized here, checked and compared by qemu-img.
# shellcheck source=tests/formats/lib.sh
. "$(dirname "$0")/lib.sh"

# Both checks find nothing, and the disk is what the file says.
holds() { # IMAGE EXPECTED
    "$TOOL" check "$1" | grep -q '"corruptions": 0, "leaks": 0, "check-errors": 0' &&
        qemu-img check -q "$1" &&
        qemu-img convert -f qcow2 -O raw "$1" "$dir/theirs" &&
        cmp "$dir/theirs" "$2" && "$TOOL" cat "$1" | cmp - "$2"
}

# Writes a file's bytes both into the image and into the plain copy.
both() { # OFFSET FILE
    "$TOOL" write "$dir/image" "$1" <"$2" &&
        dd if="$2" of="$dir/plain" bs=64k oflag=seek_bytes seek="$1" conv=notrunc status=none
}

head -c 1500000 /dev/urandom >"$dir/content"
head -c 130000 /dev/urandom >"$dir/big"
head -c 700 /dev/urandom >"$dir/small"

change() { # NAME: the image and its plain copy are changed in the same ways
    {
        both 0 "$dir/small" && both 65000 "$dir/small" && both 300001 "$dir/big" &&
            both 524288 "$dir/big" && both 1400000 "$dir/small" &&
            holds "$dir/image" "$dir/plain"
    } >"$dir/log" 2>&1
    report "write into $1" $?
    {
        { "$TOOL" resize "$dir/image" 4000256 && truncate -s 4000256 "$dir/plain"; } &&
            both 3900000 "$dir/small" && holds "$dir/image" "$dir/plain"
    } >"$dir/log" 2>&1
    report "grow $1" $?
    {
        "$TOOL" resize "$dir/image" 600064 1 && truncate -s 600064 "$dir/plain" &&
            holds "$dir/image" "$dir/plain" &&
            "$TOOL" resize "$dir/image" 2000384 && truncate -s 2000384 "$dir/plain" &&
            holds "$dir/image" "$dir/plain"
    } >"$dir/log" 2>&1
    report "shrink $1, and grow it again" $?
}

for options in cluster_size=512 cluster_size=4k,compat=0.10 compat=0.10 compat=1.1 \
    cluster_size=2M lazy_refcounts=on extended_l2=on extended_l2=on,cluster_size=16k \
    refcount_bits=1 refcount_bits=2,cluster_size=512 refcount_bits=64 preallocation=metadata; do
    qemu-img convert -q -O qcow2 -o "$options" "$dir/content" "$dir/image"
    cp "$dir/content" "$dir/plain"
    truncate -s 1500160 "$dir/plain" # qemu-img rounds up to 512
    change "$options"
done
for options in compression_type=zlib compression_type=zstd compression_type=zlib,extended_l2=on; do
    yes "text that packs well" | head -c 1500160 >"$dir/plain"
    qemu-img convert -q -c -O qcow2 -o "$options" "$dir/plain" "$dir/image"
    change "compressed, $options"
done
for options in compat=1.1 compat=0.10 extended_l2=on cluster_size=512; do
    rm -f "$dir/image"
    cp "$dir/content" "$dir/base.raw"
    qemu-img create -q -f qcow2 -o "$options" -b base.raw -F raw "$dir/image" 1500160
    cp "$dir/content" "$dir/plain"
    truncate -s 1500160 "$dir/plain"
    change "an image with a backing store, $options"
    head -c 2500000 /dev/urandom >"$dir/base.raw"
    rm -f "$dir/image"
    qemu-img create -q -f qcow2 -o "$options" -b base.raw -F raw "$dir/image" 1500160
    head -c 1500160 "$dir/base.raw" >"$dir/plain"
    change "an image smaller than its backing store, $options"
done
cp "$dir/content" "$dir/base.raw"

# Snapshots keep what they have.
for options in compat=1.1 cluster_size=512 extended_l2=on; do
    qemu-img convert -q -O qcow2 -o "$options" "$dir/content" "$dir/image"
    qemu-img snapshot -c keep "$dir/image"
    cp "$dir/content" "$dir/plain"
    truncate -s 1500160 "$dir/plain"
    cp "$dir/plain" "$dir/kept"
    change "an image with a snapshot, $options"
    {
        "$TOOL" -s keep cat "$dir/image" | cmp - "$dir/kept" &&
            qemu-img snapshot -a keep "$dir/image" && qemu-img check -q "$dir/image" &&
            "$TOOL" cat "$dir/image" | head -c 1500160 | cmp - "$dir/kept"
    } >"$dir/log" 2>&1
    report "the snapshot is untouched, and qemu-img goes back to it, $options" $?
done
qemu-img convert -q -O qcow2 -o compat=0.10 "$dir/content" "$dir/image"
qemu-img snapshot -c keep "$dir/image"
"$TOOL" resize "$dir/image" 4000256 >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -q "delete the snapshots first" "$dir/log"
report "a version 2 image with snapshots is not resized" $?

# External data files.
for raw in on off; do
    rm -f "$dir/image" "$dir/data"
    qemu-img create -q -f qcow2 -o data_file="$dir/data",data_file_raw=$raw "$dir/image" 1500160
    truncate -s 0 "$dir/plain" && truncate -s 1500160 "$dir/plain"
    change "an image with a data file, raw $raw"
    {
        "$TOOL" zero "$dir/image" 100000 200000 1 &&
            dd if=/dev/zero of="$dir/plain" bs=1000 seek=100 count=200 conv=notrunc status=none &&
            holds "$dir/image" "$dir/plain"
    } >"$dir/log" 2>&1
    report "zero in an image with a data file, raw $raw" $?
    [ $raw = off ] || cmp -n 2000384 "$dir/data" "$dir/plain" >"$dir/log" 2>&1
    report "the data file alone is the disk where it must be, raw $raw" $?
done

# Bitmaps are given up, visibly.
rm -f "$dir/image"
qemu-img create -q -f qcow2 "$dir/image" 10M
qemu-img bitmap --add "$dir/image" b0
"$TOOL" info "$dir/image" | grep -q "bitmaps-consistent=yes" &&
    "$TOOL" check "$dir/image" 2>"$dir/log" | grep -q '"leaks": 0' &&
    "$TOOL" write "$dir/image" 0 <"$dir/small" 2>>"$dir/log" &&
    "$TOOL" info "$dir/image" | grep -q "bitmaps-consistent=no"
report "a write marks bitmaps as inconsistent" $?

# Growing without its backing store cannot keep that from showing.
rm -f "$dir/image"
qemu-img create -q -f qcow2 -b base.raw -F raw "$dir/image" 500k
"$TOOL" -n resize "$dir/image" 1000000 >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -q "without its backing store" "$dir/log"
report "an image opened without its backing store does not grow" $?
"$TOOL" -n read "$dir/image" 0 512 >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -q "opened without it" "$dir/log"
report "an image opened without its backing store does not read from it" $?
"$TOOL" -n map "$dir/image" 2>"$dir/log" | grep -q '"start": 0, "length": 512000, "backing": true'
report "its map still tells what lies below" $?

# Space that growing reserves is really taken.
rm -f "$dir/image"
"$TOOL" create "$dir/image" 1000000
"$TOOL" resize "$dir/image" 8000000 2 >"$dir/log" 2>&1 &&
    [ "$(stat -c %b "$dir/image")" -ge $((6900000 / 512)) ] && qemu-img check -q "$dir/image"
report "growing with allocation takes the space" $?
"$TOOL" resize "$dir/image" 65536 1 >"$dir/log" 2>&1 &&
    [ "$(stat -c %s "$dir/image")" -le $((8 * 65536)) ] && qemu-img check -q "$dir/image"
report "shrinking gives the end of the file back" $?
"$TOOL" resize "$dir/image" 512 >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -q "data would be lost" "$dir/log"
report "shrinking must be asked for" $?
qemu-img resize -q "$dir/image" 1T && "$TOOL" resize "$dir/image" 2199023255552 2>"$dir/log" &&
    qemu-img check -q "$dir/image" && [ "$(stat -c %b "$dir/image")" -le 256 ]
report "growing to 2 TiB makes a larger L1 table and nothing else" $?
echo "1..$number"
exit $failed
