#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# VMDK images of all subformats, made by others and read here, made here and read by others, at the
# sizes where tables, grains and extents end.
# shellcheck source=tests/formats/lib.sh
. "$(dirname "$0")/lib.sh"

subformats="monolithicSparse monolithicFlat twoGbMaxExtentSparse twoGbMaxExtentFlat streamOptimized"
sound='"corruptions": 0, "leaks": 0, "check-errors": 0'

ours() { # COMMAND ARGUMENT…
    "$TOOL" -f vmdk "$@"
}

# A disk whose first, last and some middle bytes are there, and whose rest is a hole.
content() { # FILE SIZE
    rm -f "$1"
    truncate -s "$2" "$1"
    for at in 0 $(($2 / 3)) $(($2 - 700)); do
        [ "$at" -ge 0 ] && head -c 700 /dev/urandom |
            dd of="$1" bs=1M oflag=seek_bytes seek="$at" conv=notrunc status=none
    done
    truncate -s "$2" "$1"
}

# Both checks find nothing, and theirs reads what it should.
holds() { # IMAGE EXPECTED
    ours check "$1" | grep -q "$sound" && qemu-img check -q -f vmdk "$1" &&
        qemu-img compare -q -f vmdk -F raw "$1" "$2"
}

reads() { # IMAGE EXPECTED: the whole content, for small ones
    ours cat "$1" | cmp - "$2"
}

# --- made by others --------------------------------------------------------------------------------

for size in 512 1536 65024 66048 1000448 40000000; do
    size=$((size / 512 * 512))
    content "$dir/plain" $size
    for subformat in $subformats; do
        rm -f "$dir"/image*
        {
            qemu-img convert -q -f raw -O vmdk -o subformat="$subformat" "$dir/plain" \
                "$dir/image.vmdk" && reads "$dir/image.vmdk" "$dir/plain" &&
                ours check "$dir/image.vmdk" | grep -q "$sound" &&
                ours info "$dir/image.vmdk" >"$dir/info" && grep -q "^capacity=$size\$" "$dir/info" &&
                grep -q "^subformat=$subformat\$" "$dir/info" &&
                [ "$(ours probe "$dir/image.vmdk")" = 90 ]
        } >"$dir/log" 2>&1
        report "qemu-img's $subformat of $size bytes" $?
    done
done

# When it writes a content id that has three digits less, QEMU leaves a NUL and two old bytes behind.
content "$dir/plain" 66048
for subformat in twoGbMaxExtentSparse monolithicFlat; do
    rm -f "$dir"/image*
    qemu-img convert -q -f raw -O vmdk -o subformat=$subformat "$dir/plain" "$dir/image.vmdk" &&
        tr -d '\000' <"$dir/image.vmdk" | sed 's/^CID=.*/CID=abcde/' >"$dir/text" &&
        printf '\000"\n\000\000' | cat "$dir/text" - >"$dir/image.vmdk" && reads "$dir/image.vmdk" "$dir/plain" 2>"$dir/log"
    report "a content id that became shorter, $subformat" $?
    echo "new bytes" | tee "$dir/new" | ours write "$dir/image.vmdk" 600 2>"$dir/log" &&
        dd if="$dir/new" of="$dir/plain" bs=1 seek=600 conv=notrunc status=none &&
        holds "$dir/image.vmdk" "$dir/plain"
    report "and it is written" $?
done

rm -f "$dir"/image*
if command -v bximage >/dev/null; then
    content "$dir/plain" 10321920
    {
        cp "$dir/plain" "$dir/bochs.img" && (cd "$dir" && bximage -q -func=convert -imgmode=vmware4 \
            bochs.img image.vmdk) && reads "$dir/image.vmdk" "$dir/plain" &&
            ours check "$dir/image.vmdk" | grep -q '"corruptions": 0'
    } >"$dir/log" 2>&1
    report "bximage's vmware4" $?
fi

# --- made here -------------------------------------------------------------------------------------

