#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Damaged and hostile VMDK images: an error that says what is wrong, no crash, no hang, little
# memory, no second file.
# shellcheck source=tests/formats/lib.sh
. "$(dirname "$0")/lib.sh"

ours() { # COMMAND ARGUMENT…
    timeout 20 "$TOOL" -f vmdk "$@"
}

poke() { # FILE OFFSET HEX
    # shellcheck disable=SC2046,SC2059 # a number for each byte, and the format is made of them
    printf "$(printf '\\%03o' $(echo "$3" | sed 's/../0x& /g'))" |
        dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

refuses() { # NAME PATTERN COMMAND ARGUMENT…
    name=$1 pattern=$2 verb=$3
    shift 3
    head -c 3000 /dev/zero | ours "$verb" "$dir/image.vmdk" "$@" >"$dir/log" 2>&1
    [ $? -eq 1 ] && grep -q -e "$pattern" "$dir/log"
    report "$name" $?
}

# --- descriptors -----------------------------------------------------------------------------------

truncate -s 1M "$dir/a.bin"
truncate -s 2M "$dir/b.bin"
qemu-img create -q -f vmdk -o subformat=twoGbMaxExtentSparse "$dir/s.vmdk" 1M

# The lines of a descriptor, behind a head that makes sense.
text() { # LINES…
    {
        printf '# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\n'
        printf 'createType="monolithicFlat"\n'
        printf '%s\n' "$@"
    } >"$dir/image.vmdk"
}

capacity() { # NAME BYTES LINE…
    name=$1 bytes=$2
    shift 2
    text "$@"
    ours info "$dir/image.vmdk" >"$dir/log" 2>&1 && grep -q "^capacity=$bytes\$" "$dir/log" &&
        [ "$(ours cat "$dir/image.vmdk" 2>>"$dir/log" | wc -c)" = "$bytes" ]
    report "$name" $?
}

line='RW 2048 FLAT "a.bin" 0'
capacity "an extent is read" 1048576 "$line"
capacity "an empty line doubles nothing" 1048576 "" "$line"
capacity "nor do blank lines" 1048576 "   " "	" "" "$line" "" "" ""
capacity "two extents of one file" 1048576 'RW 1024 FLAT "a.bin" 0' 'RW 1024 FLAT "a.bin" 1024'
capacity "an extent that starts within its file" 1048576 'RW 2048 FLAT "b.bin" 2048'
capacity "VMFS with an offset of 0" 1048576 'RW 2048 VMFS "a.bin" 0'
capacity "CRLF" 1048576 "$(printf 'RW 2048 FLAT "a.bin" 0\r')" "$(printf 'ddb.x = "1"\r')"
capacity "blanks around everything" 1048576 '   RW   2048	FLAT   "a.bin"   0   '
capacity "a RDONLY extent counts" 2097152 "$line" 'RDONLY 2048 FLAT "b.bin" 0'
capacity "a ZERO extent counts" 2097152 "$line" 'RW 2048 ZERO'
capacity "no offset" 1048576 'RW 2048 FLAT "a.bin"'
capacity "a flat and a sparse extent" 2097152 "$line" 'RW 2048 SPARSE "s-s001.vmdk"'
text "$line" 'RW 2048 ZERO'
refuses "a ZERO extent is not written" "nothing but zeros" write 0
text 'RDONLY 2048 FLAT "a.bin" 0'
refuses "a RDONLY extent is not written" "is RDONLY" write 0
text 'NOACCESS 2048 FLAT "a.bin" 0'
refuses "a NOACCESS extent is not read" "no access" cat
text 'RW 2048 FLAT "a.bin" 0' 'RW 1024 FLAT "a.bin" 1024'
refuses "bytes that belong to two extents are not written" "twice" write 0
ours check "$dir/image.vmdk" 2>"$dir/log" | grep -q '"corruptions": 1'
report "the check tells them" $?
text 'RW 1 FLAT "image.vmdk" 0' "#$(printf %512s '')"
refuses "a descriptor that is its own extent is not written" "twice" write 0
text 'RW 2048 SPARSE "s-s001.vmdk"' 'RW 2048 SPARSE "./s-s001.vmdk"'
refuses "a sparse extent that is there twice is not written" "twice" write 0
text 'RW 4096 FLAT "a.bin" 0'; refuses "an extent longer than its file" "is truncated" cat
text 'RW 2048 FLAT "a.bin" 1'; refuses "one that passes its end" "is truncated" cat
text 'RW 2048 FLAT "a.bin" 18446744073709551615'; refuses "an offset of 2^64-1" "is truncated" cat
text 'RW 2048 FLAT "a.bin" 36028797018963968'; refuses "an offset that wraps" "is truncated" cat
text 'RW 9223372036854775807 FLAT "a.bin" 0'; refuses "a size of 2^63-1 sectors" "2^63 bytes" info
text 'RW 18014398509481983 FLAT "a.bin" 0' "$line"; refuses "sizes whose sum wraps" "2^63 bytes" info
text 'RW 99999999999999999999 FLAT "a.bin" 0'; refuses "a size that is too long" "no number" info
text 'RW -1 FLAT "a.bin" 0'; refuses "a negative size" "no number" info
text 'RW 0x800 FLAT "a.bin" 0'; refuses "a hexadecimal size" "no number" info
text 'RW 2048 FLAT a.bin 0'; refuses "a name without quotes" "without quotes" info
text 'RW 2048 FLAT "a.bin 0'; refuses "an open quote" "without quotes" info
text 'RW 2048 FLAT "" 0'; refuses "an empty name" "empty file name" info
text 'RW 2048 FLAT'; refuses "no name" "names no file" info
text 'RW 2048'; refuses "no type" "no type" info
text 'RW 2048 FLAT "a.bin" 0 more'; refuses "more than an offset" "offset that is no number" info
text 'WR 2048 FLAT "a.bin" 0'; refuses "an unknown access" "neither a key nor an extent" info
text 'RW 2048 VMFSRDM "a.bin" 0'; refuses "a raw device mapping" "VMFSRDM are not read" cat
text 'RW 2048 VMFSRAW "a.bin" 0'; refuses "a raw LUN" "VMFSRAW are not read" cat
text 'RW 2048 SPARSE "s-s001.vmdk" 1'; refuses "a sparse extent with an offset" "only flat ones" cat
text 'RW 2048 SPARSE "a.bin"'; refuses "a sparse extent without a header" "is not the SPARSE extent" cat
text 'RW 2048 SESPARSE "s-s001.vmdk"'; refuses "an extent of another type" "not the SESPARSE" cat
text 'RW 4096 SPARSE "s-s001.vmdk"'; refuses "sizes that contradict each other" "by its own header" cat
text 'RW 1024 SPARSE "s-s001.vmdk"'; refuses "and the other way round" "by its own header" cat
text 'RW 2048 FLAT "gone.bin" 0'; refuses "a missing extent" "is missing" cat
ours check "$dir/image.vmdk" 2>"$dir/log" | grep -q '"corruptions": 1' && grep -q "is missing" "$dir/log"
report "the check tells it" $?
text "$line" 'createType="vmfs"'; refuses "createType twice" "repeats a key" info
text "$line" 'CID=87654321'; refuses "CID twice" "repeats a key" info
text "$line" 'xCID=87654321' 'my parentCID=0' 'ddb.CID=3' 'foo.createType="vmfs"'
ours info "$dir/image.vmdk" 2>"$dir/log" | grep -q '^cid=12345678$' && [ ! -s "$dir/log" ]
report "keys are whole words" $?
text "$line" 'ddb.adapterType = "ide'; refuses "a value with an open quote" "open quote" info
text "$line" '= 3'; refuses "a line without a key" "has no key" info
text "$line" "$(printf 'ddb.x = "\001"')"; refuses "control characters" "control characters" info
text "$line" "$(printf 'RW 1 FLAT "\377\376.bin" 0')"; refuses "a name that is not UTF-8" "not in UTF-8" info
printf '# Disk DescriptorFile\nversion=1\nCID=1\ncreateType="vmfs"\n\000RW 2048 FLAT "a.bin" 0\n' >"$dir/image.vmdk"
refuses "a NUL byte" "NUL byte" info
for type in custom fullDevice partitionedDevice vmfsRaw vmfsRawDeviceMap vmfsPassthroughRawDeviceMap vmfsRDM vmfsRDMP new; do
    text "$line"
    sed -i "s/monolithicFlat/$type/" "$dir/image.vmdk"
    refuses "the type $type" "images of the type \"$type\" are not read" cat
    ours info "$dir/image.vmdk" 2>"$dir/log" | grep -q "^subformat=$type\$"
    report "it is described" $?
done
text "$line"; sed -i '/createType/d' "$dir/image.vmdk"; refuses "no createType" "no createType" info
text "$line"; sed -i 's/version=1/version=4/' "$dir/image.vmdk"; refuses "version 4" '"4"; 1 to 3' info
text "$line"; sed -i 's/CID=12345678/CID=123456789/' "$dir/image.vmdk"; refuses "a CID of 9 digits" "no hexadecimal" info
text "$line"; sed -i 's/CID=12345678/CID=xyz/' "$dir/image.vmdk"; refuses "a CID of letters" "no hexadecimal" info
text "$line" 'ddb.iofilters = "vmwarevmcrypt"'; refuses "an encrypted image" "encrypted by VMware" cat
ours info "$dir/image.vmdk" 2>"$dir/log" | grep -q '^encryption=vmware$'
report "it is described" $?
text "$(yes "$line" | head -100000)"; refuses "100000 extents" "at most 1048576\|more than 8192" info
text "$(yes 'RW 0 ZERO' | head -9000)"; refuses "9000 extents" "more than 8192" info
text "$(yes 'RW 0 ZERO' | head -8192)"
ours info "$dir/image.vmdk" 2>"$dir/log" | grep -q '^capacity=0$'
report "8192 extents are described" $?
{ text "$line" && yes '# a comment' | head -c 1048000 >>"$dir/image.vmdk"; } 2>/dev/null
ours info "$dir/image.vmdk" 2>"$dir/log" | grep -q '^capacity=1048576$'
report "a descriptor of nearly 1 MiB" $?
head -c 1000 /dev/zero | tr '\0' '#' >>"$dir/image.vmdk"
refuses "one of more than 1 MiB" "at most 1048576" info

# What they name is passed on as it stands there, and info opens nothing.
for name in /etc/passwd ../../../../etc/passwd 'json:{}' nbd://localhost/x /proc/self/mem; do
    text "RW 2 FLAT \"$name\" 0"
    if command -v strace >/dev/null; then
        # What looks for leaks cannot run under strace.
        ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" strace -f -e trace=open,openat,openat2 \
            -o "$dir/trace" "$TOOL" -f vmdk info "$dir/image.vmdk" >"$dir/log" 2>&1
        grep -qF "extent=$name" "$dir/log" && ! grep -qF "$name" "$dir/trace"
    else
        ours info "$dir/image.vmdk" >"$dir/log" 2>&1 && grep -qF "extent=$name" "$dir/log"
    fi
    report "info names $name and does not open it" $?
done

# --- sparse headers --------------------------------------------------------------------------------

fresh() { # OPTIONS: header 0, descriptor 512, directory tables from sector 21 on, grain at 65536
    rm -f "$dir"/image*
    ours create "$dir/image.vmdk" 4000256 "$@" &&
        yes "some text" | head -c 300000 | ours write "$dir/image.vmdk" 0
}

header() { # NAME OFFSET HEX PATTERN
    fresh
    poke "$dir/image.vmdk" "$2" "$3"
    refuses "$1" "$4" cat
}

header "version 0" 4 00000000 "of version 0"
header "version 4" 4 04000000 "of version 4"
header "an unknown flag" 8 03010000 "flag bit 8"
header "another capacity" 12 0000000001000000 "by its own header\|directory"
header "a capacity of 2^63" 12 0000000000000080 "more than a disk"
header "a capacity of 2^64-1" 12 ffffffffffffffff "more than a disk"
header "no capacity" 12 0000000000000000 "is one extent\|SPARSE\|twice\|missing\|is not the\|by its own"
header "grains of 0 sectors" 20 0000000000000000 "power of two"
header "grains of 3 sectors" 20 0300000000000000 "power of two"
header "grains of 2^40 sectors" 20 0000000000010000 "power of two"
header "grains of 2^63 sectors" 20 0000000000000080 "power of two"
header "a descriptor behind the end" 28 0000010000000000 "passes the end"
header "a descriptor at 2^64-1" 28 ffffffffffffffff "passes the end"
header "a descriptor of 2 MiB" 36 0010000000000000 "has a descriptor of"
header "tables of 0 entries" 44 00000000 "1 to 512"
header "tables of 513 entries" 44 01020000 "1 to 512"
header "a directory behind the end" 56 0000010000000000 "grain directory"
header "a directory at 2^63" 56 0000000000000080 "grain directory"
header "no directory" 56 0000000000000000 "grain directory"
header "a directory in a footer that is not there" 56 ffffffffffffffff "footer"
header "a redundant directory behind the end" 48 0000010000000000 "redundant grain directory"
header "metadata longer than the file" 64 0000100000000000 "less than its own metadata"
header "metadata of 2^63 sectors" 64 0000000000000080 "addressed"
header "mangled line ends" 73 0a200a0a "transferred as text"
header "compression 2" 77 0200 "compression 2"
header "compression without its flag" 77 0100 "different things"
fresh
poke "$dir/image.vmdk" 4 03000000; refuses "version 3 is not written" "of version 3" write 0
ours read "$dir/image.vmdk" 0 9 2>"$dir/log" | grep -q "some text"
report "version 3 is read" $?
fresh
poke "$dir/image.vmdk" 72 01
ours info "$dir/image.vmdk" 2>"$dir/log" | grep -q '^flags=1$' && echo x | ours write "$dir/image.vmdk" 3000000 &&
    ours info "$dir/image.vmdk" 2>"$dir/log" | grep -q '^flags=1$'
report "the mark of an unclean end is told, and stays" $?

# --- tables ----------------------------------------------------------------------------------------

# Sectors of the only table and its twin: 22 and 27, their directories at 21 and 26.
rgd=$((21 * 512)) gd=$((26 * 512)) gt=$((27 * 512))
fresh
poke "$dir/image.vmdk" $gd 00000010; refuses "a table behind the end" "grain table 0" cat
ours check "$dir/image.vmdk" 2>"$dir/log" | grep -q '"corruptions": [1-9]'
report "the check tells it" $?
fresh
poke "$dir/image.vmdk" $gd 1a000000
ours check "$dir/image.vmdk" 2>"$dir/log" | grep -q '"corruptions": [1-9]' && grep -q "overlaps" "$dir/log"
report "a table that is its own directory is told" $?
for where in 00000010 ffffffff; do
    fresh
    poke "$dir/image.vmdk" $gt $where; refuses "a grain at 0x$where, little-endian" "grain 0" cat
    ours check "$dir/image.vmdk" 2>"$dir/log" | grep -q '"corruptions": [1-9]' && grep -q "behind the end" "$dir/log"
    report "the check tells it" $?
done
for where in 02000000 15000000 1b000000; do
    fresh
    poke "$dir/image.vmdk" $gt $where
    cp "$dir/image.vmdk" "$dir/before"
    refuses "a grain at 0x$where is not written" "in the image's own tables" write 0
    cmp -s -i $gd "$dir/before" "$dir/image.vmdk"
    report "and no table was touched" $?
    ours check "$dir/image.vmdk" 2>"$dir/log" | grep -q '"corruptions": [1-9]' && grep -q "overlaps" "$dir/log"
    report "the check tells it" $?
done
fresh
poke "$dir/image.vmdk" $gt 01000000; refuses "a mark for zeros without its flag" "unknown entry" cat
fresh zeroed-grain=yes
poke "$dir/image.vmdk" $gt 01000000; poke "$dir/image.vmdk" $((22 * 512)) 01000000
[ "$(ours read "$dir/image.vmdk" 0 65536 | tr -d '\0' | wc -c)" = 0 ] &&
    ours check "$dir/image.vmdk" 2>"$dir/log" | grep -q '"corruptions": 0, "leaks": 1'
report "with its flag it is zeros, and its grain unused" $?
fresh
poke "$dir/image.vmdk" $((gt + 4)) 80000000
ours check "$dir/image.vmdk" 2>"$dir/log" | grep -q '"corruptions": 2' && grep -q "redundant copy differs" "$dir/log" &&
    grep -q "overlaps" "$dir/log"
report "a grain that is there twice is told, and that the tables differ" $?
fresh
poke "$dir/image.vmdk" $rgd 00000000
ours check "$dir/image.vmdk" 2>"$dir/log" | grep -q '"corruptions": 1' && grep -q "redundant directory" "$dir/log"
report "a redundant table that is missing is told" $?


# --- streams ---------------------------------------------------------------------------------------

stream() {
    rm -f "$dir"/image*
    yes "text that packs well, but has many lines" | nl | head -c 300032 >"$dir/plain"
    ours fill "$dir/image.vmdk" "$dir/plain" subformat=streamOptimized
    size=$(stat -c %s "$dir/image.vmdk")
}

stream
poke "$dir/image.vmdk" 65536 0100000000000000; refuses "a grain of another sector" "says that it is sector 1" cat
ours check "$dir/image.vmdk" 2>"$dir/log" | grep -q '"corruptions": 1' && grep -q "another grain's" "$dir/log"
report "the check tells it" $?
for length in 00000000 ffffffff 00000300 01000000 64000000; do
    stream
    poke "$dir/image.vmdk" 65544 $length; refuses "a packed length of 0x$length" "the grain at 65536" cat
done
stream
poke "$dir/image.vmdk" 65548 ff; refuses "a stream that is none" "does not unpack" cat
stream
poke "$dir/image.vmdk" 65600 ffffffff; refuses "a damaged stream" "does not unpack" cat
for cut in 512 1024 1536 5000; do
    stream
    truncate -s $((size - cut)) "$dir/image.vmdk"
    refuses "a stream that ends $cut bytes early" "footer" cat
done
stream
poke "$dir/image.vmdk" $((size - 1536 + 12)) 02; refuses "a footer without its marker" "footer" cat
stream
poke "$dir/image.vmdk" $((size - 1024 + 12)) 02; refuses "a footer that contradicts" "contradicts" cat
stream
poke "$dir/image.vmdk" $((size - 1024 + 56)) ffffffffffffffff; refuses "a footer without a directory" "no directory" cat
stream
directory=$(od -A n -t u8 -j $((size - 1024 + 56)) -N 8 "$dir/image.vmdk" | tr -d ' ')
poke "$dir/image.vmdk" $((directory * 512 - 512)) 07
ours check "$dir/image.vmdk" 2>"$dir/log" | grep -q '"corruptions": 1' && grep -q "marker of directory" "$dir/log"
report "a wrong marker of the directory is told" $?

# --- amounts ---------------------------------------------------------------------------------------

# shellcheck disable=SC3045 # dash and bash know it
limited() { (ulimit -v 98304 && ours "$@"); }
fresh
head -c 20000 "$dir/image.vmdk" >"$dir/small"
mv "$dir/small" "$dir/image.vmdk"
poke "$dir/image.vmdk" 12 0000000000000200 # 64 TiB
sed -i 's/^RW 7813 /RW 562949953421312 /' "$dir/image.vmdk"
refuses "20000 bytes that claim much are not read" "by the descriptor\|passes the end\|directory\|truncated" cat
if ! grep -q __asan_init "$TOOL"; then
    limited info "$dir/image.vmdk" >"$dir/log" 2>&1
    report "and described with little memory" $?
fi

# The file ends anywhere.
fresh
cp "$dir/image.vmdk" "$dir/whole"
status=0
for length in 0 1 3 4 72 511 512 513 600 1023 1024 10751 10752 11000 11264 13312 13824 15000 16383 65535 65536 70000 \
    $(($(stat -c %s "$dir/whole") - 1)); do
    head -c $length "$dir/whole" >"$dir/image.vmdk"
    for verb in info cat map check "write 1000" "write 3000000" "zero 0 70000 1" "resize 9000448"; do
        # shellcheck disable=SC2086 # a command and its arguments
        set -- $verb
        command=$1
        shift
        head -c 3000 /dev/zero | ours "$command" "$dir/image.vmdk" "$@" >/dev/null 2>"$dir/log"
        [ $? -le 1 ] || { status=1; echo "$verb, cut at $length" >>"$dir/log"; break 2; }
    done
done
report "an image cut off anywhere does no harm" $status
echo "1..$number"
exit $failed
