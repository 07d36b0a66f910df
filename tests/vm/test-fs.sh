#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Pools of type fs on a real disk: what is mounted, what is refused, and what happens behind their
# back.
# shellcheck disable=SC2317  # inside comes back, in the machine
. "$(dirname "$0")/lib.sh"
inside --disk 256M --disk 64M --timeout 600
. "$(dirname "$0")/fs-lib.sh"

# --- from build to removal ------------------------------------------------------------------------

life() {
    fs_defined ext4
    run 1 pool-start p
    says "carries nothing that is known: build the pool first"
    run 0 pool-build p --no-overwrite
    run 0 pool-start p
    is_mounted ext4
    findmnt -n -o OPTIONS "$target" | grep nosuid,nodev,noexec
    run 0 vol-create-as p disk.qcow2 10M --format qcow2
    run 0 vol-list p
    shows "disk.qcow2 *$target/disk.qcow2"
    run 0 pool-info p
    shows 'State: *running'
    run 0 pool-stop p
    nothing_mounted
    [ -z "$(ls -A "$target")" ]
    run 0 pool-start p
    run 0 vol-info disk.qcow2 --pool p
    run 1 pool-delete p
    run 0 pool-stop p
    run 0 pool-delete p
    [ ! -e "$target" ]
    run 0 pool-undefine p
    blkid -p "$disk" | grep ext4
}

options_of_the_definition() {
    cat >"$work/p.xml" <<END
<pool type='fs' xmlns:fs='http://libvirt.org/schemas/storagepool/fs/1.0'>
  <name>p</name>
  <source><device path='$disk'/><format type='ext4'/></source>
  <target><path>$target</path></target>
  <fs:mount_opts>
    <fs:option name='noatime'/><fs:option name='commit=7'/><fs:option name='exec'/>
  </fs:mount_opts>
</pool>
END
    run 0 pool-define --validate "$work/p.xml"
    run 0 pool-build p --overwrite
    run 0 pool-start p
    findmnt -n -o OPTIONS "$target" >"$work/options"
    cat "$work/options"
    grep nosuid,nodev,noatime "$work/options"
    grep commit=7 "$work/options"
    if grep noexec "$work/options"; then return 1; fi
    sed -i 's/commit=7/no-such-option/' "$work/p.xml"
    run 0 pool-stop p
    run 0 pool-define "$work/p.xml"
    run 1 pool-start p
    says "$disk cannot be mounted on $target"
}

type_found_by_itself() {
    mkfs.btrfs -q "$disk"
    fs_defined auto
    run 0 pool-build p
    run 0 pool-start p
    is_mounted btrfs
    run 0 pool-stop p
    run 1 pool-build p --overwrite
    says '"auto" does not say which filesystem to make'
    wipefs -q -a "$disk"
    mkswap "$disk"
    run 1 pool-start p
    says "$disk carries swap, and not a filesystem"
}

# --- which device ---------------------------------------------------------------------------------

by_tags() {
    parted -s "$disk" mklabel gpt mkpart "'a part'" 1MiB 100MiB
    udevadm wait --timeout 30 "${disk}1"
    part=${disk}1
    mkfs.ext4 -q -L "a label" "$part"
    udevadm trigger --settle "$part"
    udevadm wait --timeout 30 '/dev/disk/by-label/a\x20label'
    for tag in UUID LABEL PARTUUID PARTLABEL; do
        name=$tag
        [ "$tag" = PARTLABEL ] && name=PART_ENTRY_NAME
        [ "$tag" = PARTUUID ] && name=PART_ENTRY_UUID
        value=$(blkid -p -s "$name" -o value "$part")
        run 0 pool-define-as "by-$tag" fs --source-dev "$tag=$value" --target "$target"
        run 0 pool-dumpxml "by-$tag"
        shows "<device path='$tag=$value'/>"
        run 0 pool-build "by-$tag"
        run 0 pool-start "by-$tag"
        [ "$(findmnt -n -o SOURCE "$target")" = "$part" ]
        run 0 pool-stop "by-$tag"
        run 0 pool-undefine "by-$tag"
    done
    run 0 pool-define-as none fs --source-dev UUID=0000-0000 --target "$target"
    run 1 pool-start none
    says 'no device has UUID=0000-0000'
    run 0 pool-undefine none
    run 0 pool-define-as made fs --source-dev "UUID=$(blkid -p -s UUID -o value "$part")" \
        --source-format ext4 --target "$target"
    run 1 pool-build made --overwrite
    says 'names the filesystem that would be overwritten'
}

