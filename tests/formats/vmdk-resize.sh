#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# VMDK images that grow: within their tables, beyond them, beyond their directories; what is new
# reads as zeros, and qemu-img agrees.
# shellcheck source=tests/formats/lib.sh
. "$(dirname "$0")/lib.sh"

ours() { # COMMAND ARGUMENT…
    "$TOOL" -f vmdk "$@"
}

# Both checks find nothing but what is told, and the disk is what the file says.
holds() { # IMAGE EXPECTED
    ours check "$1" | grep -q '"corruptions": 0, "leaks": 0, "check-errors": 0' &&
        ours info "$1" | grep -q '^flags=0$' && qemu-img check -q -f vmdk "$1" &&
        qemu-img compare -q -f vmdk -F raw "$1" "$2" &&
        ours info "$1" | grep -q "^capacity=$(stat -c %s "$2")\$"
}

grow() { # NAME SIZE…
    name=$1
    shift
    for size in "$@"; do
        {
            ours resize "$dir/image.vmdk" "$size" && truncate -s "$size" "$dir/plain" &&
                holds "$dir/image.vmdk" "$dir/plain" &&
                head -c 700 /dev/urandom >"$dir/piece" &&
                ours write "$dir/image.vmdk" $((size - 700)) <"$dir/piece" &&
                dd if="$dir/piece" of="$dir/plain" bs=1M oflag=seek_bytes seek=$((size - 700)) \
                    conv=notrunc status=none && holds "$dir/image.vmdk" "$dir/plain"
        } >"$dir/log" 2>&1
        report "$name grows to $size bytes" $?
    done
}

fresh() {
    rm -f "$dir"/image* "$dir/plain"
    head -c 1000448 /dev/urandom >"$dir/plain"
}

for subformat in monolithicSparse monolithicFlat vmfs; do
    fresh
    ours fill "$dir/image.vmdk" "$dir/plain" subformat=$subformat
    grow "own $subformat" 1048576 33554432 33554944 4294967296 4294967808 20000000000
done
for subformat in monolithicSparse monolithicFlat; do
    fresh
    qemu-img convert -q -f raw -O vmdk -o subformat=$subformat "$dir/plain" "$dir/image.vmdk"
    grow "qemu-img's $subformat" 1001472 40000000 9000000000
done
for subformat in twoGbMaxExtentSparse twoGbMaxExtentFlat; do
    fresh
    ours fill "$dir/image.vmdk" "$dir/plain" subformat=$subformat
    grow "own $subformat" 1048576 40000000 2147483648
    ours resize "$dir/image.vmdk" 2147484160 >"$dir/log" 2>&1
    [ $? -eq 1 ] && grep -q "at most 2 GiB" "$dir/log" && holds "$dir/image.vmdk" "$dir/plain"
    report "and no further" $?
done
fresh
truncate -s 3000000512 "$dir/plain"
ours fill "$dir/image.vmdk" "$dir/plain" subformat=twoGbMaxExtentSparse
grow "the second extent" 3100000256

# Space that growing reserves is really taken.
for subformat in monolithicSparse monolithicFlat; do
    fresh
    ours create "$dir/image.vmdk" 1000448 subformat=$subformat
    ours resize "$dir/image.vmdk" 8000000 2 >"$dir/log" 2>&1 &&
        [ "$(du -c --block-size=1 "$dir"/image* | tail -1 | cut -f1)" -ge 6900000 ] &&
        qemu-img check -q "$dir/image.vmdk"
    report "growing with allocation takes the space of $subformat" $?
done

# What another program left behind the end of the disk does not show.
fresh
truncate -s 100352 "$dir/plain"
ours fill "$dir/image.vmdk" "$dir/plain"
head -c 131072 /dev/zero | tr '\0' x |
    dd of="$dir/image.vmdk" bs=512 seek=$((128 + 196)) count=60 iflag=fullblock conv=notrunc status=none
grow "a disk with something behind its end" 131072
fresh
ours fill "$dir/image.vmdk" "$dir/plain" subformat=monolithicFlat
head -c 100000 /dev/urandom >>"$dir/image-flat.vmdk"
grow "a flat file with something behind its end" 1048576 2000384

refuses() { # NAME PATTERN SIZE [FLAGS]
    cp "$dir/image.vmdk" "$dir/before"
    ours resize "$dir/image.vmdk" "$3" "${4:-0}" >"$dir/log" 2>&1
    [ $? -eq 1 ] && grep -q "$2" "$dir/log" && cmp "$dir/before" "$dir/image.vmdk"
    report "$1 is refused, and nothing changed" $?
}

fresh
ours fill "$dir/image.vmdk" "$dir/plain"
refuses "shrinking" "cannot shrink" 512 1
refuses "half a sector" "whole sectors" 2000000
refuses "2^63 bytes" "whole sectors\|2^63\|passes" 9223372036854775807
fresh
ours fill "$dir/image.vmdk" "$dir/plain" subformat=streamOptimized
refuses "growing a stream" "written once" 2000384
fresh
ours fill "$dir/image.vmdk" "$dir/plain" subformat=monolithicFlat
sed -i '/^#/d; /^$/d' "$dir/image.vmdk"
sed -i '1i version=1' "$dir/image.vmdk" && sed -i '2d' "$dir/image.vmdk"
refuses "a longer number in a descriptor without comments" "no room" 10000384
grow "one with as many digits" 1048576
echo "1..$number"
exit $failed
