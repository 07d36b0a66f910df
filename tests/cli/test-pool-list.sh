#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# pool-list, pool-info, vol-list and vol-info to the letter as virsh prints them.
. "$(dirname "$0")/lib.sh"

# Two pools: "default", running and marked, and "b", inactive.
two_pools() {
    dir_pool default
    run 0 pool-autostart default
    run 0 pool-define-as b dir --target "$work/b"
}

columns() {
    two_pools
    run 0 pool-list
    prints_like <<'END'
 Name      State    Autostart
-------------------------------
 default   active   yes

END
    run 0 pool-list --all
    prints_like <<'END'
 Name      State      Autostart
---------------------------------
 b         inactive   no
 default   active     yes

END
    run 0 pool-list --inactive
    prints_like <<'END'
 Name   State      Autostart
------------------------------
 b      inactive   no

END
}

quiet() {
    two_pools
    run 0 --quiet pool-list --all
    prints ' b         inactive   no' ' default   active     yes'
}

filters() {
    two_pools
    for filter in --autostart --persistent --type=dir --type=fs,dir; do
        run 0 -q pool-list --name "$filter"
        prints 'default             '
    done
    for filter in --transient --no-autostart --type=fs; do
        run 0 -q pool-list --name "$filter"
        prints_nothing
    done
    run 0 -q pool-list --all --no-autostart --name
    prints 'b                   '
}

identities() {
    dir_pool default
    run 0 -q pool-uuid default
    uuid=$(cat "$work/out")
    run 0 pool-list --uuid
    prints "$uuid" ''
    run 0 pool-list --uuid --name
    prints "$uuid default             " ''
}

details() {
    two_pools
    run 0 pool-list --inactive --details
    prints_like <<'END'
 Name   State      Autostart   Persistent   Capacity   Allocation   Available
-------------------------------------------------------------------------------
 b      inactive   no          yes          -          -            -

END
    run 0 pool-list --details
    shows '^ default   running   yes         yes          [0-9]*\.[0-9][0-9] [KMGTPE]iB '
}

info() {
    two_pools
    run 0 -q pool-uuid b
    uuid=$(cat "$work/out")
    run 0 pool-info b
    prints_like <<END
Name:           b
UUID:           $uuid
State:          inactive
Persistent:     yes
Autostart:      no

END
    run 0 pool-info default --bytes
    shows '^State:          running$'
    shows '^Capacity:       [0-9]*$'
    shows '^Allocation:     [0-9]*$'
    shows '^Available:      [0-9]*$'
    run 0 pool-info default
    shows '^Capacity:       [0-9]*\.[0-9][0-9] [KMGTPE]iB$'
}

volumes() {
    dir_pool p
    run 0 vol-list p
    prints ' Name   Path' '--------------' ''
    run 0 vol-create-as p a.img 1G --allocation 0
    run 0 vol-create-as p 'b name' 1000 --allocation 0
    run 0 vol-create-as p 日本語 1 --allocation 0
    run 0 vol-list p
    head -n 2 "$work/out" | tail -n 1 | grep -q -e '^---*$'
    shows "^ a.img    $work/p/a.img$"
    shows "^ b name   $work/p/b name$"
    shows "^ 日本語   $work/p/日本語$"
    run 0 -q vol-list p --details
    tr -s ' ' <"$work/out" | cut -d ' ' -f 1,4- | grep -q -x ' file 1.00 GiB 0.00 B'
    run 0 vol-list p --name
    prints a.img 'b name' 日本語 ''
}

volume_info() {
    dir_pool p
    run 0 vol-create-as p a.img 1G --allocation 0
    run 0 vol-info a.img p
    prints_like <<'END'
Name:           a.img
Type:           file
Capacity:       1.00 GiB
Allocation:     0.00 B

END
    run 0 vol-info a.img --pool p --bytes
    prints_like <<'END'
Name:           a.img
Type:           file
Capacity:       1073741824 bytes
Allocation:     0 bytes

END
    run 0 vol-info "$work/p/a.img" --physical
    prints_like <<'END'
Name:           a.img
Type:           file
Capacity:       1.00 GiB
Physical:       1.00 GiB

END
}

check "pool-list: columns" columns
check "pool-list: --quiet" quiet
check "pool-list: filters" filters
check "pool-list: --uuid, --name" identities
check "pool-list: --details" details
check "pool-info: rows" info
check "vol-list: columns, wide characters" volumes
check "vol-info: rows" volume_info
finish
