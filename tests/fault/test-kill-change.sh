#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# SIGKILL at every system call of a change of a volume: afterwards it is wholly old or wholly new, and
# nothing else was touched. Of a qcow2 image clusters may be left that nothing refers to ("leaks"):
# that costs space until a check with --repair, never data.

# shellcheck source=tests/fault/kill.sh
. "$(dirname "$0")/kill.sh"

# A pool with a volume of each format, 1 MiB of data in the first half of 2 MiB, and some in the last
# 64 KiB; the same bytes in $work/content.
setup() {
    need jq
    need qemu-img
    run 0 -q pool-define-as p dir --target "$lane/p"
    run 0 -q pool-build p
    run 0 -q pool-start p
    if [ ! -e "$work/content" ]; then
        head -c 1048576 /dev/urandom >"$work/content"
        truncate -s 2031616 "$work/content"
        head -c 65536 /dev/urandom >>"$work/content"
    fi
    run 0 -q vol-create-as p raw 2MiB --format raw --allocation 0
    run 0 -q vol-create-as p qcow2 2MiB --format qcow2
    cat "$work/content" >"$lane/p/raw"
    qemu-img convert -n -f raw -O qcow2 "$work/content" "$lane/p/qcow2"
    echo notes >"$lane/p/notes.txt"
}

# others_untouched NAME: every file in the pool but that one is as it was.
others_untouched() {
    sums "$lane.before/p" "$1" >"$lane.old"
    sums "$lane/p" "$1" >"$lane.new"
    cmp "$lane.old" "$lane.new"
}

# old_or_new NAME SIZE: the volume has its old size or this one; the command and qemu-img agree; its
# bytes are those it had, up to its end, and zeros behind them.
old_or_new() {
    others_untouched "$1"
    qemu-img info -f "$1" --output=json "$lane/p/$1" >"$lane.info"
    size=$(jq '."virtual-size"' "$lane.info")
    [ "$size" -eq 2097152 ] || [ "$size" -eq "$2" ]
    [ "$("$PROGRAM" --json vol-info --pool p "$1" | jq .capacity)" -eq "$size" ]
    cp "$work/content" "$lane.expected"
    truncate -s "$size" "$lane.expected"
    qemu-img compare -q -f raw -F "$1" "$lane.expected" "$lane/p/$1"
}

# sound: no corruption; leaks are allowed.
sound() {
    status=0
    qemu-img check -q -f qcow2 "$lane/p/qcow2" || status=$?
    [ "$status" -eq 0 ] || [ "$status" -eq 3 ]
}

raw_grown() {
    after() { old_or_new raw 5242880; }
    sweep vol-resize raw 5MiB --pool p
}

raw_grown_and_allocated() {
    after() { old_or_new raw 5242880; }
    sweep vol-resize raw 5MiB --pool p --allocate
}

raw_shrunk() {
    after() { old_or_new raw 1048576; }
    sweep vol-resize raw 1MiB --pool p --shrink
}

# With clusters of 64 KiB an L2 table covers 512 MiB, one sector of L1 table 32 GiB.
qcow2_grown() {
    after() {
        old_or_new qcow2 $((5 << 20))
        sound
    }
    sweep vol-resize qcow2 5MiB --pool p
}

# So much that the L1 table has to move.
qcow2_grown_far() {
    after() {
        old_or_new qcow2 $((5 << 40))
        sound
    }
    sweep vol-resize qcow2 5TiB --pool p
}

qcow2_shrunk() {
    after() {
        old_or_new qcow2 $((1 << 20))
        sound
    }
    sweep vol-resize qcow2 1MiB --pool p --shrink
}

# gone_or_whole NAME: it is as it was, or neither it nor its record is there.
gone_or_whole() {
    others_untouched "$1"
    if [ -e "$lane/p/$1" ]; then
        cmp "$lane/p/$1" "$lane.before/p/$1"
        "$PROGRAM" -q vol-info --pool p "$1"
    else
        [ ! -e "$TARN_ROOT/var/lib/tarn/volumes/p/$1" ] || {
            echo "the volume is gone, its record isn't"
            return 1
        }
    fi
}

# While a raw volume is there so is its record: without it, what a guest wrote would be probed.
raw_deleted() {
    after() {
        gone_or_whole raw
        [ ! -e "$lane/p/raw" ] || [ -e "$TARN_ROOT/var/lib/tarn/volumes/p/raw" ]
    }
    sweep vol-delete raw --pool p
}

qcow2_deleted() {
    after() { gone_or_whole qcow2; }
    sweep vol-delete qcow2 --pool p
}

check "vol-resize of a raw volume upwards, killed at any call" raw_grown
check "vol-resize with --allocate, killed at any call" raw_grown_and_allocated
check "vol-resize of a raw volume downwards, killed at any call" raw_shrunk
check "vol-resize of a qcow2 volume upwards, killed at any call" qcow2_grown
check "vol-resize of a qcow2 volume to a larger L1 table, killed at any call" qcow2_grown_far
check "vol-resize of a qcow2 volume downwards, killed at any call" qcow2_shrunk
check "vol-delete of a raw volume, killed at any call" raw_deleted
check "vol-delete of a qcow2 volume, killed at any call" qcow2_deleted
finish_kills
