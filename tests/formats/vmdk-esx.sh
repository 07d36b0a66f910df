#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The sparse extents of ESX, which no free program makes: vmfsSparse ("COWD"), read and written, and
# seSparse, read. The headers are put together here; qemu-img reads the result as well.
# shellcheck source=tests/formats/lib.sh
. "$(dirname "$0")/lib.sh"

ours() { # COMMAND ARGUMENT…
    "$TOOL" -f vmdk "$@"
}

poke() { # FILE OFFSET BYTES VALUE: little-endian
    file=$1 at=$2 left=$3 value=$4
    text=
    while [ "$left" -gt 0 ]; do
        text="$text\\$(printf %03o $((value & 255)))"
        value=$((value >> 8)) left=$((left - 1))
    done
    # shellcheck disable=SC2059 # the format is made of the bytes
    printf "$text" | dd of="$file" bs=1 seek="$at" conv=notrunc status=none
}

peek() { # FILE OFFSET BYTES
    od -A n -t "u$3" -j "$2" -N "$3" "$1" | tr -d ' '
}

descriptor() { # FILE CREATE-TYPE SECTORS TYPE NAME
    printf '# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\ncreateType="%s"\n' "$2" >"$1"
    printf '\n# Extent description\nRW %s %s "%s"\n\n# The Disk Data Base\n#DDB\n' "$3" "$4" "$5" >>"$1"
}

# --- vmfsSparse ------------------------------------------------------------------------------------

cowd() { # SECTORS GRAIN: an empty one
    rm -f "$dir"/image*
    covers=$((4096 * $2))
    count=$((($1 + covers - 1) / covers))
    used=$((4 + (count * 4 + 511) / 512))
    truncate -s $((used * 512)) "$dir/image-delta.vmdk"
    printf COWD | dd of="$dir/image-delta.vmdk" conv=notrunc status=none
    n=4
    for field in 1 3 "$1" "$2" 4 $count $used; do
        poke "$dir/image-delta.vmdk" $n 4 "$field"
        n=$((n + 4))
    done
    descriptor "$dir/image.vmdk" vmfsSparse "$1" VMFSSPARSE image-delta.vmdk
}

for grain in 1 8 128; do
    for seed in 1 2; do
        cowd 6000 $grain
        {
            ours model "$dir/image.vmdk" $seed 250 9000000 &&
                ours check "$dir/image.vmdk" | grep -q '"corruptions": 0, "leaks": 0, "check-errors": 0' &&
                ours cat "$dir/image.vmdk" >"$dir/plain" &&
                qemu-img compare -q -f vmdk -F raw "$dir/image.vmdk" "$dir/plain" &&
                [ "$(peek "$dir/image-delta.vmdk" 28 4)" = \
                    $((($(stat -c %s "$dir/image-delta.vmdk") + 511) / 512)) ] &&
                [ "$(peek "$dir/image-delta.vmdk" 1648 4)" = 0 ]
        } >"$dir/log" 2>&1
        report "vmfsSparse with grains of $grain sectors, seed $seed" $?
    done
done
ours info "$dir/image-delta.vmdk" >"$dir/log" 2>&1 && grep -q '^subformat=extent$' "$dir/log" &&
    grep -q '^extent-type=VMFSSPARSE$' "$dir/log" && grep -q '^cluster-size=65536$' "$dir/log" &&
    [ "$(ours probe "$dir/image-delta.vmdk")" = 90 ]
report "its extent alone is described" $?
ours cat "$dir/image-delta.vmdk" >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -q "is one extent of an image" "$dir/log"
report "and not opened" $?
cowd 4000000 8
{
    ours resize "$dir/image.vmdk" 4300000256 && echo tail | ours write "$dir/image.vmdk" 4300000251 &&
        [ "$(ours read "$dir/image.vmdk" 4300000251 5)" = tail ] &&
        qemu-io -r -f vmdk -c "read -v 4299999744 512" "$dir/image.vmdk" | grep -q "tail"
} >"$dir/log" 2>&1
report "it grows, with a longer directory" $?
ours resize "$dir/image.vmdk" 2199023256064 >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -q "less than 2 TiB" "$dir/log"
report "but not to what its header cannot say" $?
head -c 1000448 /dev/urandom >"$dir/plain"
rm -f "$dir"/base* && ours fill "$dir/base.vmdk" "$dir/plain"
cowd 1954 1
id=$(ours info "$dir/base.vmdk" | sed -n 's/^cid=//p')
sed -i "s/parentCID=ffffffff/parentCID=$id\nparentFileNameHint=\"base.vmdk\"/" "$dir/image.vmdk"
{
    ours cat "$dir/image.vmdk" | cmp - "$dir/plain" && head -c 700 /dev/zero | ours write "$dir/image.vmdk" 100 &&
        dd if=/dev/zero of="$dir/plain" bs=1 seek=100 count=700 conv=notrunc status=none &&
        ours cat "$dir/image.vmdk" | cmp - "$dir/plain" &&
        qemu-img compare -q -f vmdk -F raw "$dir/image.vmdk" "$dir/plain"
} >"$dir/log" 2>&1
report "vmfsSparse over a parent" $?
for place in 4:2 12:9999 16:0 16:3 20:4294967295 24:0 28:4294967295; do
    cowd 6000 8
    ours write "$dir/image.vmdk" 0 </etc/passwd 2>"$dir/log"
    poke "$dir/image-delta.vmdk" "${place%:*}" 4 "${place#*:}"
    ours cat "$dir/image.vmdk" >"$dir/log" 2>&1
    [ $? -eq 1 ]
    report "a header with ${place#*:} at ${place%:*} is refused" $?
