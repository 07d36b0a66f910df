#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Discs that genisoimage and xorriso made, and ours read by isoinfo, xorriso, 7z and blkid.
# shellcheck source=tests/formats/lib.sh
. "$(dirname "$0")/lib.sh"
for program in genisoimage isoinfo xorriso 7z blkid; do
    command -v $program >/dev/null || { echo "1..0 # SKIP $program is missing"; exit 77; }
done

seed=$dir/seed
mkdir "$seed"
printf '#cloud-config\nhostname: one\n' >"$seed/user-data"
printf 'instance-id: i-1\n' >"$seed/meta-data"
folder=$dir/folder
mkdir -p "$folder/openstack/latest" "$folder/a/b/c/d/e/f/g"
head -c 3000000 /dev/urandom >"$folder/openstack/latest/big"
: >"$folder/empty"
echo umlaut >"$folder/größe mit Leerzeichen.txt"
ln -s ../empty "$folder/openstack/link"
long=$(printf '%0240d' 0 | tr 0 n)
for i in 1 2 3 4 5 6 7 8 9; do
    echo "$i" >"$folder/$long-$i"
    echo "$i" >"$folder/a/b/c/d/e/f/g/UPPER-lower.$i.tar.gz"
done

is() { # PROPERTY VALUE
    grep -qx "$1=$2" "$dir/info"
}

described() { # IMAGE: it is an iso without faults, and its capacity is its size
    "$TOOL" -f iso info "$1" >"$dir/info" && is capacity "$(stat -c %s "$1")" &&
        [ "$("$TOOL" -f iso probe "$1")" = 90 ] &&
        "$TOOL" -f iso check "$1" | grep -q '"corruptions": 0, "leaks": 0, "check-errors": 0'
}

extracted() { # IMAGE FOLDER: the files of the image are those of the folder
    chmod -R u+w "$dir/out" 2>/dev/null
    rm -rf "$dir/out"
    xorriso -osirrox on -indev "$1" -extract / "$dir/out" 2>/dev/null &&
        diff -r --no-dereference "$2" "$dir/out"
}

# --- discs of others ---------------------------------------------------------------------------
{
    genisoimage -quiet -V "PLAIN DISC" -A "an application" -p "a preparer" -o "$dir/image" "$seed" &&
        described "$dir/image" && is volume-id "PLAIN DISC" && is application "an application" &&
        is preparer "a preparer" && ! grep -q '^joliet\|^rock-ridge\|^el-torito' "$dir/info"
} >"$dir/log" 2>&1
report "a plain disc of genisoimage" $?
{
    genisoimage -quiet -V cidata -J -r -o "$dir/image" "$seed" && described "$dir/image" &&
        is volume-id cidata && is joliet yes && is rock-ridge yes &&
        "$TOOL" -f iso cat "$dir/image" | cmp - "$dir/image"
} >"$dir/log" 2>&1
report "a seed of genisoimage with Joliet and Rock Ridge" $?
{
    genisoimage -quiet -udf -J -o "$dir/image" "$seed" && described "$dir/image" && is udf yes
} >"$dir/log" 2>&1
report "a bridge to UDF" $?
{
    genisoimage -quiet -iso-level 4 -o "$dir/image" "$folder" && described "$dir/image" &&
        is enhanced yes
} >"$dir/log" 2>&1
report "ISO 9660:1999" $?
{
    cp -r "$seed" "$dir/boot" && head -c 4096 /dev/zero >"$dir/boot/boot.img" &&
        genisoimage -quiet -b boot.img -no-emul-boot -c boot.cat -o "$dir/image" "$dir/boot" &&
        described "$dir/image" && grep -q '^el-torito=sector ' "$dir/info"
} >"$dir/log" 2>&1
report "El Torito" $?
{
    xorriso -outdev "$dir/x.iso" -volid XORRISO -map "$folder" / -commit 2>/dev/null &&
        described "$dir/x.iso" && is volume-id XORRISO && is rock-ridge yes &&
        head -c 100000 /dev/urandom >"$seed/more" &&
        xorriso -dev "$dir/x.iso" -map "$seed/more" /more -commit 2>/dev/null &&
        rm "$seed/more" && described "$dir/x.iso"
} >"$dir/log" 2>&1
report "xorriso, with a second session" $?
{
    xorriso -as mkisofs -quiet -o "$dir/image" -V HYBRID -append_partition 2 0x83 \
        "$folder/openstack/latest/big" -partition_offset 16 "$seed" 2>/dev/null &&
        described "$dir/image" && is partition-table mbr
} >"$dir/log" 2>&1
report "a disc that is a disk with partitions too" $?
truncate -s -2048 "$dir/image"
"$TOOL" -f iso info "$dir/image" >"$dir/info" 2>"$dir/log" && grep -q ^truncated= "$dir/info" &&
    "$TOOL" -f iso check "$dir/image" 2>>"$dir/log" | grep -vq '"corruptions": 0'
