#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Raw images on a block device: its size is not st_size and does not change, all of it is data.
# shellcheck source=tests/formats/lib.sh
. "$(dirname "$0")/lib.sh"

command -v losetup >/dev/null || { echo "1..0 # SKIP losetup is missing"; exit 77; }
truncate -s 8M "$dir/container"
device=$(losetup --find --show "$dir/container" 2>"$dir/log") ||
    { echo "1..0 # SKIP no loop device: $(head -n 1 "$dir/log")"; exit 77; }
trap 'losetup --detach "$device"; rm -rf "$dir"' EXIT

on() {
    "$TOOL" -f raw "$@" >"$dir/log" 2>&1
}
contains() { # OFFSET LENGTH FILE
    "$TOOL" -f raw read "$device" "$1" "$2" | cmp -n "$2" - "$3" >>"$dir/log" 2>&1
}

on info "$device" && grep -qx capacity=8388608 "$dir/log"
report "info tells the size of the device" $?
on create "$device" 8388608
report "an image of the device's size" $?
on create "$device" 1000000
report "an image of less" $?
on create "$device" 8389120
[ $? -eq 1 ] && grep -q 'its container has 8388608' "$dir/log"
report "an image of more is refused" $?
head -c 100001 /dev/urandom >"$dir/piece"
"$TOOL" -f raw write "$device" 4000001 <"$dir/piece" 2>"$dir/log" && contains 4000001 100001 "$dir/piece"
report "bytes at an odd offset" $?
"$TOOL" -f raw write "$device" 8388000 <"$dir/piece" >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -q 'the device has only 8388608' "$dir/log"
report "a write past the end is refused" $?
on read "$device" 8388600 9
[ $? -eq 1 ]
report "a read past the end is refused" $?
"$TOOL" -f raw map "$device" >"$dir/ours" 2>"$dir/log" && [ "$(grep -c start "$dir/ours")" -eq 1 ] &&
    grep -q '"start": 0, "length": 8388608, "backing": false, "zero": false, "data": true' "$dir/ours"
report "the map: all is data" $?
on zero "$device" 4000256 65536 && contains 4000256 65536 /dev/zero &&
    head -c 255 "$dir/piece" >"$dir/start" && contains 4000001 255 "$dir/start"
report "zeros where asked, and nowhere else" $?
on discard "$device" 1 8388607
report "a discard" $?
on resize "$device" 9000000
[ $? -eq 1 ] && grep -q 'the device has 8388608 bytes and cannot be made 9000000' "$dir/log"
report "it cannot grow" $?
on resize "$device" 4194304 1
[ $? -eq 1 ]
report "it cannot shrink" $?
on create "$device" 8388608 preallocation=full && contains 0 8388608 /dev/zero
report "preallocated in full it is all zeros" $?
echo "1..$number"
exit $failed
