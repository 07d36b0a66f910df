#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Images that two programs want: what QEMU's programs have open is neither written to nor read as if
# nobody changed it, and they keep off what the command has open.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"

# Waits up to ten seconds for a command to succeed.
wait_for() {
    for _ in $(seq 100); do
        if "$@" 2>/dev/null; then return; fi
        sleep 0.1
    done
    echo "not in ten seconds: $*"
    return 1
}

# qemu_has FORMAT FILE [OPTION]: qemu-io has it open, for writing unless the option is -r, until qemu_ends.
qemu_has() {
    need qemu-io
    rm -f "$work/commands" "$work/told"
    mkfifo "$work/commands"
    qemu-io ${3+"$3"} -f "$1" "$2" <"$work/commands" >"$work/told" 2>&1 &
    exec 9>"$work/commands"
    echo length >&9
    wait_for grep -q MiB "$work/told"
}

qemu_ends() {
    exec 9>&-
    wait
}

# held FILE: somebody has a lock on it.
held() {
    grep -q ":$(stat -c %i "$1") " /proc/locks
}

# free FILE: nobody has.
free() {
    if held "$1"; then return 1; fi
}

# tarn_writes VOLUME: the command has it open for writing, until tarn_ends. tarn_reads: for reading.
tarn_writes() {
    mkfifo "$work/bytes"
    "$TARN" vol-upload --pool p "$1" "$work/bytes" >"$work/uploaded" 2>&1 &
    exec 8>"$work/bytes"
    printf 'QFI' >&8
    wait_for held "$work/p/$1"
}

tarn_reads() {
    mkfifo "$work/bytes"
    "$TARN" vol-download --pool p "$1" "$work/bytes" >"$work/downloaded" 2>&1 &
    exec 8<"$work/bytes"
    wait_for held "$work/p/$1"
}

tarn_ends() {
    exec 8>&- 8<&-
    wait
}

pool_with_image() {
    dir_pool p
    run 0 vol-create-as p disk 10M --format qcow2
    image=$work/p/disk
}

# refused ARGUMENT…: since qemu-io has it open.
refused() {
    run 1 "$@"
    says 'in use by qemu-io (process [0-9]*), which '
    run 1 --json "$@"
    [ "$("$JSON_GET" error/code <"$work/err")" = busy ]
}

what_others_write_is_not_written() {
    pool_with_image
    cp "$image" "$work/before"
    qemu_has qcow2 "$image"
    refused vol-resize --pool p disk 20M
    refused vol-check --pool p disk --repair
    refused vol-wipe --pool p disk
    refused vol-upload --pool p disk "$work/before"
    refused vol-delete --pool p disk
    refused image-check "$image" --repair
    says 'which writes to it' || says 'lets nobody else write to it'
    cmp "$image" "$work/before"
    qemu_ends
    run 0 vol-resize --pool p disk 20M
    run 0 vol-check --pool p disk --repair
    run 0 vol-delete --pool p disk
}

what_others_write_is_not_read() {
    pool_with_image
    qemu_has qcow2 "$image"
    refused vol-clone --pool p disk copy
    refused vol-clone --pool p disk copy --reflink
    refused vol-download --pool p disk "$work/bytes"
    refused vol-map --pool p disk
    refused vol-check --pool p disk
    refused image-map "$image"
    refused image-check "$image"
    refused image-convert "$image" "$work/raw" --format raw
    [ ! -e "$work/raw" ] && [ ! -e "$work/p/copy" ]
    qemu_ends
    run 0 vol-clone --pool p disk copy
    run 0 image-map "$image"
}

looking_disturbs_nobody() {
    pool_with_image
    qemu_has qcow2 "$image"
    run 0 image-info "$image"
    run 0 vol-info --pool p disk
    run 0 vol-dumpxml --pool p disk
    run 0 vol-list p --details
    shows 'disk .*10.00 MiB'
    run 0 pool-refresh p
    run 0 pool-destroy p
    run 0 pool-start p
    [ "$(grep -c ":$(stat -c %i "$image") " /proc/locks)" -eq 4 ] # qemu-io's own
    qemu_ends
}

