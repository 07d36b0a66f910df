#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tarn and QEMU on the same images: what one writes the other reads, checks and maps alike.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

need_qemu() {
    need qemu-img
    need qemu-io
    need jq
}

# content FILE: 3 MiB with data, explicit zeros and holes, that no cluster size divides evenly.
content() {
    truncate -s 3145728 "$1"
    dd if=/dev/urandom of="$1" bs=1000 count=300 conv=notrunc status=none
    dd if=/dev/urandom of="$1" bs=4096 seek=400 count=3 conv=notrunc status=none
    dd if=/dev/zero of="$1" bs=65536 seek=30 count=2 conv=notrunc status=none
    dd if=/dev/urandom of="$1" bs=512 seek=6143 count=1 conv=notrunc status=none
}

# same FORMAT FILE: the guest's bytes are those of $work/content, up to its size.
same() {
    qemu-img compare -q -f raw -F "$1" "$work/content" "$2"
}

# sound FILE: qemu-img finds neither errors nor leaks.
sound() {
    qemu-img check -q -f qcow2 "$1"
}

# extents FILE: a map of either as lines "start length depth zero data", neighbours that are alike
# merged. Of data QEMU also tells where the file has holes, and that those read as zeros.
extents() {
    jq -r '.[] | [.start, .length, .depth, .zero and (.data | not), .data] | @tsv' "$1" | awk '
        { key = $3 " " $4 " " $5 }
        key == last { length_ += $2; next }
        NR > 1 { print start, length_, last }
        { start = $1; length_ = $2; last = key }
        END { print start, length_, last }'
}

# maps_agree FILE VOLUME
maps_agree() {
    qemu-img map --output=json -f "$3" "$1" >"$work/theirs"
    run 0 --json vol-map "$2" --pool p
    extents "$work/theirs" >"$work/theirs.extents"
    extents "$work/out" >"$work/ours.extents"
    diff "$work/theirs.extents" "$work/ours.extents"
}

# --- what tarn writes -----------------------------------------------------------------------------

# create NAME ELEMENT…: an empty volume of 3 MiB with these in its <target>.
create() {
    name=$1
    shift
    cat >"$work/v.xml" <<END
<volume><name>$name</name><capacity>3145728</capacity><allocation>0</allocation>
<target><format type='qcow2'/>$*</target></volume>
END
    run 0 vol-create p "$work/v.xml" --validate
}

# empty_is_right NAME: it is sound, of the right size and version, and empty.
empty_is_right() {
    sound "$work/p/$1"
    qemu-img info --output=json -f qcow2 "$work/p/$1" >"$work/info"
    [ "$(jq '."virtual-size"' "$work/info")" -eq 3145728 ]
    truncate -s 3145728 "$work/empty"
    qemu-img compare -q -f raw -F qcow2 "$work/empty" "$work/p/$1"
    maps_agree "$work/p/$1" "$1" qcow2
}

every_cluster_size() {
    need_qemu
    dir_pool p
    for compat in 0.10 1.1; do
        for size in 512 1024 4096 65536 262144 2097152; do
            create "v-$compat-$size" "<compat>$compat</compat><clusterSize>$size</clusterSize>"
            empty_is_right "v-$compat-$size"
            [ "$(jq '."cluster-size"' "$work/info")" -eq "$size" ]
            [ "$(jq -r '."format-specific".data.compat' "$work/info")" = "$compat" ]
        done
    done
}

every_feature() {
    need_qemu
    dir_pool p
    create lazy '<compat>1.1</compat><features><lazy_refcounts/></features>'
    empty_is_right lazy
    [ "$(jq '."format-specific".data."lazy-refcounts"' "$work/info")" = true ]
    create extended "<compat>1.1</compat><clusterSize unit='KiB'>128</clusterSize>" \
        '<features><extended_l2/></features>'
    empty_is_right extended
    [ "$(jq '."format-specific".data."extended-l2"' "$work/info")" = true ]
}

every_preallocation() {
    need_qemu
    dir_pool p
    run 0 vol-create-as p metadata 3145728 --format qcow2 --allocation 0 --prealloc-metadata
    sound "$work/p/metadata"
    run 0 vol-create-as p falloc 3145728 --format qcow2 --prealloc-metadata
    sound "$work/p/falloc"
    [ "$(stat -c %b "$work/p/falloc")" -ge 6144 ]
    truncate -s 3145728 "$work/empty"
    for name in metadata falloc; do
        qemu-img compare -q -f raw -F qcow2 "$work/empty" "$work/p/$name"
        maps_agree "$work/p/$name" "$name" qcow2
    done
}

converted_with_options() {
    need_qemu
    dir_pool p
    content "$work/content"
    cp --sparse=always "$work/content" "$work/p/raw"
    run 0 pool-refresh p
    maps_agree "$work/p/raw" raw raw
    for kind in refcount-bits=1 refcount-bits=16 refcount-bits=64 compression-type=zstd; do
        rm -f "$work/image"
        "$TARN" -q image-convert "$work/content" "$work/image" --format qcow2 \
            --source-format raw --option "$kind" 2>"$work/err" || {
            echo "$kind:"
            cat "$work/err"
            return 1
        }
        sound "$work/image"
        same qcow2 "$work/image"
    done
}

