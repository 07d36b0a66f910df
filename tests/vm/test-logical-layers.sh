#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Pools of type logical, where volumes rest on others: snapshots, images in volumes, RAID on devices of
# which one fails.
# shellcheck disable=SC2119,SC2317  # inside comes back, in the machine
. "$(dirname "$0")/lib.sh"
inside --need vgs --disk 128M --disk 128M --disk 128M --disk 128M --disk 128M --timeout 600
. "$(dirname "$0")/logical-lib.sh"
# shellcheck disable=SC2086  # a list
five=$(set -- $VM_DISKS && echo "$5")

# xml NAME: what tarn says of a volume.
xml() { run 0 vol-dumpxml "$1" --pool p; }

# random VOLUME: fills it.
random() { dd if=/dev/urandom of="/dev/vg/$1" bs=1M oflag=direct status=none 2>/dev/null || :; }

# --- snapshots ------------------------------------------------------------------------------------

classic_snapshot() {
    built
    run 0 vol-create-as p a 16M
    random a
    cp --sparse=never /dev/vg/a "$work/a"
    run 0 vol-create-as p s 16M --allocation 4M --backing-vol a
    [ "$(field origin s)" = a ]
    xml s
    shows '<backingStore>'
    shows '<path>/dev/vg/a</path>'
    shows "<capacity unit='bytes'>16777216</capacity>"
    shows "<allocation unit='bytes'>4194304</allocation>"
    dd if=/dev/zero of=/dev/vg/a bs=1M count=1 oflag=direct status=none
    cmp /dev/vg/s "$work/a"
    run 1 vol-delete a --pool p
    says '"s" in p'
    run 1 vol-delete a --pool p --force
    says 'the volume vg/a is the origin of s, which would be lost'
    run 1 vol-resize a 20M --pool p
    says 'has the snapshot s, and must keep its size'
    random a
    run 0 vol-list p --json
    shows 'its store was full, which lost it: delete it'
    run 0 vol-delete s --pool p
    run 0 vol-delete a --pool p
}

thin_snapshot() {
    built "<logical:thin-pool name='thin' capacity='64 MiB'/>"
    run 0 vol-create-as p a 16M --allocation 0
    random a
    run 0 vol-create-as p s 16M --backing-vol a
    [ "$(field pool_lv s)$(field origin s)" = thina ]
    cmp /dev/vg/a /dev/vg/s
    run 0 vol-clone s c --pool p
    cmp /dev/vg/c /dev/vg/s
    [ "$(field origin c)" = s ]
    xml s
    shows '<path>/dev/vg/a</path>'
    run 1 vol-delete a --pool p
    says '"s" in p'
    fails grep '"c" in p' "$work/err"
    run 0 vol-delete a --pool p --force
    cmp /dev/vg/c /dev/vg/s
    run 0 pool-stop p
    run 0 pool-start p
    is_active s
}

sparse_without_a_thin_pool() {
    built
    run 1 vol-create-as p a 64M --allocation 0
    says 'a volume with less than its capacity takes a thin pool'
    run 0 vol-create-as p a 64M --allocation 8M
    says 'it will be lost when the 8388608 bytes that are reserved for it are full'
    run 0 vol-info a --pool p --bytes
    shows 'Capacity: *67108864'
    shows 'Allocation: *8388608'
}

# --- images ---------------------------------------------------------------------------------------

qcow2_in_a_volume() {
    built
    run 0 vol-create-as p q 16M --format qcow2
    size=$(field lv_size q)
    [ "$size" -gt 16777216 ]
    run 0 vol-info q --pool p --bytes
    shows 'Capacity: *16777216'
    shows "Allocation: *$size"
    xml q
    shows "<format type='qcow2'/>"
    qemu-img info -U --output json /dev/vg/q >"$work/out"
    json virtual-size 16777216
    head -c 2M /dev/urandom >"$work/data"
    run 0 vol-create-as p r 16M
    run 0 vol-upload r "$work/data" --pool p
    run 0 vol-resize q 32M --pool p
    qemu-img info -U --output json /dev/vg/q >"$work/out"
    json virtual-size 33554432
    [ "$(field lv_size q)" -gt 33554432 ]
    qemu-img check -q -U /dev/vg/q
    # What a guest writes into its own bytes makes no image of them.
    dd if=/dev/vg/q of=/dev/vg/r bs=64k count=16 oflag=direct status=none
    run 0 vol-info r --pool p --bytes
    shows 'Capacity: *16777216'
    xml r
    shows_no '<format'
    lvcreate -q -y -n other -l "$(($(field lv_size q) / 4194304))" vg
    dd if=/dev/vg/q of=/dev/vg/other bs=1M oflag=direct status=none
    xml other
    shows_no '<format'
}

# --- layouts --------------------------------------------------------------------------------------

# made NAME LAYOUT [ATTRIBUTE…]: a volume of 8 MiB of that layout is what lvs says that it is.
made() {
    name=$1 type=$2
    shift 2
    cat >"$work/v.xml" <<END
<volume xmlns:logical='urn:tarn:logical:1'><name>$name</name><capacity unit='MiB'>8</capacity>
<logical:layout type='$type' $*/></volume>
END
    run 0 vol-create p "$work/v.xml"
    field lv_layout "$name" | grep -w "$type"
    xml "$name"
}

