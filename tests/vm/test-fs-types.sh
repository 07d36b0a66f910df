#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Every filesystem that a pool of type fs can be told to use: made, filled, listed, found again
# after a stop; those that are only read; and those that cannot be had here, refused before anything
# is lost.
# shellcheck disable=SC2317  # inside comes back, in the machine
. "$(dirname "$0")/lib.sh"
inside --disk 512M --timeout 900
. "$(dirname "$0")/fs-lib.sh"

# --- read and written -----------------------------------------------------------------------------

# works FORMAT MOUNTED-TYPE: with images, plain files and folders, and no trace of a volume that was
# given up.
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
    if [ -n "$(uuid)" ]; then
        run 0 pool-stop p
        wipefs -q -a "$disk"
        case $1 in
            ext?) "mkfs.$1" -q -F "$disk" ;;
            xfs | btrfs) "mkfs.$1" -q -f "$disk" ;;
            vfat) mkfs.vfat -I "$disk" ;;
            *) return 0 ;;
        esac
        run 1 pool-start p
        says 'adopt'
    fi
}

works_btrfs() { works btrfs btrfs; }
works_ext2() { works ext2 ext2; }
works_ext3() { works ext3 ext3; }
works_ext4() { works ext4 ext4; }
works_f2fs() { works f2fs f2fs; }
works_gfs2() { works gfs2 gfs2; }
works_hfs() { works hfs hfs; }
works_jfs() { works jfs jfs; }
works_minix() { works minix minix; }
works_nilfs2() { works nilfs2 nilfs2; }
works_ocfs2() { works ocfs2 ocfs2; }
works_reiserfs() { works reiserfs reiserfs; }
works_udf() { works udf udf; }
works_vfat() { works vfat vfat; }
works_xfs() { works xfs xfs; }

# Another mode than all files have there is refused, not forgotten.
no_modes_on_vfat() {
    fs_pool vfat
    echo "<volume><name>v</name><capacity>4096</capacity><target><permissions><mode>0644</mode>
        </permissions></target></volume>" >"$work/v.xml"
    run 1 vol-create p "$work/v.xml"
    says 'the mode that the definition asks for cannot be set on .*: its filesystem keeps no modes'
    [ -z "$(ls -A "$target")" ]
    [ "$(stat -c %a "$target")" = 700 ]
}

# --- only read ------------------------------------------------------------------------------------

# reads FORMAT MOUNTED-TYPE: what is on the disk already.
reads() {
    fs_defined "$1"
    run 0 pool-build p
    run 0 pool-start p
    is_mounted "$2"
    run 0 vol-info file --pool p --bytes
    shows 'Capacity: *1000'
    run 1 vol-create-as p new 1M
    says "what lies on $target is mounted read-only"
    run 1 vol-delete file --pool p
    run 0 pool-refresh p
    run 0 pool-stop p
    nothing_mounted
}

# image COMMAND…: what it makes of a folder with one file, as $work/image, is put on the disk.
image() {
    mkdir "$work/tree"
    head -c 1000 /dev/urandom >"$work/tree/file"
    "$@"
    dd if="$work/image" of="$disk" bs=1M conv=fsync status=none
}

reads_iso9660() {
    image xorriso -as mkisofs -quiet -o "$work/image" -R "$work/tree"
    reads iso9660 iso9660
    run 0 pool-undefine p
    reads auto iso9660
    run 0 pool-undefine p
    fs_defined iso9660
    run 1 pool-build p --overwrite
    says 'no iso9660 can be made here'
}

reads_squashfs() {
    image mksquashfs "$work/tree" "$work/image" -quiet -no-progress
    reads squashfs squashfs
}

reads_ufs() {
    image makefs -t ffs -s 16m "$work/image" "$work/tree"
    reads ufs ufs
}

reads_hfsplus() {
    image xorriso -as mkisofs -quiet -o "$work/image" -hfsplus "$work/tree"
    fs_defined hfs+
    run 0 pool-build p
    run 0 pool-start p
    is_mounted hfsplus
    run 0 vol-info file --pool p --bytes
    shows 'Capacity: *1000'
}

# --- not to be had --------------------------------------------------------------------------------

refused_before_anything_is_lost() {
    mkswap -q -L precious "$disk"
    for format in gfs vmfs ufs iso9660 squashfs; do
        fs_defined "$format"
        run 1 pool-build p --overwrite
        says "no $format can be made here: "
        run 0 pool-undefine p
    done
    for format in exfat ntfs hfs+; do
        maker=mkfs.$format type=$format
        [ "$format" = ntfs ] && type=ntfs3
        [ "$format" = hfs+ ] && maker=mkfs.hfsplus type=hfsplus
        fs_defined "$format"
        if ! command -v "$maker"; then
            run 1 pool-build p --overwrite
            says "the program $maker is not installed: it is in the package "
        elif ! modprobe "$type"; then
            run 1 pool-build p --overwrite
            says "this kernel cannot mount $type"
        fi
        run 0 pool-undefine p
    done
    [ "$(blkid -p -s LABEL -o value "$disk")" = precious ]
    [ ! -e "$target" ]
}

for type in btrfs ext2 ext3 ext4 f2fs gfs2 hfs jfs minix nilfs2 ocfs2 reiserfs udf vfat xfs; do
    fs_check "$type: made, used, found again, and not taken for another" "works_$type"
done
fs_check "vfat: a mode that it cannot have is refused" no_modes_on_vfat
for type in iso9660 squashfs ufs; do
    fs_check "$type: read, and creation is refused" "reads_$type"
done
fs_check "hfsplus: read, as its disc's other half" reads_hfsplus
fs_check "what cannot be made or mounted is refused before anything is lost" \
    refused_before_anything_is_lost
clean >/dev/null 2>&1
finish