report "a truncated disc is told" $?
{
    head -c 2352000 /dev/zero >"$dir/image" && printf '\0\377\377\377\377\377\377\377\377\377\377\0' |
        dd of="$dir/image" conv=notrunc status=none && printf '\1CD001' |
        dd of="$dir/image" bs=1 seek=37648 conv=notrunc status=none &&
        [ "$("$TOOL" -f iso probe "$dir/image")" = 0 ] &&
        "$TOOL" -f iso info "$dir/image" | grep -q '^raw-sectors='
} >"$dir/log" 2>&1
report "a dump of raw sectors is not taken for a disc" $?

# --- ours --------------------------------------------------------------------------------------
for label in cidata config-2 CIDATA 'Odd <&> label' 12345678901234567890123456789012; do
    rm -f "$dir/image"
    {
        "$TOOL" -f iso create "$dir/image" 0 from="$seed" volume-id="$label" &&
            described "$dir/image" && is volume-id "$label" &&
            [ "$(isoinfo -d -i "$dir/image" | sed -n 's/^Volume id: //p')" = "$label" ] &&
            [ "$(isoinfo -R -x /user-data -i "$dir/image")" = "$(cat "$seed/user-data")" ] &&
            [ "$(isoinfo -J -x /meta-data -i "$dir/image")" = "$(cat "$seed/meta-data")" ] &&
            extracted "$dir/image" "$seed"
    } >"$dir/log" 2>&1
    report "others read a seed with the label $label" $?
done
for label in cidata config-2; do
    rm -f "$dir/image"
    "$TOOL" -f iso create "$dir/image" 0 from="$seed" volume-id="$label" >"$dir/log" 2>&1
    [ "$(blkid -p -s LABEL -o value "$dir/image")" = "$label" ] &&
        [ "$(blkid -p -s TYPE -o value "$dir/image")" = iso9660 ]
    report "blkid sees the label $label" $?
done
[ "$(stat -c %s "$dir/image")" -lt 100000 ]
report "a seed is small" $?
rm -f "$dir/image"
{
    "$TOOL" -f iso create "$dir/image" 0 from="$folder" && described "$dir/image" &&
        [ "$("$TOOL" -f iso measure - 0 from="$folder")" = "$(stat -c %s "$dir/image")" ] &&
        extracted "$dir/image" "$folder" && 7z t "$dir/image"
} >"$dir/log" 2>&1
report "others read a folder with long names, links and many levels" $?
{
    xorriso -read_fs norock -indev "$dir/image" -find / 2>/dev/null |
        grep -qx "'/größe mit Leerzeichen.txt'" &&
        isoinfo -R -f -i "$dir/image" | grep -qx '/größe mit Leerzeichen.txt'
} >"$dir/log" 2>&1
report "names that are no ASCII, in Joliet and in Rock Ridge" $?
rm -f "$dir/image"
{
    "$TOOL" -f iso create "$dir/image" 10000000 from="$folder" &&
        [ "$(stat -c %s "$dir/image")" = 10000000 ] && described "$dir/image" &&
        extracted "$dir/image" "$folder"
} >"$dir/log" 2>&1
report "a larger one than the folder needs" $?
rm -f "$dir/image"
"$TOOL" -f iso create "$dir/image" 1000000 from="$folder" >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -q "needs an image of more than 1000000 bytes" "$dir/log"
report "a smaller one is refused" $?
TMPDIR=$dir/none "$TOOL" -f iso create "$dir/image" 0 from="$seed" >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -q "temporary file" "$dir/log"
report "no room for libarchive's temporary file is told" $?

# --- blank, and converted into -----------------------------------------------------------------
for size in 0 1 32773 2147483647 2147483648 2147483649 5000000000; do
    rm -f "$dir/image"
    {
        "$TOOL" -f iso create "$dir/image" $size && [ "$(stat -c %s "$dir/image")" = $size ] &&
            "$TOOL" -f iso info "$dir/image" | grep -qx "capacity=$size"
    } >"$dir/log" 2>&1
    report "a blank disc of $size bytes" $?
done
rm -f "$dir/image"
{
    "$TOOL" -f iso fill "$dir/image" "$dir/x.iso" && cmp "$dir/image" "$dir/x.iso" &&
        described "$dir/image"
} >"$dir/log" 2>&1
report "a disc that is converted into keeps its bytes" $?
echo x | "$TOOL" -f iso write "$dir/image" 0 >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -q "read-only" "$dir/log" && cmp -s "$dir/image" "$dir/x.iso"
report "a disc is not written" $?
echo "1..$number"
exit $failed
