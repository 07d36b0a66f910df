# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
#
# What the tests of pools of type fs share, inside the machine. The target lies on a tmpfs: below an
# overlay some things are not what they are elsewhere.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"

# shellcheck disable=SC2086  # a list
set -- $VM_DISKS
disk=$1 other=${2:-}
target=/srv/fs/p
mkdir -p /srv/fs
mount -t tmpfs tmpfs /srv/fs

# fs_check NAME FUNCTION: check, where nothing is mounted and the disks are empty.
fs_check() {
    clean >/dev/null 2>&1
    check "$@"
}

clean() {
    for held in $(dmsetup ls | awk '/\t/ { print $1 }'); do dmsetup resume "$held"; done
    while umount -l "$target"; do :; done
    umount -l /srv/fs/q
    dmsetup remove_all -f
    losetup -D
    swapoff -a
    for each in $disk $other; do wipefs -q -a -f "$each"; done
    rm -rf /srv/fs/*
}

# fs_pool FORMAT OPTION…: a pool p of that format on the first disk, built and started.
fs_pool() {
    fs_defined "$@"
    run 0 pool-build p --no-overwrite
    run 0 pool-start p
}

# fs_defined FORMAT OPTION…: the same, but only defined.
fs_defined() {
    format=$1
    shift
    run 0 pool-define-as p fs --source-dev "$disk" --source-format "$format" --target "$target" "$@"
}

# isolate MODULE: from now on in a process of its own.
isolate() {
    mkdir "$work/plugins"
    cp "$TARN_PLUGINS_DIR"/*.conf "$work/plugins"
    sed -i '/^provides/a isolation = process' "$work/plugins/$1.conf"
    TARN_PLUGINS_DIR=$work/plugins
}

# is_mounted TYPE: of that type, on the target.
is_mounted() { [ "$(findmnt -n -o FSTYPE "$target")" = "$1" ]; }

nothing_mounted() { ! findmnt -n "$target"; }

# uuid: of the filesystem on the first disk.
uuid() { blkid -p -s UUID -o value "$disk"; }

# works FORMAT MOUNTED-TYPE: with images, plain files and folders, and no trace of a volume that was
# given up; and what somebody else makes on the disk is not the pool's, if it has a UUID.
works() {
    fs_pool "$1"
    is_mounted "$2"
    findmnt -n -o OPTIONS "$target" | grep nosuid,nodev,noexec
    run 0 vol-create-as p a.qcow2 8M --format qcow2
    run 0 vol-create-as p b.raw 1M --allocation 1M
    run 0 vol-create-as p folder 0 --format dir
    run 1 vol-create-as p a.qcow2 8M --format qcow2
    run 0 vol-clone a.qcow2 c.qcow2 --pool p
    run 0 vol-delete b.raw --pool p
    run 0 pool-stop p
    nothing_mounted
    [ -z "$(ls -A "$target")" ]
    run 0 pool-start p
    run 0 vol-list p
    shows a.qcow2 && shows c.qcow2 && shows folder && shows_no b.raw
    shows_no '\.part'
    run 0 vol-info a.qcow2 --pool p --bytes
    shows 'Capacity: *8388608'
    [ -n "$(uuid)" ] || return 0
    run 0 pool-stop p
    mkdir "$work/elsewhere"
    (
        TARN_ROOT=$work/elsewhere
        fs_defined "$1"
        run 0 pool-build p --overwrite
    )
    run 1 pool-start p
    says 'adopt'
}
