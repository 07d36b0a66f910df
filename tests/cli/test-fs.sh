#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Definitions of pools of type fs: what goes in comes out, and what makes no sense is refused. Nothing
# is mounted; tests/vm/test-fs*.sh do that.
. "$(dirname "$0")/lib.sh"

same_in_and_out() {
    cat >"$work/p.xml" <<'END'
<pool type='fs' xmlns:fs='http://libvirt.org/schemas/storagepool/fs/1.0'>
  <name>p</name>
  <uuid>70a7eb15-6c34-ee9c-bf57-69e8e5ff3fb2</uuid>
  <capacity unit='bytes'>0</capacity>
  <allocation unit='bytes'>0</allocation>
  <available unit='bytes'>0</available>
  <source>
    <device path='/dev/sda1'/>
    <format type='ext3'/>
  </source>
  <target>
    <path>/mnt</path>
    <permissions>
      <mode>0700</mode>
      <owner>0</owner>
      <group>0</group>
    </permissions>
  </target>
  <fs:mount_opts>
    <fs:option name='noatime'/>
  </fs:mount_opts>
</pool>

END
    run 0 pool-define --validate "$work/p.xml"
    run 0 pool-dumpxml p
    diff -u "$work/p.xml" "$work/out"
}

auto_without_a_format() {
    run 0 pool-define-as p fs --source-dev /dev/sda1 --target /mnt
    run 0 pool-dumpxml p
    shows "<format type='auto'/>"
}

# defines STATUS DEVICE FORMAT
defines() {
    echo "<pool type='fs'><name>p</name><source><device path='$2'/><format type='$3'/></source>
        <target><path>/mnt</path></target></pool>" >"$work/p.xml"
    run "$1" pool-define --validate "$work/p.xml"
    [ "$1" -ne 0 ] || run 0 pool-undefine p
}

# From people who wrote them for libvirt, as libvirt prints them.
samples() {
    samples_of fs.xml <<'END'
<pool type='fs'>
  <name>virtimages</name>
  <source>
    <device path='/dev/VolGroup00/VirtImages'/>
    <format type='auto'/>
  </source>
  <target>
    <path>/var/lib/virt/images</path>
  </target>
</pool>
END
    samples_of fs-options.xml <<'END'
<pool type='fs' xmlns:fs='http://libvirt.org/schemas/storagepool/fs/1.0'>
  <name>scratch</name>
  <source>
    <device path='/dev/vdb'/>
    <format type='xfs'/>
  </source>
  <target>
    <path>/mnt/scratch</path>
    <permissions>
      <mode>0755</mode>
    </permissions>
  </target>
  <fs:mount_opts>
    <fs:option name='noatime'/>
    <fs:option name='logbufs=8'/>
  </fs:mount_opts>
</pool>
END
}

# samples_of FILE: it is printed as what is on standard input, but for the UUID and the sizes.
samples_of() {
    sample=${TARN_SHARED:-$TARN_SRC/../shared}/xml/$1
    [ -f "$sample" ] || skip "there is no pool XML to read: set TARN_SHARED"
    run 0 pool-define --validate "$sample"
    run 0 -q --json pool-list --all
    run 0 -q pool-dumpxml "$("$JSON_GET" 0/name <"$work/out")"
    grep -c -e "<uuid>" -e "<capacity unit='bytes'>0<" -e "<allocation unit='bytes'>0<" \
        -e "<available unit='bytes'>0<" "$work/out" | grep -x 4
    sed -i -e '/<uuid>/d' -e '/ unit=.bytes./d' "$work/out"
    prints_like
    rm -rf "${TARN_ROOT:?}/etc"
}

all_formats() {
    for format in auto ext2 ext3 ext4 ufs iso9660 udf gfs gfs2 vfat hfs+ xfs ocfs2 vmfs btrfs exfat \
        f2fs hfs jfs minix nilfs2 ntfs reiserfs squashfs; do
        defines 0 /dev/sda1 "$format"
    done
    defines 1 /dev/sda1 bananas
}

devices() {
    for device in /dev/sda1 /srv/image.img UUID=1-2 'LABEL=a b' PARTUUID=1 PARTLABEL=x; do
        defines 0 "$device" ext4
    done
    for device in sda1 UUID= '' iqn.2013-06.com.example:disk; do
        defines 1 "$device" ext4
    done
    echo "<pool type='fs'><name>p</name><source><device path='/a'/><device path='/b'/></source>
        <target><path>/mnt</path></target></pool>" >"$work/p.xml"
    run 1 pool-define "$work/p.xml"
    says 'exactly one <source><device>'
    echo "<pool type='fs'><name>p</name><source/><target><path>/mnt</path></target></pool>" \
        >"$work/p.xml"
    run 1 pool-define "$work/p.xml"
}

one_pool_for_a_device() {
    : >"$work/image"
    ln -s image "$work/link"
    run 0 pool-define-as p fs --source-dev "$work/image" --target /mnt
    run 1 pool-define-as q fs --source-dev "$work/link" --target /srv
    says "is that of the pool p already"
    run 1 pool-define-as q dir --target /mnt
}

check "a definition comes out as it went in" same_in_and_out
check "libvirt's samples are printed as libvirt prints them" samples
check "without a format it is auto" auto_without_a_format
check "libvirt's formats and ours are accepted" all_formats
check "a device is a path or a tag, and there is one" devices
check "a device is for one pool, whatever link leads there" one_pool_for_a_device
finish
