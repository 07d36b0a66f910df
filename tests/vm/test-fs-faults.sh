#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Pools of type fs where something is wrong: a device that comes late, sectors that cannot be read, a
# mkfs that hangs, entries that nobody expects, orders that contradict each other.
# shellcheck disable=SC2317  # inside comes back, in the machine
. "$(dirname "$0")/lib.sh"
inside --disk 256M --disk 64M --timeout 600
. "$(dirname "$0")/fs-lib.sh"

# mapped LINE…: the device /dev/mapper/mapped, which is the first disk in these parts.
mapped() {
    printf '%s\n' "$@" | dmsetup create mapped
    udevadm wait --timeout 30 /dev/mapper/mapped
}
sectors=$(blockdev --getsz "$disk")

# mapped_pool: a pool p on that device, built.
mapped_pool() {
    mapped "0 $sectors linear $disk 0"
    run 0 pool-define-as p fs --source-dev /dev/mapper/mapped --source-format ext4 --target "$target"
    run 0 pool-build p --no-overwrite
}

# --- what is not there ----------------------------------------------------------------------------

device_comes_late() {
    mapped_pool
    run 0 pool-autostart p
    run 0 pool-define-as q fs --source-dev "$other" --source-format ext4 --target /srv/fs/q
    run 0 pool-build q --no-overwrite
    run 0 pool-autostart q
    dmsetup remove mapped
    run 1 pool-start --autostart
    prints '1 pools started, 1 failed' ''
    says 'pool p did not start by itself: .*the device /dev/mapper/mapped is not there'
    run 0 pool-info p
    shows '^Reason: .*the device /dev/mapper/mapped is not there'
    [ -z "$(ls -A "$target")" ]
    (
        sleep 3
        mapped "0 $sectors linear $disk 0" >&2
    ) &
    run 0 pool-start --autostart --wait 100
    wait $!
    is_mounted ext4
    run 0 pool-stop q
}

# --- what is broken -------------------------------------------------------------------------------

unreadable_file_hides_nothing() {
    mapped_pool
    run 0 pool-start p
    run 0 vol-create-as p good.qcow2 1M --format qcow2
    head -c 65536 /dev/urandom >"$target/broken"
    sync
    at=$(filefrag -b512 -v "$target/broken" | awk '$1 == "0:" { print $4 + 0 }')
    run 0 pool-stop p
    dmsetup remove mapped
    mapped "0 $at linear $disk 0" "$at 8 error" \
        "$((at + 8)) $((sectors - at - 8)) linear $disk $((at + 8))"
    run 0 pool-start p
    run 0 pool-refresh p
    is_mounted ext4
    run 0 --json vol-list p
    json '#' 3 # and lost+found
    json 0/name broken
    json 0/status unreadable
    json 1/status ok
    run 0 vol-info good.qcow2 --pool p
    shows 'Capacity: *1'
}

# Whoever made them: nobody's refresh fails, and nothing is unmounted, not even what is not kept.
odd_entries_hide_nothing() {
    fs_pool ext4
    run 0 pool-dumpxml p
    cp "$work/out" "$work/p.xml"
    run 0 pool-stop p
    run 0 pool-undefine p
    run 0 pool-create "$work/p.xml"
    run 0 vol-create-as p backing.qcow2 1M --format qcow2
    run 0 vol-create-as p child.qcow2 1M --format qcow2 \
        --backing-vol backing.qcow2 --backing-vol-format qcow2
    cd "$target" || return 1
    rm backing.qcow2
    head -c 200 child.qcow2 >truncated.qcow2
    mkfifo fifo
    mknod character c 1 3
    ln -s nowhere dangling
    ln -s loop loop
    : >empty
    echo x >closed
    chmod 000 closed
    touch "$(printf 'a\nb')" "$(printf '\377')"
    python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")' 2>/dev/null ||
        mknod socket p
    cd /
    run 0 pool-refresh p
    all_are_listed
    run 0 pool-stop p
    run 0 pool-define "$work/p.xml"
    run 0 pool-start p
    all_are_listed
}
all_are_listed() {
    is_mounted ext4
    run 0 vol-list p --json
    json '#' "$(find "$target" -mindepth 1 -maxdepth 1 -printf x | wc -c)"
}

