#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Every system call that changes something fails once, with ENOSPC and with EIO: the command says so
# and leaves things as they were, or finds another way and does all of its work. The same command
# succeeds afterwards.

# shellcheck source=tests/fault/kill.sh
. "$(dirname "$0")/kill.sh"

failing='write|pwrite64|ftruncate|fallocate|fsync|fdatasync|linkat|renameat|symlinkat|mkdir|fchmod'

uuid=6a6b6c6d-0000-4000-8000-000000000001

# describe NAME UUID: the definition of a pool.
describe() {
    echo "<pool type='dir'><name>$1</name><uuid>$2</uuid>"
    echo "<target><path>$work/$1</path></target></pool>"
}

# A pool with a raw volume of data and a qcow2 one of the same; another that is not started.
setup() {
    need jq
    need qemu-img
    lane=$work/lane
    mkdir "$lane"
    TARN_ROOT=$lane/root
    mkdir "$TARN_ROOT"
    run 0 -q pool-define-as p dir --target "$lane/p"
    run 0 -q pool-build p
    run 0 -q pool-start p
    run 0 -q vol-create-as p base.raw 1MiB --format raw --allocation 0
    run 0 -q vol-create-as p base.qcow2 1MiB --format qcow2
    head -c 1048576 /dev/urandom >"$lane/p/base.raw"
    qemu-img convert -n -f raw -O qcow2 "$lane/p/base.raw" "$lane/p/base.qcow2"
    cp "$lane/p/base.raw" "$work/content"
    describe old "$uuid" >"$work/old.xml"
    run 0 -q pool-define "$work/old.xml"
    cp -a "$lane" "$lane.before"
}

# all_files: names and contents below $lane, but not the lock, which has none.
all_files() {
    find "$lane" ! -name lock | sort
    sums "$lane" lock
}

# one_error CALL N ERROR COMMAND…: the call fails in a fresh copy of the state; then what it says, and
# what the test asks, and the command again.
one_error() (
    set -e
    call=$1 ordinal=$2 error=$3
    shift 3
    rm -rf "$lane"
    cp -a "$lane.before" "$lane"
    all_files >"$work/before"
    status=0
    strace -f -qq -o /dev/null -e trace="$call" \
        -e inject="$call:error=$error:when=$ordinal" "$PROGRAM" --json "$@" \
        >"$work/out" 2>"$work/err" || status=$?
    echo "$call $ordinal" >>"$base/errors"
    no_debris "$lane"
    if [ "$status" -eq 0 ]; then
        whole
        return
    fi
    [ "$status" -eq 1 ]
    case $error in
        ENOSPC) code no-space ;;
        EIO) code io ;;
    esac
    all_files >"$work/after"
    left_alone
    "$PROGRAM" -q "$@" >"$work/out"
    whole
)

# left_alone: after a failure all is as it was. A test in which that is too much to ask has its own.
left_alone() {
    diff "$work/before" "$work/after"
}

# each_error COMMAND…
each_error() {
    need_trace
    setup
    changing=$failing
    strace -f -qq -o "$work/trace" "$PROGRAM" "$@" >"$work/out" 2>&1
    KILL_SAMPLE=1000000 points "$work/trace" >"$work/points"
    [ -s "$work/points" ]
    set +e
    : >"$work/wrong"
    while read -r call ordinal; do
        for error in ENOSPC EIO; do
            one_error "$call" "$ordinal" "$error" "$@" >"$work/log" 2>&1
            status=$?
            [ "$status" -ne 0 ] || continue
            echo "$error in $call $ordinal:"
            cat "$work/log" "$work/err"
        done
    done <"$work/points" >>"$work/wrong"
    cat "$work/wrong"
    [ ! -s "$work/wrong" ]
}

raw() {
    whole() { [ "$(stat -c %s "$lane/p/new")" -eq 1048576 ]; }
    each_error vol-create-as p new 1MiB --format raw
}

qcow2() {
    whole() { qemu-img check -q -f qcow2 "$lane/p/new"; }
    each_error vol-create-as p new 1MiB --format qcow2
}

backed() {
    whole() { qemu-img compare -q -f qcow2 -F raw "$lane/p/new" "$work/content"; }
    each_error vol-create-as p new 1MiB --format qcow2 --backing-vol base.raw \
        --backing-vol-format raw
}

cloned() {
    whole() { qemu-img compare -q -f qcow2 -F raw "$lane/p/new" "$work/content"; }
    each_error vol-clone base.qcow2 new --pool p
}

# Half way through a resize an image may have clusters to spare, and its new size once that is on the
# disk; never other bytes.
resized() {
    whole() {
        cp "$work/content" "$work/expected"
        truncate -s "$size" "$work/expected"
        qemu-img compare -q -f qcow2 -F raw "$lane/p/base.qcow2" "$work/expected"
        [ "$(qemu-img info --output=json "$lane/p/base.qcow2" | jq '."virtual-size"')" -eq "$size" ]
    }
    left_alone() {
        check_status=0
        qemu-img check -q -f qcow2 "$lane/p/base.qcow2" || check_status=$?
        [ "$check_status" -eq 0 ] || [ "$check_status" -eq 3 ]
        now=$(qemu-img info --output=json "$lane/p/base.qcow2" | jq '."virtual-size"')
        [ "$now" -eq 1048576 ] || [ "$now" -eq "$size" ]
    }
    each_error "$@"
}

grown() {
    size=$((1 << 40))
    resized vol-resize base.qcow2 1TiB --pool p
}

shrunk() {
    size=65536
    resized vol-resize base.qcow2 64KiB --pool p --shrink
}

defined() {
    describe new 6a6b6c6d-0000-4000-8000-000000000002 >"$work/new.xml"
    whole() { grep -q "$work/new" "$TARN_ROOT/etc/tarn/pools/new.xml"; }
    each_error pool-define "$work/new.xml"
}

# Here the last call makes durable what is there already: too late to take it back.
defined_anew() {
    describe old "$uuid" | sed "s,$work/old,$work/moved," >"$work/moved.xml"
    whole() { grep -q "$work/moved" "$TARN_ROOT/etc/tarn/pools/old.xml"; }
    left_alone() { diff "$work/before" "$work/after" || whole; }
    each_error pool-define "$work/moved.xml"
}

marked() {
    whole() { [ -L "$TARN_ROOT/etc/tarn/autostart/p.xml" ]; }
    left_alone() { diff "$work/before" "$work/after" || whole; }
    each_error pool-autostart p
}

check "each error while a raw volume is made" raw
check "each error while a qcow2 volume is made" qcow2
check "each error while a volume upon another is made" backed
check "each error while a volume is cloned" cloned
check "each error while an image is grown" grown
check "each error while an image is shrunk" shrunk
check "each error while a pool is defined" defined
check "each error while a pool is defined anew" defined_anew
check "each error while a pool is marked for autostart" marked
[ ! -s "$base/errors" ] || echo "# $(wc -l <"$base/errors") errors"
finish
