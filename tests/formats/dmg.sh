#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Dmg images: what we make is read by 7z, qemu-img and dmg2img, and what others read of images in
# every codec is what we read.
# shellcheck source=tests/formats/lib.sh
. "$(dirname "$0")/lib.sh"
MAKER=$(dirname "$TOOL")/dmg-maker
for program in 7z dmg2img; do
    command -v $program >/dev/null || { echo "1..0 # SKIP $program is missing"; exit 77; }
done

ours() { "$TOOL" -f dmg "$@"; }

# Each of them says the same of $dir/image as $dir/disk. The parts that 7z finds make up the disk.
by_7z() {
    rm -rf "$dir/parts"
    7z x -tdmg -o"$dir/parts" "$dir/image" >"$dir/log" 2>&1 || [ "${1:-}" = anyway ] || return 1
    cat "$dir/parts"/* | cmp - "$dir/disk" >>"$dir/log" 2>&1
}
by_qemu() { qemu-img compare -f dmg -F raw "$dir/image" "$dir/disk" >"$dir/log" 2>&1; }
by_dmg2img() {
    rm -f "$dir/theirs"
    dmg2img "$dir/image" "$dir/theirs" >"$dir/log" 2>&1
    cmp "$dir/theirs" "$dir/disk" >>"$dir/log" 2>&1
}
by_us() {
    ours cat "$dir/image" 2>"$dir/log" | cmp - "$dir/disk" >>"$dir/log" 2>&1 &&
        ours check "$dir/image" 2>>"$dir/log" | grep -q '"corruptions": 0.*"check-errors": 0'
}

# --- every codec: 7z reads none of version 1 of LZFSE's blocks, and reads on behind plain ones ----
for kind in raw adc zlib bzip2 lzfse-raw lzfse-lzvn lzfse-v1 lzfse-v2 lzma everything fork; do
    "$MAKER" $kind "$dir/image" "$dir/disk" >"$dir/log" 2>&1
    report "$kind: made" $?
    by_us
    report "$kind: read" $?
    case $kind in
        lzfse-v1) ;;
        lzfse-raw) by_7z anyway; report "$kind: as 7z reads it" $? ;;
        fork) by_qemu; report "$kind: as qemu-img reads it" $?
              by_dmg2img; report "$kind: as dmg2img reads it" $? ;;
        raw | zlib) by_7z; report "$kind: as 7z reads it" $?
                    by_qemu; report "$kind: as qemu-img reads it" $? ;;
        adc | bzip2) by_7z; report "$kind: as 7z reads it" $?
                     by_dmg2img; report "$kind: as dmg2img reads it" $? ;;
        *) by_7z; report "$kind: as 7z reads it" $? ;;
    esac
done

# --- what we make, at every size -----------------------------------------------------------------
# A disk of SIZE bytes, sparse, with text at its start, noise at 700000 and text at its end.
disk() { # SIZE
    rm -f "$dir/disk"
    truncate -s "$1" "$dir/disk"
    [ "$1" -gt 0 ] || return 0
    head -c 20000 "$0" | head -c "$1" | dd of="$dir/disk" conv=notrunc status=none
    if [ "$1" -gt 2000000 ]; then
        head -c 1100000 /dev/urandom |
            dd of="$dir/disk" conv=notrunc status=none bs=4096 seek=171 iflag=fullblock
        yes "the end" | head -c 3000 |
            dd of="$dir/disk" conv=notrunc status=none oflag=seek_bytes seek=$(($1 - 3000))
    fi
}
fill() { # OPTION…
    rm -f "$dir/image"
    ours fill "$dir/image" "$dir/disk" "$@" >"$dir/log" 2>&1
}
for size in 0 1 512 3584 1048576 1048064 1049088 10485760 2147483136 2147483647 2147483648 \
    2147483649 2147484160 5368709632; do
    for subformat in UDZO UDBZ; do
        disk $size
        fill subformat=$subformat
        report "$subformat of $size bytes: made" $?
        truncate -s $(((size + 511) / 512 * 512)) "$dir/disk"
        case $size in
            0) by_us; report "$subformat of $size bytes: read" $? ;;
            5368709632 | 214748364[79] | 2147484160)
                # Too many zeros to write them out: 7z compares checksums, qemu-img skips holes.
                ours check "$dir/image" >"$dir/log" 2>&1 && grep -q '"corruptions": 0' "$dir/log"
                report "$subformat of $size bytes: checked" $?
                7z t -tdmg "$dir/image" >"$dir/log" 2>&1
                report "$subformat of $size bytes: as 7z checks it" $?
                if [ $subformat = UDZO ]; then
                    by_qemu
                    report "$subformat of $size bytes: as qemu-img reads it" $?
                fi
                continue ;;
            2147483*) [ $subformat = UDZO ] || continue ;;
        esac
        if [ "$size" -gt 0 ] && [ "$size" -lt 100000000 ]; then
            by_us
            report "$subformat of $size bytes: read" $?
            by_7z
            report "$subformat of $size bytes: as 7z reads it" $?
            by_dmg2img
            report "$subformat of $size bytes: as dmg2img reads it" $?
        fi
        if [ $subformat = UDZO ]; then
            by_qemu
            report "$subformat of $size bytes: as qemu-img reads it" $?
        fi
    done
done
disk 10485760
for cluster in 4096 65536 262656 4194304; do
    fill cluster-size=$cluster && by_qemu
    report "chunks of $cluster bytes: as qemu-img reads them" $?
    by_7z
    report "chunks of $cluster bytes: as 7z reads them" $?
done
fill && ours info "$dir/image" >"$dir/log" 2>&1 && grep -q '^subformat=UDZO' "$dir/log" &&
    grep -q '^compression=zlib' "$dir/log" && grep -q '^capacity=10485760$' "$dir/log" &&
    grep -q '^cluster-size=1048576$' "$dir/log"
report "what was made is described" $?
[ "$(ours probe "$dir/image" 2>"$dir/log")" = 90 ]
report "what was made is recognised, whatever its name" $?
cp "$dir/image" "$dir/first" && fill && cmp "$dir/first" "$dir/image" >"$dir/log" 2>&1
report "the same disk makes the same bytes" $?

# 7z agrees about what is damaged.
printf x | dd of="$dir/image" bs=1 seek=2000 conv=notrunc status=none
! 7z t -tdmg "$dir/image" >"$dir/log" 2>&1 &&
    ours check "$dir/image" 2>&1 | grep -q '"corruptions": 2'
report "7z and the check find the same damage" $?
echo "1..$number"
exit $failed
