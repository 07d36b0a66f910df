#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Raw images of the sizes at which readers go wrong: none, a sector, odd ones, around 2^31 and 2^32, the
# largest that the filesystem holds. qemu-img rounds a size up to whole sectors and is asked for no more
# than that.
# shellcheck source=tests/formats/lib.sh
. "$(dirname "$0")/lib.sh"

# lines FILE SIZE: the map as "[start,length,zero,data]" lines, neighbours that are alike merged, without
# what lies behind SIZE.
lines() {
    jq -c --argjson size "$2" 'reduce (.[] | select(.start < $size)
            | [.start, ([.length, $size - .start] | min), .zero, .data]) as $next ([];
        if length > 0 and .[-1][2:] == $next[2:] then .[-1][1] += $next[1] else . + [$next] end) | .[]' "$1"
}

same_map() { # SIZE
    "$TOOL" -f raw map "$dir/image" >"$dir/ours" &&
        qemu-img map --output=json -f raw "$dir/image" >"$dir/theirs" &&
        lines "$dir/ours" "$1" >"$dir/ours.lines" && lines "$dir/theirs" "$1" >"$dir/theirs.lines" &&
        diff "$dir/ours.lines" "$dir/theirs.lines"
}

# What is written at an offset is at that offset of the file.
write_at() { # OFFSET LENGTH
    head -c "$2" /dev/urandom >"$dir/piece"
    "$TOOL" -f raw write "$dir/image" "$1" <"$dir/piece" &&
        "$TOOL" -f raw read "$dir/image" "$1" "$2" | cmp - "$dir/piece" &&
        tail -c +$(($1 + 1)) "$dir/image" | head -c "$2" | cmp - "$dir/piece"
}

one_size() { # SIZE
    rm -f "$dir/image"
    {
        "$TOOL" -f raw create "$dir/image" "$1" &&
            [ "$(stat -c %s "$dir/image")" = "$1" ] && [ "$(stat -c %b "$dir/image")" -eq 0 ] &&
            "$TOOL" -f raw info "$dir/image" | grep -x "capacity=$1" &&
            qemu-img info --output=json -f raw "$dir/image" >"$dir/info" &&
            [ "$(jq '."virtual-size"' "$dir/info")" = $((($1 + 511) / 512 * 512)) ] && same_map "$1"
    } >"$dir/log" 2>&1
    report "$1 bytes: created, told and mapped as by qemu-img" $?
    [ "$1" -gt 0 ] || return 0
    length=1
    [ "$1" -ge 1537 ] && length=1537
    { write_at $(($1 - length)) $length && same_map "$1"; } >"$dir/log" 2>&1
    report "$1 bytes: the last $length are written and read" $?
    "$TOOL" -f raw read "$dir/image" $(($1 - length + 1)) $length >"$dir/log" 2>&1
    [ $? -eq 1 ] && [ "$(stat -c %s "$dir/image")" = "$1" ]
    report "$1 bytes: nothing is read past the end" $?
    for size in $(($1 + 1)) $(($1 + 513)); do
        "$TOOL" -f raw resize "$dir/image" $size >"$dir/log" 2>&1 &&
            [ "$(stat -c %s "$dir/image")" = $size ] &&
            "$TOOL" -f raw read "$dir/image" "$1" $((size - $1)) |
            cmp -n $((size - $1)) - /dev/zero >>"$dir/log" 2>&1
        report "$1 bytes: grown to $size, with zeros" $?
    done
    "$TOOL" -f raw resize "$dir/image" "$1" 1 >"$dir/log" 2>&1 && [ "$(stat -c %s "$dir/image")" = "$1" ] &&
        "$TOOL" -f raw read "$dir/image" $(($1 - length)) $length | cmp - "$dir/piece" >>"$dir/log" 2>&1
    report "$1 bytes: shrunk to them again" $?
}

command -v jq >/dev/null || { echo "1..0 # SKIP jq is missing"; exit 77; }
gib2=2147483648
for size in 0 1 511 512 513 1000003 65536 $((gib2 - 512)) $((gib2 - 1)) $gib2 $((gib2 + 1)) \
    $((gib2 + 512)) 4294967295 4294967297 5368709131; do
    one_size "$size"
done

# The largest that this filesystem takes, and one byte more.
largest=0
step=4611686018427387904
while [ $step -gt 0 ]; do
    if truncate -s $((largest + step)) "$dir/largest" 2>/dev/null; then
        largest=$((largest + step))
    fi
    step=$((step / 2))
done
rm -f "$dir/image" "$dir/largest"
"$TOOL" -f raw create "$dir/image" $largest >"$dir/log" 2>&1 &&
    "$TOOL" -f raw info "$dir/image" | grep -x "capacity=$largest" >>"$dir/log" &&
    write_at $((largest - 4096)) 4096 >>"$dir/log" 2>&1 && same_map $largest >>"$dir/log" 2>&1
report "the filesystem's largest, $largest bytes" $?
if [ $largest -lt 9223372036854775807 ]; then
    rm -f "$dir/image"
    "$TOOL" -f raw create "$dir/image" $((largest + 1)) >"$dir/log" 2>&1
    [ $? -eq 1 ] && [ "$(stat -c %s "$dir/image")" = 0 ]
    report "one byte more is refused" $?
    "$TOOL" -f raw create "$dir/image" $largest >"$dir/log" 2>&1 &&
        ! "$TOOL" -f raw resize "$dir/image" $((largest + 1)) >"$dir/log" 2>&1 &&
        [ "$(stat -c %s "$dir/image")" = $largest ]
    report "and one cannot grow by it" $?
fi
echo "1..$number"
exit $failed
