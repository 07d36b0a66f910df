# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
#
# What the tests of pools of type fs share, inside the machine. The target lies on a tmpfs: below an
# overlay some things are not what they are elsewhere.

# The overlay has no files without names, which definitions are written with.
TMPDIR=/run
export TMPDIR
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

# is_mounted TYPE: of that type, on the target.
is_mounted() { [ "$(findmnt -n -o FSTYPE "$target")" = "$1" ]; }

nothing_mounted() { ! findmnt -n "$target"; }

# uuid: of the filesystem on the first disk.
uuid() { blkid -p -s UUID -o value "$disk"; }
