#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Clones on a filesystem that can share bytes: shared where the copy is like its source, and only then.
# shellcheck disable=SC2317 # inside ends only outside of the machine
. "$(dirname "$0")/lib.sh"
inside --disk 512M
. "$(dirname "$0")/../cli/lib.sh"
disk=${VM_DISKS% }

# A dir pool p on btrfs, with a qcow2 of 40 MiB of data.
sharing_pool() {
    umount -q "$disk" || true # of a test that failed
    mkfs.btrfs -q -f "$disk"
    mkdir "$work/p"
    mount "$disk" "$work/p"
    dir_pool p
    head -c 40M /dev/urandom >"$work/p/raw"
    run 0 pool-refresh p
    run 0 vol-convert raw a --pool p --format qcow2
}

ends() {
    umount "$work/p"
}

alike_is_shared() {
    sharing_pool
    run 0 vol-clone a b --pool p --reflink
    cmp "$work/p/a" "$work/p/b"
    [ "$(filefrag -v "$work/p/b" | grep -c shared)" -gt 0 ]
    run 0 vol-check --pool p b
    ends
}

another_kind_is_not() {
    sharing_pool
    for option in '--cluster-size 8K' '--compat 0.10' --compress '--feature lazy_refcounts'; do
        # shellcheck disable=SC2086 # words
        run 1 vol-clone a b --pool p --reflink $option
        says 'cannot be shared'
    done
    run 0 vol-clone a b --pool p --cluster-size 8K
    run 0 --json image-info "$work/p/b"
    json clusterSize 8192
    run 0 vol-check --pool p b
    ends
}

check "a clone that is like its source shares its bytes" alike_is_shared
check "one that shall be another kind of image does not" another_kind_is_not
finish
