#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Damaged and hostile images: an error that says what is wrong, no crash, no hang, little memory.
# shellcheck source=tests/formats/lib.sh
. "$(dirname "$0")/lib.sh"

poke() { # IMAGE OFFSET HEX
    # shellcheck disable=SC2046,SC2059 # a number for each byte, and the format is made of them
    printf "$(printf '\\%03o' $(echo "$3" | sed 's/../0x& /g'))" |
        dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# Every operation ends, by itself and not by a signal.
survives() { # IMAGE
    while read -r verb arguments; do
        cp "$1" "$dir/victim"
        # shellcheck disable=SC2086 # several arguments
        head -c 3000 /dev/zero | timeout 20 "$TOOL" "$verb" "$dir/victim" $arguments \
            >/dev/null 2>"$dir/errors"
        code=$?
        if [ $code -gt 2 ]; then
            echo "$verb $arguments ended with $code:" >"$dir/log"
            head -30 "$dir/errors" >>"$dir/log"
            return 1
        fi
    done <<'END'
info
cat
map
check
check 3
write 1000
write 3000000
zero 0 70000 1
resize 5000000
resize 1000 1
END
}

refuses() { # NAME PATTERN COMMAND ARGUMENT…
    name=$1 pattern=$2 verb=$3
    shift 3
    head -c 3000 /dev/zero | timeout 20 "$TOOL" "$verb" "$dir/image" "$@" >"$dir/log" 2>&1
    [ $? -eq 1 ] && grep -q "$pattern" "$dir/log"
    report "$name" $?
}

fresh() { # OPTIONS
    rm -f "$dir/image"
    "$TOOL" create "$dir/image" 4000256 "$@" &&
        yes "some text" | head -c 300000 | "$TOOL" write "$dir/image" 0
}

# With 64 KiB clusters: header 0, refcount table 1, block 2, L1 3, then L2 and data from 4 on.
fresh
poke "$dir/image" 0 00; refuses "no magic" "no qcow2 header" info
fresh
poke "$dir/image" 4 00000004; refuses "version 4" "version 4 is unknown" info
fresh
poke "$dir/image" 4 00000001; refuses "version 1" "version 1 is unknown" info
for bits in 00000000 00000008 00000016 7fffffff ffffffff; do
    fresh
    poke "$dir/image" 20 $bits; refuses "cluster_bits 0x$bits" "9 to 21" info
done
fresh
poke "$dir/image" 24 7fffffffffffffff; refuses "a disk of 2^63-1 bytes" "L1 table has" info
fresh
poke "$dir/image" 24 ffffffffffffffff; refuses "a disk of 2^64-1 bytes" "header is damaged" info
fresh
poke "$dir/image" 36 7fffffff; refuses "2^31 L1 entries" "at most 4194304" info
fresh
poke "$dir/image" 40 0000000000030200; refuses "a misplaced L1 table" "start of a cluster" info
fresh
poke "$dir/image" 40 7fffffffffff0000; refuses "an L1 table at 2^63" "passes the end" cat
fresh
poke "$dir/image" 40 0000000100000000; refuses "an L1 table behind the end" "passes the end" cat
fresh
poke "$dir/image" 48 0000000100000000
refuses "a refcount table behind the end" "passes the end" write 3000000
fresh
poke "$dir/image" 56 00100000; refuses "a huge refcount table" "at most 8388608" info
fresh
poke "$dir/image" 56 00000000; refuses "no refcount table" "no refcount table" write 0
fresh
poke "$dir/image" 60 00010001; refuses "65537 snapshots" "65536" info
fresh
poke "$dir/image" 72 8000000000000000
refuses "an unknown incompatible feature" "unknown here: bit 63" info
fresh
poke "$dir/image" 96 00000007; refuses "refcount_order 7" "0 to 6" info
fresh
poke "$dir/image" 100 00000067; refuses "a header of 103 bytes" "less than 104" info
fresh
poke "$dir/image" 100 00010008; refuses "a header longer than a cluster" "more than a cluster" info
fresh
poke "$dir/image" 104 02; refuses "compression type 2" "0 (zlib) and 1 (zstd)" info
fresh
poke "$dir/image" 104 01; refuses "a compression type without its bit" "feature bit" info
fresh
poke "$dir/image" 116 ffffffff; refuses "an extension of 4 GiB" "passes the end of its area" info
fresh
poke "$dir/image" 8 0000000000010001; refuses "a backing name behind the cluster" "behind" info
fresh
poke "$dir/image" 8 0000000000001000; poke "$dir/image" 16 00000400
refuses "a backing name of 1024 bytes" "1023" info
fresh
poke "$dir/image" 8 0000000000000200; poke "$dir/image" 16 00000004
refuses "a backing name of NUL bytes" "NUL" info
fresh
poke "$dir/image" 32 00000001; refuses "an AES image is not read" "encrypted (AES)" cat
"$TOOL" info "$dir/image" 2>"$dir/log" | grep -q "^encryption=aes"
report "an AES image is described" $?
fresh
poke "$dir/image" 79 02; refuses "an image marked corrupt is not written" "marked as corrupt" write 0
"$TOOL" read "$dir/image" 0 9 2>"$dir/log" | grep -q "some text"
report "an image marked corrupt is read" $?

# Tables that point where they must not.
l1=196608 l2=262144
for target in 8000000000010000 8000000000030000; do
    fresh
    poke "$dir/image" $l1 $target
    refuses "an L2 table at 0x$target" "overlaps" cat
    refuses "an L2 table at 0x$target is not written" "overlaps" write 0
    "$TOOL" info "$dir/image" | grep -q '^flags=2'
    report "and the image is marked corrupt" $?
done
for target in 0000000000000001 8000000000040200 c000000000050000 8000000100000000; do
    fresh
    poke "$dir/image" $l1 $target
    refuses "an L1 entry 0x$target" "L1 table\|passes the end" cat
done
fresh
poke "$dir/image" $l1 8000000000020000
refuses "an L2 table that is a refcount block" "share the cluster\|L2 entry\|damaged" write 3000000
for target in 8000000000010000 8000000000030000 8000000000040000; do
    fresh
    poke "$dir/image" $l2 $target
    cp "$dir/image" "$dir/before"
    refuses "data at 0x$target are not written" "would hit the" write 0
    "$TOOL" info "$dir/image" | grep -q '^flags=2'
    report "and the image is marked corrupt" $?
    cmp -s -i 65536 "$dir/before" "$dir/image"
    report "and no table was touched" $?
done
fresh
poke "$dir/image" $l2 8000000100000000; refuses "data behind the end of the file" "behind the end" cat
fresh
poke "$dir/image" $l2 8000000000050200; refuses "misplaced data" "start of a cluster" cat
fresh
poke "$dir/image" $l2 8100000000050000; refuses "reserved bits in L2" "reserved bits" cat
fresh compat=0.10
poke "$dir/image" $l2 0000000000000001; refuses "a zero flag in version 2" "zero flag" cat
fresh
poke "$dir/image" $l2 4000000100000000; refuses "compressed data behind the end" "behind the end" cat
fresh
poke "$dir/image" $l2 7fc0000000050000; refuses "compressed data that do not unpack" "unpack" cat
fresh
poke "$dir/image" $l2 4000000000000000; refuses "compressed data in the header" "unpack" cat
fresh compression-type=zstd
poke "$dir/image" $l2 4000000000050000; refuses "zstd data that do not unpack" "unpack" cat
fresh feature=extended_l2
poke "$dir/image" $((l2 + 8)) 00000001ffffffff; refuses "a subcluster that is both" "both" cat
fresh
poke "$dir/image" 131072 0000000000000000; refuses "refcounts that call tables free" "would hit" \
    write 3000000

# Backing stores are opened by the host alone; a loop ends there.
for name in 'json:{"driver":"null-co"}' nbd://localhost/x /etc/hostname; do
    rm -f "$dir/image"
    "$TOOL" create "$dir/image" 1000000 backing="$name" backing-format=raw
    "$TOOL" info "$dir/image" >"$dir/log" 2>&1 && grep -qF "backing=$name" "$dir/log"
    report "info names the backing store $name" $?
done

# A few bytes that claim much cost nothing: 64 MiB of address space must do.
# shellcheck disable=SC3045 # dash and bash know it
limited() { (ulimit -v 65536 && "$TOOL" "$@"); }
fresh
head -c 516 "$dir/image" >"$dir/small"
mv "$dir/small" "$dir/image"
poke "$dir/image" 20 00000015; poke "$dir/image" 24 1fffffffffffffff; poke "$dir/image" 36 00400000
poke "$dir/image" 40 0000000000200000
poke "$dir/image" 48 0000000000400000
"$TOOL" info "$dir/image" >"$dir/log" 2>&1 && grep -q '^capacity=2305843009213693951' "$dir/log"
report "516 bytes that claim 2 EiB are described" $?
refuses "516 bytes that claim 2 EiB are not read" "passes the end" cat
if ! grep -q __asan_init "$TOOL"; then
    limited info "$dir/image" >"$dir/log" 2>&1
    report "516 bytes that claim 2 EiB take less than 64 MiB" $?
fi
# All tables as large as they may be: L1 32 MiB, refcounts 8 MiB, 65536 snapshots, 65535 bitmaps.
fresh
truncate -s 1G "$dir/image"
poke "$dir/image" 24 0007ffffffffff00; poke "$dir/image" 36 00400000
poke "$dir/image" 40 0000000010000000; poke "$dir/image" 268435456 8000000000040000
poke "$dir/image" 48 0000000020000000; poke "$dir/image" 536870912 0000000000020000
poke "$dir/image" 56 00000080
poke "$dir/image" 60 00010000; poke "$dir/image" 64 0000000030000000
poke "$dir/image" 95 01
poke "$dir/image" 112 23852875000000180000ffff000000000000000003fffc000000000038000000
poke "$dir/image" 144 0000000000000000
if ! grep -q __asan_init "$TOOL"; then
    status=0
    for command in info "read 0 9" "write 9000000" "zero 20000000 70000" "check" "check 2" "check"; do
        # shellcheck disable=SC2086 # words
        set -- $command
        verb=$1
        shift
        head -c 3000 /dev/zero | timeout 20 sh -c 'ulimit -v 65536; exec "$@"' - "$TOOL" "$verb" \
            "$dir/image" "$@" >"$dir/log" 2>&1 || { status=1; echo "$command" >>"$dir/log"; break; }
    done
    report "tables as large as they may be take less than 64 MiB" $status
fi

# 2147483648 clusters, of which a few are used: one at the very end, which no refcount block counts.
fresh cluster-size=512
truncate -s 1T "$dir/image"
if ! grep -q __asan_init "$TOOL"; then
    timeout 20 sh -c 'ulimit -v 65536; exec "$@"' - "$TOOL" check "$dir/image" >"$dir/log" 2>&1 &&
        grep -q '"corruptions": 0, "leaks": 0, "check-errors": 0' "$dir/log"
    report "a sparse file of 1 TiB is checked in less than 64 MiB" $?
    table=$(printf '%d' "0x$(od -An -tx1 -j 40 -N 8 "$dir/image" | tr -d ' \n')")
    table=$(printf '%d' "0x$(od -An -tx1 -j $((table + 1)) -N 7 "$dir/image" | tr -d ' \n')")
    poke "$dir/image" "$table" 800000fffffffe00
    timeout 20 sh -c 'ulimit -v 65536; exec "$@"' - "$TOOL" check "$dir/image" >"$dir/log" 2>&1
    grep -q 'cluster at 1099511627264 has the refcount 0, but 1 references' "$dir/log" &&
        grep -q '"corruptions": 2, "leaks": 1, "check-errors": 0' "$dir/log"
    report "a cluster at its very end is found" $?
    timeout 20 sh -c 'ulimit -v 65536; exec "$@"' - "$TOOL" check "$dir/image" 2 >"$dir/log" 2>&1
    [ $? -eq 1 ] && grep -q 'refcount table would become too large' "$dir/log"
    report "a repair that needs more refcounts than there can be says so" $?
fi
fresh
poke "$dir/image" 60 00010000; poke "$dir/image" 64 0000000000000000
"$TOOL" info "$dir/image" >"$dir/log" 2>&1 && grep -q '^snapshots=damaged' "$dir/log"
report "65536 snapshots in the header are not listed" $?

# The file ends anywhere.
fresh
size=$(stat -c %s "$dir/image")
status=0
for length in 0 1 71 72 103 104 111 112 200 511 512 4095 4096 65535 65536 65544 131071 131072 131080 \
    196607 196608 196616 196624 200000 262143 262144 262152 266240 327679 327680 400000 $((size - 1)); do
    head -c "$length" "$dir/image" >"$dir/damaged"
    survives "$dir/damaged" || { status=1; echo "cut at $length" >>"$dir/log"; break; }
done
report "an image cut off anywhere does no harm" $status

# Single bits flip, in the header and in every table.
for options in compat=1.1 feature=extended_l2 cluster-size=512; do
    fresh $options
    case $options in
        cluster-size=512) places="0 8 20 24 36 40 48 56 60 64 72 80 88 96 100 104 112 512 1024 1032 1536 2048 2056" ;;
        *) places="0 4 8 16 20 24 32 36 40 48 56 60 64 72 80 88 96 100 104 112 116 65536 131072 131080 196608 262144 262152 262160" ;;
    esac
    status=0
    for place in $places; do
        for flip in 01 40 ff; do
            cp "$dir/image" "$dir/damaged"
            case $flip in
                01) at=$((place + 7)) ;;
                40) at=$((place + 1)) ;;
                *) at=$place ;;
            esac
            poke "$dir/damaged" "$at" "$flip"
            survives "$dir/damaged" ||
                { status=1; echo "byte $flip at $at" >>"$dir/log"; break 2; }
        done
    done
    report "bits that flip do no harm, $options" $status
done
echo "1..$number"
exit $failed
