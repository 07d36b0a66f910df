#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# cow images of UML: those of uml_mkcow are read and written, ours are the same byte for byte, and uml_moo
# merges what was written as we read it. No tool of today knows those of QEMU: the unit tests write them by
# hand.
# shellcheck source=tests/formats/lib.sh
. "$(dirname "$0")/lib.sh"
for program in uml_mkcow uml_moo; do
    command -v $program >/dev/null || { echo "1..0 # SKIP $program is missing"; exit 77; }
done

base=$dir/base.raw
image=$dir/image.cow

cow() {
    "$TOOL" -f cow "$@"
}

sound() { # IMAGE
    cow check "$1" | grep -q '"corruptions": 0, "leaks": 0, "check-errors": 0'
}

# Does uml_moo read the same of it?
merged() { # IMAGE
    rm -f "$dir/theirs"
    cow cat "$1" >"$dir/ours" && uml_moo "$1" "$dir/theirs" && cmp "$dir/ours" "$dir/theirs"
}

head -c 100000 /dev/urandom >"$dir/random"
head -c 5000192 /dev/urandom >"$base"

# --- made by others ---

{
    uml_mkcow "$image" "$base" && [ "$(cow probe "$image")" = 90 ] && sound "$image" &&
        cow cat "$image" | cmp - "$base" && cow info "$image" >"$dir/info" &&
        grep -qx "backing=$base" "$dir/info" && grep -qx subformat=uml "$dir/info" &&
        cow write "$image" 1234567 <"$dir/random" && sound "$image" && merged "$image" &&
        cow read "$image" 1234567 100000 | cmp - "$dir/random"
} >"$dir/log" 2>&1
report "uml_mkcow's image: read, written, merged" $?

# --- made by us, of all sizes ---

# The whole file where it is small, else its header and the end of its data.
size() { # BYTES
    rm -f "$base" "$image" "$dir/theirs.cow"
    truncate -s "$1" "$base"
    cow create "$image" "$1" backing="$base" && uml_mkcow "$dir/theirs.cow" "$base" &&
        [ "$(stat -c %s "$image")" = "$(stat -c %s "$dir/theirs.cow")" ] &&
        cmp -n 10000000 "$image" "$dir/theirs.cow" && sound "$image" &&
        head -c 512 "$dir/random" | cow write "$image" $(($1 - 512)) && sound "$image" &&
        [ "$(stat -c %s "$image")" = "$(stat -c %s "$dir/theirs.cow")" ] &&
        tail -c 512 "$image" | cmp -n 512 - "$dir/random" &&
        cow read "$image" $(($1 - 512)) 512 | cmp -n 512 - "$dir/random"
}

for bytes in 512 1536 4096 66048 2096640 $((2147483648 - 512)) 2147483648 $((2147483648 + 512)) 4831838720 \
    1099511627776 4398046511104; do
    size "$bytes" >"$dir/log" 2>&1
    report "$bytes bytes: as uml_mkcow makes it" $?
done
rm -f "$base" "$image" "$dir/theirs.cow"
head -c 12345 "$dir/random" >"$base"
{
    cow create "$image" 12345 backing="$base" && cow cat "$image" | cmp - "$base" && printf x | cow write "$image" 12344 &&
        [ "$(cow read "$image" 12344 1)" = x ] && uml_mkcow "$dir/theirs.cow" "$base" &&
        [ "$(stat -c %s "$image")" = "$(stat -c %s "$dir/theirs.cow")" ]
} >"$dir/log" 2>&1
report "a base of an odd size" $?

# --- filled over a base ---

rm -f "$base" "$image"
head -c 3000320 /dev/urandom >"$base"
truncate -s 3000320 "$dir/changed"
dd if="$dir/random" of="$dir/changed" bs=4096 seek=200 conv=notrunc status=none
{
    cow fill "$image" "$dir/changed" backing="$base" && sound "$image" && merged "$image" &&
        cow read "$image" 819200 100000 | cmp - "$dir/random" && cow read "$image" 0 819200 >"$dir/ours" &&
        cmp -n 819200 "$dir/ours" "$base"
} >"$dir/log" 2>&1
report "filled: what is skipped is the base's" $?
{
    rm -f "$image"
    cow fill "$image" "$base" subformat=qemu && sound "$image" && cow cat "$image" | cmp - "$base"
} >"$dir/log" 2>&1
report "filled: QEMU's kind, without a base" $?

# --- a base that is not what it was ---

rm -f "$image"
cow create "$image" 3000320 backing="$base" 2>"$dir/log"
time=$(stat -c %Y "$base")
touch -d "@$((time + 5))" "$base"
! cow cat "$image" >"$dir/bytes" 2>"$dir/log" && [ ! -s "$dir/bytes" ] && grep -q "touch -d @$time" "$dir/log"
report "a base that was touched is refused" $?
touch -d "@$time" "$base"
cow cat "$image" 2>"$dir/log" | cmp - "$base" >>"$dir/log" 2>&1
report "with the old time it is read again" $?
truncate -s 3000832 "$base"
touch -d "@$time" "$base"
! cow cat "$image" >"$dir/bytes" 2>"$dir/log" && [ ! -s "$dir/bytes" ]
report "a base that grew is refused" $?
rm -f "$base"
! cow cat "$image" >"$dir/bytes" 2>"$dir/log" && [ ! -s "$dir/bytes" ]
report "without its base nothing is read" $?
! cow resize "$image" 9000000 2>"$dir/log"
report "another size is refused" $?

# --- random operations ---

for kind in uml qemu; do
    for seed in ${SEEDS:-1 2 3}; do
        rm -f "$base" "$image"
        head -c 2500096 /dev/urandom >"$base"
        sum=$(cksum <"$base")
        {
            cow create "$image" 2500096 backing="$base" subformat=$kind &&
                cow model "$image" "$seed" "${STEPS:-500}" 2500096 && sound "$image" &&
                [ "$sum" = "$(cksum <"$base")" ] && { [ $kind = qemu ] || merged "$image"; }
        } >"$dir/log" 2>&1
        report "model: $kind, seed $seed" $?
    done
done
rm -f "$image"
{
    cow create "$image" 2500096 subformat=qemu && cow model "$image" 4 "${STEPS:-500}" 2500096 && sound "$image"
} >"$dir/log" 2>&1
report "model: qemu, without a base" $?
echo "1..$number"
exit $failed
