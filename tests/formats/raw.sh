#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Raw images: bytes, holes and space, compared with qemu-img and the file itself.
# shellcheck source=tests/formats/lib.sh
. "$(dirname "$0")/lib.sh"

blocks() { # bytes that the file takes
    echo $(($(stat -c %b "$1") * 512))
}

create() { # NAME SIZE LEAST MOST OPTION…: takes between LEAST and MOST bytes
    name=$1 size=$2 least=$3 most=$4
    shift 4
    rm -f "$dir/image"
    "$TOOL" -f raw create "$dir/image" "$size" "$@" >"$dir/log" 2>&1 &&
        [ "$(stat -c %s "$dir/image")" = "$size" ] && [ "$(blocks "$dir/image")" -ge "$least" ] &&
        [ "$(blocks "$dir/image")" -le "$most" ]
    report "create $name" $?
}

create "a sparse image" 10000000 0 0
create "an empty image" 0 0 0
create "an image of an odd size" 12345 0 0
create "with a part reserved" 10000000 4000000 4100000 allocation=4000000
create "with all reserved" 10000000 10000000 10100000 allocation=10000000
create "preallocated by falloc" 10000000 10000000 10100000 preallocation=falloc
create "preallocated in full" 10000000 10000000 10100000 preallocation=full
rm -f "$dir/image"
"$TOOL" -f raw create "$dir/image" 1000 preallocation=metadata >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -q "has no metadata" "$dir/log"
report "metadata cannot be preallocated" $?
rm -f "$dir/image"
"$TOOL" -f raw create "$dir/image" 1000 backing=x backing-format=raw >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -q "has no backing store" "$dir/log"
report "a backing store is refused" $?
"$TOOL" -f raw create "$dir/image" 9223372036854775807 >"$dir/log" 2>&1
[ $? -le 1 ]
report "2^63-1 bytes are made or refused" $?

# A qcow2 image in a raw image stays the guest's bytes.
rm -f "$dir/image"
qemu-img create -q -f qcow2 -b /etc/passwd -F raw "$dir/image" 1M
size=$(stat -c %s "$dir/image")
"$TOOL" -f raw info "$dir/image" >"$dir/log" 2>&1 && grep -q "^capacity=$size\$" "$dir/log" &&
    ! grep -q backing "$dir/log" && "$TOOL" -f raw cat "$dir/image" | cmp - "$dir/image"
report "a qcow2 header in a raw image is only bytes" $?
"$TOOL" -f raw resize "$dir/image" $((size + 1000)) >"$dir/log" 2>&1 &&
    [ "$(stat -c %s "$dir/image")" = $((size + 1000)) ]
report "such an image grows as raw" $?

rm -f "$dir/image"
"$TOOL" -f raw create "$dir/image" 4194304
head -c 100000 /dev/urandom >"$dir/piece"
"$TOOL" -f raw write "$dir/image" 1048576 <"$dir/piece" &&
    "$TOOL" -f raw read "$dir/image" 1048576 100000 | cmp - "$dir/piece" >"$dir/log" 2>&1
report "written bytes are read" $?
"$TOOL" -f raw map "$dir/image" | tr -d '\n ' | sed 's/"backing":[a-z]*,//g' >"$dir/ours"
qemu-img map --output=json -f raw "$dir/image" | tr -d '\n ' |
    sed 's/"depth":[0-9]*,//g; s/"present":[a-z]*,//g' >"$dir/theirs"
cmp "$dir/ours" "$dir/theirs" >"$dir/log" 2>&1
report "the map is that of qemu-img" $?
"$TOOL" -f raw zero "$dir/image" 1048576 65536 1 >"$dir/log" 2>&1 &&
    "$TOOL" -f raw read "$dir/image" 1048576 65536 | cmp -n 65536 - /dev/zero >>"$dir/log" 2>&1
report "zeroed bytes are zero" $?
"$TOOL" -f raw resize "$dir/image" 1000 >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -q "data would be lost" "$dir/log"
report "shrinking must be asked for" $?
"$TOOL" -f raw resize "$dir/image" 1000 1 >"$dir/log" 2>&1 &&
    [ "$(stat -c %s "$dir/image")" = 1000 ]
report "shrinking" $?
"$TOOL" -f raw resize "$dir/image" 3000000 2 >"$dir/log" 2>&1 &&
    [ "$(blocks "$dir/image")" -ge 2990000 ]
report "growing takes the space if that is asked for" $?
for seed in 1 2 3; do
    "$TOOL" -f raw model "$dir/image" $seed 200 5000000 >"$dir/log" 2>&1
    report "random operations, seed $seed" $?
done
echo "1..$number"
exit $failed
