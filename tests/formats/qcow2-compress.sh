#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Disks that are written compressed: qemu-img finds them sound, reads the same bytes, and makes no
# smaller ones itself, but for a few percent.
# shellcheck source=tests/formats/lib.sh
. "$(dirname "$0")/lib.sh"

# Text, noise and zeros; the end is no multiple of anything.
for i in 1 2 3 4; do
    head -c 130000 /dev/urandom
    seq "$((i * 100000))" "$((i * 100000 + 60000))"
    head -c 300000 /dev/zero
    yes "line $i" | head -c 250000
done | head -c 3444224 >"$dir/content"
truncate -s 6M "$dir/content" # a hole at the end

sound() { # IMAGE EXPECTED
    "$TOOL" check "$1" 2>"$dir/findings" | tee "$dir/check" |
        grep -q '"corruptions": 0, "leaks": 0, "check-errors": 0' &&
        qemu-img check -q -f qcow2 "$1" &&
        qemu-img convert -f qcow2 -O raw "$1" "$dir/theirs" && cmp "$dir/theirs" "$2" &&
        "$TOOL" cat "$1" | cmp - "$2"
}

compressed() { # at least one cluster is
    ! grep -q '"compressed-clusters": 0,' "$dir/check"
}

close_to() { # OURS THEIRS: at most a twentieth larger, and a cluster or two for the tables
    ours=$(stat -c %s "$1") theirs=$(stat -c %s "$2")
    [ "$ours" -le $((theirs + theirs / 20)) ] || { echo "$ours bytes, qemu-img's $theirs"; false; }
}

both() { # NAME QEMU-OPTIONS OPTION…
    name=$1 options=$2
    shift 2
    {
        "$TOOL" -c fill "$dir/image" "$dir/content" "$@" && sound "$dir/image" "$dir/content" &&
            compressed &&
            qemu-img convert -q -c -f raw -O qcow2 -o "$options" "$dir/content" "$dir/reference" &&
            close_to "$dir/image" "$dir/reference"
    } >"$dir/log" 2>&1
    report "$name" $?
}

for bits in 9 10 11 12 13 14 15 16 17 18 19 20 21; do
    size=$((1 << bits))
    both "zlib, clusters of $size" cluster_size=$size cluster-size=$size
    both "zstd, clusters of $size" cluster_size=$size,compression_type=zstd cluster-size=$size \
        compression-type=zstd
done
for bits in 1 2 4 8 16 32 64; do
    both "zlib, $bits refcount bits" refcount_bits=$bits,cluster_size=8192 refcount-bits=$bits \
        cluster-size=8192
done
both "version 2" compat=0.10 compat=0.10
both "extended L2" extended_l2=on feature=extended_l2
both "extended L2, 16 KiB, zstd" extended_l2=on,cluster_size=16k,compression_type=zstd \
    feature=extended_l2 cluster-size=16384 compression-type=zstd

# What is not written shows the backing store; a zero that is written hides it.
head -c 4000256 /dev/urandom >"$dir/base.raw"
head -c 1000001 "$dir/content" | dd of="$dir/over" bs=64k oflag=seek_bytes seek=200000 status=none
truncate -s 5000192 "$dir/over"
cp "$dir/base.raw" "$dir/expected"
truncate -s 5000192 "$dir/expected"
# The source's holes are those of its file system's blocks.
for piece in $(qemu-img map --output=json -f raw "$dir/over" |
    sed -n 's/.*"start": \([0-9]*\), "length": \([0-9]*\).*"data": true.*/\1:\2/p'); do
    dd if="$dir/over" of="$dir/expected" bs=4096 conv=notrunc status=none \
        iflag=skip_bytes,count_bytes oflag=seek_bytes skip="${piece%:*}" seek="${piece%:*}" \
        count="${piece#*:}"
done
for options in cluster-size=65536 cluster-size=512 "feature=extended_l2" "compat=0.10" \
    "cluster-size=2097152 compression-type=zstd" "refcount-bits=1 cluster-size=4096"; do
    {
        # shellcheck disable=SC2086 # several options
        "$TOOL" -c fill "$dir/image" "$dir/over" backing=base.raw backing-format=raw $options &&
            sound "$dir/image" "$dir/expected" && compressed
    } >"$dir/log" 2>&1
    report "above a backing store, $options" $?
done

# Sizes: nothing, a sector, odd ones, around a cluster.
for size in 0 512 1536 65024 65536 66048 131072 1000448; do
    head -c "$size" "$dir/content" >"$dir/part"
    {
        "$TOOL" -c fill "$dir/image" "$dir/part" && sound "$dir/image" "$dir/part"
    } >"$dir/log" 2>&1
    report "a disk of $size bytes" $?
done

# A disk of terabytes with little in it takes little.
truncate -s 0 "$dir/part" && truncate -s 8T "$dir/part"
yes "far out" | head -c 100000 | dd of="$dir/part" bs=64k oflag=seek_bytes seek=5000000000000 \
    conv=notrunc status=none
{
    "$TOOL" -c fill "$dir/image" "$dir/part" && qemu-img check -q "$dir/image" &&
        [ "$(stat -c %b "$dir/image")" -lt 256 ] &&
        qemu-io -r -f qcow2 -c 'read -v 5000000000000 512' "$dir/image" | grep -q 'far.out'
} >"$dir/log" 2>&1
report "8 TiB with 100,000 bytes in them" $?
rm -f "$dir/part"

# What is compressed is written, zeroed and resized as anything else.
for options in cluster-size=4096 "refcount-bits=2 cluster-size=512" compression-type=zstd \
    feature=extended_l2; do
    head -c 900096 "$dir/content" >"$dir/part"
    {
        # shellcheck disable=SC2086 # several options
        "$TOOL" -c fill "$dir/image" "$dir/part" $options &&
            "$TOOL" model "$dir/image" 7 150 2000000 &&
            "$TOOL" cat "$dir/image" >"$dir/after" && sound "$dir/image" "$dir/after"
    } >"$dir/log" 2>&1
    report "random operations on a compressed disk, $options" $?
done
"$TOOL" -c fill "$dir/image" "$dir/part" data-file=yes >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -q 'data file.*do without compression' "$dir/log"
report "a disk in a data file is not compressed" $?
echo "1..$number"
exit $failed
