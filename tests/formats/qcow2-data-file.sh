#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Images whose data lie in a file of their own, made here: qemu-img finds them sound, and reads what
# was written; a raw data file is by itself the disk.
# shellcheck source=tests/formats/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$dir" || exit 99 # qemu-img takes the data file's name as relative to where it runs

make() { # SIZE OPTION…
    rm -f image image-data.raw
    "$TOOL" create image "$@" data-file=yes
}

holds() { # the image is what `plain` is
    "$TOOL" check image | grep -q '"corruptions": 0, "leaks": 0, "check-errors": 0' &&
        qemu-img check -q image && qemu-img compare -q -f qcow2 -F raw image plain &&
        "$TOOL" cat image | cmp - plain
}

both() { # OFFSET FILE
    "$TOOL" write image "$1" <"$2" &&
        dd if="$2" of=plain bs=64k oflag=seek_bytes seek="$1" conv=notrunc status=none
}

same_map() { # but for what lies below zeros
    "$TOOL" map image | tr -d '\n' | grep -q '"data": true' &&
        [ "$(qemu-img map --output=json image | sed -n 's/.*"data": true.*/x/p' | wc -l)" -gt 0 ]
}

head -c 700 /dev/urandom >small
head -c 130000 /dev/urandom >big
while read -r options; do
    : >plain && truncate -s 3000320 plain
    {
        # shellcheck disable=SC2086 # several options
        make 3000320 $options && qemu-img info image | grep -q 'data file: image-data.raw' && holds
    } >"$dir/log" 2>&1
    report "create with $options" $?
    {
        both 0 small && both 65000 small && both 300001 big && both 2999620 small && holds &&
            same_map
    } >"$dir/log" 2>&1
    report "write with $options" $?
    {
        "$TOOL" zero image 100000 400000 1 &&
            dd if=/dev/zero of=plain bs=1000 seek=100 count=400 conv=notrunc status=none && holds
    } >"$dir/log" 2>&1
    report "zero with $options" $?
    {
        "$TOOL" resize image 5000192 && truncate -s 5000192 plain && both 4900000 small && holds &&
            [ "$(stat -c %s image-data.raw)" -ge 5000192 ] &&
            "$TOOL" resize image 600064 1 && truncate -s 600064 plain && holds &&
            [ "$(stat -c %s image-data.raw)" -eq 600064 ] &&
            "$TOOL" resize image 2000384 && truncate -s 2000384 plain && holds
    } >"$dir/log" 2>&1
    report "grow and shrink with $options" $?
    case $options in
        *raw=yes*)
            {
                cmp image-data.raw plain && qemu-img info image | grep -q 'data file raw: true' &&
                    printf 'from outside' | dd of=image-data.raw bs=1 seek=1234567 conv=notrunc \
                        status=none && cp image-data.raw plain && holds
            } >"$dir/log" 2>&1
            report "the data file alone is the disk with $options" $?
            ;;
    esac
    {
        "$TOOL" model image 3 200 4000000 && "$TOOL" cat image >plain && holds
    } >"$dir/log" 2>&1
    report "random operations with $options" $?
done <<'END'
cluster-size=65536
cluster-size=512
cluster-size=2097152 data-file-raw=yes
data-file-raw=yes
data-file-raw=yes feature=extended_l2
feature=extended_l2 feature=lazy_refcounts
refcount-bits=1 cluster-size=4096
preallocation=metadata
preallocation=falloc
preallocation=full data-file-raw=yes
END
head -c 2000384 /dev/urandom >base.raw
{
    make 2000384 backing=base.raw backing-format=raw && cp base.raw plain && both 70000 small &&
        holds
} >"$dir/log" 2>&1
report "above a backing store" $?
{
    "$TOOL" fill image big data-file=yes data-file-raw=yes && truncate -s 130048 big &&
        cmp image-data.raw big
} >"$dir/log" 2>&1
report "a conversion into a raw data file" $?

# The name is that of a file beside the image, and only that is opened.
make 1000000
rm image-data.raw
"$TOOL" info image >"$dir/log" 2>&1 && grep -q '^data-file=image-data.raw$' "$dir/log"
report "info does not need the data file" $?
"$TOOL" check image >"$dir/log" 2>&1
grep -q '"check-errors": 1' "$dir/log" && grep -q 'image-data.raw cannot be opened' "$dir/log"
report "check tells that it is missing" $?
"$TOOL" cat image >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -q missing "$dir/log"
report "reading without it is refused" $?
echo "1..$number"
exit $failed