readers_share() {
    need qemu-img
    pool_with_image
    qemu_has qcow2 "$image" -r
    run 0 image-map "$image"
    run 0 vol-clone --pool p disk copy
    run 0 vol-check --pool p disk
    run 1 vol-resize --pool p disk 20M
    says 'in use by qemu-io (process [0-9]*), which lets nobody else write to it'
    qemu_ends
    tarn_reads disk
    qemu-img check -q "$image"
    qemu-img convert -O raw "$image" "$work/raw"
    run 0 image-map "$image"
    tarn_ends
}

raw_bytes_are_guarded_too() {
    dir_pool p
    run 0 vol-create-as p disk 10M --format raw
    image=$work/p/disk
    qemu_has raw "$image"
    refused vol-resize --pool p disk 20M
    refused vol-clone --pool p disk copy
    refused vol-wipe --pool p disk
    qemu_ends
    run 0 vol-resize --pool p disk 20M
}

# qemu_img_refuses LOCK ARGUMENT…
qemu_img_refuses() {
    lock=$1
    shift
    if qemu-img "$@" >"$work/out" 2>&1; then
        echo "qemu-img $* did not mind"
        return 1
    fi
    grep -q "Failed to get $lock lock" "$work/out"
}

what_we_write_others_refuse() {
    need qemu-img
    pool_with_image
    tarn_writes disk
    qemu_img_refuses '"write"' resize "$image" 20M
    qemu_img_refuses 'shared "write"' convert -O raw "$image" "$work/raw"
    qemu_img_refuses 'shared "write"' check "$image"
    qemu-img info -U "$image" >/dev/null
    tarn_ends
    free "$image"
    qemu-img resize -q "$image" 20M
}

what_we_read_others_do_not_write() {
    need qemu-img
    pool_with_image
    tarn_reads disk
    qemu_img_refuses '"write"' resize "$image" 20M
    qemu-img info "$image" >/dev/null
    tarn_ends
    qemu-img resize -q "$image" 20M
}

a_backing_store_is_only_read() {
    need qemu-img
    pool_with_image
    run 0 vol-create-as p over 10M --format qcow2 --backing-vol disk --backing-vol-format qcow2
    qemu_has qcow2 "$work/p/over" # and disk below it
    run 0 image-map "$image"
    run 0 vol-clone --pool p disk copy
    refused vol-resize --pool p disk 20M
    qemu_ends
    qemu_has qcow2 "$image"
    refused vol-clone --pool p over copy2
    qemu_ends
    run 0 vol-clone --pool p over copy2
}

a_filesystem_without_locks_is_no_obstacle() {
    need strace
    strace -f -qq -e trace=exit_group -o /dev/null true 2>/dev/null || skip "nothing can be traced here"
    pool_with_image
    for error in ENOLCK EINVAL EOPNOTSUPP; do
        # shellcheck disable=SC2086 # a word
        strace -f -qq -o "$work/trace" -e trace=fcntl -e inject=fcntl:error=$error -P "$image" \
            "$TARN" image-map "$image"
        grep -q "F_OFD_SETLK.*$error.*INJECTED" "$work/trace"
    done
}

check "what another program has open is not written to" what_others_write_is_not_written
check "what another program writes to is not read" what_others_write_is_not_read
check "headers are looked at whoever has the image open" looking_disturbs_nobody
check "readers share an image, and keep writers off" readers_share
check "raw images are kept apart, too" raw_bytes_are_guarded_too
check "others refuse what the command writes to, until it ends" what_we_write_others_refuse
check "others read what the command reads, and write no byte of it" what_we_read_others_do_not_write
check "a backing store is shared by readers alone" a_backing_store_is_only_read
check "where there are no such locks images open all the same" a_filesystem_without_locks_is_no_obstacle
finish
