#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The bytes of LUNs without the kernel: reading, writing, wiping and mapping them, formats on them, on a
# target in user space that others' tools read as well.

# shellcheck source=tests/cli/iscsi-lib.sh
. "$(dirname "$0")/iscsi-lib.sh"

url=iscsi://127.0.0.1/$iqn

# started: the pool p over the target, running.
started() {
    direct p
    run 0 pool-start p
}

# one SIZE: a target with one LUN of random bytes, in $disk.
one() {
    serve 127.0.0.1:3260
    target 1 "$iqn"
    disk=$work/lun-1-1
    head -c "$1" /dev/urandom >"$disk"
    lun 1 1 "$1"
    started
}

# same FILE FILE
same() { cmp "$1" "$2"; }

downloaded() {
    one 40M
    run 0 vol-download --pool p unit:0:0:1 "$work/copy"
    same "$disk" "$work/copy"
    run 0 vol-download --pool p unit:0:0:1 "$work/part" --offset 1000003 --length 7654321
    tail -c +1000004 "$disk" | head -c 7654321 | same - "$work/part"
    need qemu-img
    qemu-img convert -O raw "$url/1" "$work/theirs"
    same "$work/theirs" "$work/copy"
    run 1 vol-download --pool p unit:0:0:1 "$work/no" --offset 41943041
}

uploaded() {
    one 40M
    head -c 40M /dev/urandom >"$work/new"
    run 0 vol-upload --pool p unit:0:0:1 "$work/new"
    same "$work/new" "$disk"
    head -c 1234567 /dev/urandom >"$work/piece"
    run 0 vol-upload --pool p unit:0:0:1 "$work/piece" --offset 777777
    {
        head -c 777777 "$work/new"
        cat "$work/piece"
        tail -c +$((777777 + 1234567 + 1)) "$work/new"
    } | same - "$disk"
    run 1 vol-upload --pool p unit:0:0:1 "$work/piece" --offset 41943039
    says 'resize it first'
}

large_blocks() {
    serve 127.0.0.1:3260
    target 1 "$iqn"
    lun 1 1 16M --blocksize 4096
    started
    run 0 vol-info --pool p unit:0:0:1
    shows '16.00 MiB'
    head -c 16M /dev/urandom >"$work/new"
    run 0 vol-upload --pool p unit:0:0:1 "$work/new"
    same "$work/new" "$work/lun-1-1"
    printf 'seven b' >"$work/piece"
    run 0 vol-upload --pool p unit:0:0:1 "$work/piece" --offset 8191
    printf 'seven b' | dd of="$work/new" bs=1 seek=8191 conv=notrunc 2>/dev/null
    same "$work/new" "$work/lun-1-1"
    run 0 vol-download --pool p unit:0:0:1 "$work/part" --offset 4095 --length 4098
    tail -c +4096 "$work/new" | head -c 4098 | same - "$work/part"
}

# The target's file, made thin: what is unmapped is a hole of it.
thin() {
    lun_is 1 1 thin_provisioning=1
}

wiped() {
    one 20M
    run 0 vol-wipe --pool p unit:0:0:1
    head -c 20M /dev/zero | same - "$disk"
    thin
    head -c 20M /dev/urandom >"$work/new"
    run 0 vol-upload --pool p unit:0:0:1 "$work/new"
    run 0 vol-wipe --pool p unit:0:0:1
    head -c 20M /dev/zero | same - "$disk"
    [ "$(stat -c %b "$disk")" -lt 1000 ] # its space was given back
}

trimmed() {
    one 20M
    run 1 vol-wipe --pool p unit:0:0:1 --algorithm trim
    says 'cannot give space back'
    thin
    run 0 vol-wipe --pool p unit:0:0:1 --algorithm trim
    head -c 20M /dev/zero | same - "$disk"
    [ "$(stat -c %b "$disk")" -lt 1000 ]
}

passes() {
    one 3M
    cp "$disk" "$work/was"
    run 0 vol-wipe --pool p unit:0:0:1 --algorithm bsi
    head -c 3M /dev/zero | tr '\0' '\177' | same - "$disk"
}

mapped() {
    serve 127.0.0.1:3260
    target 1 "$iqn"
    lun 1 1 16M
    thin
    started
    head -c 1M /dev/urandom >"$work/piece"
    run 0 vol-upload --pool p unit:0:0:1 "$work/piece" --offset 4194304
    run 0 vol-map --pool p unit:0:0:1 --json
    json '0/length' 4194304
    json '1/start' 4194304
    json '1/length' 1048576
    json '1/data' true
    json '2/length' 11534336
    json '2/data' false
    run 0 vol-download --pool p unit:0:0:1 "$work/copy" --sparse
    same "$work/lun-1-1" "$work/copy"
    [ "$(stat -c %b "$work/copy")" -lt 4000 ]
}

qcow2() {
    need qemu-img
    one 64M
    head -c 10M /dev/urandom >"$work/guest"
    qemu-img convert -f raw -O qcow2 "$work/guest" "$work/image"
    run 0 vol-upload --pool p unit:0:0:1 "$work/image" --format qcow2
    run 0 vol-dumpxml --pool p unit:0:0:1
    shows "<format type='qcow2'/>"
    shows "<capacity unit='bytes'>10485760<"
    run 0 vol-check --pool p unit:0:0:1
    qemu-img compare -f qcow2 -F raw "$url/1" "$work/guest"
}

emulated() {
    serve 127.0.0.1:3260
    target 1 "$iqn"
    lun 1 1 8M
    lun_is 1 1 readonly=1
    lun 1 2 8M --device-type cd
    lun_is 1 2 removable=1
    started
    head -c 1M /dev/urandom >"$work/new"
    run 1 vol-upload --pool p unit:0:0:1 "$work/new"
    says 'read only'
    head -c 8M /dev/zero | same - "$work/lun-1-1"
    run 1 vol-upload --pool p unit:0:0:2 "$work/new"
    run 0 vol-download --pool p unit:0:0:2 "$work/copy"
    same "$work/lun-1-2" "$work/copy"
}

no_medium() {
    serve 127.0.0.1:3260
    target 1 "$iqn"
    lun 1 1 8M --device-type cd
    lun_is 1 1 removable=1
    lun_is 1 1 online=0
    started
    run 1 vol-download --pool p unit:0:0:1 "$work/copy"
    says 'medium'
    lun_is 1 1 online=1
    run 0 vol-download --pool p unit:0:0:1 "$work/copy"
    same "$work/lun-1-1" "$work/copy"
}

check "a LUN is downloaded, and parts of it at any offset" downloaded
check "a LUN is uploaded, and parts of it at any offset" uploaded
check "a LUN with blocks of 4 KiB" large_blocks
check "a LUN is wiped with zeros; a thin one gives its space back" wiped
check "a LUN is wiped by trim where the target can" trimmed
check "a LUN is wiped with a pattern" passes
check "a thin LUN is mapped, and downloaded without its holes" mapped
check "a qcow2 on a LUN is what others see there" qcow2
check "a LUN that is read only is not written, a CD is read" emulated
check "a drive without a medium, and with one" no_medium
finish
