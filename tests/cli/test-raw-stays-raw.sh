#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A guest writes the header of another format, with the name of a file of the host in it, into its raw
# disk. What is known to be raw stays raw, whatever is done with it (CVE-2008-2004, CVE-2010-2237,
# CVE-2024-32498, CVE-2026-24708); nothing that the header names is opened or changed.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/formats/samples.inc
. "$(dirname "$0")/../formats/samples.inc"

# header FORMAT: $work/header is an image that makes sense in that format; where the format has names of
# other files in it, one that names $work/secret.
header() {
    rm -f "$work/header"
    case $1 in
        qcow | qcow2)
            need qemu-img
            qemu-img create -q -u -f "$1" -b "$work/secret" -F raw "$work/header" 16M ;;
        vmdk-flat)
            cat >"$work/header" <<END
# Disk DescriptorFile
version=1
CID=fffffffe
parentCID=ffffffff
createType="monolithicFlat"
RW 32768 FLAT "$work/secret" 0
ddb.adapterType = "ide"
END
            truncate -s 1M "$work/header" ;;
        qcow2-data-file)
            need qemu-img
            qemu-img create -q -f qcow2 -o "data_file=$work/data,data_file_raw=on" "$work/header" 16M
            rm "$work/data"
            ln -s secret "$work/data" ;;
        cow)
            truncate -s 1048576 "$work/base"
            "$TARN" -q image-convert "$work/base" "$work/header" --source-format raw --format cow \
                --backing "$work/secret" --backing-format raw ;;
        *)
            need genisoimage
            samples_content "$work/content"
            samples_make "$1" "$work/content" "$work/header" ;;
    esac
    # The guest's disk is larger than the image in it, and its end is the end of that image: some formats
    # are known by their tail.
    size=$(stat -c %s "$work/header")
    size=$(((size + 4095) / 4096 * 4096))
    tail -c 512 "$work/header" >"$work/tail"
    truncate -s "$size" "$work/header"
}

# stays VOLUME: the command says that it is raw, and of its size.
stays() {
    run 0 --json vol-info "$1" --pool p
    json format raw
    json recorded true
    json capacity "$(stat -c %s "$work/p/$1")"
    [ "$(jq -r '.backingStore // "none"' "$work/out")" = none ]
    run 0 --json vol-map "$1" --pool p
    [ "$(jq 'map(.length) | add' "$work/out")" = "$(stat -c %s "$work/p/$1")" ]
}

# written FORMAT: a raw volume of tarn's into which a guest has written that header.
written() {
    head -c 1048576 /dev/urandom >"$work/secret"
    sha256sum "$work/secret" >"$work/sum"
    header "$1"
    dir_pool p
    run 0 -q vol-create-as p v "$size" --format raw
    dd if="$work/header" of="$work/p/v" bs=1M conv=notrunc status=none
    dd if="$work/tail" of="$work/p/v" bs=512 seek=$((size / 512 - 1)) conv=notrunc status=none
    sha256sum <"$work/p/v" >"$work/content.sum"
    # Who asks the bytes is told what the guest wants him to hear.
    cp "$work/p/v" "$work/stranger"
    run 0 --json image-info "$work/stranger"
    case $1 in
        qcow2-*) json format qcow2 ;;
        vmdk-*) json format vmdk ;;
        *) json format "$1" ;;
    esac
}

# the_same VOLUME: it holds the guest's bytes, none added, none changed.
the_same() {
    head -c "$size" "$work/p/$1" | sha256sum | cmp - "$work/content.sum"
}

stays_raw() {
    need jq
    written "$1"
    run 0 pool-refresh p
    stays v
    run 0 --json image-info "$work/p/v" --format raw
    json format raw
    json capacity "$size"
    [ "$(jq -r '.backingStore // "none"' "$work/out")" = none ]
    [ "$(jq -r '.files | length' "$work/out")" -eq 0 ]

    run 0 -q vol-clone v clone --pool p
    stays clone
    the_same clone
    run 0 -q vol-convert v copy --pool p --format qcow2
    run 0 -q image-convert "$work/p/copy" "$work/raw" --source-format qcow2 --format raw
    sha256sum <"$work/raw" | cmp - "$work/content.sum"

    run 0 vol-resize v $((size + 1048576)) --pool p
    stays v
    the_same v
    [ "$(stat -c %s "$work/p/v")" -eq $((size + 1048576)) ]
    run 0 vol-resize v "$size" --pool p --shrink
    the_same v

    # An overlay of it rests on its bytes, and not on what its header names.
    run 0 -q vol-create-as p top "$size" --allocation 0 --format qcow2 --backing-vol v
    run 0 --json vol-info top --pool p
    json backingStore/format raw
    rm "$work/raw"
    run 0 -q vol-convert top flat --pool p --format raw
    the_same flat

    # For another process, and when the pool was started anew, too.
    run 0 pool-destroy p
    run 0 pool-start p
    stays v
    sha256sum --quiet -c "$work/sum"
}

# opens_no_secret FORMAT: nobody opens the file that the header names.
opens_no_secret() {
    need strace
    written "$1"
    for command in "pool-refresh p" "vol-info v --pool p" "vol-map v --pool p" "vol-clone v w --pool p" \
        "vol-resize v $((size * 2)) --pool p" "vol-check v --pool p" "image-info $work/p/v" \
        "image-info $work/p/v --format raw" "image-map $work/p/v"; do
        # shellcheck disable=SC2086 # words
        strace -f -qq -y -o "$work/trace" -e trace=open,openat,openat2 "$TARN" -q $command \
            >"$work/out" 2>"$work/err" || [ $? -eq 1 ]
        if grep -e "<$work/secret>" -e "\"$work/secret\"" -e "<$work/data>" "$work/trace"; then
            return 1
        fi
    done
}

for_format() {
    eval "raw_with_$name() { stays_raw $1; }; traced_with_$name() { opens_no_secret $1; }"
}

for format in $formats qcow2-data-file vmdk-flat; do
    [ "$format" != raw ] || continue
    name=$(echo "$format" | tr - _)
    for_format "$format"
    check "a raw disk with the header of $format in it stays raw" "raw_with_$name"
    check "and nothing is opened for it: $format" "traced_with_$name"
done
finish
