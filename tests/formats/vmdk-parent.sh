#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# VMDK images with a parent: what lies below shows, the parent is the right one by its content ID,
# and a write gives an image another. Compared with qemu-img.
# shellcheck source=tests/formats/lib.sh
. "$(dirname "$0")/lib.sh"

ours() { # COMMAND ARGUMENT…
    "$TOOL" -f vmdk "$@"
}

patch() { # FILE OFFSET TEXT
    printf %s "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# Both read the image as what the file says.
holds() { # IMAGE EXPECTED
    ours cat "$1" | cmp - "$2" && qemu-img compare -q -f vmdk -F raw "$1" "$2" &&
        ours check "$1" | grep -q '"corruptions": 0, "leaks": 0, "check-errors": 0'
}

cid() { # IMAGE
    ours info "$1" | sed -n 's/^cid=//p'
}

size=3000320
head -c $size /dev/urandom >"$dir/plain"
head -c 70000 /dev/urandom >"$dir/piece"
for subformat in monolithicSparse monolithicFlat twoGbMaxExtentSparse streamOptimized vmfs; do
    rm -f "$dir"/base* "$dir"/over*
    {
        ours fill "$dir/base.vmdk" "$dir/plain" subformat=$subformat &&
            qemu-img create -q -f vmdk -b base.vmdk -F vmdk "$dir/over.vmdk" &&
            holds "$dir/over.vmdk" "$dir/plain" &&
            ours info "$dir/over.vmdk" | grep -q '^backing=base.vmdk$' &&
            ours info "$dir/over.vmdk" | grep -q '^backing-format=vmdk$'
    } >"$dir/log" 2>&1
    report "qemu-img's image over our $subformat" $?
    {
        cp "$dir/plain" "$dir/changed" &&
            dd if="$dir/piece" of="$dir/changed" bs=1000 seek=1234 conv=notrunc status=none &&
            ours write "$dir/over.vmdk" 1234000 <"$dir/piece" &&
            holds "$dir/over.vmdk" "$dir/changed" && holds "$dir/base.vmdk" "$dir/plain"
    } >"$dir/log" 2>&1
    report "and it is written here" $?
done

for options in subformat=monolithicSparse zeroed-grain=yes subformat=twoGbMaxExtentSparse; do
    rm -f "$dir"/base* "$dir"/over*
    {
        qemu-img convert -q -f raw -O vmdk "$dir/plain" "$dir/base.vmdk" &&
            ours create "$dir/over.vmdk" $size backing=base.vmdk backing-format=vmdk $options &&
            holds "$dir/over.vmdk" "$dir/plain" &&
            ours write "$dir/over.vmdk" 1234000 <"$dir/piece" &&
            holds "$dir/over.vmdk" "$dir/changed"
    } >"$dir/log" 2>&1
    report "our image over qemu-img's, $options" $?
    {
        cp "$dir/changed" "$dir/zeroed" &&
            dd if=/dev/zero of="$dir/zeroed" bs=1000 seek=500 count=1000 conv=notrunc status=none &&
            ours zero "$dir/over.vmdk" 500000 1000000 1 && holds "$dir/over.vmdk" "$dir/zeroed"
    } >"$dir/log" 2>&1
    report "zeros hide what lies below, $options" $?
done
ours zero "$dir/over.vmdk" 2097152 65536 3 >"$dir/log" 2>&1 && grep -q unsupported "$dir/log"
report "without marks for zeros there are no fast ones" $?
ours resize "$dir/over.vmdk" 4000256 >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -q "keeps the parent's size" "$dir/log"
report "an image with a parent does not grow" $?

# --- chains ----------------------------------------------------------------------------------------

rm -f "$dir"/base* "$dir"/over*
{
    ours fill "$dir/base.vmdk" "$dir/plain" &&
        ours create "$dir/over1.vmdk" $size backing=base.vmdk backing-format=vmdk &&
        ours write "$dir/over1.vmdk" 1234000 <"$dir/piece" &&
        ours create "$dir/over2.vmdk" $size backing=over1.vmdk backing-format=vmdk &&
        holds "$dir/over2.vmdk" "$dir/changed"
} >"$dir/log" 2>&1
report "a chain of three" $?

# --- content IDs -----------------------------------------------------------------------------------

before=$(cid "$dir/over2.vmdk")
ours cat "$dir/over2.vmdk" >/dev/null
[ "$(cid "$dir/over2.vmdk")" = "$before" ]
report "reading keeps the content ID" $?
echo x | ours write "$dir/over2.vmdk" 5 && [ "$(cid "$dir/over2.vmdk")" != "$before" ]
report "a write changes it" $?
for subformat in monolithicFlat twoGbMaxExtentSparse vmfs; do
    rm -f "$dir"/image*
    ours create "$dir/image.vmdk" $size subformat=$subformat
    before=$(cid "$dir/image.vmdk")
    echo x | ours write "$dir/image.vmdk" 5 >"$dir/log" 2>&1 && [ -n "$before" ] &&
        [ "$(cid "$dir/image.vmdk")" != "$before" ] && qemu-img check -q "$dir/image.vmdk"
    report "a write changes it in $subformat" $?
done
echo x | ours write "$dir/over1.vmdk" 5
ours cat "$dir/over2.vmdk" >"$dir/out" 2>"$dir/log"
[ $? -eq 1 ] && grep -q "the parent was written since" "$dir/log" && [ ! -s "$dir/out" ]
report "a parent that was written is refused" $?
ours check "$dir/over2.vmdk" 2>"$dir/log" | grep -q '"corruptions": 1' && grep -q 'the parent "over1' "$dir/log"
report "the check tells it" $?
ours -n map "$dir/over2.vmdk" 2>"$dir/log" | grep -q '"backing": true'
report "its map can still be told, without the parent" $?
ours -n read "$dir/over2.vmdk" 1000000 512 >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -q "was not opened" "$dir/log"
report "but what lies in the parent is not read" $?
mv "$dir/over1.vmdk" "$dir/away.vmdk"
ours cat "$dir/over2.vmdk" >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -q "is missing" "$dir/log"
report "a missing parent is an error" $?
ours check "$dir/over2.vmdk" 2>"$dir/log" | grep -q '"corruptions": 1' && grep -q 'it is missing' "$dir/log"
report "the check tells that, too" $?

# The descriptor of these is 512 bytes into the file; "CID=" stands twice.
at=$(grep -abo 'parentCID=' "$dir/over2.vmdk" | head -1 | cut -d: -f1)
patch "$dir/over2.vmdk" $((at + 10)) ffffffff
ours cat "$dir/over2.vmdk" >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -q "no parentCID" "$dir/log"
report "a named parent without its content ID is refused" $?
patch "$dir/over2.vmdk" $((at + 10)) 12345678
at=$(grep -abo 'parentFileNameHint' "$dir/over2.vmdk" | head -1 | cut -d: -f1)
patch "$dir/over2.vmdk" $((at)) Parent
ours cat "$dir/over2.vmdk" >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -q "no parentFileNameHint" "$dir/log"
report "a parent's content ID without a name is refused" $?
echo "1..$number"
exit $failed
