#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# cloop images that create_compressed_fs made, and ours read by extract_compressed_fs and qemu-img.
# shellcheck source=tests/formats/lib.sh
. "$(dirname "$0")/lib.sh"
for program in create_compressed_fs extract_compressed_fs; do
    command -v $program >/dev/null || { echo "1..0 # SKIP $program is missing"; exit 77; }
done

# Partly random, partly zero, partly text.
for i in 1 2 3 4 5 6; do
    head -c 100000 /dev/urandom
    head -c 600000 /dev/zero
    yes "line $i" | head -c 150000
done >"$dir/content"

# The file is at the start of the image's content, and zeros follow.
same() { # FILE CONTENT
    size=$(stat -c %s "$1")
    cmp -n "$size" "$1" "$2" && [ -z "$(tail -c +$((size + 1)) "$2" | tr -d '\0' | head -c 1)" ]
}

pack() { # OPTION…: its progress is nobody's business
    create_compressed_fs -q "$@" "$dir/content" "$dir/image" >/dev/null 2>&1
}

for block in 512 4096 65536 131072; do
    {
        pack -B $block &&
            "$TOOL" -f cloop cat "$dir/image" >"$dir/ours" && same "$dir/content" "$dir/ours" &&
            "$TOOL" -f cloop check "$dir/image" | grep -q '"corruptions": 0, "leaks": 0' &&
            [ "$("$TOOL" -f cloop probe "$dir/image")" = 90 ]
    } >"$dir/log" 2>&1
    report "made by create_compressed_fs in blocks of $block" $?
    {
        rm -f "$dir/twin" && "$TOOL" -f cloop fill "$dir/twin" "$dir/content" cluster-size=$block &&
            cmp "$dir/image" "$dir/twin"
    } >"$dir/log" 2>&1
    report "ours is the same, byte by byte, in blocks of $block" $?
done
{
    pack -B 65536 -L 0 &&
        "$TOOL" -f cloop cat "$dir/image" >"$dir/ours" && same "$dir/content" "$dir/ours"
} >"$dir/log" 2>&1
report "made by create_compressed_fs with stored blocks" $?
{
    pack -B 65536 -L -1 &&
        "$TOOL" -f cloop cat "$dir/image" >"$dir/ours" && same "$dir/content" "$dir/ours"
} >"$dir/log" 2>&1
report "made by create_compressed_fs with the deflate of 7zip" $?

# Ours, read by both others; extract_compressed_fs fails with few blocks, whoever made them.
extracted() { # FILE
    [ "$("$TOOL" -f cloop info "$dir/image" | sed -n 's/^blocks=//p')" -lt 20 ] ||
        { extract_compressed_fs "$dir/image" "$dir/theirs" && same "$1" "$dir/theirs"; }
}

try() { # NAME FILE OPTION…
    name=$1 file=$2
    shift 2
    {
        rm -f "$dir/image" && "$TOOL" -f cloop fill "$dir/image" "$file" "$@" &&
            qemu-img convert -f cloop -O raw "$dir/image" "$dir/theirs" && same "$file" "$dir/theirs" &&
            "$TOOL" -f cloop cat "$dir/image" | cmp - "$dir/theirs" && extracted "$file"
    } >"$dir/log" 2>&1
    report "others read $name" $?
}
for size in 1 511 512 513 1536 32769 65024 65535 65536 65537 131072 1000001; do
    head -c $size "$dir/content" >"$dir/part"
    try "a disk of $size bytes" "$dir/part"
    [ "$size" -lt 20000 ] || try "a disk of $size bytes in blocks of 1024" "$dir/part" \
        cluster-size=1024
done
for level in 0 1 6 9; do
    try "level $level" "$dir/content" level=$level
done
for block in 512 1024 32768 131072; do
    try "blocks of $block" "$dir/content" cluster-size=$block
done

# Around 2 GiB and beyond 4 GiB: too much for all of it to be compared here.
large() { # SIZE
    rm -f "$dir/sparse"
    truncate -s "$1" "$dir/sparse"
    printf middle | dd of="$dir/sparse" bs=1 seek=1234567890 conv=notrunc status=none
    printf end | dd of="$dir/sparse" bs=1 seek=$(($1 - 3)) conv=notrunc status=none
    {
        rm -f "$dir/image" &&
            "$TOOL" -f cloop fill "$dir/image" "$dir/sparse" cluster-size=1048576 level=1 &&
            [ "$("$TOOL" -f cloop read "$dir/image" 1234567890 6)" = middle ] &&
            [ "$("$TOOL" -f cloop read "$dir/image" $(($1 - 3)) 3)" = end ] &&
            qemu-img dd -f cloop -O raw bs=1M skip=1177 count=1178 if="$dir/image" \
                of="$dir/theirs" && cmp -i 1234173952:0 -n 1000000 "$dir/sparse" "$dir/theirs" &&
            qemu-img info -f cloop "$dir/image" | grep -q "$(((($1 - 1) / 1048576 + 1) * 1048576))"
    } >"$dir/log" 2>&1
    report "others read a disk of $1 bytes" $?
}
large 2147483136
large 2147483647
large 2147483648
large 2147483649
large 2147484160
large 4294967808

# A claim of terabytes in a small file costs nothing.
{
    printf '#!/bin/sh\n#V2.0 Format\nmodprobe cloop\n' >"$dir/image"
    truncate -s 128 "$dir/image"
    printf '\004\000\000\000\037\377\377\376' >>"$dir/image"
    truncate -s 1M "$dir/image"
} 2>"$dir/log"
prlimit --as=100000000 "$TOOL" -f cloop info "$dir/image" >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -q "does not fit into the file" "$dir/log"
report "a table that the file cannot hold is refused in little memory" $?
echo "1..$number"
exit $failed
