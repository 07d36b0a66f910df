#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Partition tables of all kinds, with partitions of all types that they can have: others read them
# as tarn does, and what others make tarn reads.
# shellcheck disable=SC2317  # inside comes back, in the machine
. "$(dirname "$0")/lib.sh"
inside --need sfdisk --need sgdisk --disk 512M --disk 512M --timeout 900
. "$(dirname "$0")/disk-lib.sh"
in_process

# holds NUMBER FORMAT [TYPE]: a partition of that format can be made, and sfdisk calls its type so.
holds() {
    run 0 vol-create-as p "$name$1" 8M --format "$2"
    in_xml "$name$1" "<format type='$2'/>"
    [ -b "$disk$1" ]
    [ -z "${3:-}" ] || [ "$(type_of "$1")" = "$3" ] || { type_of "$1"; return 1; }
}

# parted_sees NUMBER…: exactly these partitions, besides what is the table's own.
parted_sees() {
    parted -sm "$disk" unit B print >"$work/parted"
    for number in "$@"; do
        grep -q "^$number:" "$work/parted" || { cat "$work/parted"; return 1; }
    done
}

dos_types() {
    disk_pool dos
    holds 1 linux 83
    holds 2 fat16 6
    holds 3 fat32 b
    run 0 vol-create-as p "${name}4" 200M --format extended
    holds 5 linux-swap 82
    holds 6 linux-lvm 8e
    holds 7 linux-raid fd
    holds 8 none da
    parted_sees 1 2 3 4 5 6 7 8
    parted -s "$disk" print | grep '^ 6.*lvm'
    parted -s "$disk" print | grep '^ 7.*raid'
}
disk_check "weak point 29: dos holds all types" dos_types

gpt_types() {
    disk_pool gpt
    holds 1 linux 0FC63DAF-8483-4772-8E79-3D69D8477DE4
    holds 2 none 0FC63DAF-8483-4772-8E79-3D69D8477DE4
    holds 3 fat32 EBD0A0A2-B9E5-4433-87C0-68B6B72699C7
    holds 4 linux-swap 0657FD6D-A4AB-43C4-84E5-0933C84B4F4F
    holds 5 linux-lvm E6D6D379-F507-44C2-A23C-238F2A3DF928
    holds 6 linux-raid A19D880F-05FC-4D3B-A006-743F0F84911E
    run 0 vol-create-as p "${name}7" 8M --format fat16
    run 1 vol-create-as p "${name}8" 8M --format extended
    says 'gpt cannot mark a partition as extended'
    sgdisk -i 2 "$disk" | grep 'Attribute flags: 8000000000000000'
    sound "$disk"
    parted_sees 1 2 3 4 5 6 7
}
disk_check "weak point 29: gpt holds all types, none as one that hosts do not mount" gpt_types

sun_types() {
    disk_pool sun
    holds 1 linux 83
    holds 2 linux-swap 82
    holds 4 linux-lvm 8e
    holds 5 linux-raid fd
    run 1 vol-create-as p "${name}6" 8M --format fat32
    says 'cannot mark'
    parted_sees 1 2 4 5
    run 0 vol-delete "${name}2" --pool p
    [ ! -e "${disk}2" ]
    parted_sees 1 4 5
}
disk_check "sun holds linux, swap, LVM and RAID, in whole cylinders" sun_types

mac_types() {
    disk_pool mac
    holds 2 none
    holds 3 linux
    holds 4 linux-swap
    holds 5 linux-lvm
    holds 6 linux-raid
    parted_sees 1 2 3 4 5 6
    parted -s "$disk" print | grep '^ 5.*lvm'
    run 0 vol-list p
    shows_no "${name}1"
    run 0 vol-delete "${name}3" --pool p
    parted_sees 1 2 4 5 6
}
disk_check "mac holds them too, and keeps its map" mac_types

bsd_types() {
    disk_pool bsd
    holds 1 linux
    holds 2 linux-swap
    run 1 vol-create-as p "${name}3" 8M --format linux-lvm
    says 'cannot mark'
    parted_sees 1 2
    udevadm settle
    [ -b "${disk}2" ]
}
disk_check "bsd holds linux and swap" bsd_types

dvh_types() {
    disk_pool dvh
    holds 1 none
    run 1 vol-create-as p "${name}2" 8M --format linux-swap
    says 'cannot mark'
    run 0 vol-list p
    shows_no "${name}9"
    parted_sees 1 9
    [ "$(blkid -p -s PTTYPE -o value "$disk")" = sgi ]
}
disk_check "dvh holds partitions of no type, and keeps its volume header" dvh_types

pc98_types() {
    disk_pool pc98
    holds 1 none
    holds 2 linux
    holds 3 fat16
    parted_sees 1 2 3
    run 0 pool-destroy p
    partx -d "$disk" 2>/dev/null || true
    run 0 pool-start p
    [ -b "${disk}2" ]
}
disk_check "pc98, which the kernel cannot read, has its partitions all the same" pc98_types

foreign() {
    printf 'label: gpt\nsize=20480, type=swap, name="from outside"\nsize=20480, type=U\n' |
        sfdisk -q --wipe always "$disk"
    udevadm settle
    run 0 pool-define-as p disk --source-dev "$disk" --target /dev
    run 0 pool-start p
    in_xml "${name}1" "<format type='linux-swap'/>"
    in_xml "${name}2" "<format type='none'/>"
    run 0 vol-create-as p "${name}3" 8M
    run 0 vol-delete "${name}2" --pool p
    sfdisk -d "$disk" | grep 'name="from outside"'
    [ "$(type_of 1)" = 0657FD6D-A4AB-43C4-84E5-0933C84B4F4F ]
    sound "$disk"
}
disk_check "what others put into a table stays there" foreign

aligned() {
    disk_pool gpt
    run 0 vol-create-as p "${name}1" 1000000
    run 0 vol-create-as p "${name}2" 3M
    for number in 1 2; do
        [ $(($(cat "/sys/class/block/$name$number/start") % 2048)) = 0 ]
    done
    [ "$(blockdev --getsize64 "${disk}1")" = 1000448 ]
}
disk_check "weak point 28: partitions begin at a mebibyte, and are as large as asked for" aligned

# 6144 sectors are the 3 MiB that this disk likes best.
optimal() {
    scsi_disk opt_blks=6144
    [ "$(cat "/sys/class/block/${scsi##*/}/queue/optimal_io_size")" = 3145728 ] ||
        skip "scsi_debug does not say what it likes"
    disk_pool gpt "$scsi"
    run 0 vol-create-as p "${scsi##*/}1" 4M
    run 0 vol-create-as p "${scsi##*/}2" 4M
    [ "$(cat "/sys/class/block/${scsi##*/}1/start")" = 6144 ]
    [ "$(cat "/sys/class/block/${scsi##*/}2/start")" = 18432 ]
    sound "$scsi"
}
disk_check "or at a multiple of what the disk transfers best" optimal

protected() {
    disk_pool gpt
    sgdisk -Z "$other" >/dev/null 2>&1
    dd if="$disk" of="$other" bs=512 count=1 status=none
    udevadm settle
    run 0 pool-define-as q disk --source-dev "$other" --source-format dos --target /dev
    run 1 pool-start q
    says 'both copies of the GPT'
}
disk_check "a protective MBR without its GPT is no dos table" protected

finish