for size in 512 1536 65024 65536 66048 1000448 33554432 33554944; do
    content "$dir/plain" $size
    for subformat in $subformats vmfs; do
        rm -f "$dir"/image*
        {
            ours fill "$dir/image.vmdk" "$dir/plain" subformat="$subformat" &&
                holds "$dir/image.vmdk" "$dir/plain" && reads "$dir/image.vmdk" "$dir/plain"
        } >"$dir/log" 2>&1
        report "own $subformat of $size bytes" $?
    done
done

for size in $((2147483648 - 512)) 2147483648 $((2147483648 + 512)) 4830000128; do
    content "$dir/plain" $size
    for subformat in $subformats vmfs; do
        rm -f "$dir"/image*
        {
            ours fill "$dir/image.vmdk" "$dir/plain" subformat="$subformat" &&
                holds "$dir/image.vmdk" "$dir/plain" &&
                ours read "$dir/image.vmdk" $((size - 700)) 700 >"$dir/tail" &&
                tail -c 700 "$dir/plain" | cmp - "$dir/tail"
        } >"$dir/log" 2>&1
        report "own $subformat of $size bytes" $?
    done
done
[ "$(ours info "$dir/image.vmdk" 2>"$dir/log" | grep -c '^extent=')" = 1 ]
report "vmfs has one extent" $?

# Sizes in bytes become whole sectors.
for size in 1 2147483647 2147483649; do
    rm -f "$dir"/image*
    ours create "$dir/image.vmdk" $size >"$dir/log" 2>&1 &&
        ours info "$dir/image.vmdk" | grep -q "^capacity=$(((size + 511) / 512 * 512))\$" &&
        qemu-img check -q "$dir/image.vmdk"
    report "$size bytes are whole sectors" $?
done

# What nobody else opens: no bytes at all.
for subformat in $subformats vmfs; do
    rm -f "$dir"/image*
    {
        ours create "$dir/image.vmdk" 0 subformat="$subformat" &&
            [ "$(ours cat "$dir/image.vmdk" | wc -c)" = 0 ] &&
            ours check "$dir/image.vmdk" | grep -q "$sound"
    } >"$dir/log" 2>&1
    report "own $subformat of 0 bytes" $?
done

