#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# bochs images of ours as QEMU and bximage read them, and bximage's as we do, of many sizes.
# shellcheck source=tests/formats/lib.sh
. "$(dirname "$0")/lib.sh"

ours() { "$TOOL" -f bochs "$@"; }
have_bximage=$(command -v bximage)

# The images have whole sectors, so the source is filled up with zeros.
sectors() { # FILE
    truncate -s $((($(stat -c %s "$1") + 511) / 512 * 512)) "$1"
}

same() { # FILE IMAGE
    sectors "$1"
    ours check "$2" | tee "$dir/result" &&
        grep -q '"corruptions": 0, "leaks": 0, "check-errors": 0' "$dir/result" &&
        ours cat "$2" | cmp - "$1" &&
        qemu-img compare -f raw -F bochs "$1" "$2" || return 1
    [ -n "$have_bximage" ] || return 0
    rm -f "$dir/flat"
    bximage -func=convert -imgmode=flat -q "$2" "$dir/flat" </dev/null >"$dir/chatter" && cmp "$dir/flat" "$1"
}

# An empty image is bximage's, byte for byte.
for size in 10M 32M 100M 504M 2G 4G 33G 129G 2000G 8063G; do
    [ -n "$have_bximage" ] || break
    rm -f "$dir/theirs"
    {
        bximage -func=create -hd=$size -imgmode=growing -q "$dir/theirs" </dev/null &&
            bytes=$(od -An -tu8 -j88 -N8 "$dir/theirs" | tr -d ' ') &&
            ours create "$dir/image" "$bytes" &&
            cmp "$dir/theirs" "$dir/image" &&
            [ "$(ours measure "$dir/image" "$bytes")" = "$(stat -c %s "$dir/image")" ] &&
            bximage -func=info -q "$dir/image" </dev/null | grep "mode = 'growing'"
    } >"$dir/log" 2>&1
    report "an empty image of $size" $?
done
ours create "$dir/image" 0 >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -q "holds 1 to" "$dir/log"
report "no image of 0 bytes" $?
ours create "$dir/image" 8796093022209 >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -q "holds 1 to 8796093022208" "$dir/log"
report "a disk that is too large" $?

# Content, and sizes around an extent.
head -c 12000000 /dev/urandom >"$dir/noise.raw"
dd if=/dev/zero of="$dir/noise.raw" bs=1000 seek=4000 count=3000 conv=notrunc status=none
for size in 1 511 512 513 4095 4096 4097 2097151 2097152 2097153 10321920 12000000; do
    head -c $size "$dir/noise.raw" >"$dir/part.raw"
    { ours fill "$dir/image" "$dir/part.raw" && same "$dir/part.raw" "$dir/image"; } \
        >"$dir/log" 2>&1
    report "filled with $size bytes" $?
done
for extent in 4096 65536 8388608; do
    { ours fill "$dir/image" "$dir/noise.raw" cluster-size=$extent &&
        ours info "$dir/image" | grep -q "^cluster-size=$extent\$" &&
        same "$dir/noise.raw" "$dir/image"; } >"$dir/log" 2>&1
    report "extents of $extent bytes" $?
done
fallocate -d "$dir/noise.raw"
{ ours fill "$dir/image" "$dir/noise.raw" && same "$dir/noise.raw" "$dir/image" &&
    ours map "$dir/image" | grep -q '"zero": true'; } >"$dir/log" 2>&1
report "holes stay holes" $?
ours -c fill "$dir/image" "$dir/part.raw" >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -q "nothing compressed" "$dir/log"
report "nothing is compressed" $?

# Filled by bximage.
if [ -n "$have_bximage" ]; then
    rm -f "$dir/image"
    head -c 10321920 /dev/urandom >"$dir/part.raw"
    { bximage -func=convert -imgmode=growing -q "$dir/part.raw" "$dir/image" </dev/null \
        >"$dir/chatter" && same "$dir/part.raw" "$dir/image"; } >"$dir/log" 2>&1
    report "converted by bximage" $?
    # It writes a timestamp into the header, and we have none to write.
    ours fill "$dir/ours" "$dir/part.raw" && cmp -i 512 "$dir/ours" "$dir/image" >"$dir/log" 2>&1
    report "and it puts everything where we put it" $?
    rm -f "$dir/theirs"
    { bximage -func=resize -hd=20M -q "$dir/ours" "$dir/theirs" </dev/null >"$dir/chatter" &&
        ours cat "$dir/theirs" | cmp -n 10321920 - "$dir/part.raw"; } >"$dir/log" 2>&1
    report "resized by bximage" $?
