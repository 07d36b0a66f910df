#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Random writes, zeroes, discards, resizes and reopens against a plain array, for many geometries;
# then qemu-img's opinion of the image that is left. SEEDS (default "1 2") and STEPS (default 250)
# make it longer.
# shellcheck source=tests/formats/lib.sh
. "$(dirname "$0")/lib.sh"

# Is the image sound, by both, and do both read the same?
sound() { # IMAGE
    "$TOOL" check "$1" | grep -q '"corruptions": 0, "leaks": 0, "check-errors": 0' &&
        qemu-img check -q "$1" &&
        "$TOOL" cat "$1" >"$dir/ours" &&
        qemu-img convert -f qcow2 -O raw "$1" "$dir/theirs" &&
        cmp "$dir/ours" "$dir/theirs"
}

run() { # NAME MAX-SIZE
    for seed in ${SEEDS:-1 2}; do
        cp "$dir/start.qcow2" "$dir/image.qcow2"
        {
            "$TOOL" model "$dir/image.qcow2" "$seed" "${STEPS:-250}" "$2" &&
                sound "$dir/image.qcow2"
        } >"$dir/log" 2>&1
        report "$1, seed $seed" $?
    done
}

own() { # NAME SIZE MAX-SIZE OPTION…
    name=$1 size=$2 max=$3
    shift 3
    if ! "$TOOL" create "$dir/start.qcow2" "$size" "$@" 2>"$dir/log"; then
        report "$name: create" 1
        return
    fi
    run "$name" "$max"
}

theirs() { # NAME SIZE MAX-SIZE OPTIONS [BACKING]
    rm -f "$dir/start.qcow2"
    if ! qemu-img create -q -f qcow2 -o "$4" ${5:+-b "$5" -F raw} "$dir/start.qcow2" "$2" \
        2>"$dir/log"; then
        report "$1: qemu-img create" 1
        return
    fi
    run "$1" "$3"
}

own "64 KiB clusters" 1000000 4000000
own "512 byte clusters" 1000000 3000000 cluster-size=512
own "4 KiB clusters, compat 0.10" 1000000 3000000 cluster-size=4096 compat=0.10
own "2 MiB clusters" 5000000 9000000 cluster-size=2097152
own "extended L2, 64 KiB" 1000000 4000000 feature=extended_l2
own "extended L2, 16 KiB" 1000000 3000000 feature=extended_l2 cluster-size=16384
own "extended L2, 2 MiB" 5000000 9000000 feature=extended_l2 cluster-size=2097152
own "lazy refcounts" 1000000 3000000 feature=lazy_refcounts
for bits in 1 2 4 8 32 64; do
    own "$bits refcount bits, 512 byte clusters" 500000 2000000 cluster-size=512 \
        refcount-bits=$bits
done
own "preallocated metadata" 1000000 3000000 preallocation=metadata
own "preallocated in full, extended L2" 1000000 3000000 preallocation=full feature=extended_l2

head -c 700000 /dev/urandom >"$dir/below.raw"
theirs "backing store, 64 KiB" 1048576 3000000 compat=1.1 "$dir/below.raw"
theirs "backing store, 512 bytes" 1048576 3000000 cluster_size=512 "$dir/below.raw"
theirs "backing store, compat 0.10" 1048576 3000000 compat=0.10,cluster_size=8192 "$dir/below.raw"
theirs "smaller than its backing store" 300000 3000000 compat=1.1 "$dir/below.raw"
theirs "smaller than its backing store, compat 0.10" 300000 3000000 compat=0.10 "$dir/below.raw"
theirs "backing store, extended L2" 1048576 3000000 extended_l2=on "$dir/below.raw"

# Snapshots share all clusters; compressed ones are replaced when they are written.
head -c 900000 /dev/urandom >"$dir/content.raw"
for options in compat=1.1 compat=1.1,cluster_size=512 extended_l2=on; do
    rm -f "$dir/start.qcow2"
    qemu-img convert -q -f raw -O qcow2 -o "$options" "$dir/content.raw" "$dir/start.qcow2"
    qemu-img snapshot -c first "$dir/start.qcow2"
    qemu-io -f qcow2 -c 'write -P 7 100k 50k' "$dir/start.qcow2" >/dev/null
    qemu-img snapshot -c second "$dir/start.qcow2"
    run "two snapshots, $options" 3000000
    for snapshot in first second; do
        "$TOOL" -s "$snapshot" cat "$dir/start.qcow2" >"$dir/before" 2>"$dir/log" &&
            "$TOOL" -s "$snapshot" cat "$dir/image.qcow2" >"$dir/after" 2>>"$dir/log" &&
            cmp "$dir/before" "$dir/after" >>"$dir/log"
        report "snapshot $snapshot is untouched, $options" $?
    done
done
yes "text that packs well, but has many lines" | nl | head -c 900000 >"$dir/text.raw"
for options in compression_type=zlib compression_type=zstd,cluster_size=4096 \
    compression_type=zlib,cluster_size=2M compression_type=zstd,extended_l2=on; do
    rm -f "$dir/start.qcow2"
    qemu-img convert -q -c -f raw -O qcow2 -o "$options" "$dir/text.raw" "$dir/start.qcow2"
    run "compressed, $options" 3000000
done
echo "1..$number"
exit $failed