loop_file() {
    truncate -s 64M /srv/fs/image
    run 0 pool-define-as p fs --source-dev /srv/fs/image --source-format ext4 --target "$target"
    run 0 pool-build p --no-overwrite
    run 0 pool-start p
    is_mounted ext4
    losetup -n -O BACK-FILE,AUTOCLEAR | grep '/srv/fs/image *1'
    run 0 vol-create-as p a 1M
    run 0 pool-refresh p
    umount "$target"
    mount /srv/fs/image "$target"
    run 0 pool-refresh p
    run 0 pool-stop p
    [ -z "$(losetup -j /srv/fs/image)" ]
    losetup -f /srv/fs/image
    run 1 pool-build p --overwrite
    says '/srv/fs/image is the loop device /dev/loop'
}

one_device_for_one_pool() {
    fs_defined ext4
    ln -s "$disk" /srv/fs/link
    run 1 pool-define-as q fs --source-dev /srv/fs/link --target /srv/fs/q
    run 1 pool-define-as q fs --source-dev "$other" --target "$target"
    run 0 pool-define-as q fs --source-dev "$other" --target /srv/fs/q
}

# --- what is refused ------------------------------------------------------------------------------

signature_is_refused() {
    fs_defined ext4
    for signature in 'mkfs.btrfs -q -f' mkswap 'pvcreate -q -y' 'mkfs.vfat -I'; do
        # shellcheck disable=SC2086  # with its options
        $signature "$disk" >/dev/null
        blkid -p -o export "$disk" >"$work/before"
        run 1 pool-build p --no-overwrite
        says "$disk carries [^ ]* ([a-z]*).* at byte [0-9]*"
        run 1 pool-start p --build --no-overwrite
        blkid -p -o export "$disk" | cmp - "$work/before"
        wipefs -q -a "$disk"
    done
    parted -s "$disk" mklabel gpt
    run 1 pool-build p --no-overwrite
    says "$disk carries gpt (partition-table) at byte 512"
    run 0 pool-build p --overwrite
    [ "$(wipefs -n "$disk" | wc -l)" -eq 2 ]
    run 0 pool-start p
}

device_in_use_is_refused() {
    fs_defined ext4
    mkfs.ext4 -q "$disk"
    mkdir /srv/fs/elsewhere
    mount "$disk" /srv/fs/elsewhere
    run 1 pool-build p --overwrite
    says "$disk is mounted on /srv/fs/elsewhere"
    umount /srv/fs/elsewhere
    echo "0 1000 linear $disk 0" | dmsetup create holder
    run 1 pool-build p --overwrite
    says "$disk is held by /dev/dm-[0-9]* (holder)"
    dmsetup remove holder
    mkswap -q "$disk" && swapon "$disk"
    run 1 pool-build p --overwrite
    says "$disk is used as swap"
    swapoff "$disk"
    run 0 pool-build p --overwrite
    run 0 pool-start p
    run 1 pool-build p --overwrite
    says 'active'
}

another_mount_on_the_target() {
    fs_defined ext4
    run 0 pool-build p --no-overwrite
    mount -t tmpfs theirs "$target"
    run 1 pool-start p
    says "theirs (tmpfs) is mounted on $target"
    run 1 pool-build p --overwrite
    says "theirs (tmpfs) is mounted on $target"
    run 1 pool-delete p
    [ "$(findmnt -n -o SOURCE "$target")" = theirs ]
}

wrong_format_is_told() {
    mkfs.btrfs -q -f "$disk"
    fs_defined xfs
    run 0 pool-build p
    run 1 pool-start p
    says "$disk carries btrfs, and not xfs"
    nothing_mounted
}

missing_target_and_device() {
    fs_defined ext4
    mkfs.ext4 -q "$disk"
    run 1 pool-start p
    says "$target does not exist: build the pool"
    run 0 pool-define-as gone fs --source-dev /dev/none --target /srv/fs/gone
    run 1 pool-start gone
    says 'the device /dev/none is not there'
    run 0 pool-undefine gone
    run 0 pool-define-as gone fs --source-dev /dev/none --source-format ext4 --target /srv/fs/gone
    run 1 pool-build gone --overwrite
    says 'the device /dev/none is not there'
    run 1 pool-define-as q fs --source-dev "$other" --source-format bananas --target /srv/fs/q
    run 1 pool-define-as q fs --source-dev sdb1 --target /srv/fs/q
}

# --- identity -------------------------------------------------------------------------------------

reused_device_is_refused() {
    fs_pool ext4
    run 0 vol-create-as p precious 1M
    run 0 pool-stop p
    mkfs.ext4 -q -F "$disk"
    new=$(uuid)
    run 1 pool-start p
    says "$new"
    nothing_mounted
    run 0 pool-start p --adopt
    is_mounted ext4
    run 0 pool-stop p
    run 0 pool-start p
    run 0 pool-stop p
    # What the pool builds itself is its own.
    run 0 pool-build p --overwrite
    run 0 pool-start p
}

