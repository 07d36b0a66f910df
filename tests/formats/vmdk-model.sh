#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Random writes, zeroes, discards, growth and reopens against a plain array, for each subformat that
# can be written; then qemu-img's opinion of the image that is left. SEEDS (default "1 2") and STEPS
# (default 250) make it longer.
# shellcheck source=tests/formats/lib.sh
. "$(dirname "$0")/lib.sh"

ours() { # COMMAND ARGUMENT…
    "$TOOL" -f vmdk "$@"
}

# Is the image sound, by both, closed cleanly, and do both read the same?
sound() { # IMAGE
    ours check "$1" | grep -q '"corruptions": 0, "leaks": 0, "check-errors": 0' &&
        qemu-img check -q -f vmdk "$1" && ours info "$1" | grep -q '^flags=0$' &&
        ours cat "$1" >"$dir/ours" && qemu-img compare -q -f vmdk -F raw "$1" "$dir/ours"
}

run() { # NAME MAX-SIZE: works on a copy of the folder "start"
    for seed in ${SEEDS:-1 2}; do
        rm -rf "$dir/work"
        cp -r "$dir/start" "$dir/work"
        {
            ours model "$dir/work/image.vmdk" "$seed" "${STEPS:-250}" "$2" &&
                sound "$dir/work/image.vmdk"
        } >"$dir/log" 2>&1
        report "$1, seed $seed" $?
    done
}

fresh() {
    rm -rf "$dir/start"
    mkdir "$dir/start"
}

own() { # NAME SIZE MAX-SIZE OPTION…
    name=$1 size=$2 max=$3
    shift 3
    fresh
    if ! ours create "$dir/start/image.vmdk" "$size" "$@" >"$dir/log" 2>&1; then
        report "$name: create" 1
        return
    fi
    run "$name" "$max"
}

theirs() { # NAME SIZE MAX-SIZE OPTIONS
    fresh
    qemu-img create -q -f vmdk -o "$4" "$dir/start/image.vmdk" "$2" >"$dir/log" 2>&1
    run "$1" "$3"
}

for subformat in monolithicSparse monolithicFlat twoGbMaxExtentSparse twoGbMaxExtentFlat vmfs; do
    own "own $subformat" 1000448 5000000 subformat=$subformat
done
# A grain table of 8 KiB grains is 4 MiB of the disk: growing makes tables and moves directories.
own "8 KiB grains" 1000448 12000000 cluster-size=8192
own "1 MiB grains" 5000192 9000000 cluster-size=1048576
own "marks for zeros" 1000448 5000000 zeroed-grain=yes
own "two sparse extents of 8 KiB grains, the last one small" 1000448 9000000 cluster-size=8192 \
    subformat=twoGbMaxExtentSparse
for subformat in monolithicSparse monolithicFlat twoGbMaxExtentSparse twoGbMaxExtentFlat; do
    theirs "qemu-img's $subformat" 1000448 5000000 subformat=$subformat
done
theirs "qemu-img's marks for zeros" 1000448 5000000 zeroed_grain=on
theirs "qemu-img's disk that ends within a grain" 100352 3000000 subformat=monolithicSparse

# With a parent, which writes leave alone; such an image does not grow.
head -c 700416 /dev/urandom >"$dir/below.raw"
for options in zeroed-grain=no zeroed-grain=yes "cluster-size=8192 subformat=twoGbMaxExtentSparse"; do
    fresh
    qemu-img convert -q -f raw -O vmdk "$dir/below.raw" "$dir/start/parent.vmdk"
    # shellcheck disable=SC2086 # several options
    ours create "$dir/start/image.vmdk" 1000448 backing=parent.vmdk backing-format=vmdk $options \
        >"$dir/log" 2>&1
    for seed in ${SEEDS:-1 2}; do
        rm -rf "$dir/work"
        cp -r "$dir/start" "$dir/work"
        {
            ours model "$dir/work/image.vmdk" "$seed" "${STEPS:-250}" 1000448 &&
                sound "$dir/work/image.vmdk" &&
                cmp "$dir/start/parent.vmdk" "$dir/work/parent.vmdk"
        } >"$dir/log" 2>&1
        report "a parent below, $options, seed $seed" $?
    done
done
echo "1..$number"
exit $failed