converted_volume() {
    need_qemu
    dir_pool p
    content "$work/content"
    cp "$work/content" "$work/p/raw"
    run 0 pool-refresh p
    run 0 vol-convert raw qcow2 --format qcow2 --pool p
    sound "$work/p/qcow2"
    same qcow2 "$work/p/qcow2"
    maps_agree "$work/p/qcow2" qcow2 qcow2
    run 0 vol-convert qcow2 again --format raw --pool p
    cmp "$work/p/again" "$work/content"
}

written_by_qemu_after_tarn() {
    need_qemu
    dir_pool p
    for size in 512 65536 2097152; do
        create "v$size" "<clusterSize>$size</clusterSize>"
        content "$work/content"
        qemu-img convert -n -f raw -O qcow2 "$work/content" "$work/p/v$size"
        sound "$work/p/v$size"
        run 0 vol-check "v$size" --pool p
        run 0 -q vol-convert "v$size" "r$size" --format raw --pool p
        cmp "$work/p/r$size" "$work/content"
        maps_agree "$work/p/v$size" "v$size" qcow2
    done
}

overlaid() {
    need_qemu
    dir_pool p
    content "$work/content"
    run 0 vol-create-as p base 3145728 --format raw
    cat "$work/content" >"$work/p/base"
    run 0 vol-create-as p middle 3145728 --format qcow2 --backing-vol base --backing-vol-format raw
    run 0 vol-create-as p top 4194304 --format qcow2 --backing-vol middle \
        --backing-vol-format qcow2
    sound "$work/p/top"
    same qcow2 "$work/p/top"
    qemu-io -f qcow2 -c 'write -P 7 100k 300k' -c 'write -z 1M 64k' "$work/p/middle" >"$work/said"
    qemu-io -f qcow2 -c 'write -P 8 300k 10k' -c 'write -P 9 3M 5k' "$work/p/top" >"$work/said"
    run 0 pool-refresh p
    maps_agree "$work/p/top" top qcow2
    run 0 vol-convert top flat --format raw --pool p
    qemu-img compare -q -f raw -F qcow2 "$work/p/flat" "$work/p/top"
    run 0 vol-clone top copy --pool p
    sound "$work/p/copy"
    qemu-img compare -q -f raw -F qcow2 "$work/p/flat" "$work/p/copy"
}

# --- what QEMU writes -----------------------------------------------------------------------------

# kinds: options of qemu-img convert for every sort of image that it makes and tarn reads.
kinds() {
    for size in 512 4096 65536 2097152; do
        echo "-o compat=0.10,cluster_size=$size"
        echo "-o compat=1.1,cluster_size=$size"
    done
    echo "-o compat=1.1,lazy_refcounts=on"
    echo "-o compat=1.1,refcount_bits=1"
    echo "-o compat=1.1,refcount_bits=64"
    echo "-o extended_l2=on"
    echo "-o preallocation=metadata"
    echo "-o preallocation=falloc"
    echo "-o preallocation=full"
    echo "-c"
    echo "-c -o compat=0.10"
    echo "-c -o compression_type=zstd"
    echo "-c -o cluster_size=2097152"
}

