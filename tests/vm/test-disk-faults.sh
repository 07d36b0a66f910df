#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Disks that fail, and tarn killed while it changes a table.
# shellcheck disable=SC2317  # inside comes back, in the machine
. "$(dirname "$0")/lib.sh"
inside --need sfdisk --need sgdisk --disk 64M --disk 64M --timeout 900
. "$(dirname "$0")/disk-lib.sh"

# --- disks that fail ------------------------------------------------------------------------------

# reads_fail: those of the bad sectors, also of what the kernel has read before. Who still reads (udev
# looks at a disk that was written) would keep pages that are not dropped then.
reads_fail() {
    udevadm settle
    sync
    echo 2 >/sys/bus/pseudo/drivers/scsi_debug/opts
    echo 3 >/proc/sys/vm/drop_caches
}

medium_errors() {
    scsi_disk
    disk_pool gpt "$scsi"
    base=${scsi##*/}
    run 0 vol-create-as p "${base}1" 8M
    run 0 vol-create-as p "${base}2" 8M
    reads_fail # of sectors 0x1234 to 0x123d
    run 1 vol-download "${base}1" "$work/bytes" --pool p
    says 'cannot read'
    run 0 vol-list p
    shows "${base}1"
    run 0 vol-download "${base}2" "$work/bytes" --pool p
    run 0 vol-delete "${base}1" --pool p
    echo 0 >/sys/bus/pseudo/drivers/scsi_debug/opts
    sound "$scsi"
}
disk_check "a bad sector in a volume spoils that volume alone" medium_errors

# Sector 2 has the entries of the first GPT.
unreadable_table() {
    scsi_disk medium_error_start=2 medium_error_count=1
    disk_pool gpt "$scsi"
    run 0 vol-create-as p "${scsi##*/}1" 8M
    reads_fail
    run 1 vol-create-as p "${scsi##*/}2" 8M
    says "the partition table of $scsi cannot be read"
    echo 0 >/sys/bus/pseudo/drivers/scsi_debug/opts
    run 0 vol-create-as p "${scsi##*/}2" 8M
    sound "$scsi"
}
disk_check "a bad sector in the table is told, and nothing is written" unreadable_table

# mapped TABLE: from now on that is what the mapping "bad" does with $disk.
mapped() {
    echo "$1" | dmsetup load bad 2>/dev/null || echo "$1" | dmsetup create bad
    dmsetup suspend bad
    dmsetup resume bad
}

bad_end() {
    sectors=$(blockdev --getsz "$disk")
    mapped "0 $sectors linear $disk 0"
    disk_pool gpt /dev/mapper/bad /dev/mapper
    run 0 vol-create-as p bad1 8M
    mapped "0 $((sectors - 33)) linear $disk 0
$((sectors - 33)) 33 error"
    run 0 pool-info p
    shows 'State: *degraded'
    shows 'the backup GPT is missing or damaged'
    run 0 vol-list p
    shows bad1
    run 1 vol-create-as p bad2 8M
    says 'cannot be read'
    mapped "0 $sectors linear $disk 0"
    sound "$disk"
    run 0 vol-create-as p bad2 8M
    sound "$disk"
}
disk_check "where a disk's end cannot be read its partitions can, and the table stays" bad_end

bad_writes() {
    sectors=$(blockdev --getsz "$disk")
    mapped "0 $sectors linear $disk 0"
    disk_pool gpt /dev/mapper/bad /dev/mapper
    run 0 vol-create-as p bad1 8M
    before=$(sfdisk -d "$disk")
    mapped "0 $sectors flakey $disk 0 0 60 1 error_writes"
    run 1 vol-create-as p bad2 8M
    run 1 vol-delete bad1 --pool p
    mapped "0 $sectors linear $disk 0"
    [ "$(sfdisk -d "$disk")" = "$before" ]
    [ ! -e /dev/mapper/bad2 ]
    [ -b /dev/mapper/bad1 ]
    sound "$disk"
    run 0 vol-delete bad1 --pool p
}
disk_check "on a disk that takes no writes all stays as it was" bad_writes

large_sectors() {
    scsi_disk sector_size=4096
    disk_pool gpt "$scsi"
    base=${scsi##*/}
    run 0 vol-create-as p "${base}1" 8M --format linux-lvm
    run 0 vol-create-as p "${base}2" 8M
    [ "$(blockdev --getsize64 "${scsi}2")" = 8388608 ]
    sound "$scsi"
}
disk_check "sectors of 4096 bytes" large_sectors

pulled() {
    scsi_disk
    disk_pool gpt "$scsi"
    base=${scsi##*/}
    run 0 vol-create-as p "${base}1" 8M
    echo 1 >"/sys/class/block/$base/device/delete"
    run 1 vol-list p
    run 1 vol-create-as p "${base}2" 8M
    run 1 pool-start p
    run 0 pool-list --all
    shows ' p '
}
disk_check "a disk that was pulled is an error, and nothing more" pulled

unwritable() {
    disk_pool gpt
    run 0 vol-create-as p "${name}1" 8M
    before=$(sfdisk -d "$disk")
    for number in 1 2 3; do
        strace -f -qq -o /dev/null -P "$disk" -e inject=fdatasync:error=EIO:when="$number" \
            "$TARN" vol-create-as p "${name}2" 8M >"$work/out" 2>"$work/err" && break
        grep -q "${name}2\|partition table\|flush" "$work/err"
        [ "$(sfdisk -d "$disk")" = "$before" ]
        [ ! -e "${disk}2" ]
        sound "$disk"
    done
    [ "$number" -gt 1 ]
}
disk_check "a table that cannot be written stays as it was" unwritable

# --- killed ---------------------------------------------------------------------------------------

# killed SYSCALL COMMAND…: runs it; the process that works on the disk is killed at its first,
# second, … such call of the disk, until it gets through. After each time the table is whole, and
# the one before ($old) or the one after ($new).
killed() {
    syscall=$1
    shift
    number=1
    while :; do
        status=0
        strace -f -qq -o /dev/null -P "$disk" -e trace="$syscall" \
            -e inject="$syscall":signal=KILL:when="$number" "$TARN" "$@" >"$work/out" 2>&1 ||
            status=$?
        [ "$status" != 0 ] || break
        state=$(sfdisk -d "$disk" 2>/dev/null | sed -n 's/.*start= *\([0-9]*\).*/\1/p' | sort |
            tr '\n' ' ')
        case $state in
            "$old" | "$new") ;;
            *) echo "killed at $syscall $number: \"$state\""; return 1 ;;
        esac
        number=$((number + 1))
        [ "$state" = "$old" ] || break
    done
    [ "$number" -gt 1 ] || { echo "$syscall: never killed"; cat "$work/out"; return 1; }
}

kill_creation() {
    disk_pool gpt
    run 0 vol-create-as p "${name}1" 8M
    old='2048 ' new='18432 2048 '
    for each in pwrite64 ioctl; do
        killed "$each" vol-create-as p "${name}2" 8M
        run 0 pool-destroy p
        run 0 pool-start p
        run 0 vol-list p
        shows "${name}1"
        run 0 vol-delete "${name}2" --pool p
        sound "$disk"
    done
}
disk_check "killed while it makes a partition: it is there, or not" kill_creation

kill_deletion() {
    disk_pool dos
    run 0 vol-create-as p "${name}1" 40M --format extended
    old='18432 2048 4096 ' new='18432 2048 '
    run 0 vol-create-as p "${name}5" 6M
    run 0 vol-create-as p "${name}6" 6M
    killed ioctl vol-delete "${name}5" --pool p
    run 0 pool-destroy p
    run 0 pool-start p
    run 0 vol-list p
    shows "${name}5"
    sfdisk -V "$disk"
}
disk_check "killed while it deletes a logical partition: it is gone, or not" kill_deletion

kill_build() {
    run 0 pool-define-as p disk --source-dev "$disk" --source-format gpt --target /dev
    for number in 1 2 3 4 5 6 7 8 9; do
        strace -f -qq -o /dev/null -P "$disk" -e trace=pwrite64 \
            -e inject=pwrite64:signal=KILL:when="$number" \
            "$TARN" pool-build p --overwrite >"$work/out" 2>&1 && break
        if "$TARN" pool-start p >"$work/out" 2>"$work/err"; then
            sound "$disk"
            run 0 pool-destroy p
        else
            says 'build the pool'
        fi
    done
    [ "$number" -gt 1 ]
    run 0 pool-start p
    sound "$disk"
}
disk_check "killed while it makes a table: it is there, or the next start says what to do" kill_build

modprobe -r scsi_debug 2>/dev/null
finish
