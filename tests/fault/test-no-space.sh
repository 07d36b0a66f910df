#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A full filesystem: whatever room is left, a volume is made whole or not at all, the error says
# no-space, nothing is left behind, and with room the same command succeeds.

# shellcheck source=tests/fault/lib.sh
. "$(dirname "$0")/lib.sh"

# A pool on a filesystem of 512 KiB with a volume; the folders of tarn are below $work/$1.
small_pool() {
    mkdir "$work/small"
    mount -t tmpfs -o size=512k tarn-test "$work/small" 2>/dev/null ||
        skip "no filesystem can be mounted here: that takes root"
    trap 'umount "$work/small"' EXIT
    TARN_ROOT=$work/$1
    mkdir -p "$TARN_ROOT"
    pool=$work/small/p
    run 0 -q pool-define-as p dir --target "$pool"
    run 0 -q pool-build p
    run 0 -q pool-start p
    run 0 -q vol-create-as p base 64KiB --format raw
    head -c 65536 /dev/urandom >"$pool/base"
}

# leave KIB: fills the filesystem until that much is left.
leave() {
    rm -f "$work/small/filler"
    free=$(df --output=avail -k "$work/small" | tail -n 1)
    fallocate -l $(((free - $1) * 1024)) "$work/small/filler"
}

# files: names and contents of what is there, without the filler and the lock, which is empty.
files() {
    sums "$work/small" filler
    find "$TARN_ROOT" -type f | sort
}

# in_any_room UPTO COMMAND…: with 0, 4, 8, … KiB left, until UPTO. Some of it must have failed, and
# the last have succeeded; "whole" is asked of what was made.
in_any_room() {
    upto=$1
    shift
    refused=0
    for room in $(seq 0 4 "$upto"); do
        leave "$room"
        files >"$work/before"
        status=0
        "$PROGRAM" --json "$@" >"$work/out" 2>"$work/err" || status=$?
        no_debris "$work/small" "$TARN_ROOT"
        if [ "$status" -eq 0 ]; then
            whole
            "$PROGRAM" -q vol-delete --pool p new >"$work/out"
            continue
        fi
        [ "$status" -eq 1 ]
        code no-space
        files | diff "$work/before" -
        refused=$((refused + 1))
    done
    [ "$refused" -gt 0 ]
    [ "$status" -eq 0 ]
    echo "$refused" >>"$base/refused"
}

raw() {
    small_pool root
    whole() { [ "$(stat -c %s:%b "$pool/new")" = 65536:128 ]; }
    in_any_room 96 vol-create-as p new 64KiB --format raw
}

qcow2() {
    need qemu-img
    small_pool root
    whole() { qemu-img check -q -f qcow2 "$pool/new"; }
    in_any_room 64 vol-create-as p new 1MiB --format qcow2
}

qcow2_full() {
    need qemu-img
    small_pool root
    whole() { qemu-img check -q -f qcow2 "$pool/new"; }
    in_any_room 192 vol-create-as p new 64KiB --format qcow2 --prealloc-metadata \
        --allocation 64KiB
}

backed() {
    need qemu-img
    small_pool root
    whole() { qemu-img compare -q -f qcow2 -F raw "$pool/new" "$pool/base"; }
    in_any_room 64 vol-create-as p new 64KiB --format qcow2 --backing-vol base \
        --backing-vol-format raw
}

cloned() {
    small_pool root
    whole() { cmp "$pool/new" "$pool/base"; }
    in_any_room 96 vol-clone base new --pool p
}

converted() {
    need qemu-img
    small_pool root
    whole() { qemu-img compare -q -f qcow2 -F raw "$pool/new" "$pool/base"; }
    in_any_room 256 vol-convert base new --format qcow2 --pool p
}

# Here the records of the volumes find no room either.
all_on_one() {
    small_pool small/root
    whole() { [ "$(stat -c %s:%b "$pool/new")" = 65536:128 ]; }
    in_any_room 96 vol-create-as p new 64KiB --format raw
}

# Sparse files promise more than there is; what is asked to be reserved is refused at once.
resized() {
    small_pool root
    leave 16
    status=0
    "$PROGRAM" --json vol-resize base 256KiB --pool p --allocate >"$work/out" 2>"$work/err" ||
        status=$?
    [ "$status" -eq 1 ]
    code no-space
    [ "$(stat -c %s "$pool/base")" -eq 65536 ]
    rm "$work/small/filler"
    run 0 -q vol-resize base 256KiB --pool p --allocate
    [ "$(stat -c %s:%b "$pool/base")" = 262144:512 ]
}

uploaded() {
    small_pool root
    run 0 -q vol-create-as p sparse 256KiB --format raw --allocation 0
    head -c 262144 /dev/urandom >"$work/bytes"
    leave 64
    run 1 --json vol-upload sparse "$work/bytes" --pool p
    code no-space
    rm "$work/small/filler"
    run 0 -q vol-upload sparse "$work/bytes" --pool p
    cmp "$work/bytes" "$pool/sparse"
}

defined() {
    small_pool small/root
    leave 0
    files >"$work/before"
    run 1 --json pool-define-as q dir --target "$work/q"
    code no-space
    files | diff "$work/before" -
    rm "$work/small/filler"
    run 0 -q pool-define-as q dir --target "$work/q"
}

check "a raw volume" raw
check "a qcow2 volume" qcow2
check "a qcow2 volume with all of its space" qcow2_full
check "a qcow2 volume upon another" backed
check "a clone" cloned
check "a conversion" converted
check "a volume where there is no room for its record either" all_on_one
check "a resize with --allocate" resized
check "an upload" uploaded
check "a definition" defined
[ ! -s "$base/refused" ] ||
    echo "# $(awk '{ n += $1 } END { print n }' "$base/refused") refusals for want of space"
finish
