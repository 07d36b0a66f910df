#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Filesystems of other systems that a pool of type fs can be told to use; those that are only read;
# and those that cannot be had here, refused before anything is lost.
# shellcheck disable=SC2317  # inside comes back, in the machine
. "$(dirname "$0")/lib.sh"
inside --disk 512M --timeout 900
. "$(dirname "$0")/fs-lib.sh"

# --- read and written -----------------------------------------------------------------------------

works_gfs2() { works gfs2 gfs2; }
works_hfs() { works hfs hfs; }
works_jfs() { works jfs jfs; }
works_minix() { works minix minix; }
works_ocfs2() { works ocfs2 ocfs2; }
works_udf() { works udf udf; }
works_vfat() { works vfat vfat; }

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
    need "$1"
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

# refused FORMAT REASON: and what is on the disk stays there. In one list, for `without`.
refused() {
    fs_defined "$1" && run 1 pool-build p --overwrite && says "$2" && run 0 pool-undefine p &&
        [ "$(blkid -p -s LABEL -o value "$disk")" = precious ] && [ ! -e "$target" ]
}

cannot_be_made() {
    mkswap -q -L precious "$disk"
    refused gfs 'no gfs can be made here: Linux has only its successor, gfs2'
    refused vmfs 'no vmfs can be made here: Linux has no driver for it'
    refused ufs 'no ufs can be made here: the kernel only reads it'
    refused iso9660 'no iso9660 can be made here: .* by xorriso'
    refused squashfs 'no squashfs can be made here: .* by mksquashfs'
}

# without PROGRAM COMMAND…: while it is not installed.
without() {
    program=$(command -v "$1") || program=''
    shift
    [ -z "$program" ] || mv "$program" "$program.away"
    failed=0
    "$@" || failed=1
    [ -z "$program" ] || mv "$program.away" "$program"
    [ "$failed" -eq 0 ]
}

maker_is_missing() {
    mkswap -q -L precious "$disk"
    while read -r format maker package; do
        without "$maker" refused "$format" \
            "the program $maker is not installed: it is in the package $package"
    done <<END
hfs+ mkfs.hfsplus hfsprogs
ntfs mkfs.ntfs ntfs-3g
exfat mkfs.exfat exfatprogs
xfs mkfs.xfs xfsprogs
END
}

# User-Mode Linux has neither; a program that would make one is asked for first.
kernel_is_missing() {
    mkswap -q -L precious "$disk"
    for maker in mkfs.ntfs mkfs.exfat; do
        command -v "$maker" && continue
        printf '#!/bin/sh\nexit 1\n' >"/usr/sbin/$maker"
        chmod 755 "/usr/sbin/$maker"
    done
    refused ntfs 'this kernel cannot mount ntfs3'
    refused exfat 'this kernel cannot mount exfat'
}

for type in gfs2 hfs jfs minix ocfs2 udf vfat; do
    fs_check "$type: made, used, found again, and not taken for another" "works_$type"
done
fs_check "vfat: a mode that it cannot have is refused" no_modes_on_vfat
for type in iso9660 squashfs ufs; do
    fs_check "$type: read, and creation is refused" "reads_$type"
done
fs_check "hfsplus: read, as its disc's other half" reads_hfsplus
fs_check "what nobody can make is refused, with the reason, before anything is lost" cannot_be_made
fs_check "what needs a program that is missing is refused, with its package" maker_is_missing
fs_check "what the kernel cannot mount is refused, and not made" kernel_is_missing
clean >/dev/null 2>&1
finish