# Many terabytes: tables that are holes, and grains at both ends.
for pair in monolithicSparse:17592186044416 streamOptimized:17592186044416 \
    monolithicFlat:4398046511104 twoGbMaxExtentSparse:274877906944; do
    subformat=${pair%:*} size=${pair#*:}
    rm -f "$dir"/image* "$dir/plain"
    ours create "$dir/image.vmdk" "$size" subformat="$subformat" >"$dir/log" 2>&1 &&
        ours check "$dir/image.vmdk" 2>>"$dir/log" | grep -q "$sound" &&
        [ "$(du -s --block-size=1M "$dir" | cut -f1)" -le 64 ]
    report "own $subformat of $size bytes is small" $?
    [ "$subformat" = streamOptimized ] && continue
    {
        echo "the last bytes" | ours write "$dir/image.vmdk" $((size - 15)) &&
            echo "the first ones" | ours write "$dir/image.vmdk" 0 &&
            qemu-io -r -f vmdk -c "read -v $((size - 512)) 512" "$dir/image.vmdk" >"$dir/last" &&
            grep -q "he.last.bytes" "$dir/last" &&
            [ "$(ours read "$dir/image.vmdk" $((size - 15)) 15)" = "the last bytes" ] &&
            [ "$(ours read "$dir/image.vmdk" 0 15)" = "the first ones" ] &&
            qemu-img check -q "$dir/image.vmdk"
    } >"$dir/log" 2>&1
    report "own $subformat of $size bytes is written at both ends" $?
done
rm -f "$dir"/image* "$dir/plain"

# --- options ---------------------------------------------------------------------------------------

content "$dir/plain" 3000320
for options in cluster-size=8192 cluster-size=1048576 zeroed-grain=yes \
    "adapter-type=lsilogic hardware-version=7" "subformat=twoGbMaxExtentSparse cluster-size=16384" \
    preallocation=metadata "subformat=monolithicFlat preallocation=full" \
    "subformat=vmfs preallocation=falloc"; do
    rm -f "$dir"/image*
    # shellcheck disable=SC2086 # several options
    { ours fill "$dir/image.vmdk" "$dir/plain" $options && holds "$dir/image.vmdk" "$dir/plain" &&
        reads "$dir/image.vmdk" "$dir/plain"; } >"$dir/log" 2>&1
    report "made with $options" $?
done
rm -f "$dir"/image*
ours create "$dir/image.vmdk" 8388608 subformat=monolithicFlat preallocation=full &&
    [ "$(stat -c %b "$dir/image-flat.vmdk")" -ge 16384 ]
report "full preallocation takes the space" $?

refuses() { # NAME PATTERN OPTION…
    name=$1 pattern=$2
    shift 2
    rm -f "$dir"/image*
    ours create "$dir/image.vmdk" 1000000 "$@" >"$dir/log" 2>&1
    [ $? -eq 1 ] && grep -q "$pattern" "$dir/log"
    report "$name is refused" $?
}

refuses "an unknown subformat" "no subformat seSparse" subformat=seSparse
refuses "a grain of 4 KiB" "8192 to 1048576" cluster-size=4096
refuses "a grain that is no power of two" "8192 to 1048576" cluster-size=65535
refuses "a grain in a flat image" "has no grains" subformat=monolithicFlat cluster-size=65536
refuses "an unknown adapter" "adapter-type is scsi" adapter-type=scsi
refuses "an unknown option" "no option x" x=y
refuses "a compat level" "no compat" compat=1.1
refuses "a feature" "no feature" feature=lazy_refcounts
refuses "space for a sparse image" "take a flat subformat" preallocation=full
refuses "metadata of a flat image" "has no metadata" preallocation=metadata subformat=vmfs
refuses "a flat image with a parent" "has no backing store" subformat=monolithicFlat backing=x.vmdk \
    backing-format=vmdk
refuses "a parent of another format" "backing store of a vmdk image is a vmdk" backing=x backing-format=raw
refuses "a missing parent" "is missing" backing=x.vmdk backing-format=vmdk

# --- maps ------------------------------------------------------------------------------------------

pieces() { # MAP: where data are, without borders between pieces that touch
    jq -c '[.[] | select(.data)] | reduce .[] as $e ([]; if length > 0 and
        .[-1].start + .[-1].length == $e.start then .[-1].length += $e.length
        else . + [{ start: $e.start, length: $e.length }] end)' "$1"
}

if command -v jq >/dev/null; then
    content "$dir/plain" 3000320
    for subformat in monolithicSparse streamOptimized; do
        rm -f "$dir"/image*
        qemu-img convert -q -f raw -O vmdk -o subformat="$subformat" "$dir/plain" "$dir/image.vmdk"
        qemu-img map --output=json -f vmdk "$dir/image.vmdk" >"$dir/theirs"
        ours map "$dir/image.vmdk" >"$dir/ours" 2>"$dir/log"
        [ "$(pieces "$dir/ours")" = "$(pieces "$dir/theirs")" ]
        report "the map of $subformat says what qemu-img's says" $?
    done
fi

# An image that is complete is not filled again, and what is compressed is not written.
rm -f "$dir"/image*
ours fill "$dir/image.vmdk" "$dir/plain" subformat=streamOptimized
echo x | ours write "$dir/image.vmdk" 0 >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -q "written once" "$dir/log" && reads "$dir/image.vmdk" "$dir/plain"
report "streamOptimized is not written in place" $?
if command -v 7z >/dev/null; then
    { 7z x -y -so "$dir/image.vmdk" 2>/dev/null || true; } | head -c 3000320 | cmp - "$dir/plain" \
        >"$dir/log" 2>&1
    report "7z unpacks our streamOptimized" $?
fi
if command -v vmdkinfo >/dev/null; then
    for subformat in $subformats; do
        rm -f "$dir"/image*
        ours fill "$dir/image.vmdk" "$dir/plain" subformat="$subformat"
        vmdkinfo "$dir/image.vmdk" >"$dir/log" 2>&1 && grep -q "3000320 bytes" "$dir/log"
        report "vmdkinfo knows our $subformat" $?
    done
fi
echo "1..$number"
exit $failed
