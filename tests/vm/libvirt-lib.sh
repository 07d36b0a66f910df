# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# shellcheck disable=SC2154  # of the frame: work
#
# libvirt's own pools beside ours, in a machine: what goes in the same comes out the same. For scripts
# that have sourced the frame of the command's tests, and say with `plain`, a filter, which lines of XML
# they compare.

# The storage driver and no other: nothing else would work here. Its logs' folder comes with a package
# that brings all the others, too.
start_libvirt() {
    command -v libvirtd >/dev/null && command -v virsh >/dev/null || return 0
    for driver in /usr/lib/*/libvirt/connection-driver/*.so; do
        case "$driver" in *_storage.so | *_secret.so) ;; *) rm "$driver" ;; esac
    done
    mkdir -p /var/log/libvirt
    pgrep -x libvirtd || libvirtd -d
    timeout 60 sh -c 'until virsh -q -c storage:///system pool-list; do sleep 0.2; done' >/dev/null
}

# libvirt ARGUMENT…: what it says is in $work/theirs.
libvirt() {
    need virsh
    need libvirtd
    virsh -q -c storage:///system "$@" >"$work/theirs"
}

# forget POOL…: libvirt's go, if they are there.
forget() {
    for pool in "$@"; do
        virsh -q -c storage:///system pool-destroy "$pool"
        virsh -q -c storage:///system pool-undefine "$pool"
    done >/dev/null 2>&1
}

# both ARGUMENT…: both do it.
both() {
    run 0 "$@"
    libvirt "$@"
}

# same ARGUMENT…: both print the same for it.
same() {
    run 0 -q "$@"
    libvirt "$@"
    for file in theirs out; do
        plain <"$work/$file" >"$work/$file.plain"
    done
    diff -u "$work/theirs.plain" "$work/out.plain"
}

# defined UUID: the definition on standard input, with that, prints the same in both.
defined() {
    sed "s,<source>,<uuid>$1</uuid>&," >"$work/p.xml"
    both pool-define "$work/p.xml"
    same pool-dumpxml --inactive "$1"
    both pool-undefine "$1"
}