done

# --- seSparse --------------------------------------------------------------------------------------

# Sectors: 0 header, 1 the second one, 8 the directory, 16 two tables, 256 the grains.
sesparse() { # a disk of 40 MiB: 3 tables of 16 MiB, of which the first and the third are there
    rm -f "$dir"/image*
    file=$dir/image-sesparse.vmdk
    truncate -s $(((256 + 64) * 512)) "$file"
    n=0
    for field in 3405691582 8589934593 81920 8 64 0 0 0 0 0 1 1 2 1 3 1 8 1 16 128 200 1 204 1 256 64; do
        poke "$file" $n 8 $field
        n=$((n + 8))
    done
    poke "$file" 512 8 3405695742
    poke "$file" 4096 8 $((0x1000000000000000))
    poke "$file" 4112 8 $((0x1000000000000001))
    poke "$file" $((16 * 512)) 8 $((0x3000000000000000))              # grain 0
    poke "$file" $((16 * 512 + 8)) 8 $((0x3002000000000000))          # grain 2: low bits first
    poke "$file" $((16 * 512 + 16)) 8 $((0x1000000000000000))         # unmapped
    poke "$file" $((16 * 512 + 24)) 8 $((0x2000000000000000))         # zeros
    poke "$file" $((80 * 512 + 8 * 2047)) 8 $((0x3007000000000000))   # the disk's last grain
    dd if=/dev/urandom of="$file" bs=512 seek=256 count=64 conv=notrunc status=none
    descriptor "$dir/image.vmdk" seSparse 81920 SESPARSE image-sesparse.vmdk
}

sesparse
{
    truncate -s 0 "$dir/plain" && truncate -s 41943040 "$dir/plain"
    dd if="$file" of="$dir/plain" bs=4096 skip=32 count=1 conv=notrunc status=none
    dd if="$file" of="$dir/plain" bs=4096 skip=34 seek=1 count=1 conv=notrunc status=none
    dd if="$file" of="$dir/plain" bs=4096 skip=39 seek=10239 count=1 conv=notrunc status=none
    ours cat "$dir/image.vmdk" | cmp - "$dir/plain" &&
        qemu-img compare -q -f vmdk -F raw "$dir/image.vmdk" "$dir/plain" &&
        ours check "$dir/image.vmdk" | grep -q '"allocated-clusters": 3.*"corruptions": 0'
} >"$dir/log" 2>&1
report "seSparse is read" $?
ours info "$dir/image-sesparse.vmdk" >"$dir/log" 2>&1 && grep -q '^extent-type=SESPARSE$' "$dir/log" &&
    [ "$(ours probe "$dir/image-sesparse.vmdk")" = 90 ]
report "its extent alone is described" $?
echo x | ours write "$dir/image.vmdk" 0 >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -q "of the type seSparse: the image can only be read" "$dir/log"
report "it is not written" $?
for place in 8:1 16:100000000 16:81928 24:16 32:32 40:1 48:1 80:100000 128:100000 136:0 144:9999999999 192:99999999 \
    512:1 536:1 2000:1 4096:2305843009213693952 8192:4611686018427387904 8192:3459046018427387904; do
    sesparse
    case ${place%:*} in
        2000) poke "$file" 208 8 1 ;;
        *) poke "$file" "${place%:*}" 8 "${place#*:}" ;;
    esac
    ours cat "$dir/image.vmdk" >/dev/null 2>"$dir/log"
    [ $? -eq 1 ]
    report "seSparse with ${place#*:} at ${place%:*} is refused" $?
done
echo "1..$number"
exit $failed
