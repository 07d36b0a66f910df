#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Pools of type logical beside libvirt's own, on the same group: what goes in the same comes out the
# same; and where libvirt is known to be weak, it is better here.
# shellcheck disable=SC2119,SC2317  # inside comes back, in the machine
. "$(dirname "$0")/lib.sh"
inside --need vgs --disk 256M --disk 256M --timeout 600
. "$(dirname "$0")/logical-lib.sh"
. "$(dirname "$0")/libvirt-lib.sh"
uuid=0b8f1c2e-6a1d-4c0e-9f57-3d2b1a00000a

# A test is libvirt's, too: its pool goes with it.
libvirt_check() {
    forget p
    logical_check "$@"
}

# But when it was read last changes by looking, libvirt calls all times of birth 0, and it says of an
# origin again what is said of that as a volume.
plain() {
    sed -e '/<[ab]time>/d' -e '/<backingStore>/,/<.backingStore>/ {
        /<permissions>/,/<.timestamps>/d
    }'
}

# --- definitions ----------------------------------------------------------------------------------

definitions() {
    echo "<pool type='logical'><source><name>vg</name></source></pool>" | defined "$uuid"
    defined "$uuid" <<END
<pool type='logical'><name>vg</name><source><device path='/dev/sdy'/><device path='/dev/sdz'/></source>
<target><path>/wrong</path></target></pool>
END
    defined "$uuid" <<END
<pool type='logical'><target><permissions><mode>0750</mode></permissions></target>
<name>p</name><capacity unit='G'>7</capacity>
<source><format type='lvm2'/><name>vg</name><device path='/dev/sdz'/></source></pool>
END
}

definitions_of_others() {
    shared=${TARN_SHARED:-$TARN_SRC/../shared}/xml
    ls "$shared"/logical*.xml >/dev/null 2>&1 ||
        skip "there is no pool XML to read: set TARN_SHARED"
    for file in "$shared"/logical*.xml; do
        defined "$uuid" <"$file"
    done
}

# --- pools and volumes ----------------------------------------------------------------------------

# shared_pool ELEMENT…: a running pool p of both.
shared_pool() {
    built "$@"
    run 0 pool-dumpxml p
    libvirt pool-define "$work/out"
    libvirt pool-start p
}

pool_and_volumes_print_alike() {
    shared_pool
    run 0 vol-create-as p a 10M
    lvcreate -q -y -n far -L 200M vg
    lvextend -q -L 260M vg/far
    lvcreate -q -y -n s -s -L 4M vg/a
    both pool-refresh p
    same pool-dumpxml p
    for name in a far s; do
        same vol-dumpxml "$name" --pool p
    done
    same find-storage-pool-sources logical
}

# The key and the extents that it says are nobody's.
volumes_are_made_alike() {
    shared_pool
    cat >"$work/v.xml" <<END
<volume><name>v</name><key>r4xkCv-MQhr-WKIT-R66x-Epn2-e8hG-1Z5gY0</key>
<source><device path='/dev/sda'><extent start='31440502784' end='33520877568'/></device></source>
<capacity unit='KiB'>9000</capacity>
<target><path>/dev/vg/other</path><permissions><mode>0640</mode><owner>0</owner><group>0</group>
</permissions></target></volume>
END
    libvirt vol-create p "$work/v.xml"
    libvirt vol-dumpxml v --pool p
    cp "$work/theirs" "$work/first"
    libvirt vol-delete v --pool p
    run 0 vol-create p "$work/v.xml" --validate
    run 0 -q vol-dumpxml v --pool p
    for file in first out; do
        sed '/<key>/d; /time>/d' "$work/$file" >"$work/$file.plain"
    done
    diff -u "$work/first.plain" "$work/out.plain"
}

# --- weak points ----------------------------------------------------------------------------------

resized() {
    shared_pool
    run 0 vol-create-as p a 8M
    libvirt pool-refresh p
    fails libvirt vol-resize a 16M --pool p
    run 0 vol-resize a 16M --pool p
    [ "$(field lv_size a)" = 16777216 ]
}

# extents FILE: the bytes that the extents in it have together.
extents() { awk -F"'" '/<extent/ { sum += $4 - $2 } END { print sum }' "$1"; }

whole_truth() {
    shared_pool "<logical:thin-pool name='thin' capacity='32 MiB'/>"
    run 0 vol-create-as p t 8M --allocation 0
    lvcreate -q -y -n st -i 2 -L 8M vg
    lvcreate -q -y -an -n asleep -L 4M vg
    libvirt pool-refresh p
    libvirt vol-list p
    grep -w st "$work/theirs"
    fails grep -w -e t -e asleep "$work/theirs"
    libvirt vol-dumpxml st --pool p
    [ "$(extents "$work/theirs")" = 16777216 ]
    run 0 vol-dumpxml st --pool p
    [ "$(extents "$work/out")" = 8388608 ]
    run 0 -q vol-list p --name
    [ "$(sort "$work/out" | tr '\n' ' ')" = "asleep st t " ]
}

# A device that the definition does not name goes with the group.
all_devices_are_cleaned() {
    devices "$one" --
    run 0 pool-build p
    vgextend -q vg "$two"
    run 0 pool-delete p
    [ -z "$(blkid -p "$one")$(blkid -p "$two")" ]
}

sparse_volumes_do_not_die() {
    shared_pool "<logical:thin-pool name='thin' capacity='32 MiB'/>"
    libvirt vol-create-as p theirs 16M --allocation 4M
    run 0 vol-create-as p ours 16M --allocation 4M
    for name in theirs ours; do
        dd if=/dev/urandom of="/dev/vg/$name" bs=1M count=8 oflag=direct status=none || :
    done
    run 0 vol-list p --json
    shows 'its store was full, which lost it: delete it'
    dd if=/dev/vg/ours of=/dev/null bs=1M iflag=direct status=none
    fails dd if=/dev/vg/theirs of=/dev/null bs=1M iflag=direct status=none
}

start_libvirt >&2
libvirt_check "definitions print as libvirt prints them" definitions
libvirt_check "definitions of others print as libvirt prints them" definitions_of_others
libvirt_check "a pool, its volumes and the groups that are found print as libvirt prints them" \
    pool_and_volumes_print_alike
libvirt_check "a volume's definition makes what it makes with libvirt" volumes_are_made_alike
libvirt_check "weak point 25: volumes are resized" resized
libvirt_check "weak point 26: thin and inactive volumes are listed, stripes are as long as they are" \
    whole_truth
libvirt_check "weak point 26: deleting cleans the devices that the definition does not name, too" \
    all_devices_are_cleaned
libvirt_check "weak point 27: a sparse volume outlives what was reserved for it" \
    sparse_volumes_do_not_die
finish
