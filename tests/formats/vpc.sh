#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# VHDs of others, ours as others read them, and a model of random operations. qemu-img and 7z read fixed and
# dynamic images, vhdiinfo and vhdimount differencing ones; bximage goes by the geometry.
# shellcheck source=tests/formats/lib.sh
. "$(dirname "$0")/lib.sh"

image=$dir/image.vhd

vpc() {
    "$TOOL" -f vpc "$@"
}

sound() { # IMAGE
    vpc check "$1" | grep -q '"corruptions": 0, "leaks": 0, "check-errors": 0'
}

# Do qemu-img and we read the same of it?
agreed() { # IMAGE
    vpc cat "$1" >"$dir/ours" && qemu-img convert -f vpc -O raw "$1" "$dir/theirs" &&
        cmp "$dir/ours" "$dir/theirs"
}

head -c 3000000 /dev/urandom >"$dir/random"

# --- made by others ---

made() { # NAME OPTIONS
    rm -f "$image"
    head -c 5000192 "$dir/random" >"$dir/source"
    truncate -s 9000448 "$dir/source"
    {
        qemu-img convert -f raw -O vpc -o "$2" "$dir/source" "$image" && sound "$image" && agreed "$image" &&
            cmp -n 9000448 "$dir/source" "$dir/ours" && vpc write "$image" 4000001 <"$dir/random" &&
            sound "$image" && agreed "$image"
    } >"$dir/log" 2>&1
    report "qemu-img's $1: read, written, read back" $?
}

made "dynamic image" subformat=dynamic
made "dynamic image of exact size" subformat=dynamic,force_size=on
made "fixed image" subformat=fixed
made "fixed image of exact size" subformat=fixed,force_size=on

if command -v bximage >/dev/null; then
    rm -f "$image"
    {
        bximage -q -func=create -hd=20M -imgmode=vpc "$image" && vpc info "$image" &&
            vpc write "$image" 1000000 <"$dir/random" && sound "$image" && agreed "$image" &&
            bximage -q -func=convert -imgmode=flat "$image" "$dir/flat" && cmp "$dir/flat" "$dir/ours"
    } >"$dir/log" 2>&1
    report "bximage's image" $?
fi

# --- made by us, of all sizes ---

# What others tell of its size: qemu-img, and vhdiinfo if it is there.
told() { # SIZE
    # A fixed image without a byte is a footer, which qemu-img takes for the first of two.
    [ "$1" = 0 ] || [ "$(qemu-img info --output=json -f vpc "$image" | sed -n 's/.*"virtual-size": \([0-9]*\).*/\1/p')" = "$1" ] ||
        return 1
    [ "$(vpc probe "$image")" = 90 ] && vpc info "$image" | grep -qx "capacity=$1" || return 1
    ! command -v vhdiinfo >/dev/null || [ "$1" = 0 ] || vhdiinfo "$image" | grep -q "($1 bytes)\|: $1 bytes"
}

size() { # SIZE OPTION…
    wanted=$1
    whole=$(($1 + 511 - ($1 + 511) % 512))
    shift
    rm -f "$image"
    {
        vpc create "$image" "$wanted" "$@" && told "$whole" && sound "$image" || return 1
        [ "$whole" -gt 0 ] || return 0
        head -c 512 "$dir/random" | vpc write "$image" $((whole - 512)) && sound "$image" && told "$whole" &&
            vpc read "$image" $((whole - 512)) 512 | cmp -n 512 - "$dir/random" &&
            qemu-io -f vpc -c "read -v $((whole - 512)) 16" "$image" | grep -q "^$(printf '%08x' $((whole - 512)))" &&
            qemu-img dd -f vpc -O raw if="$image" of="$dir/end" bs=512 skip=$((whole / 512 - 1)) &&
            cmp -n 512 "$dir/end" "$dir/random"
    } >"$dir/log" 2>&1
}

block=2097152
for bytes in 0 512 1 513 66048 $((block - 512)) $block $((block + 512)) 10321920 $((2147483648 - 512)) \
    2147483648 $((2147483648 + 512)) 4831838720 137438953472; do
    size "$bytes"
    report "$bytes bytes, dynamic" $?
    size "$bytes" subformat=fixed
    report "$bytes bytes, fixed" $?
done
for bytes in 2190433320448 2190433320960; do # 2040 GiB, less a sector
    size $((bytes - 512))
    report "$((bytes - 512)) bytes, dynamic" $?
done
rm -f "$image"
! vpc create "$image" 2190433321472 2>"$dir/log" && grep -q "2040 GiB" "$dir/log"
report "a sector more than 2040 GiB is refused" $?

# --- filled, and read by everybody ---

