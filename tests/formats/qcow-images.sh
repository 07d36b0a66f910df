#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# qcow images of ours as QEMU reads them, and QEMU's as we do: plain, compressed, over a backing
# store, of many sizes.
# shellcheck source=tests/formats/lib.sh
. "$(dirname "$0")/lib.sh"

ours() { "$TOOL" -f qcow "$@"; }

# The images have whole sectors, so the source is filled up with zeros.
sectors() { # FILE
    truncate -s $((($(stat -c %s "$1") + 511) / 512 * 512)) "$1"
}

# Do both read the image as the file, and is it sound?
same() { # FILE IMAGE
    sectors "$1"
    ours check "$2" | tee "$dir/result" &&
        grep -q '"corruptions": 0, "leaks": 0, "check-errors": 0' "$dir/result" &&
        ours cat "$2" | cmp - "$1" &&
        qemu-img compare -f raw -F qcow "$1" "$2"
}

# An empty image is the same, byte for byte.
for size in 512 1000 4096 10M 2147483136 2147483648 2147484160 5G 2T; do
    rm -f "$dir/theirs"
    bytes=$(numfmt --from=iec $size)
    {
        qemu-img create -q -f qcow "$dir/theirs" $size &&
            ours create "$dir/image" "$bytes" &&
            cmp "$dir/theirs" "$dir/image" &&
            [ "$(ours measure "$dir/image" "$bytes")" = "$(stat -c %s "$dir/image")" ]
    } >"$dir/log" 2>&1
    report "an empty image of $size" $?
done
head -c 700000 /dev/urandom >"$dir/base.raw"
for name in base.raw b "$dir/base.raw"; do
    rm -f "$dir/theirs"
    (
        cd "$dir" || exit 1
        ln -sf base.raw b
        qemu-img create -q -f qcow -b "$name" -F raw theirs 10M &&
            ours create image 10485760 backing="$name" backing-format=raw &&
            cmp theirs image && ours info image | grep -qx "backing=$name" &&
            ! ours info image | grep -q backing-format
    ) >"$dir/log" 2>&1
    report "an empty image over a backing store with a name of ${#name} bytes" $?
done
ours create "$dir/image" 0 >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -q "holds 1 to" "$dir/log"
report "no image of 0 bytes" $?

# Content, in each cluster size, and at sizes around a cluster.
yes "text that packs well, but has many lines" | nl | head -c 3000000 >"$dir/text.raw"
head -c 300000 /dev/urandom | dd of="$dir/text.raw" bs=1000 seek=1500 conv=notrunc status=none
for cluster in 512 1024 4096 16384 65536; do
    for flags in "" -c; do
        # shellcheck disable=SC2086 # one flag, or none
        {
            ours $flags fill "$dir/image" "$dir/text.raw" cluster-size=$cluster &&
                same "$dir/text.raw" "$dir/image"
        } >"$dir/log" 2>&1
        report "filled, clusters of $cluster bytes $flags" $?
    done
done
for size in 1 511 512 513 4095 4096 4097 8192 1000000; do
    for flags in "" -c; do
        head -c $size "$dir/text.raw" >"$dir/part.raw"
        # shellcheck disable=SC2086
        {
            ours $flags fill "$dir/image" "$dir/part.raw" && same "$dir/part.raw" "$dir/image"
        } >"$dir/log" 2>&1
        report "filled with $size bytes $flags" $?
    done
done
# qemu-img 7.2 says that -c failed when the image is complete, so only the image counts.
for options in "" -c; do
    rm -f "$dir/image"
    # shellcheck disable=SC2086
    {
        qemu-img convert $options -f raw -O qcow "$dir/text.raw" "$dir/image"
        same "$dir/text.raw" "$dir/image"
    } >"$dir/log" 2>&1
    report "converted by qemu-img $options" $?
done
[ "$(ours map "$dir/image" | grep -c '"data": true')" -gt 100 ]
report "the map of a compressed image" $?

# Large and nearly empty: a few writes at the ends.
head -c 70000 "$dir/base.raw" >"$dir/piece.raw"
for size in 2147483136 2147483648 2147484160 6442450944 562949951324160; do
    rm -f "$dir/image"
    {
        ours create "$dir/image" $size &&
            ours write "$dir/image" 0 <"$dir/piece.raw" &&
            ours write "$dir/image" $((size - 70000)) <"$dir/piece.raw" &&
            ours read "$dir/image" $((size - 70000)) 70000 | cmp - "$dir/piece.raw" &&
            ours check "$dir/image" | grep -q '"corruptions": 0, "leaks": 0'
    } >"$dir/log" 2>&1
    report "a disk of $size bytes" $?
    [ $size -lt 10000000000 ] || continue # QEMU takes all of the L1 table into its memory
    {
        truncate -s $size "$dir/sparse.raw" &&
            dd if="$dir/piece.raw" of="$dir/sparse.raw" conv=notrunc status=none &&
            dd if="$dir/piece.raw" of="$dir/sparse.raw" conv=notrunc status=none bs=70000 \
                oflag=seek_bytes seek=$((size - 70000)) &&
            qemu-img compare -f raw -F qcow "$dir/sparse.raw" "$dir/image"
    } >"$dir/log" 2>&1
    report "a disk of $size bytes, as qemu-img reads it" $?
    rm -f "$dir/sparse.raw"
done
rm -f "$dir/image"
ours create "$dir/image" 562949951324161 >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -q "larger clusters" "$dir/log"
report "a disk that is too large" $?

# Over a backing store: the format is the host's to know, so image-tool's refuses to guess; opened
# without it, what lies there is not made up.
(
    cd "$dir" || exit 1
    rm -f image
    qemu-img create -q -f qcow -b base.raw -F raw image 1M
    qemu-io -f qcow -c 'write -P 7 100k 50k' -c 'write -P 8 699k 5k' image >log 2>&1
    ours cat image
) >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -q "no recorded format" "$dir/log"
report "the format of a backing store is not guessed" $?
ours -n map "$dir/image" >"$dir/map" 2>"$dir/log" && grep -q '"backing": true' "$dir/map" &&
    ours -n read "$dir/image" 102400 51200 | tr -d '\007' | cmp - /dev/null
report "without its backing store" $?
ours -n read "$dir/image" 0 512 >/dev/null 2>"$dir/log"
[ $? -eq 1 ] && grep -q "not opened" "$dir/log"
report "nothing is made up for the missing backing store" $?

# Encryption is named, and nobody reads it as data.
rm -f "$dir/image"
if qemu-img create -q -f qcow --object secret,id=s,data=swordfish \
    -o encrypt.format=aes,encrypt.key-secret=s "$dir/image" 1M >"$dir/log" 2>&1; then
    ours info "$dir/image" | grep -qx encryption=aes
    report "AES is named" $?
    ours cat "$dir/image" >/dev/null 2>"$dir/log"
    [ $? -eq 1 ] && grep -q "encrypted (AES)" "$dir/log"
    report "AES is not read" $?
fi

# 7-Zip reads what is not compressed.
if command -v 7z >/dev/null; then
    cp "$dir/text.raw" "$dir/part.raw"
    {
        ours fill "$dir/image.qcow" "$dir/part.raw" && sectors "$dir/part.raw" &&
            7z e -so -tQCOW "$dir/image.qcow" >"$dir/theirs" && cmp "$dir/theirs" "$dir/part.raw"
    } >"$dir/log" 2>&1
    report "7z reads the same" $?
fi
echo "1..$number"
exit $failed
