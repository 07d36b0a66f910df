#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Damaged and hostile dmg images: an error that says what is wrong, no crash, no hang, little
# memory.
# shellcheck source=tests/formats/lib.sh
. "$(dirname "$0")/lib.sh"
MAKER=$(dirname "$TOOL")/dmg-maker

poke() { # IMAGE OFFSET HEX
    # shellcheck disable=SC2046,SC2059 # a number for each byte, and the format is made of them
    printf "$(printf '\\%03o' $(echo "$3" | sed 's/../0x& /g'))" |
        dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# Every operation ends, by itself and not by a signal.
survives() { # IMAGE
    while read -r verb arguments; do
        # shellcheck disable=SC2086 # several arguments
        timeout 20 "$TOOL" -f dmg "$verb" "$1" $arguments >/dev/null 2>"$dir/errors"
        code=$?
        if [ $code -gt 2 ]; then
            echo "$verb ended with $code:" >"$dir/log"
            head -30 "$dir/errors" >>"$dir/log"
            return 1
        fi
    done <<'END'
info
read 0 300000
map
check
probe
END
}

refuses() { # NAME PATTERN COMMAND
    timeout 20 "$TOOL" -f dmg "$3" "$dir/image" >"$dir/log" 2>&1
    [ $? -eq 1 ] && grep -q "$2" "$dir/log"
    report "$1" $?
}

fresh() {
    "$MAKER" everything "$dir/image" "$dir/disk"
    trailer=$(($(stat -c %s "$dir/image") - 512))
}

fresh
poke "$dir/image" $trailer 00; refuses "no magic" "no dmg image" info
fresh
poke "$dir/image" $((trailer + 4)) 00000005; refuses "version 5" "only version 4" info
fresh
poke "$dir/image" $((trailer + 492)) 8000000000000000; refuses "2^63 sectors" "any disk has" info
fresh
poke "$dir/image" $((trailer + 224)) 0000000000000000; refuses "no plist" "neither" info
fresh
poke "$dir/image" $((trailer + 224)) 0001000000000000; refuses "a huge plist" "beyond itself" info
fresh
poke "$dir/image" $((trailer + 60)) 00000003; refuses "a part" "are missing" cat
"$TOOL" -f dmg info "$dir/image" 2>"$dir/log" | grep -q '^segment=0 of 3'
report "a part is described" $?
fresh
poke "$dir/image" $((trailer + 492)) 0000000000000001
refuses "chunks behind the end" "passes the end of the disk" cat

# The wrapper of an encrypted image is named and never read.
head -c 4096 /dev/zero >"$dir/image"
poke "$dir/image" 0 656e637263647361; poke "$dir/image" 24 00000080
refuses "an encrypted image is not read" "encrypted" cat
"$TOOL" -f dmg info "$dir/image" 2>"$dir/log" | grep -q '^encryption=aes-128'
report "an encrypted image is described" $?

# A few bytes that claim much cost nothing: 64 MiB of address space must do.
# shellcheck disable=SC3045 # dash and bash know it
limited() { (ulimit -v 65536 && "$TOOL" -f dmg "$@"); }
rm -f "$dir/image"
"$TOOL" -f dmg create "$dir/image" 4611686018427387904
size=$(stat -c %s "$dir/image")
[ "$size" -lt 2000 ]
report "4 EiB of zeros are described in 2000 bytes" $?
if ! grep -q __asan_init "$TOOL"; then
    for verb in info map check; do
        limited $verb "$dir/image" >"$dir/log" 2>&1
        report "$verb of 4 EiB takes less than 64 MiB" $?
    done
fi

# The file ends anywhere, or anything in it is another byte.
fresh
status=0
size=$(stat -c %s "$dir/image")
length=0
while [ "$length" -lt "$size" ]; do
    tail -c +$((length + 1)) "$dir/image" >"$dir/damaged"
    survives "$dir/damaged" || { status=1; echo "without the first $length" >>"$dir/log"; break; }
    length=$((length + 8191))
done
report "an image cut off anywhere does no harm" $status
status=0
for place in 0 4 8 12 16 24 32 40 48 56 60 80 88 216 224 352 360 488 492 496; do
    for bytes in 00000000 ffffffff 7fffffff 00000001; do
        cp "$dir/image" "$dir/damaged"
        poke "$dir/damaged" $((trailer + place)) $bytes
        survives "$dir/damaged" ||
            { status=1; echo "$bytes at $place of the trailer" >>"$dir/log"; break 2; }
    done
done
report "a trailer with any number does no harm" $status
echo "1..$number"
exit $failed
