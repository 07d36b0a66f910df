#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Pools of type disk: the life of a pool, and of partitions as volumes. sfdisk, sgdisk and the
# kernel are the second opinion.
# shellcheck disable=SC2317  # inside comes back, in the machine
. "$(dirname "$0")/lib.sh"
inside --need sfdisk --need sgdisk --disk 512M --disk 512M --timeout 900
. "$(dirname "$0")/disk-lib.sh"
in_process

# --- the pool -------------------------------------------------------------------------------------

gpt_is_the_default() {
    wipefs -qa "$disk"
    run 0 pool-define-as p disk --source-dev "$disk" --target /dev
    run 0 pool-build p
    run 0 pool-start p
    run 0 pool-dumpxml p
    shows "<device path='$disk'"
    shows "<format type='unknown'/>"
    [ "$(blkid -p -s PTTYPE -o value "$disk")" = gpt ]
    sound "$disk"
    run 1 pool-build p
}
disk_check "without a word about the table it is a gpt" gpt_is_the_default

what_is_there_is_not_lost() {
    wipefs -qa "$disk"
    mkfs.ext4 -q "$disk"
    run 0 pool-define-as p disk --source-dev "$disk" --source-format dos --target /dev
    run 1 pool-build p
    says ext4
    run 1 pool-build p --no-overwrite
    blkid -p -t TYPE=ext4 "$disk"
    run 0 pool-build p --overwrite
    [ "$(blkid -p -s PTTYPE -o value "$disk")" = dos ]
    run 1 pool-build p
    says 'partition table of the kind dos'
}
disk_check "building refuses a disk that carries anything, unless told to overwrite" \
    what_is_there_is_not_lost

another_table_is_not_started() {
    printf 'label: dos\n' | sfdisk -q --wipe always "$disk"
    run 0 pool-define-as p disk --source-dev "$disk" --source-format gpt --target /dev
    run 1 pool-start p
    says 'of the kind dos'
    wipefs -qa "$disk"
    run 1 pool-start p
    says 'build the pool'
    run 0 pool-define-as q disk --source-dev "$other" --source-format lvm2 --target /dev
    run 1 pool-build q
    says 'type logical'
}
disk_check "a disk with another table, or none, is not started" another_table_is_not_started

another_disk_is_refused() {
    disk_pool gpt
    run 0 pool-destroy p
    sgdisk -U R "$disk" >/dev/null
    run 1 pool-start p
    says 'not what it was'
    run 0 pool-start p --adopt
}
disk_check "a disk with another GUID than recorded is refused" another_disk_is_refused

deleting_a_pool() {
    disk_pool gpt
    run 0 vol-create-as p "${name}1" 10M
    run 0 pool-destroy p
    run 1 pool-delete p
    says "${name}1"
    sgdisk -d 1 "$disk" >/dev/null
    run 0 pool-delete p
    [ -z "$(wipefs "$disk")" ]
}
disk_check "deleting a pool wipes the table, if there are no partitions" deleting_a_pool

# --- volumes --------------------------------------------------------------------------------------

partitions_are_volumes() {
    disk_pool gpt
    run 0 vol-create-as p "${name}1" 100M --format linux-lvm
    run 0 vol-create-as p "${name}3" 50M
    run 0 vol-list p
    prints ' Name    Path' '---------------------' " ${name}1   ${disk}1" " ${name}3   ${disk}3" ''
    [ "$(blockdev --getsize64 "${disk}3")" = 52428800 ]
    in_xml "${name}1" "<extent start='1048576' end='105906176'/>"
    shows "<format type='linux-lvm'/>"
    shows "<capacity unit='bytes'>104857600</capacity>"
    [ "$(type_of 1)" = E6D6D379-F507-44C2-A23C-238F2A3DF928 ]
    [ "$(key_of "${name}1")" = "$(blkid -p -s PART_ENTRY_UUID -o value "${disk}1")" ]
    sound "$disk"
    run 0 vol-delete "${name}1" --pool p
    [ ! -e "${disk}1" ]
    [ -b "${disk}3" ]
    sound "$disk"
}
disk_check "partitions are volumes, and volumes partitions" partitions_are_volumes

names_are_the_kernels() {
    disk_pool dos
    run 1 vol-create-as p data 10M
    says "would call the new partition ${name}1"
    run 1 vol-create-as p "${name}7" 10M
    says "would call the new partition ${name}1"
    [ "$(sfdisk -d "$disk" | grep -c start)" = 0 ]
}
disk_check "a name that the kernel would not give is refused with the one that it would" \
    names_are_the_kernels

the_largest_is_told() {
    disk_pool gpt
    run 0 vol-create-as p "${name}1" 100M
    run 1 vol-create-as p "${name}2" 1G
    says 'the largest holds [0-9]'
    largest=$(sed -n 's/.*the largest holds //p' "$work/err")
    run 0 vol-create-as p "${name}2" "$largest"
    [ "$(blockdev --getsize64 "${disk}2")" = "$largest" ]
    sound "$disk"
}
disk_check "a request that fits nowhere is told what would, which then fits exactly" \
    the_largest_is_told