filled() { # NAME OPTION…
    name=$1
    shift
    rm -f "$image" "$dir/unpacked"
    {
        vpc fill "$image" "$dir/source" "$@" && sound "$image" && agreed "$image" &&
            cmp "$dir/ours" "$dir/source" &&
            { ! command -v 7z >/dev/null || { 7z x -so "$image" >"$dir/unpacked" && cmp "$dir/unpacked" "$dir/source"; }; }
    } >"$dir/log" 2>&1
    report "$name" $?
}

truncate -s 0 "$dir/source"
truncate -s 20971520 "$dir/source"
dd if="$dir/random" of="$dir/source" bs=64k seek=100 conv=notrunc status=none
filled "filled: dynamic"
filled "filled: dynamic, 4 KiB blocks" cluster-size=4096
filled "filled: fixed" subformat=fixed
filled "filled: preallocated" preallocation=full
if command -v bximage >/dev/null; then
    { rm -f "$dir/flat"; vpc fill "$image" "$dir/source" && bximage -q -func=convert -imgmode=flat "$image" "$dir/flat" &&
        cmp "$dir/flat" "$dir/source"; } >"$dir/log" 2>&1
    report "filled: read by bximage" $?
fi

# --- differencing ---

# vhdimount takes whole groups of eight sectors, so only such are written for it.
overlay() {
    rm -f "$image"
    vpc fill "$dir/parent.vhd" "$dir/source" cluster-size=524288 && vpc create "$image" 20971520 backing=parent.vhd &&
        vpc cat "$image" | cmp - "$dir/source" && cp "$dir/source" "$dir/changed" || return 1
    for at in 0 4096 81920 6557696 10000384 20955136; do
        head -c 12288 "$dir/random" | vpc write "$image" $at &&
            head -c 12288 "$dir/random" | dd of="$dir/changed" bs=4096 seek=$((at / 4096)) conv=notrunc status=none ||
            return 1
    done
    vpc cat "$image" >"$dir/ours" && sound "$image" && vhdiinfo "$image" | grep -q "Differential"
}
if command -v vhdiinfo >/dev/null; then
    overlay >"$dir/log" 2>&1
    report "a differencing image over a dynamic one" $?
    mkdir "$dir/mount"
    if vhdimount "$image" "$dir/mount" >"$dir/log" 2>&1; then
        cmp "$dir/mount/vhdi2" "$dir/ours" >"$dir/log" 2>&1
        report "vhdimount reads the differencing image alike" $?
        umount "$dir/mount"
    fi
fi
rm -f "$dir/third.vhd"
{
    vpc create "$dir/third.vhd" 20971520 backing=image.vhd && vpc write "$dir/third.vhd" 777 <"$dir/random" &&
        vpc cat "$image" >"$dir/ours" && vpc cat "$dir/third.vhd" >"$dir/theirs" &&
        cmp -n 777 "$dir/ours" "$dir/theirs" && cmp -i 3000777 "$dir/ours" "$dir/theirs"
} >"$dir/log" 2>&1
report "a chain of three" $?
mv "$dir/parent.vhd" "$dir/elsewhere.vhd"
! vpc cat "$image" >"$dir/bytes" 2>"$dir/log" && [ ! -s "$dir/bytes" ]
report "without its parent nothing is read" $?
vpc create "$dir/parent.vhd" 20971520
! vpc cat "$image" >"$dir/bytes" 2>"$dir/log" && [ ! -s "$dir/bytes" ] && grep -q "unique id" "$dir/log"
report "with a wrong parent nothing is read" $?

# --- random operations ---

model() { # NAME SIZE MAX-SIZE OPTION…
    name=$1 bytes=$2 most=$3
    shift 3
    for seed in ${SEEDS:-1 2}; do
        rm -f "$image"
        {
            vpc create "$image" "$bytes" "$@" && vpc model "$image" "$seed" "${STEPS:-500}" "$most" &&
                sound "$image" && agreed "$image"
        } >"$dir/log" 2>&1
        report "model: $name, seed $seed" $?
    done
}

model dynamic 1000000 9000000
model "dynamic, 4 KiB blocks" 1000000 3000000 cluster-size=4096
model "dynamic, 64 KiB blocks" 1000000 5000000 cluster-size=65536
model "dynamic, preallocated" 1000000 5000000 preallocation=metadata
model fixed 1000000 5000000 subformat=fixed
for seed in ${SEEDS:-1 2}; do
    rm -f "$image" "$dir/parent.vhd"
    head -c 3000320 "$dir/random" >"$dir/source"
    truncate -s 3000320 "$dir/source"
    {
        vpc fill "$dir/parent.vhd" "$dir/source" && sum=$(cksum <"$dir/parent.vhd") &&
            vpc create "$image" 3000320 backing=parent.vhd cluster-size=65536 &&
            vpc model "$image" "$seed" "${STEPS:-500}" 3000320 && sound "$image" &&
            [ "$sum" = "$(cksum <"$dir/parent.vhd")" ]
    } >"$dir/log" 2>&1
    report "model: differencing, seed $seed" $?
done
echo "1..$number"
exit $failed
