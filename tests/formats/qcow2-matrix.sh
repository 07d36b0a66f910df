#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# All cluster sizes, with both versions, all refcount widths, and with and without a backing store:
# random operations against a plain array, then qemu-img's opinion; and disks of odd, of large and
# of the largest sizes. SEED and STEPS make other runs, and longer ones.
# shellcheck source=tests/formats/lib.sh
. "$(dirname "$0")/lib.sh"

sound() { # IMAGE: to both, who read the same
    "$TOOL" check "$1" | grep -q '"corruptions": 0, "leaks": 0, "check-errors": 0' &&
        qemu-img check -q -f qcow2 "$1" &&
        "$TOOL" cat "$1" >"$dir/ours" && qemu-img compare -q -f qcow2 -F raw "$1" "$dir/ours"
}

# --- random operations ---------------------------------------------------------------------------

head -c 900000 /dev/urandom >"$dir/base.raw"
seed=${SEED:-1}

random() { # CLUSTER-BITS OPTION…
    bits=$1 size=$((1000448 + (1 << $1)))
    shift
    rm -f "$dir/image"
    {
        "$TOOL" create "$dir/image" "$size" "$@" &&
            "$TOOL" model "$dir/image" "$seed" "${STEPS:-200}" $((size * 2)) && sound "$dir/image"
    } >"$dir/log" 2>&1
    report "clusters of $((1 << bits)), $*, seed $seed" $?
    seed=$((seed + 1))
}

backing="backing=base.raw backing-format=raw"
turn=0
for bits in 9 10 11 12 13 14 15 16 17 18 19 20 21; do
    # Over all cluster sizes each width comes up several times, with a backing store and without.
    # shellcheck disable=SC2046,SC2086 # one of several words; several options
    {
        set -- 1 2 4 8 16 32 64 1 2 4 8 16 32 64
        shift $((turn % 7))
        random $bits cluster-size=$((1 << bits)) refcount-bits=$1
        random $bits cluster-size=$((1 << bits)) refcount-bits=$4 $backing
        if [ $((turn % 2)) -eq 0 ]; then
            random $bits cluster-size=$((1 << bits)) compat=0.10
        else
            random $bits cluster-size=$((1 << bits)) compat=0.10 $backing
        fi
        [ $bits -lt 14 ] ||
            random $bits cluster-size=$((1 << bits)) refcount-bits=$2 feature=extended_l2 $backing
    }
    turn=$((turn + 1))
done

# --- sizes ---------------------------------------------------------------------------------------

head -c 3000 /dev/urandom >"$dir/piece"

# Written at its start, around `middle` and at its end; what stands there is read back by both.
sized() { # SIZE OPTION…
    size=$1
    shift
    rm -f "$dir/image"
    length=$((size < 3000 ? size : 3000))
    head -c "$length" "$dir/piece" >"$dir/part"
    {
        "$TOOL" create "$dir/image" "$size" "$@" &&
            [ "$(qemu-img info --output=json "$dir/image" |
                sed -n 's/.*"virtual-size": \([0-9]*\).*/\1/p' | head -n 1)" = "$size" ] &&
            for at in 0 $((size / 3)) $((size - length)); do
                [ $((at + length)) -le "$size" ] || at=0
                "$TOOL" write "$dir/image" "$at" <"$dir/part" &&
                    "$TOOL" read "$dir/image" "$at" "$length" | cmp - "$dir/part" || return 1
            done &&
            qemu-img check -q "$dir/image" &&
            "$TOOL" check "$dir/image" | grep -q '"corruptions": 0, "leaks": 0' &&
            [ "$(stat -c %b "$dir/image")" -lt 20000 ]
    } >"$dir/log" 2>&1
}

# The last bytes of the disk as qemu-img reads them.
ends_alike() { # SIZE
    at=$((($1 - 3000) / 512 * 512))
    "$TOOL" read "$dir/image" $at $(($1 - at)) >"$dir/end.ours" 2>>"$dir/log" &&
        qemu-img dd -f qcow2 -O raw if="$dir/image" of="$dir/end.theirs" bs=512 skip=$((at / 512)) \
            2>>"$dir/log" && cmp -n $(($1 - at)) "$dir/end.ours" "$dir/end.theirs" >>"$dir/log" 2>&1
}

for cluster in 512 4096 65536 2097152; do
    for size in 0 512 1536 $((cluster - 512)) $cluster $((cluster + 512)) 2147483136 2147484160 \
        4294968832; do
        for version in 0.10 1.1; do
            sized "$size" cluster-size=$cluster compat=$version &&
                { [ "$size" -lt 3000 ] || ends_alike "$size"; }
            report "$size bytes, clusters of $cluster, compat $version" $?
        done
    done
done
# The largest that an L1 table of 32 MiB can map.
while read -r size options; do
    # shellcheck disable=SC2086 # several options
    sized "$size" $options && ends_alike "$size"
    report "the largest disk, $options" $?
done <<'END'
137438953472 cluster-size=512
140737488355328 cluster-size=16384
2251799813685248 cluster-size=65536
1125899906842624 feature=extended_l2
2305843009213693952 cluster-size=2097152
END
echo "1..$number"
exit $failed