hung_mkfs_is_given_up() {
    fs_defined jfs
    mkdir "$work/plugins"
    cp "$TARN_PLUGINS_DIR"/*.conf "$work/plugins"
    sed -i '/mkfs-timeout/d' "$work/plugins/fs.conf"
    grep -q '^\[options\]' "$work/plugins/fs.conf" || echo '[options]' >>"$work/plugins/fs.conf"
    sed -i 's/^\[options\]/&\nmkfs-timeout = 2/' "$work/plugins/fs.conf"
    printf '#!/bin/sh\nsleep 1000\n' >"$work/mkfs"
    chmod 755 "$work/mkfs"
    mount --bind "$work/mkfs" "$(command -v mkfs.jfs)"
    TARN_PLUGINS_DIR=$work/plugins run 1 pool-build p --overwrite || {
        umount "$(command -v mkfs.jfs)"
        return 1
    }
    umount "$(command -v mkfs.jfs)"
    says 'mkfs.jfs .*did not end within 2.0 seconds'
    says "while making jfs on $disk"
    if pgrep -f 'sleep 1000'; then return 1; fi
}

# --- what is asked for ----------------------------------------------------------------------------

contradiction_is_refused() {
    fs_defined ext4
    mkfs.ext4 -q "$disk"
    before=$(uuid)
    run 2 pool-build p --overwrite --no-overwrite
    run 2 pool-start p --build --overwrite --no-overwrite
    [ "$(uuid)" = "$before" ]
    nothing_mounted
}

# What libblkid knows, and what it does not. An atari label without partitions has nothing to be
# known by.
all_tables_are_refused() {
    fs_defined ext4
    for table in amiga bsd dvh gpt mac msdos pc98 sun; do
        wipefs -q -a "$disk"
        parted -s "$disk" mklabel "$table"
        dd if="$disk" bs=1M count=1 status=none | cksum >"$work/before"
        run 1 pool-build p --no-overwrite
        says "$disk carries .* (partition-table)"
        dd if="$disk" bs=1M count=1 status=none | cksum | cmp - "$work/before"
    done
    run 0 pool-build p --overwrite
    run 0 pool-start p
}

# Stop, delete and undefine: each leaves what is not its own.
each_verb_does_its_own() {
    fs_pool ext4
    run 0 vol-create-as p v 1M
    run 1 pool-delete p
    run 1 pool-undefine p
    is_mounted ext4
    run 0 pool-stop p
    run 0 pool-start p
    run 0 vol-info v --pool p
    run 0 pool-stop p
    before=$(uuid)
    run 0 pool-delete p
    [ ! -e "$target" ]
    run 0 pool-info p
    run 0 pool-build p
    run 0 pool-start p
    run 0 vol-info v --pool p
    run 0 pool-stop p
    touch "$target/theirs"
    run 1 pool-delete p
    says theirs
    run 0 pool-undefine p
    [ -e "$target/theirs" ]
    [ "$(uuid)" = "$before" ]
    run 3 pool-info p
}

# --- at the same time -----------------------------------------------------------------------------

# A creation in the middle keeps nobody from the pool; and nobody unmounts what it writes to.
refreshed_beside_a_creation() {
    fs_pool ext4
    run 0 vol-create-as p source 100M
    dd if=/dev/urandom of="$target/source" bs=1M count=100 conv=notrunc,fsync status=none
    "$TARN" vol-clone source half --pool p >"$work/clone" 2>&1 &
    clone=$!
    until has_open_files "$clone"; do kill -0 "$clone"; done
    kill -STOP "$clone"
    run 0 pool-refresh p
    run 0 vol-list p
    shows source && shows_no half
    run 0 vol-create-as p another 1M
    kill -CONT "$clone"
    wait "$clone"
    cmp "$target/source" "$target/half"
}
has_open_files() { find "/proc/$1/fd" -lname "$target/*" 2>/dev/null | grep -q .; }

changes_are_told() {
    fs_pool ext4
    "$TARN" pool-event --loop --timeout 20 --event volume --pool p >"$work/events" 2>&1 &
    listener=$!
    tries=0
    until grep -q 'Added new' "$work/events" || [ "$tries" -gt 40 ]; do
        sleep 0.5
        rm -f "$target/new"
        echo x >"$target/new"
        tries=$((tries + 1))
    done
    kill "$listener"
    cat "$work/events"
    grep -q "^event 'volume' for storage pool p: Added new" "$work/events"
}

# Grown, shrunk, and left as large as it is, with all of its bytes allocated.
full_volumes_are_resized() {
    fs_pool ext4
    run 0 vol-create-as p v 4M --allocation 4M
    run 0 vol-resize v 4M --pool p
    run 0 vol-resize v 2M --pool p --shrink
    run 0 vol-resize v 6M --pool p
    [ "$(stat -c %s "$target/v")" -eq 6291456 ]
}

fs_check "a device that comes late: autostart tells why, goes on, and tries again" \
    device_comes_late
fs_check "a file in bad sectors is listed as unreadable, and the pool stays" \
    unreadable_file_hides_nothing
fs_check "odd entries hide nothing, and no pool ends by them" odd_entries_hide_nothing
fs_check "a mkfs that hangs is given up and ended" hung_mkfs_is_given_up
fs_check "orders that contradict each other are refused" contradiction_is_refused
fs_check "a partition table of any kind is refused" all_tables_are_refused
fs_check "stop, delete and undefine each leave what is not theirs" each_verb_does_its_own
fs_check "a refresh goes on beside a creation" refreshed_beside_a_creation
fs_check "what others do to the volumes is told" changes_are_told
fs_check "a volume with all of its bytes is resized" full_volumes_are_resized
clean >/dev/null 2>&1
finish
