#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The check and its repairs: the numbers are those of qemu-img check, and what is repaired is sound
# to both.
# shellcheck source=tests/formats/lib.sh
. "$(dirname "$0")/lib.sh"

numbers() { # JSON on standard input: name=value lines of what both tell, 0 where nothing is told
    tr -d ' {}"\n' | tr ',' '\n' | awk -F: '
        { f[$1] = $2 }
        END {
            n = split("image-end-offset total-clusters allocated-clusters fragmented-clusters " \
                      "compressed-clusters corruptions leaks check-errors", name, " ")
            for (i = 1; i <= n; i++) print name[i] "=" f[name[i]] + 0
        }'
}

agree() { # IMAGE
    "$TOOL" check "$1" 2>"$dir/findings" | numbers >"$dir/ours"
    qemu-img check --output=json -f qcow2 "$1" 2>/dev/null | numbers >"$dir/theirs"
    diff "$dir/ours" "$dir/theirs"
}

clean() { # IMAGE
    "$TOOL" check "$1" | grep -q '"corruptions": 0, "leaks": 0, "check-errors": 0' &&
        qemu-img check -q -f qcow2 "$1"
}

poke() { # IMAGE OFFSET HEX
    # shellcheck disable=SC2046,SC2059 # a number for each byte, and the format is made of them
    printf "$(printf '\\%03o' $(echo "$3" | sed 's/../0x& /g'))" |
        dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

peek() { # IMAGE OFFSET: a big-endian u64
    printf '%d' "0x$(od -An -tx1 -j "$2" -N 8 "$1" | tr -d ' \n' | sed 's/^[89a-f]/0/')"
}

# An image with some data in it, made anew for each damage.
fresh() { # OPTIONS
    rm -f "$dir/image"
    qemu-img create -q -f qcow2 -o "${1:-compat=1.1}" "$dir/image" 4M
    qemu-io -f qcow2 -c 'write -P 1 0 1M' -c 'write -P 2 2M 300k' "$dir/image" >/dev/null
    l1=$(peek "$dir/image" 40)
    reftable=$(peek "$dir/image" 48)
    block=$(peek "$dir/image" "$reftable")
    l2=$(peek "$dir/image" "$l1")
    qemu-img convert -f qcow2 -O raw "$dir/image" "$dir/before"
}

same_numbers() { # NAME
    agree "$dir/image" >"$dir/log" 2>&1
    report "$1: the same numbers" $?
}

repaired() { # NAME FLAGS [changed]: sound after a repair, with the same bytes
    {
        "$TOOL" check "$dir/image" "$2" && clean "$dir/image" &&
            { [ "${3:-}" = changed ] ||
                "$TOOL" cat "$dir/image" | cmp - "$dir/before"; }
    } >"$dir/log" 2>&1
    report "$1: repaired" $?
}

for options in compat=1.1 compat=0.10 cluster_size=512 cluster_size=2M extended_l2=on \
    refcount_bits=1 refcount_bits=8 refcount_bits=64; do
    fresh "$options"
    same_numbers "a sound image, $options"
done
yes "text that packs well" | head -c 3000000 >"$dir/content"
qemu-img convert -q -c -O qcow2 "$dir/content" "$dir/image"
same_numbers "a compressed image"
qemu-img convert -q -O qcow2 "$dir/content" "$dir/image"
qemu-img snapshot -c one "$dir/image"
qemu-io -f qcow2 -c 'write -P 1 300k 500k' "$dir/image" >/dev/null
qemu-img snapshot -c two "$dir/image"
same_numbers "an image with snapshots"
rm -f "$dir/image"
qemu-img create -q -f qcow2 "$dir/image" 10M
qemu-img bitmap --add "$dir/image" b0
qemu-io -f qcow2 -c 'write 1M 2M' "$dir/image" >/dev/null
same_numbers "an image with a bitmap"
rm -f "$dir/image"
qemu-img create -q -f qcow2 -o preallocation=metadata "$dir/image" 10M
qemu-io -f qcow2 -c 'write -z 1M 2M' -c 'write -z -u 5M 1M' "$dir/image" >/dev/null
same_numbers "an image with zero clusters"
rm -f "$dir/image"
qemu-img create -q -f qcow2 -o data_file="$dir/data" "$dir/image" 10M
qemu-io -f qcow2 -c 'write 1M 2M' "$dir/image" >/dev/null
same_numbers "an image with a data file"

# A cluster that is counted and not used.
for bits in 1 8 16 64; do
    fresh refcount_bits=$bits
    truncate -s +65536 "$dir/image"
    end=$(($(stat -c %s "$dir/image") / 65536 - 1))
    case $bits in
        1) poke "$dir/image" $((block + end / 8)) ff ;;
        8) poke "$dir/image" $((block + end)) 01 ;;
        16) poke "$dir/image" $((block + end * 2)) 0001 ;;
        64) poke "$dir/image" $((block + end * 8)) 0000000000000001 ;;
    esac
    same_numbers "a leak, $bits refcount bits"
    repaired "a leak, $bits refcount bits" 1