fi

# Version 1: the same without the timestamp, so that the size comes earlier.
head -c 3000320 "$dir/noise.raw" >"$dir/part.raw"
ours fill "$dir/image" "$dir/part.raw"
{
    head -c 64 "$dir/image"
    printf '\000\000\001\000'
    dd if="$dir/image" bs=1 skip=68 count=16 status=none
    dd if="$dir/image" bs=1 skip=88 count=8 status=none
    dd if=/dev/zero bs=1 count=4 status=none
    tail -c +97 "$dir/image"
} >"$dir/first"
{ ours info "$dir/first" | grep -qx version=1 && ours cat "$dir/first" | cmp - "$dir/part.raw" &&
    qemu-img compare -q -f raw -F bochs "$dir/part.raw" "$dir/first" &&
    echo changed | ours write "$dir/first" 1000000 &&
    printf 'changed\n' | dd of="$dir/part.raw" bs=1 seek=1000000 conv=notrunc status=none &&
    qemu-img compare -q -f raw -F bochs "$dir/part.raw" "$dir/first"; } >"$dir/log" 2>&1
report "version 1" $?

# Overlays are described, and never read as if they were whole.
for kind in Undoable Volatile; do
    cp "$dir/image" "$dir/overlay"
    printf '%s\000' $kind | dd of="$dir/overlay" bs=1 seek=48 conv=notrunc status=none
    ours info "$dir/overlay" >"$dir/log" 2>&1 && grep -q '^needs=' "$dir/log"
    report "$kind is described" $?
    ours cat "$dir/overlay" >"$dir/log" 2>&1
    [ $? -eq 1 ] && grep -q "flat disk" "$dir/log"
    report "$kind is not read" $?
done

# Large and nearly empty: a few writes at the ends. QEMU knows of no holes in bochs images, so that
# it reads the first and last bytes only.
head_and_tail() { # SIZE IMAGE
    qemu-img dd -f bochs -O raw if="$2" of="$dir/first.raw" bs=512 count=136 &&
        qemu-img dd -f bochs -O raw if="$2" of="$dir/last.raw" bs=512 skip=$(($1 / 512 - 136)) &&
        cmp -n 69632 "$dir/first.raw" "$dir/piece.raw" &&
        tail -c 69632 "$dir/piece.raw" | cmp - "$dir/last.raw"
}
head -c 70000 "$dir/noise.raw" >"$dir/piece.raw"
for size in 2147483136 2147483648 2147484160 6442450944 8796093022208; do
    rm -f "$dir/image"
    {
        ours create "$dir/image" $size &&
            ours write "$dir/image" 0 <"$dir/piece.raw" &&
            ours write "$dir/image" $((size - 70000)) <"$dir/piece.raw" &&
            ours read "$dir/image" $((size - 70000)) 70000 | cmp - "$dir/piece.raw" &&
            ours check "$dir/image" | grep -q '"corruptions": 0, "leaks": 0' &&
            head_and_tail $size "$dir/image"
    } >"$dir/log" 2>&1
    report "a disk of $size bytes" $?
done

# Little memory for what claims to be large.
# shellcheck disable=SC3045 # dash and bash know it
limited() { (grep -q __asan_init "$TOOL" || ulimit -v 65536; timeout 5 "$TOOL" -f bochs "$@"); }
for verb in info check map; do
    limited $verb "$dir/image" >"$dir/log" 2>&1
    report "$verb of 8 TiB takes less than 64 MiB" $?
done
truncate -s 600 "$dir/image"
limited info "$dir/image" >"$dir/log" 2>&1 && grep -qx capacity=8796093022208 "$dir/log"
report "600 bytes that claim 8 TiB are described" $?
limited cat "$dir/image" >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -q "catalog ends" "$dir/log"
report "600 bytes that claim 8 TiB are not read" $?
echo "1..$number"
exit $failed