bytes_are_kept() {
    disk_pool gpt
    run 0 vol-create-as p "${name}1" 8M
    head -c 8M /dev/urandom >"$work/bytes"
    run 0 vol-upload "${name}1" "$work/bytes" --pool p
    cmp "$work/bytes" "${disk}1"
    dd if="$disk" bs=1M skip=1 count=8 status=none | cmp - "$work/bytes"
    run 0 vol-download "${name}1" "$work/back" --pool p
    cmp "$work/bytes" "$work/back"
    run 0 vol-wipe "${name}1" --pool p
    head -c 8M /dev/zero | cmp - "${disk}1"
}
disk_check "uploaded bytes are in the partition, and wiped ones are gone" bytes_are_kept

resizing() {
    disk_pool gpt
    run 0 vol-create-as p "${name}1" 50M
    run 0 vol-create-as p "${name}2" 20M
    run 1 vol-resize "${name}1" 60M --pool p
    says 'can grow to 52428800'
    run 0 vol-delete "${name}2" --pool p
    mkfs.ext4 -q "${disk}1"
    mkdir "$work/mnt"
    mount "${disk}1" "$work/mnt"
    run 0 vol-resize "${name}1" 100M --pool p
    [ "$(blockdev --getsize64 "${disk}1")" = 104857600 ]
    umount "$work/mnt"
    run 1 vol-resize "${name}1" 30M --pool p
    run 1 vol-resize "${name}1" 30M --shrink --pool p
    says 'ext4.*of 52428800 bytes'
    e2fsck -fp "${disk}1"
    resize2fs "${disk}1" 30M 2>&1
    run 0 vol-resize "${name}1" 30M --shrink --pool p
    [ "$(blockdev --getsize64 "${disk}1")" = 31457280 ]
    e2fsck -fp "${disk}1"
    sound "$disk"
}
disk_check "weak point 25: a partition grows while it is mounted, and shrinks only behind its filesystem" \
    resizing

in_use() {
    disk_pool gpt
    run 0 vol-create-as p "${name}1" 50M
    mkfs.ext4 -q "${disk}1"
    mkdir "$work/mnt"
    mount "${disk}1" "$work/mnt"
    run 1 vol-wipe "${name}1" --pool p
    run 1 vol-delete "${name}1" --pool p
    says 'in use'
    umount "$work/mnt"
    e2fsck -fp "${disk}1"
    run 0 vol-delete "${name}1" --pool p
}
disk_check "a mounted partition is neither wiped nor deleted" in_use

