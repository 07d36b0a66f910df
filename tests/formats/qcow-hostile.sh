#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# qcow images that claim much cost little: time and memory, measured. What tables may point to is
# tested by tests/unit/test-qcow-hostile.
# shellcheck source=tests/formats/lib.sh
. "$(dirname "$0")/lib.sh"

ours() { "$TOOL" -f qcow "$@"; }

poke() { # IMAGE OFFSET HEX
    # shellcheck disable=SC2046,SC2059 # a number for each byte, and the format is made of them
    printf "$(printf '\\%03o' $(echo "$3" | sed 's/../0x& /g'))" |
        dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# Within 64 MiB of memory (unless a sanitizer needs more), in no time; the machine may be busy with
# something else, but not three times.
cheap() { # SECONDS COMMAND FILE
    for _ in 1 2 3; do
        # shellcheck disable=SC3045 # dash and bash know it
        (
            grep -q __asan_init "$TOOL" || ulimit -v 65536
            exec timeout "$1" "$TOOL" -f qcow "$2" "$3"
        )
        code=$?
        [ $code -eq 124 ] || break
    done
    return "$code"
}

# The first 516 bytes of an image of 152 TiB: QEMU takes 637 MB for the table that is not there.
ours create "$dir/image" 167125767422464
truncate -s 516 "$dir/image"
cheap 0.1 info "$dir/image" >"$dir/log" 2>&1 && grep -qx capacity=167125767422464 "$dir/log"
report "516 bytes that claim 152 TiB are described" $?
cheap 0.1 cat "$dir/image" >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -q "passes the end" "$dir/log"
report "516 bytes that claim 152 TiB are not read" $?
cheap 0.1 check "$dir/image" >"$dir/log" 2>&1 && grep -q '"corruptions": 1' "$dir/log"
report "516 bytes that claim 152 TiB are found out" $?

# The table is there, but a hole: still no reason to take it into memory.
ours create "$dir/image" 562949951324160
cheap 5 check "$dir/image" >"$dir/log" 2>&1 && grep -q '"corruptions": 0' "$dir/log"
report "an L1 table of 2 GiB is checked within 64 MiB" $?
cheap 30 map "$dir/image" >"$dir/log" 2>&1 && grep -q '"length": 562949951324160' "$dir/log"
report "an L1 table of 2 GiB is mapped within 64 MiB" $?

# All L1 entries name one L2 table: it is looked at once.
ours create "$dir/image" $((200000 * 2097152))
head -c 4096 /dev/zero | tr '\0' x | ours write "$dir/image" 0
entry=$(od -An -tx1 -j48 -N8 "$dir/image" | tr -d ' ')
for i in 0 1 2 3 4 5 6 7; do poke "$dir/image" $((48 + i * 8)) "$entry"; done
dd if="$dir/image" of="$dir/row" bs=1 skip=48 count=64 status=none
for i in 1 2 3 4 5 6 7 8 9 10 11; do cat "$dir/row" "$dir/row" >"$dir/row2"; mv "$dir/row2" "$dir/row"; done
dd if="$dir/row" of="$dir/image" bs=1M oflag=seek_bytes seek=48 conv=notrunc status=none
cheap 5 check "$dir/image" >"$dir/log" 2>&1 && grep -q '"corruptions": 16383' "$dir/log"
report "16384 entries that name the same table" $?
echo x | ours write "$dir/image" 0 >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -q "share the bytes" "$dir/log"
report "and nothing is written into it" $?
echo "1..$number"
exit $failed
