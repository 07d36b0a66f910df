#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# SIGKILL at every system call of what makes and deletes a volume in several files: after the next start
# all of them are there, or none is; nothing else was touched.

# shellcheck source=tests/fault/kill.sh
. "$(dirname "$0")/kill.sh"

# A pool with a volume to be copied, one in several files, and a file that isn't tarn's.
setup() {
    run 0 -q pool-define-as p dir --target "$lane/p"
    run 0 -q pool-build p
    run 0 -q pool-start p
    run 0 -q vol-create-as p base.raw 1MiB --format raw --allocation 0
    head -c 1048576 /dev/urandom >"$lane/p/base.raw"
    run 0 -q vol-create-as p old.vmdk 1MiB --format vmdk --subformat monolithicFlat
    head -c 1048576 /dev/urandom >"$lane/p/old-flat.vmdk"
    echo notes >"$lane/p/notes.txt"
}

# others_untouched NAME: all but the files of that volume are as they were.
others_untouched() {
    sums "$lane.before/p" | grep -v "/$1[-.]" >"$lane.old"
    sums "$lane/p" | grep -v "/$1[-.]" >"$lane.new"
    cmp "$lane.old" "$lane.new"
}

# all_or_none VOLUME FILE: the two, and the record of the volume, which is of one that is whole.
all_or_none() {
    record=$TARN_ROOT/var/lib/tarn/volumes/p/$1
    if [ -e "$lane/p/$1" ]; then
        [ -e "$lane/p/$2" ]
        grep -qx "file $2" "$record"
        if grep -qx pending "$record"; then
            echo "it is there, and its record says that it is pending"
            return 1
        fi
        "$PROGRAM" --json vol-info --pool p "$1" >"$lane.info"
        jq -e '.status == "ok" and .capacity == 1048576' "$lane.info" || { cat "$lane.info"; return 1; }
    elif [ -e "$lane/p/$2" ] || [ -e "$record" ]; then
        ls -l "$lane/p" "$TARN_ROOT/var/lib/tarn/volumes/p"
        return 1
    fi
}

made() {
    need jq
    after() {
        others_untouched new
        all_or_none new.vmdk new-flat.vmdk
    }
    sweep vol-create-as p new.vmdk 1MiB --format vmdk --subformat monolithicFlat
}

converted() {
    need jq
    need qemu-img
    after() {
        others_untouched new
        all_or_none new.vmdk new-flat.vmdk
        [ ! -e "$lane/p/new.vmdk" ] ||
            qemu-img compare -q -f vmdk -F raw "$lane/p/new.vmdk" "$lane/p/base.raw"
    }
    sweep vol-convert base.raw new.vmdk --format vmdk --subformat monolithicFlat --pool p
}

deleted() {
    need jq
    after() {
        others_untouched old
        all_or_none old.vmdk old-flat.vmdk
        [ ! -e "$lane/p/old.vmdk" ] || cmp "$lane/p/old-flat.vmdk" "$lane.before/p/old-flat.vmdk"
    }
    sweep vol-delete --pool p old.vmdk
}

check "making a volume in several files, killed at any call" made
check "converting into one, killed at any call" converted
check "deleting one, killed at any call" deleted
finish_kills
