#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The plug is pulled while a volume is being made. After the next boot the filesystem is sound, the
# pool starts, nothing half made is to be seen, and the space is back. Once with a filesystem that
# has files without names, once with one that has not.
# shellcheck disable=SC2016  # what is quotes is for the machine
set -u
here=$(dirname "$0")
base=$(mktemp -d "${TMPDIR:-/tmp}/tarn-vm-fs.XXXXXX") || exit 99
trap 'rm -rf "$base"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
tests=0 failures=0

# The pool is defined in each boot anew: the machine keeps nothing but its disks.
common='set -e
    export TARN_ROOT=/run/tarn
    mkdir -p /run/tarn /srv/p
    mount -t tmpfs tmpfs /srv/p
    tarn() { ./tarn "$@"; }
    tarn pool-define-as p fs --source-dev $VM_DISKS --source-format $FORMAT --target /srv/p/mnt
    available() { tarn pool-info p --bytes | awk "/Available/ { print \$2 }"; }
'

# In the middle is when a good part of the clone is on the disk.
first='
    tarn pool-start p --build --no-overwrite
    tarn vol-create-as p source 240M --allocation 240M
    dd if=/dev/urandom of=/srv/p/mnt/source bs=1M count=240 conv=notrunc,fsync status=none
    tarn vol-create-as p kept 1M
    sync -f /srv/p/mnt
    available >$VM_OUT/before
    limit=$(($(stat -f -c "%a - 30000000 / %S" /srv/p/mnt)))
    tarn vol-clone source half --pool p &
    while [ $(stat -f -c %a /srv/p/mnt) -gt $limit ]; do :; done
    pkill -STOP -f "vol-clone source half"
    sync -f /srv/p/mnt
    ls -A /srv/p/mnt >$VM_OUT/names
    available >$VM_OUT/middle
    vm-kill'

second='
    case $FORMAT in
        ext4) fsck.ext4 -p $VM_DISKS || [ $? -eq 1 ] ;;
        vfat) fsck.vfat -a $VM_DISKS || [ $? -eq 1 ] ;;
    esac
    tarn pool-build p
    tarn pool-start p
    tarn vol-list p
    available >$VM_OUT/after
    ls -A /srv/p/mnt >$VM_OUT/left
    tarn vol-info kept --pool p
    tarn vol-clone source half --pool p
    cmp /srv/p/mnt/source /srv/p/mnt/half
    tarn pool-stop p
    case $FORMAT in
        ext4) fsck.ext4 -fn $VM_DISKS ;;
        vfat) fsck.vfat -n $VM_DISKS ;;
    esac'

crash() {
    local out=$base/out status=0
    rm -rf "$out" "$base/disk"
    truncate -s 640M "$base/disk"
    "$here/run" --disk "$base/disk" --out "$out" -c "FORMAT=$1; $common $first" || status=$?
    [ $status -eq 137 ] || return
    [ "$(cat "$out/middle")" -lt $(($(cat "$out/before") - 20000000)) ]
    "$here/run" --disk "$base/disk" --out "$out" -c "FORMAT=$1; $common $second"
    cat "$out/names" "$out/left"
    if grep -x -e half -e '.*part' "$out/left"; then return 1; fi
    # A block or two of folders and journals may differ.
    [ "$(cat "$out/after")" -ge $(($(cat "$out/before") - 262144)) ]
}

crash_ext4() { crash ext4; }
crash_vfat() { crash vfat && grep '\.part$' "$base/out/names"; }

check() {
    tests=$((tests + 1))
    if (set -e; "$2") >"$base/log" 2>&1 </dev/null; then
        echo "ok $tests - $1"
    else
        failures=$((failures + 1))
        echo "not ok $tests - $1"
        tail -n 60 "$base/log" | sed 's/^/# /'
    fi
}

"$here/run" -c true >"$base/log" 2>&1
if [ $? -eq 126 ]; then
    cat "$base/log"
    exit 77
fi
check "ext4: a volume half made when the machine died is gone, and its space is back" crash_ext4
check "vfat: the same, where it had a name" crash_vfat
echo "1..$tests"
[ $failures -eq 0 ]