done
fresh
poke "$dir/image" $((block + 5 * 2)) 0003
same_numbers "a refcount that is too high, with a flag that is right"
repaired "a refcount that is too high" 1
fresh
poke "$dir/image" $((block + 5 * 2)) 0000
same_numbers "a refcount that is 0"
repaired "a refcount that is 0" 2
fresh
poke "$dir/image" $((l2 + 8)) "$(od -An -tx1 -j "$l2" -N 8 "$dir/image" | tr -d ' \n')"
same_numbers "two entries for one cluster"
repaired "two entries for one cluster" 2 changed
fresh
poke "$dir/image" "$l2" 00
same_numbers "a missing COPIED flag"
repaired "a missing COPIED flag" 2
fresh
poke "$dir/image" "$l1" 00
same_numbers "a missing COPIED flag in L1"
repaired "a missing COPIED flag in L1" 2
fresh
poke "$dir/image" "$reftable" 0000000000000000
same_numbers "a refcount table that is empty"
repaired "a refcount table that is empty" 2
fresh
poke "$dir/image" "$reftable" 0000000000000200
"$TOOL" check "$dir/image" >"$dir/log" 2>&1
grep -q '"corruptions": 0' "$dir/log" && false
report "a misplaced refcount block is found" $((1 - $?))
repaired "a misplaced refcount block" 2
fresh
poke "$dir/image" "$reftable" 0000000010000000
repaired "a refcount block behind the end of the file" 2
fresh
poke "$dir/image" 48 0000000000000000
poke "$dir/image" 56 00000000
repaired "no refcount table at all" 2
fresh
poke "$dir/image" 79 02
same_numbers "an image that says it is corrupt, and is not"
repaired "an image that says it is corrupt" 2
"$TOOL" info "$dir/image" | grep -q '^flags=0'
report "a repaired image no longer says that it is corrupt" $?
fresh lazy_refcounts=on
poke "$dir/image" 79 01
poke "$dir/image" $((block + 5 * 2)) 0000
poke "$dir/image" $((block + 20 * 2)) 0001
"$TOOL" write "$dir/image" 3000000 </dev/null >"$dir/log" 2>&1 && clean "$dir/image" &&
    "$TOOL" cat "$dir/image" | cmp - "$dir/before"
