# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
#
# What the tests of disk pools have in common. $disk and $other are two disks, $name is what the
# kernel calls the first.

# The overlay has no files without names, which definitions are written with.
TMPDIR=/run
export TMPDIR
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"

disk=${VM_DISKS%% *}
other=${VM_DISKS#* }
other=${other%% *}
name=${disk##*/}
export disk other name

# in_process: from here on the module works in the command's own process, which is quicker. (Other
# scripts have it in a process of its own, as it is installed.)
in_process() {
    mkdir -p /run/plugins.d
    cp "$TARN_PLUGINS_DIR"/* /run/plugins.d
    sed -i '/^isolation/d; /^\[environment\]/,$d' /run/plugins.d/disk.conf
    TARN_PLUGINS_DIR=/run/plugins.d PARTED_GPT_APPLE=0
    export TARN_PLUGINS_DIR PARTED_GPT_APPLE
}

# disk_check NAME FUNCTION: check, where nothing is mounted or mapped.
disk_check() {
    clean >/dev/null 2>&1
    check "$@"
}

clean() {
    while umount /run/tarn-cli.*/*/mnt; do :; done
    dmsetup remove_all
    losetup -D
}

# disk_pool FORMAT [DISK [TARGET]]: a running pool "p", on a disk with a new table of that kind.
disk_pool() {
    run 0 pool-define-as p disk --source-dev "${2:-$disk}" --source-format "$1" \
        --target "${3:-/dev}"
    run 0 pool-build p --overwrite
    run 0 pool-start p
}

# type_of NUMBER [DISK]: what sfdisk calls its type: "8e", or a GUID.
type_of() {
    sfdisk --part-type "${2:-$disk}" "$1" | tr -d ' '
}

# in_xml VOLUME TEXT: the volume's XML has it.
in_xml() {
    run 0 vol-dumpxml "$1" --pool p
    shows "$2"
}

# key_of VOLUME
key_of() {
    "$TARN" vol-key "$1" --pool p
}

# sound DISK: sgdisk finds nothing wrong with the GPT, and nothing to mend in it either.
sound() {
    sgdisk -v "$1" >"$work/sgdisk" 2>&1
    grep -q '^No problems found' "$work/sgdisk" &&
        ! grep -qi 'invalid\|corrupt\|damaged' "$work/sgdisk" && return
    cat "$work/sgdisk"
    return 1
}

# zero_sector NUMBER: zeroes it; a negative one counts from the end.
zero_sector() {
    at=$1
    [ "$at" -ge 0 ] || at=$(($(blockdev --getsz "$disk") + at))
    dd if=/dev/zero of="$disk" bs=512 seek="$at" count=1 conv=notrunc status=none
    udevadm settle
}

# scsi_disk_goes: the one before, once nobody has it open any more; udev may have just now.
scsi_disk_goes() {
    scsi_tries=100
    while [ -d /sys/module/scsi_debug ] && [ $((scsi_tries -= 1)) -gt 0 ]; do
        udevadm settle
        modprobe -r scsi_debug 2>/dev/null || sleep 0.1
    done
    [ ! -d /sys/module/scsi_debug ]
}

# scsi_disk [PARAMETER…]: $scsi is a disk of scsi_debug, of 64 MiB; the parameters are the module's.
scsi_disk() {
    scsi_disk_goes
    modprobe scsi_debug dev_size_mb=64 "$@" || skip "there is no scsi_debug"
    udevadm settle
    scsi=/dev/$(basename /sys/bus/pseudo/drivers/scsi_debug/adapter0/host*/target*/*:*/block/sd*)
    udevadm wait --timeout 10 "$scsi"
}
