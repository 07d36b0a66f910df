#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Images in no pool, next to qemu-img's view of them.
. "$(dirname "$0")/lib.sh"

an_image() {
    need qemu-img
    need qemu-io
    qemu-img create -q -f qcow2 "$work/i.qcow2" 8M
    qemu-io -c 'write -P 5 64k 128k' -c 'write -z 1M 64k' "$work/i.qcow2" >"$work/log"
}

facts() {
    an_image
    run 0 --json image-info "$work/i.qcow2"
    json format qcow2
    json capacity 8388608
    json clusterSize 65536
    json compat 1.1
    run 0 image-info "$work/i.qcow2"
    shows '^Format:         qcow2$'
    shows '^Capacity:       8.00 MiB$'
}

# One that cannot be read is told where it fails, and keeps nobody from learning of the others.
several() {
    an_image
    head -c 1000 /dev/zero >"$work/raw"
    run 0 --json image-info "$work/i.qcow2" "$work/raw"
    json '#' 2
    json 0/format qcow2
    json 1/path "$work/raw"
    json 1/capacity 1000
    run 1 --json image-info "$work/i.qcow2" "$work/nope" "$work/raw"
    json '#' 3
    json 0/capacity 8388608
    json 1/path "$work/nope"
    json 1/error/code not-found
    json 1/error/errno 2
    json 2/format raw
    [ "$("$JSON_GET" error/code <"$work/err")" = not-found ]
    run 0 image-info "$work/i.qcow2" "$work/raw" --format raw
    [ "$(grep -c '^Format:         raw$' "$work/out")" -eq 2 ]
    [ "$(grep -c '^$' "$work/out")" -eq 2 ]
    run 1 image-info "$work/nope" "$work/raw"
    shows '^Capacity:       1000'
    says '^tarn: image-info: .*nope'
    run 3 image-info "$work/i.qcow2" "$work/raw" --format nosuch
    [ "$(wc -l <"$work/err")" -eq 1 ]
}

# start, length, depth, zero, data and offset of each extent; adjacent ones of a kind are one here.
extents() {
    count=$("$JSON_GET" '#' <"$1")
    i=0
    while [ "$i" -lt "$count" ]; do
        for member in start length depth zero data; do
            printf '%s ' "$("$JSON_GET" "$i/$member" <"$1")"
        done
        "$JSON_GET" "$i/offset" <"$1" 2>&1 || true
        i=$((i + 1))
    done
}

same_map() {
    an_image
    qemu-img map --output=json "$work/i.qcow2" >"$work/qemu"
    run 0 --json image-map "$work/i.qcow2"
    extents "$work/qemu" >"$work/expected"
    extents "$work/out" | diff -u "$work/expected" -
}

map_table() {
    an_image
    run 0 image-map "$work/i.qcow2"
    head -n 3 "$work/out" | tail -n 1 | grep -q -x ' 0         65536     0       hole   -'
}

same_check() {
    an_image
    run 0 image-check "$work/i.qcow2"
    shows 'no faults'
}

same_bytes() {
    an_image
    run 0 image-convert "$work/i.qcow2" "$work/i.raw" --format raw --source-format qcow2
    prints "Image $work/i.raw converted from $work/i.qcow2" ''
    qemu-img compare -q -f qcow2 -F raw "$work/i.qcow2" "$work/i.raw"
    run 0 image-convert "$work/i.raw" "$work/j.qcow2" --format qcow2 --source-format raw
    qemu-img compare -q -f raw -F qcow2 "$work/i.raw" "$work/j.qcow2"
    qemu-img check -q "$work/j.qcow2"
}

target_exists() {
    an_image
    : >"$work/i.raw"
    run 1 --json image-convert "$work/i.qcow2" "$work/i.raw" --format raw
    [ "$("$JSON_GET" error/code <"$work/err")" = exists ]
}

missing_image() {
    run 1 --json image-info "$work/nope"
    [ "$("$JSON_GET" error/errno <"$work/err")" = 2 ]
    run 1 image-map "$work/nope"
    run 1 image-check "$work/nope"
    run 1 image-convert "$work/nope" "$work/x" --format raw
    [ ! -e "$work/x" ]
}

check "image-info" facts
check "image-info of several" several
check "image-map tells what qemu-img map tells" same_map
check "image-map: the table" map_table
check "image-check" same_check
check "image-convert there and back" same_bytes
check "image-convert: a target that exists is kept" target_exists
check "images that do not exist" missing_image
finish