# each_kind FUNCTION: calls it for an image of every kind with the content, a volume called "v".
each_kind() {
    need_qemu
    dir_pool p
    content "$work/content"
    kinds >"$work/kinds"
    while read -r options; do
        echo "qemu-img convert $options"
        rm -f "$work"/p/*
        # shellcheck disable=SC2086
        qemu-img convert -f raw -O qcow2 $options "$work/content" "$work/p/v"
        "$1" "$options"
    done <"$work/kinds"
}

read_one() {
    run 0 vol-check v --pool p
    run 0 vol-convert v raw --format raw --pool p
    cmp "$work/p/raw" "$work/content"
    maps_agree "$work/p/v" v qcow2
}

clone_one() {
    run 0 vol-clone v copy --pool p
    sound "$work/p/copy"
    same qcow2 "$work/p/copy"
}

# Through sizes at which another L1 or refcount table is needed, and back.
resize_one() {
    case $1 in *cluster_size=512*) far=64MiB ;; *) far=1TiB ;; esac
    for size in 5MiB $far; do
        run 0 vol-resize v "$size" --pool p
        sound "$work/p/v"
        same qcow2 "$work/p/v"
    done
    for size in 4MiB 3145728; do
        run 0 vol-resize v "$size" --pool p --shrink
        sound "$work/p/v"
        same qcow2 "$work/p/v"
    done
    run 0 vol-resize v 1MiB --pool p --shrink
    sound "$work/p/v"
    head -c 1048576 "$work/content" >"$work/less"
    qemu-img compare -q -f raw -F qcow2 "$work/less" "$work/p/v"
    run 0 vol-resize v 2MiB --pool p
    truncate -s 2097152 "$work/less"
    sound "$work/p/v"
    qemu-img compare -q -f raw -F qcow2 "$work/less" "$work/p/v"
}

every_kind_is_read() { each_kind read_one; }
every_kind_is_cloned() { each_kind clone_one; }
every_kind_is_resized() { each_kind resize_one; }

backed_by_qemu() {
    need_qemu
    dir_pool p
    content "$work/content"
    cp "$work/content" "$work/p/base"
    qemu-img create -q -f qcow2 -b base -F raw "$work/p/top" 4M
    qemu-io -f qcow2 -c 'write -P 5 1M 3k' "$work/p/top" >"$work/said"
    run 0 pool-refresh p
    run 0 --json vol-info top --pool p
    json backingStore/path "$work/p/base"
    json backingStore/format raw
    run 0 --follow pool vol-convert top flat --format raw --pool p
    qemu-img compare -q -f raw -F qcow2 "$work/p/flat" "$work/p/top"
    run 0 --follow pool vol-resize top 5MiB --pool p
    sound "$work/p/top"
    qemu-img create -q -f qcow2 -b "$work/p/base" -F raw "$work/expected" 5M
    qemu-io -f qcow2 -c 'write -P 5 1M 3k' "$work/expected" >"$work/said"
    qemu-img compare -q "$work/expected" "$work/p/top"
}

of_a_snapshot() {
    need_qemu
    qemu-img create -q -f qcow2 "$work/i.qcow2" 1M
    qemu-io -c 'write -q -P 1 0 64k' "$work/i.qcow2"
    qemu-img snapshot -c before "$work/i.qcow2"
    qemu-io -c 'write -q -P 2 0 64k' "$work/i.qcow2"
    run 0 image-convert "$work/i.qcow2" "$work/then.raw" --format raw --snapshot before
    run 0 image-convert "$work/i.qcow2" "$work/now.raw" --format raw
    qemu-io -f raw -r -c 'read -q -P 1 0 64k' "$work/then.raw"
    qemu-io -f raw -r -c 'read -q -P 2 0 64k' "$work/now.raw"
    run 1 image-convert "$work/i.qcow2" "$work/x" --format raw --snapshot nobody
    says 'no snapshot nobody'
    [ ! -e "$work/x" ]
    run 1 image-convert "$work/now.raw" "$work/x" --format qcow2 --source-format raw --snapshot before
    says 'snapshot'
}

with_snapshots() {
    need_qemu
    dir_pool p
    content "$work/content"
    qemu-img convert -f raw -O qcow2 "$work/content" "$work/p/v"
    qemu-img snapshot -c before "$work/p/v"
    qemu-io -f qcow2 -c 'write -P 3 0 1M' "$work/p/v" >"$work/said"
    run 0 --json image-info "$work/p/v"
    json snapshots/0/name before
    run 0 vol-check v --pool p
    run 0 vol-convert v raw --format raw --pool p
    qemu-img compare -q -f raw -F qcow2 "$work/p/raw" "$work/p/v"
    qemu-img snapshot -a before "$work/p/v"
    same qcow2 "$work/p/v"
}

leaks_are_repaired() {
    need_qemu
    dir_pool p
    content "$work/content"
    qemu-img convert -f raw -O qcow2 "$work/content" "$work/p/v"
    truncate -s +65536 "$work/p/v"
    # A reference count of one for the cluster at the end, that nothing uses.
    last=$(($(stat -c %s "$work/p/v") / 65536 - 1))
    table=$(od -An -j 48 -N 8 -t u8 --endian=big "$work/p/v" | tr -d ' ')
    block=$(od -An -j "$table" -N 8 -t u8 --endian=big "$work/p/v" | tr -d ' ')
    printf '\000\001' | dd of="$work/p/v" bs=1 seek=$((block + 2 * last)) conv=notrunc status=none
    status=0
    qemu-img check -q -f qcow2 "$work/p/v" || status=$?
    [ "$status" -eq 3 ]
    run 1 --json vol-check v --pool p
    run 0 vol-check v --pool p --repair
    sound "$work/p/v"
    same qcow2 "$work/p/v"
}

check "empty volumes of every version and cluster size" every_cluster_size
check "empty volumes with every feature" every_feature
check "volumes with their tables and space made in advance" every_preallocation
check "images converted with every option" converted_with_options
check "a converted volume, there and back" converted_volume
check "QEMU writes into what tarn created" written_by_qemu_after_tarn
check "volumes upon volumes" overlaid
check "every kind of image that qemu-img makes is read and mapped" every_kind_is_read
check "every kind is cloned" every_kind_is_cloned
check "every kind is resized" every_kind_is_resized
check "an image with a backing file that qemu-img made" backed_by_qemu
check "an image with an internal snapshot" with_snapshots
check "image-convert takes the bytes of a snapshot" of_a_snapshot
check "leaked clusters are found and given back" leaks_are_repaired
finish
