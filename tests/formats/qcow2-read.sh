#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Images that qemu-img made: what is read and mapped is what qemu-img reads and maps.
# shellcheck source=tests/formats/lib.sh
. "$(dirname "$0")/lib.sh"

# Start, length, kind and host offset of each extent, adjacent ones that are alike put together; of
# JSON as qemu-img map prints it.
normal_map() {
    tr -d '[]\n' | sed 's/},* *{/}\n{/g' | tr -d '{} "' | awk -F, '
        NF {
            for (i = 1; i <= NF; i++) { split($i, p, ":"); f[p[1]] = p[2] }
            o = ("offset" in f) ? f["offset"] : "-"
            k = (f["data"] == "true") ? "data" : "zero"
            if (n && k == kind && (o == "-" ? host == "-" : o == host + len))
                len += f["length"]
            else {
                if (n) print start, len, kind, host
                start = f["start"]; len = f["length"]; kind = k; host = o; n = 1
            }
            delete f
        }
        END { if (n) print start, len, kind, host }'
}

same_map() { # IMAGE
    "$TOOL" map "$1" | normal_map >"$dir/map.ours"
    qemu-img map --output=json -f qcow2 "$1" | normal_map >"$dir/map.theirs"
    cmp "$dir/map.ours" "$dir/map.theirs" ||
        { diff "$dir/map.ours" "$dir/map.theirs" | head -20; false; }
}

same() { # NAME IMAGE [nomap]
    {
        qemu-img convert -O raw "$2" "$dir/theirs" &&
            "$TOOL" cat "$2" >"$dir/ours" && cmp "$dir/ours" "$dir/theirs" &&
            { [ "${3:-}" = nomap ] || same_map "$2"; }
    } >"$dir/log" 2>&1
    report "$1" $?
}

# Content that is partly random, partly text, partly zero.
for i in 1 2 3 4 5 6; do
    head -c 100000 /dev/urandom
    head -c 60000 /dev/zero
    yes "line $i" | head -c 150000
done >"$dir/content"

for size in 512 1k 2k 4k 8k 16k 32k 64k 128k 256k 512k 1M 2M; do
    for compat in 0.10 1.1; do
        qemu-img convert -q -O qcow2 -o compat=$compat,cluster_size=$size "$dir/content" \
            "$dir/image" 2>"$dir/log"
        same "clusters of $size, compat $compat" "$dir/image"
    done
    qemu-img convert -q -c -O qcow2 -o cluster_size=$size "$dir/content" "$dir/image"
    same "zlib, clusters of $size" "$dir/image"
    qemu-img convert -q -c -O qcow2 -o cluster_size=$size,compression_type=zstd "$dir/content" \
        "$dir/image"
    same "zstd, clusters of $size" "$dir/image"
done
for size in 16k 64k 2M; do
    qemu-img convert -q -O qcow2 -o cluster_size=$size,extended_l2=on "$dir/content" "$dir/image"
    same "extended L2, clusters of $size" "$dir/image"
    rm -f "$dir/image"
    qemu-img create -q -f qcow2 -o cluster_size=$size,extended_l2=on "$dir/image" 8M
    qemu-io -f qcow2 -c 'write -P 1 1k 3k' -c 'write -P 2 100k 100' -c 'write -z 300k 600k' \
        -c 'write -P 3 400k 70k' -c 'write -z -u 420k 8k' -c 'write -P 9 5M 1M' "$dir/image" \
        >/dev/null
    same "extended L2 with pieces, clusters of $size" "$dir/image"
done
for bits in 1 2 4 8 16 32 64; do
    qemu-img convert -q -O qcow2 -o refcount_bits=$bits,lazy_refcounts=on "$dir/content" "$dir/image"
    same "$bits refcount bits, lazy" "$dir/image"
done
for mode in off metadata falloc full; do
    rm -f "$dir/image"
    qemu-img create -q -f qcow2 -o preallocation=$mode "$dir/image" 4M
    # qemu-img calls unwritten space zero by looking at the file below: only the bytes are compared.
    same "preallocation $mode" "$dir/image" nomap
done
rm -f "$dir/image"
qemu-img create -q -f qcow2 "$dir/image" 20M
qemu-io -f qcow2 -c 'write -P 5 1M 3M' -c 'write -z 2M 1M' -c 'write -z -u 3M 64k' \
    -c 'discard 3200k 128k' -c 'write -P 6 10M 100' "$dir/image" >/dev/null
same "zero clusters, kept and unmapped" "$dir/image"

# Backing stores: shorter, longer, qcow2 below qcow2.
cp "$dir/content" "$dir/base.raw"
for size in 1M 1860000 5M; do
    rm -f "$dir/image"
    qemu-img create -q -f qcow2 -b base.raw -F raw "$dir/image" $size
    qemu-io -f qcow2 -c 'write -P 7 200k 100k' -c 'write -z 400k 100k' "$dir/image" >/dev/null
    same "over a raw file, $size" "$dir/image" nomap
done
qemu-img convert -q -c -O qcow2 "$dir/content" "$dir/middle.qcow2"
rm -f "$dir/image"
qemu-img create -q -f qcow2 -b middle.qcow2 -F qcow2 "$dir/image" 3M
qemu-io -f qcow2 -c 'write -P 7 200k 100k' "$dir/image" >/dev/null
same "over a compressed qcow2" "$dir/image" nomap

# Internal snapshots.
rm -f "$dir/image"
qemu-img convert -q -O qcow2 "$dir/content" "$dir/image"
qemu-img snapshot -c one "$dir/image"
qemu-io -f qcow2 -c 'write -P 8 0 1M' "$dir/image" >/dev/null
qemu-img snapshot -c two "$dir/image"
qemu-img resize -q "$dir/image" 10M
qemu-io -f qcow2 -c 'write -P 9 9M 1M' "$dir/image" >/dev/null
same "the disk of an image with snapshots" "$dir/image"
for snapshot in one two; do
    {
        qemu-img convert -l snapshot.name=$snapshot -O raw "$dir/image" "$dir/theirs" &&
            truncate -s 1860096 "$dir/theirs" && # qemu-img takes the size of today's disk
            "$TOOL" -s $snapshot cat "$dir/image" >"$dir/ours" && cmp "$dir/ours" "$dir/theirs"
    } >"$dir/log" 2>&1
    report "snapshot $snapshot by name" $?
done
"$TOOL" -s 2 cat "$dir/image" 2>"$dir/log" | cmp - "$dir/theirs" 2>>"$dir/log"
report "snapshot two by id" $?
"$TOOL" -s three cat "$dir/image" 2>&1 >/dev/null | grep -q "no snapshot three"
report "an unknown snapshot is refused" $?
"$TOOL" info "$dir/image" >"$dir/log" 2>&1
grep -q '^snapshot=1 one 1860096 ' "$dir/log" && grep -q '^snapshot=2 two 1860096 ' "$dir/log"
report "info lists the snapshots" $?

# An external data file.
rm -f "$dir/image"
qemu-img create -q -f qcow2 -o data_file="$dir/data.raw",data_file_raw=on "$dir/image" 4M
qemu-io -f qcow2 -c 'write -P 4 1M 100k' "$dir/image" >/dev/null
same "an external data file" "$dir/image" nomap
"$TOOL" info "$dir/image" >"$dir/log" 2>&1
grep -q "^data-file=$dir/data.raw" "$dir/log" && grep -q '^data-file-raw=yes' "$dir/log"
report "info names the data file" $?
echo "1..$number"
exit $failed