links() {
    disk_pool gpt "$disk" /dev/disk/by-id
    run 0 vol-create-as p "${name}1" 10M
    path=$("$TARN" vol-path "${name}1" --pool p)
    case $path in /dev/disk/by-id/*-part1) ;; *) echo "$path"; false ;; esac
    [ "$(readlink -f "$path")" = "${disk}1" ]
}
disk_check "in a folder of links the path is the partition's link" links

at_once() {
    disk_pool gpt
    for number in 1 2 3 4; do
        { "$TARN" vol-create-as p "$name$number" 20M >"$work/log$number" 2>&1 ||
            touch "$work/failed"; } &
    done
    wait
    [ ! -e "$work/failed" ] || { cat "$work"/log?; return 1; }
    sound "$disk"
    [ "$(sfdisk -d "$disk" | grep -c 'size= *40960')" = 4 ]
}
disk_check "volumes made at once get extents of their own" at_once

# --- dos ------------------------------------------------------------------------------------------

four_primaries() {
    disk_pool dos
    for number in 1 2 3 4; do
        run 0 vol-create-as p "$name$number" 10M
    done
    run 1 vol-create-as p "${name}5" 10M
    says 'four primary partitions'
    run 0 vol-delete "${name}2" --pool p
    run 0 vol-create-as p "${name}2" 200M --format extended
    in_xml "${name}2" "<format type='extended'/>"
    shows "<allocation unit='bytes'>0</allocation>"
    run 1 vol-wipe "${name}2" --pool p
    run 1 vol-create-as p "${name}2" 10M --format extended
    run 0 vol-create-as p "${name}5" 10M --format linux-swap
    run 0 vol-create-as p "${name}6" 10M
    [ "$(type_of 5)" = 82 ]
    [ "$(type_of 6)" = da ]
    sfdisk -V "$disk"
    run 1 vol-delete "${name}2" --pool p
    says 'delete those first'
}
disk_check "four primary partitions, then logical ones in an extended one" four_primaries

renumbering() {
    disk_pool dos
    run 0 vol-create-as p "${name}1" 200M --format extended
    for number in 5 6 7; do
        run 0 vol-create-as p "$name$number" 10M
    done
    key6=$(key_of "${name}6")
    key7=$(key_of "${name}7")
    mkfs.ext4 -q "${disk}7"
    mkdir "$work/mnt"
    mount "${disk}7" "$work/mnt"
    run 1 vol-delete "${name}5" --pool p
    says "${disk}7 is in use"
    [ -b "${disk}5" ] && [ -b "${disk}6" ]
    [ "$(sfdisk -d "$disk" | grep -c start)" = 4 ]
    umount "$work/mnt"
    run 0 vol-delete "${name}5" --pool p
    [ ! -e "${disk}7" ]
    [ "$(key_of "${name}5")" = "$key6" ]
    [ "$(key_of "${name}6")" = "$key7" ]
    blkid -p -t TYPE=ext4 "${disk}6"
}
disk_check "weak point 29: keys stay when a logical partition goes; not while those behind are in use" \
    renumbering

# --- what others did ------------------------------------------------------------------------------

damaged_gpt() {
    disk_pool gpt
    run 0 vol-create-as p "${name}1" 10M
    zero_sector "$1"
    run 0 pool-info p
    shows 'State: *degraded'
    shows "$2"
    run 0 vol-list p
    shows "${name}1"
    sound "$disk" >/dev/null && return 1
    run 0 vol-create-as p "${name}2" 10M
    says "warning: pool p: $disk: the $2.*, and was written anew"
    sound "$disk"
    run 0 pool-info p
    shows 'State: *running'
}
missing_backup() { damaged_gpt -1 'backup GPT \(is\|was\) missing'; }
disk_check "a missing backup of the GPT is told, and written with the next change, which is told" \
    missing_backup
missing_primary() { damaged_gpt 1 'primary GPT \(is\|was\) damaged'; }
disk_check "and so is the primary" missing_primary

both_damaged() {
    disk_pool gpt
    zero_sector -1
    zero_sector 1
    run 1 vol-list p
    says 'both copies'
    [ "$(wc -l <"$work/err")" = 1 ]
    [ ! -s "$work/out" ]
}
disk_check "with both copies damaged nothing is guessed, and one line says so" both_damaged

forgotten() {
    disk_pool gpt
    run 0 vol-create-as p "${name}1" 10M
    partx -d "$disk"
    run 0 vol-list p
    shows "${name}1"
    run 1 vol-wipe "${name}1" --pool p
    run 0 pool-destroy p
    run 0 pool-start p
    [ -b "${disk}1" ]
    run 0 vol-wipe "${name}1" --pool p
}
disk_check "what the kernel has forgotten it is told by the next start" forgotten

taken() {
    disk_pool gpt
    printf 'start=2048, size=20480\n' | sfdisk -q --append "$disk"
    udevadm settle
    run 0 vol-list p
    shows "${name}1"
    run 0 vol-create-as p "${name}2" 10M
    sound "$disk"
    in_xml "${name}1" "<format type='linux'/>"
}
disk_check "partitions that others make are volumes, too" taken

loops() {
    truncate -s 100M "$work/image"
    loop=$(losetup -f --show "$work/image")
    disk_pool gpt "$loop"
    base=${loop##*/}
    run 0 vol-create-as p "${base}p1" 10M
    [ -b "${loop}p1" ]
    run 0 vol-delete "${base}p1" --pool p
    losetup -d "$loop"
}
disk_check "the partitions of a loop device have a p before the number" loops

mappings() {
    need dmsetup
    echo "0 $(blockdev --getsz "$other") linear $other 0" | dmsetup create map1 --uuid mpath-test
    disk_pool gpt /dev/mapper/map1 /dev/mapper
    run 0 vol-create-as p map1p1 10M
    run 0 vol-create-as p map1p2 20M
    [ "$(dmsetup info -c --noheadings -o uuid map1p2)" = part2-mpath-test ]
    [ "$(blockdev --getsize64 /dev/mapper/map1p2)" = 20971520 ]
    run 0 vol-delete map1p1 --pool p
    [ ! -e /dev/mapper/map1p1 ]
    run 0 vol-resize map1p2 30M --pool p
    [ "$(blockdev --getsize64 /dev/mapper/map1p2)" = 31457280 ]
    run 0 vol-delete map1p2 --pool p
    "$TARN" -q pool-destroy p
    "$TARN" -q pool-undefine p
    dmsetup remove map1
    echo "0 $(blockdev --getsz "$other") linear $other 0" | dmsetup create mapa
    disk_pool gpt /dev/mapper/mapa /dev/mapper
    run 0 vol-create-as p mapa1 10M
    run 0 vol-delete mapa1 --pool p
    run 0 pool-destroy p
    sed "s,/map1,/mapa,; s,<device ,<device part_separator='yes' ," >"$work/p.xml" <<END
<pool type='disk'><name>p</name><source><device path='/dev/mapper/map1'/><format type='gpt'/></source>
<target><path>/dev/mapper</path></target></pool>
END
    run 0 pool-define "$work/p.xml"
    run 0 pool-start p
    run 0 vol-create-as p mapap1 10M
    [ -b /dev/mapper/mapap1 ]
    run 0 vol-delete mapap1 --pool p
}
disk_check "the partitions of a mapping are mappings" mappings

finish