layouts() {
    devices "$one" "$two" "$three" "$four" "$five" -- \
        "<logical:layout type='striped' stripes='2' stripe-size='64 KiB'/>"
    run 0 pool-build p
    run 0 pool-start p
    run 0 vol-create-as p st 8M
    [ "$(field stripes st)$(field stripe_size st)" = 265536 ]
    xml st
    # Each stripe has half of the volume.
    [ "$(grep -c '<extent' "$work/out")" = 2 ]
    [ "$(awk -F"'" '/<extent/ { sum += $4 - $2 } END { print sum }' "$work/out")" = 8388608 ]
    made plain linear
    [ "$(grep -c '<extent' "$work/out")" = 1 ]
    made m raid1 "mirrors='1'"
    [ "$(grep -c "<device path='/dev/ubd\|<device path='/dev/vd" "$work/out")" = 2 ]
    made r5 raid5 "stripes='2'"
    [ "$(grep -c '<extent' "$work/out")" = 3 ]
    made r6 raid6 "stripes='3'"
    [ "$(grep -c '<extent' "$work/out")" = 5 ]
    made r10 raid10 "stripes='2' mirrors='1'"
    [ "$(grep -c '<extent' "$work/out")" = 4 ]
    run 0 vol-delete r6 --pool p
    [ "$(volumes)" = "m plain r10 r5 st " ]
}

# --- a device fails -------------------------------------------------------------------------------

# brittle ELEMENT…: the pool p, running, on the first disk and /dev/mapper/slow, which lies on the
# second one. What lies beneath that device is out of sight, as it is with a real one.
brittle() {
    sectors=$(blockdev --getsz "$two")
    echo "0 $sectors linear $two 0" | dmsetup create slow
    echo "devices { global_filter = [ \"r|^$two\$|\" ] }" >>/etc/lvm/lvmlocal.conf
    devices "$one" /dev/mapper/slow -- "$@"
    run 0 pool-build p
    run 0 pool-start p
}

# becomes TARGET ARGUMENT…: what that device is from now on.
becomes() {
    echo "0 $sectors $*" | dmsetup load slow
    dmsetup resume slow
}

# Nothing that was there is lost, and it works again when the device does.
writes_fail() {
    brittle
    head -c 8M /dev/urandom >"$work/data"
    run 0 vol-create-as p a 8M
    run 0 vol-upload a "$work/data" --pool p
    becomes flakey "$two" 0 0 1000 1 error_writes
    run 1 vol-create-as p b 8M
    says 'lvm failed'
    [ "$(volumes)" = "a " ]
    becomes linear "$two" 0
    run 0 vol-download a "$work/copy" --pool p
    cmp "$work/data" "$work/copy"
    run 0 vol-create-as p b 8M
    [ "$(volumes)" = "a b " ]
    vgck vg
}

a_device_fails() {
    brittle "<logical:layout type='raid1'/>"
    run 0 vol-create-as p m 8M
    lvcreate -q -y -n lost -L 8M vg /dev/mapper/slow
    lvcreate -q -y -n whole -L 8M vg "$one"
    head -c 8M /dev/urandom >"$work/data"
    run 0 vol-upload m "$work/data" --pool p
    uuid=$(pvs --noheadings -o pv_uuid /dev/mapper/slow | tr -d ' ')
    becomes error
    dd if="$work/data" of=/dev/vg/m bs=1M oflag=direct status=none
    run 0 pool-refresh p
    run 0 pool-info p
    shows 'State: *degraded'
    shows "a device is missing, with the UUID $uuid; lost with it: lost; usable without it: m"
    shows 'm: a device in it has failed: replace it with lvconvert --repair'
    run 0 vol-list p --json
    shows 'a part of it lies on a device that is missing'
    run 0 vol-download m "$work/copy" --pool p
    cmp "$work/data" "$work/copy"
    # It starts without the device, too.
    run 0 pool-stop p --force
    run 0 pool-start p
    run 0 vol-download m "$work/copy" --pool p
    cmp "$work/data" "$work/copy"
    becomes linear "$two" 0
    run 0 pool-refresh p
    run 0 pool-info p
    shows_no 'is missing'
}

# scsi_debug's disk has an error at its sector 0x1234, which is in the first volume.
a_disk_is_pulled() {
    modprobe scsi_debug dev_size_mb=64 opts=0
    udevadm settle
    disk=$(lsblk -n -d -o PATH -I 8 | head -n 1)
    udevadm wait --timeout 30 "$disk"
    devices "$one" "$disk" --
    run 0 pool-build p
    run 0 pool-start p
    lvcreate -q -y -n near -L 16M --addtag tarn vg "$disk"
    lvcreate -q -y -n far -L 8M vg "$one"
    echo 2 >/sys/bus/pseudo/drivers/scsi_debug/opts
    run 1 vol-download near "$work/near" --pool p
    says 'cannot read .* Input/output error'
    run 0 pool-info p
    shows 'State: *running'
    echo 0 >/sys/bus/pseudo/drivers/scsi_debug/opts
    echo 1 >"/sys/block/${disk##*/}/device/delete"
    run 0 pool-refresh p
    run 0 pool-info p
    shows 'State: *degraded'
    shows 'lost with it: near'
    run 0 vol-download far "$work/far" --pool p
}

logical_check "a classic snapshot keeps what was, and keeps its origin" classic_snapshot
logical_check "a thin snapshot outlives its origin, and so does a clone" thin_snapshot
logical_check "sparse without a thin pool: reserved, and with a warning" sparse_without_a_thin_pool
logical_check "a qcow2 image in a volume; bytes that look like one are none" qcow2_in_a_volume
logical_check "striped and RAID volumes lie where they say" layouts
logical_check "a medium error is told, and so is a disk that is pulled" a_disk_is_pulled
logical_check "a device takes no writes: that is told, and nothing is lost" writes_fail
logical_check "a device fails: what is lost and what works is told, and works" a_device_fails
finish