report "an image that was not closed cleanly is mended when it is opened for writing" $?
fresh
poke "$dir/image" "$l2" 8000000010000000
same_numbers "a cluster behind the end of the file"
"$TOOL" check "$dir/image" 2 >"$dir/log" 2>&1
grep -q '"corruptions": 1' "$dir/log"
report "a cluster behind the end of the file stays corrupt" $?
fresh
poke "$dir/image" "$l2" 8000000000000000
poke "$dir/image" "$l2" 8000000000050200
"$TOOL" check "$dir/image" >"$dir/log" 2>&1
grep -q 'not the start of a cluster' "$dir/log"
report "a misplaced cluster is found" $?
fresh
poke "$dir/image" "$l1" 8000000010000000
same_numbers "an L2 table behind the end of the file"
fresh extended_l2=on
poke "$dir/image" $((l2 + 8)) 0000000100000001
"$TOOL" check "$dir/image" >"$dir/log" 2>&1
grep -q 'both allocated and zero' "$dir/log"
report "a subcluster that is both is found" $?
for options in compat=1.1 cluster_size=512 refcount_bits=2 extended_l2=on; do
    fresh "$options"
    qemu-img snapshot -c one "$dir/image"
    qemu-io -f qcow2 -c 'write -P 9 300k 500k' "$dir/image" >/dev/null
    qemu-img convert -f qcow2 -O raw "$dir/image" "$dir/before"
    dd if=/dev/zero of="$dir/image" bs=1 seek="$block" count=64 conv=notrunc status=none
    same_numbers "lost refcounts with a snapshot, $options"
    repaired "lost refcounts with a snapshot, $options" 2
done

# Every width, with and without extended L2: refcounts that are lost, and such that are too high.
for bits in 1 2 4 8 16 32 64; do
    for options in refcount_bits=$bits refcount_bits=$bits,extended_l2=on,cluster_size=16k \
        refcount_bits=$bits,cluster_size=512; do
        fresh "$options"
        dd if=/dev/zero of="$dir/image" bs=1 seek="$block" count=12 conv=notrunc status=none
        same_numbers "lost refcounts, $options"
        repaired "lost refcounts, $options" 2
        fresh "$options"
        poke "$dir/image" $((block + 16)) ffffffffffffffff
        same_numbers "refcounts that are too high, $options"
        repaired "refcounts that are too high, $options" 1
    done
done

# Compressed clusters share those of the file.
for options in compression_type=zlib compression_type=zstd,cluster_size=4k refcount_bits=8; do
    qemu-img convert -q -c -O qcow2 -o "$options" "$dir/content" "$dir/image"
    cp "$dir/content" "$dir/before"
    truncate -s 3000320 "$dir/before" # qemu-img rounds up to 512
    block=$(peek "$dir/image" "$(peek "$dir/image" 48)")
    dd if=/dev/zero of="$dir/image" bs=1 seek="$block" count=30 conv=notrunc status=none
    same_numbers "lost refcounts of compressed clusters, $options"
    repaired "lost refcounts of compressed clusters, $options" 2
    poke "$dir/image" $((block + 8)) 7070707070707070
    repaired "compressed clusters with refcounts that are too high, $options" 1
done

# A data file: the image has but its tables.
rm -f "$dir/image" "$dir/data"
qemu-img create -q -f qcow2 -o data_file="$dir/data" "$dir/image" 4M
qemu-io -f qcow2 -c 'write -P 1 0 1M' -c 'write -P 2 2M 300k' "$dir/image" >/dev/null
qemu-img convert -f qcow2 -O raw "$dir/image" "$dir/before"
block=$(peek "$dir/image" "$(peek "$dir/image" 48)")
dd if=/dev/zero of="$dir/image" bs=1 seek="$block" count=8 conv=notrunc status=none
same_numbers "lost refcounts, with a data file"
repaired "lost refcounts, with a data file" 2
poke "$dir/image" $((block + 12)) 0009
repaired "refcounts that are too high, with a data file" 1

# The marks go with the damage, and stay with what could not be repaired.
fresh lazy_refcounts=on
poke "$dir/image" 79 03
poke "$dir/image" $((block + 5 * 2)) 0000
repaired "an image that is marked dirty and corrupt, and is both" 2
"$TOOL" info "$dir/image" | grep -q '^flags=0'
report "the marks are gone" $?
fresh
poke "$dir/image" 79 02
poke "$dir/image" "$l2" 8000000010000000
"$TOOL" check "$dir/image" 2 >"$dir/log" 2>&1
"$TOOL" info "$dir/image" | grep -q '^flags=2'
report "the mark stays while something is corrupt" $?
echo "1..$number"
exit $failed
