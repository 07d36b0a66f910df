#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Pools of type iscsi whose target has several portals.
# shellcheck disable=SC2119,SC2317  # inside comes back, in the machine
. "$(dirname "$0")/lib.sh"
inside --timeout 900
. "$(dirname "$0")/iscsi-lib.sh"

all="<iscsi:sessions portals='all'/>"

# --- several portals ------------------------------------------------------------------------------

# two: a disk behind two portals.
two() {
    lun 1 64M
    serve 1 127.0.0.1:3260
    serve 2 127.0.0.2:3260
}

one_goes() {
    two
    define 127.0.0.1 127.0.0.2 -- "$all"
    run 0 pool-start p
    [ "$(sessions)" -eq 2 ]
    run 0 vol-list p --name
    prints unit:0:0:1 ''
    state running
    unserve 2
    soon state degraded 'through 127.0.0.2:3260'
    run 0 vol-list p --name
    prints unit:0:0:1 ''
    serve 2 127.0.0.2:3260
    soon state running
    run 0 pool-stop p
    [ "$(sessions)" -eq 0 ]
    [ -z "$(records)" ]
}

# It was gone when the pool started.
one_comes_later() {
    lun 1 64M
    serve 1 127.0.0.1:3260
    define 127.0.0.1 127.0.0.2 -- "$all"
    run 0 pool-start p
    state degraded 'through 127.0.0.2:3260'
    serve 2 127.0.0.2:3260
    run 0 pool-refresh p
    state running
    [ "$(sessions)" -eq 2 ]
}

the_next_is_tried() {
    lun 1 64M
    serve 2 127.0.0.2:3260
    define 127.0.0.1 127.0.0.2
    run 0 pool-start p
    [ "$(sessions)" -eq 1 ]
    run 0 vol-path unit:0:0:1 --pool p
    prints "$(link 127.0.0.2:3260 1)" ''
    serve 1 127.0.0.1:3260
    unserve 2
    soon run 0 pool-refresh p
    run 0 vol-path unit:0:0:1 --pool p
    prints "$(link 127.0.0.1:3260 1)" ''
}

# A name that has two addresses, and one with an IPv6 address.
names_and_addresses() {
    printf '%s\n' '127.0.0.1 twins' '127.0.0.2 twins' >>/etc/hosts
    two
    define twins -- "$all"
    run 0 pool-start p
    [ "$(sessions)" -eq 2 ]
    run 0 pool-stop p
    serve 3 '[2001:db8::1]:3260'
    define 2001:db8::1
    run 0 pool-start p
    [ "$(cat /sys/class/iscsi_connection/*/persistent_address)" = 2001:db8::1 ]
    run 0 vol-list p --name
    prints unit:0:0:1 ''
    run 0 pool-stop p
    [ -z "$(records)" ]
}

different_disks() {
    lun 1 64M
    serve 1 127.0.0.1:3260
    serve 2 127.0.0.2:3260 2
    define 127.0.0.1 127.0.0.2 -- "$all"
    run 0 pool-start p
    run 0 vol-list p --json
    shows 'the portals lead to different disks'
}

# mapped: a running pool p of a disk behind two portals, which dm-multipath has made one of.
mapped() {
    need multipathd
    need multipath
    two
    printf 'defaults {\n find_multipaths no\n user_friendly_names yes\n}\n' >/etc/multipath.conf
    modprobe dm-multipath
    multipathd
    timeout 20 sh -c 'until multipathd show status; do sleep 0.2; done' >/dev/null
    define 127.0.0.1 127.0.0.2 -- "$all"
    run 0 pool-start p
    run 0 vol-path unit:0:0:1 --pool p
    grep -q '^/dev/mapper/mpath' "$work/out"
}

multipath_presents_its_node() {
    mapped
    run 0 vol-key unit:0:0:1 --pool p
    prints "$(/lib/udev/scsi_id --replace-whitespace --whitelisted --device /dev/sda)" ''
    dd if=/dev/urandom of="$work/bytes" bs=1M count=2 status=none
    run 0 vol-upload unit:0:0:1 "$work/bytes" --pool p
    cmp -n 2097152 "$work/bytes" "$work/lun-1"
    unserve 1
    soon state degraded 'through 127.0.0.1:3260'
    run 0 vol-path unit:0:0:1 --pool p
    grep -q '^/dev/mapper/mpath' "$work/out"
    run 0 vol-download unit:0:0:1 "$work/back" --pool p --length 2097152
    cmp "$work/bytes" "$work/back"
    serve 1 127.0.0.1:3260
    soon state running
    run 0 pool-stop p
    dmsetup ls --target multipath | fails grep mpath
    [ "$(sessions)" -eq 0 ]
}

# grown SIZE: the disk has it now, at both portals.
grown() {
    lun 1 "$1"
    for server in 1 2; do
        hide "$server" 1
        show "$server" 1
    done
    run 0 pool-refresh p
}

# presented BYTES: the volume has so many, and its node.
presented() {
    cp "$work/err" "$work/said"
    run 0 vol-list p --json
    json 0/capacity "$1"
    run 0 vol-path unit:0:0:1 --pool p
    [ "$(blockdev --getsize64 "$(cat "$work/out")")" = "$1" ]
    cp "$work/said" "$work/err"
}

multipath_grows() {
    mapped
    presented 67108864
    grown 96M
    presented 100663296
    mv "$(command -v multipathd)" "$work/multipathd"
    grown 128M
    presented 100663296
    says 'keeps its old size: there is no multipathd'
    mv "$work/multipathd" /sbin/multipathd
    run 0 pool-refresh p
    presented 134217728
    kill -KILL "$(pidof multipathd)"
    grown 160M
    presented 134217728
    says 'keeps its old size: multipathd did not change it'
}

iscsi_check "a pool of two portals is degraded when one goes, and whole when it is back" one_goes
iscsi_check "a portal that was gone at the start is logged in to at a refresh" one_comes_later
iscsi_check "without a session through all, the next portal is tried" the_next_is_tried
iscsi_check "names with several addresses, and IPv6" names_and_addresses
iscsi_check "two portals that lead to different disks are found out" different_disks
iscsi_check "dm-multipath's node is presented, and outlives a portal" multipath_presents_its_node
iscsi_check "dm-multipath's node grows with its paths" multipath_grows
finish
