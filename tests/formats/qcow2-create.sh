#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# New images: qemu-img finds them sound, of the right size and features, and reads zeros.
# shellcheck source=tests/formats/lib.sh
. "$(dirname "$0")/lib.sh"

# Prints the properties of an image that qemu-img tells, one line each.
properties() {
    qemu-img info --output=json "$1" | tr -d ' ",\n' | sed 's/[{}]/\n/g'
    qemu-img info "$1"
}

create() { # NAME SIZE PATTERN OPTION…; PATTERN must occur in what qemu-img tells
    name=$1 size=$2 pattern=$3
    shift 3
    rm -f "$dir/image"
    {
        "$TOOL" create "$dir/image" "$size" "$@" &&
            qemu-img check -q "$dir/image" &&
            "$TOOL" check "$dir/image" | grep -q '"corruptions": 0, "leaks": 0' &&
            [ "$(qemu-img info --output=json "$dir/image" |
                sed -n 's/.*"virtual-size": \([0-9]*\).*/\1/p')" = $(((size + 511) / 512 * 512)) ] &&
            properties "$dir/image" >"$dir/properties" &&
            { grep -q "$pattern" "$dir/properties" || { cat "$dir/properties"; false; }; } &&
            [ "$(stat -c %s "$dir/image")" = "$("$TOOL" measure "$dir/image" "$size" "$@")" ]
    } >"$dir/log" 2>&1
    report "create $name" $?
}

refuse() { # NAME PATTERN SIZE OPTION…
    name=$1 pattern=$2 size=$3
    shift 3
    rm -f "$dir/image"
    "$TOOL" create "$dir/image" "$size" "$@" >"$dir/log" 2>&1
    [ $? -eq 1 ] && grep -q "$pattern" "$dir/log" && [ ! -s "$dir/image" ]
    report "refuse $name" $?
}

create "with all defaults" 1073741824 "compat: 1.1"
create "compat 0.10" 1073741824 "compat: 0.10" compat=0.10
create "capacity 0" 0 "compat: 1.1"
create "capacity 1, rounded up" 1 "compat: 1.1"
create "capacity 0, compat 0.10, preallocated" 0 "compat: 0.10" compat=0.10 preallocation=metadata
for cluster in 512 1024 2048 4096 8192 16384 32768 65536 131072 262144 524288 1048576 2097152; do
    create "clusters of $cluster" 100000000 "cluster_size: $cluster" cluster-size=$cluster
    create "clusters of $cluster, compat 0.10" 3000000 "cluster_size: $cluster" \
        cluster-size=$cluster compat=0.10
    create "clusters of $cluster, preallocated metadata" 5000000 "cluster_size: $cluster" \
        cluster-size=$cluster preallocation=metadata
done
create "lazy refcounts" 1000000 "lazy refcounts: true" feature=lazy_refcounts
create "extended L2" 1000000 "extended l2: true" feature=extended_l2
create "extended L2, 16 KiB" 1000000 "extended l2: true" feature=extended_l2 cluster-size=16384
create "both features" 1000000 "extended l2: true" feature=extended_l2 feature=lazy_refcounts
create "extended L2, preallocated in full" 3000000 "extended l2: true" feature=extended_l2 \
    preallocation=full
for bits in 1 2 4 8 16 32 64; do
    create "$bits refcount bits" 1000000 "refcount bits: $bits\$" refcount-bits=$bits
    create "$bits refcount bits, 512 byte clusters, preallocated" 5000000 \
        "refcount bits: $bits\$" refcount-bits=$bits cluster-size=512 preallocation=metadata
done
create "zstd" 1000000 "compression type: zstd" compression-type=zstd
create "space reserved" 10000000 "compat: 1.1" preallocation=falloc
[ "$(stat -c %b "$dir/image")" -ge $((10000000 / 512)) ]
report "the reserved space is taken" $?
create "space written" 10000000 "compat: 1.1" preallocation=full
[ "$(stat -c %b "$dir/image")" -ge $((10000000 / 512)) ]
report "the written space is taken" $?
create "a sparse image" 1099511627776 "compat: 1.1"
[ "$(stat -c %b "$dir/image")" -le 64 ]
report "a sparse image takes at most 32 KiB" $?
create "the largest disk, 512 byte clusters" 137438953472 "cluster_size: 512" cluster-size=512
create "the largest disk, 64 KiB clusters" 2251799813685248 "compat: 1.1"
create "the largest disk, extended L2" 1125899906842624 "extended l2" feature=extended_l2
create "the largest disk of all" 2305843009213693952 "cluster_size: 2097152" cluster-size=2097152

head -c 1000000 /dev/urandom >"$dir/base.raw"
rm -f "$dir/image"
{
    "$TOOL" create "$dir/image" 1000000 backing=base.raw backing-format=raw &&
        qemu-img check -q "$dir/image" &&
        qemu-img info "$dir/image" | grep -q 'backing file format: raw' &&
        qemu-img convert -f qcow2 -O raw "$dir/image" "$dir/read" &&
        cmp -n 1000000 "$dir/read" "$dir/base.raw" &&
        "$TOOL" cat "$dir/image" | cmp - "$dir/read"
} >"$dir/log" 2>&1
report "create with a backing store" $?
rm -f "$dir/image"
{
    "$TOOL" create "$dir/image" 1000000 backing=base.raw backing-format=raw feature=extended_l2 \
        preallocation=metadata &&
        qemu-img check -q "$dir/image" &&
        "$TOOL" cat "$dir/image" | cmp -n 1000000 - "$dir/base.raw"
} >"$dir/log" 2>&1
report "create with a backing store that shows through preallocated clusters" $?

refuse "an unknown compat" "compat 1.0" 1000000 compat=1.0
refuse "lazy refcounts with compat 0.10" "needs compat 1.1" 1000000 compat=0.10 \
    feature=lazy_refcounts
refuse "extended L2 with compat 0.10" "needs compat 1.1" 1000000 compat=0.10 feature=extended_l2
refuse "an unknown feature" "no feature colour" 1000000 feature=colour
refuse "extended L2 with 8 KiB clusters" "at least 16384" 1000000 feature=extended_l2 \
    cluster-size=8192
for cluster in 1 256 65535 4194304; do
    refuse "clusters of $cluster" "power of two from 512 to 2097152" 1000000 cluster-size=$cluster
done
refuse "3 refcount bits" "1, 2, 4, 8, 16, 32 or 64" 1000000 refcount-bits=3
refuse "32 refcount bits with compat 0.10" "needs compat 1.1" 1000000 refcount-bits=32 compat=0.10
refuse "zstd with compat 0.10" "needs compat 1.1" 1000000 compression-type=zstd compat=0.10
refuse "an unknown option" "no option colour" 1000000 colour=red
refuse "preallocation with a backing store" "extended_l2" 1000000 preallocation=metadata \
    backing=base.raw backing-format=raw
refuse "a backing store without a format" "needs a format" 1000000 backing=base.raw
refuse "a backing format without a store" "no backing store" 1000000 backing-format=raw
refuse "a disk too large for its clusters" "larger clusters" 137438953473 cluster-size=512
refuse "a disk of 2^64-1 bytes" "at most" 18446744073709551615
echo "1..$number"
exit $failed
