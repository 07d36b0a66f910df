#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Pools of type iscsi beside libvirt's own, on the same target: what goes in the same comes out the
# same; and where libvirt is known to be weak, it is better here.
# shellcheck disable=SC2119,SC2317  # inside comes back, in the machine
. "$(dirname "$0")/lib.sh"
inside --timeout 900
. "$(dirname "$0")/iscsi-lib.sh"
. "$(dirname "$0")/libvirt-lib.sh"
uuid=0b8f1c2e-6a1d-4c0e-9f57-3d2b1a00000c

# A test is libvirt's, too: its pools go with it.
libvirt_check() {
    forget p q
    iscsi_check "$@"
}

# But for when it was read last.
plain() { sed '/<[abmc]*time>/d'; }

definitions() {
    defined "$uuid" <<END
<pool type='iscsi'><name>p</name><source><host name='127.0.0.1' port='3261'/><device path='$iqn'/>
<initiator><iqn name='$initiator'/></initiator><vendor name='v'/><product name='p'/></source>
<target><path>/dev/disk/by-path</path></target></pool>
END
    defined "$uuid" <<END
<pool type='iscsi'><source><auth username='me' type='chap'><secret usage='ours'/></auth>
<device path='demo-target'/><host name='target.example.com'/></source><name>p</name>
<target><permissions><mode>0700</mode></permissions><path>/dev/disk/by-id</path></target></pool>
END
}

pool_and_volumes_print_alike() {
    lun 1 64M
    lun 2 32M
    serve 0 127.0.0.1:3260
    define 127.0.0.1
    run 0 pool-start p
    run 0 pool-dumpxml p
    libvirt pool-define "$work/out"
    libvirt pool-start p
    [ "$(sessions)" -eq 1 ]
    same pool-dumpxml p
    for name in unit:0:0:1 unit:0:0:2; do
        same vol-dumpxml "$name" --pool p
        same vol-key "$name" --pool p
        same vol-path "$name" --pool p
    done
    same find-storage-pool-sources-as iscsi 127.0.0.1
}

# libvirt compares the target and the initiator alone.
portals_are_told_apart() {
    lun 1 64M
    serve 1 127.0.0.1:3260
    serve 2 127.0.0.2:3260
    for host in 127.0.0.1 127.0.0.2; do
        pool=p
        [ "$host" = 127.0.0.1 ] || pool=q
        cat >"$work/$pool.xml" <<END
<pool type='iscsi'><name>$pool</name><source><host name='$host'/><device path='$iqn'/></source>
<target><path>$by_path</path></target></pool>
END
    done
    libvirt pool-define "$work/p.xml"
    fails libvirt pool-define "$work/q.xml"
    run 0 pool-define "$work/p.xml"
    run 0 pool-define "$work/q.xml"
    run 0 pool-start p
    run 0 pool-start q
    run 0 vol-path unit:0:0:1 --pool q
    prints "$(link 127.0.0.2:3260 1)" ''
    run 0 pool-stop p
    [ "$(sessions)" -eq 1 ]
    run 0 pool-refresh q
    run 0 pool-stop q
}

records_are_left() {
    lun 1 16M
    serve 0 127.0.0.1:3260
    define 127.0.0.1 -- "<initiator><iqn name='$initiator:other'/></initiator>"
    libvirt pool-define "$work/p.xml"
    libvirt pool-start p
    libvirt pool-destroy p
    [ -n "$(records)" ]
    rm -rf /etc/iscsi/nodes/* /etc/iscsi/ifaces/*
    run 0 pool-start p
    run 0 pool-stop p
    [ -z "$(records)" ]
}

start_libvirt >&2
libvirt_check "definitions print as libvirt prints them" definitions
libvirt_check "a pool, its volumes and the targets that are found print as libvirt prints them" \
    pool_and_volumes_print_alike
libvirt_check "weak point 13: two portals of a target are two pools if one wants that" \
    portals_are_told_apart
libvirt_check "weak point 30: libvirt leaves records behind" records_are_left
finish