# --- behind our back ------------------------------------------------------------------------------

unmounted_behind_our_back() {
    fs_pool ext4
    run 0 vol-create-as p kept 1M
    umount "$target"
    run 1 vol-create-as p lost 1M
    says "nothing is mounted on $target\|is not active"
    run 1 vol-delete kept --pool p
    run 1 pool-refresh p
    [ -z "$(ls -A "$target")" ]
    run 0 pool-list --all
    shows 'p *inactive'
    run 0 pool-start p
    run 0 vol-info kept --pool p
    # Another filesystem in its place is not it either, whatever its number in the table.
    umount "$target"
    mkfs.ext2 -q "$other"
    mount "$other" "$target"
    find "$target" >"$work/before"
    run 1 vol-create-as p lost 1M
    find "$target" | cmp - "$work/before"
    run 0 pool-list --all
    shows 'p *inactive'
    umount "$target"
    run 0 pool-start p
}

mounted_by_somebody_else() {
    fs_defined ext4
    run 0 pool-build p --no-overwrite
    mkdir /srv/fs/elsewhere
    mount "$disk" /srv/fs/elsewhere
    run 0 pool-list --all
    shows ' p *inactive'
    umount /srv/fs/elsewhere
    mount "$disk" "$target"
    run 0 pool-list --all
    run 0 pool-start p
    run 0 vol-create-as p a 1M
    run 0 pool-stop p
    nothing_mounted
}

busy_stop_names_the_holder() {
    fs_pool ext4
    run 0 vol-create-as p disk 1M
    tail -f "$target/disk" >/dev/null &
    holder=$!
    run 1 pool-stop p
    says "$target is in use by process $holder (tail) by its open file disk"
    run 0 pool-list
    shows 'p *active'
    truncate -s 1M "$target/image"
    loop=$(losetup -f --show "$target/image")
    run 1 pool-stop p
    says "the loop device $loop of image"
    losetup -d "$loop"
    run 0 pool-stop p --force
    nothing_mounted
    kill "$holder"
    # It is let go by the device at last.
    run 0 pool-start p
    run 0 pool-stop p
}

# --- promises that hold for all pools of files ----------------------------------------------------

mode_and_owner_of_volumes() {
    fs_pool ext4
    cat >"$work/v.xml" <<END
<volume><name>v</name><capacity>4096</capacity><target>
<permissions><mode>0640</mode><owner>107</owner><group>64055</group></permissions>
</target></volume>
END
    run 0 vol-create p "$work/v.xml"
    [ "$(stat -c %a:%u:%g "$target/v")" = 640:107:64055 ]
    run 0 vol-create-as p w 4096
    [ "$(stat -c %a:%u:%g "$target/w")" = 600:0:0 ]
}

root_reserve_is_not_available() {
    fs_pool ext4
    run 0 pool-info p --bytes
    available=$(awk '/Available/ { print $2 }' "$work/out")
    [ "$available" -eq $(($(stat -f -c '%a * %S' "$target"))) ]
    [ "$available" -lt $(($(stat -f -c '%f * %S' "$target"))) ]
}

fs_check "a pool is built, mounted, used, unmounted and removed" life
fs_check "the definition's mount options are those of the mount" options_of_the_definition
fs_check "auto finds the filesystem, and says what else is there" type_found_by_itself
fs_check "a device is found by UUID, LABEL, PARTUUID and PARTLABEL" by_tags
fs_check "a file is mounted through a loop device, which goes with it" loop_file
fs_check "a device or a target is for one pool, whatever links lead there" one_device_for_one_pool
fs_check "a device that carries anything is built on only when asked to" signature_is_refused
fs_check "a device in use is never built on, and by whom is told" device_in_use_is_refused
fs_check "another mount on the target is respected" another_mount_on_the_target
fs_check "another filesystem than the definition's is told" wrong_format_is_told
fs_check "a missing target, device or format is told" missing_target_and_device
fs_check "a reused device is refused, unless it is adopted or built anew" reused_device_is_refused
fs_check "unmounted behind our back: nothing is written, the pool is inactive" \
    unmounted_behind_our_back
fs_check "what somebody else has mounted already is taken over" mounted_by_somebody_else
fs_check "a stop that fails tells who holds the mount; a forced one lets go" \
    busy_stop_names_the_holder
fs_check "volumes have the mode and owner that were asked for" mode_and_owner_of_volumes
fs_check "root's reserve is not available" root_reserve_is_not_available
clean >/dev/null 2>&1
finish
