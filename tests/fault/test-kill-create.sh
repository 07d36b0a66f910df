#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# SIGKILL at every system call of the making of a volume: afterwards it is there and whole, or it was
# never there; nothing else was touched.

# shellcheck source=tests/fault/kill.sh
. "$(dirname "$0")/kill.sh"

# A pool with a raw volume, a qcow2 one with data, and a file that isn't tarn's.
setup() {
    run 0 -q pool-define-as p dir --target "$lane/p"
    run 0 -q pool-build p
    run 0 -q pool-start p
    run 0 -q vol-create-as p base.raw 1MiB --format raw --allocation 0
    run 0 -q vol-create-as p base.qcow2 1MiB --format qcow2
    head -c 1048576 /dev/urandom >"$lane/p/base.raw"
    qemu-img convert -n -f raw -O qcow2 "$lane/p/base.raw" "$lane/p/base.qcow2"
    echo notes >"$lane/p/notes.txt"
}

# others_untouched: every file in the pool but the new one is as it was, and there is no record of a
# volume that isn't there, which the next of that name would be taken for.
others_untouched() {
    sums "$lane.before/p" >"$lane.old"
    sums "$lane/p" new >"$lane.new"
    cmp "$lane.old" "$lane.new"
    [ -e "$lane/p/new" ] || [ ! -e "$TARN_ROOT/var/lib/tarn/volumes/p/new" ] || {
        echo "a record of a volume that was never made"
        return 1
    }
}

# absent_or_whole: what the command lists is what is there.
absent_or_whole() {
    others_untouched
    if [ -e "$lane/p/new" ]; then
        "$PROGRAM" --json vol-info --pool p new >"$lane.info"
        jq -e --arg format "$1" '.status == "ok" and .format == $format and
            .capacity == 1048576' "$lane.info" || { cat "$lane.info"; return 1; }
    else
        status=0
        "$PROGRAM" -q vol-info --pool p new >"$lane.info" 2>&1 || status=$?
        [ "$status" -eq 3 ]
    fi
}

raw() {
    need jq
    need qemu-img
    after() {
        absent_or_whole raw
        [ ! -e "$lane/p/new" ] || [ "$(stat -c %s:%a "$lane/p/new")" = 1048576:600 ]
    }
    sweep vol-create-as p new 1MiB --format raw
}

clean_image() {
    [ ! -e "$lane/p/new" ] || qemu-img check -q -f qcow2 "$lane/p/new"
}

qcow2() {
    need jq
    need qemu-img
    after() {
        absent_or_whole qcow2
        clean_image
    }
    sweep vol-create-as p new 1MiB --format qcow2
}

preallocated() {
    need jq
    need qemu-img
    after() {
        absent_or_whole qcow2
        clean_image
    }
    sweep vol-create-as p new 1MiB --format qcow2 --prealloc-metadata --allocation 0
}

backed() {
    need jq
    need qemu-img
    after() {
        absent_or_whole qcow2
        clean_image
        [ ! -e "$lane/p/new" ] ||
            qemu-img compare -q -f qcow2 -F raw "$lane/p/new" "$lane/p/base.raw"
    }
    sweep vol-create-as p new 1MiB --format qcow2 --backing-vol base.raw --backing-vol-format raw
}

cloned() {
    need jq
    need qemu-img
    after() {
        absent_or_whole qcow2
        clean_image
        [ ! -e "$lane/p/new" ] ||
            qemu-img compare -q -f qcow2 -F raw "$lane/p/new" "$lane/p/base.raw"
    }
    sweep vol-clone base.qcow2 new --pool p
}

converted() {
    need jq
    need qemu-img
    after() {
        absent_or_whole raw
        [ ! -e "$lane/p/new" ] || cmp "$lane/p/new" "$lane/p/base.raw"
    }
    sweep vol-convert base.qcow2 new --format raw --pool p
}

check "vol-create-as of a raw volume, killed at any call" raw
check "vol-create-as of a qcow2 volume, killed at any call" qcow2
check "vol-create-as with its tables made in advance, killed at any call" preallocated
check "vol-create-as upon a backing volume, killed at any call" backed
check "vol-clone, killed at any call" cloned
check "vol-convert, killed at any call" converted
finish_kills
