#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Pools of type iscsi on a real target, through the kernel's initiator: what becomes a volume, and
# what is left when the pool has stopped.
# shellcheck disable=SC2119,SC2317  # inside comes back, in the machine
. "$(dirname "$0")/lib.sh"
inside --timeout 900
. "$(dirname "$0")/iscsi-lib.sh"

# pool: a running pool p of two disks at 127.0.0.1.
pool() {
    lun 1 16M
    lun 2 8M
    serve 0 127.0.0.1:3260
    define 127.0.0.1
    run 0 pool-start p
}

life() {
    pool
    run 0 vol-list p --name
    prints unit:0:0:1 unit:0:0:2 ''
    run 0 vol-path unit:0:0:2 --pool p
    prints "$(link 127.0.0.1:3260 2)" ''
    [ -b "$(link 127.0.0.1:3260 1)" ]
    run 0 vol-key unit:0:0:1 --pool p
    prints "$(/lib/udev/scsi_id --replace-whitespace --whitelisted \
        --device "$(link 127.0.0.1:3260 1)")" ''
    run 0 pool-list --json --details
    json 0/capacity 25165824
    records | grep -q tarn-
    run 0 pool-stop p
    [ "$(sessions)" -eq 0 ]
    [ -z "$(records)" ]
    [ ! -e "$(link 127.0.0.1:3260 1)" ]
}

nothing_is_made() {
    pool
    run 1 vol-create-as p x 8M
    says "cannot be created.*add a logical unit to the target $iqn"
    run 1 vol-delete unit:0:0:1 --pool p
    says 'unsupported\|cannot be deleted\|does not support'
    run 0 vol-list p --name
    prints unit:0:0:1 unit:0:0:2 ''
}

new_units_are_seen_at_once() {
    pool
    lun 7 16M
    show 0 7
    run 0 pool-refresh p
    run 0 vol-list p --name
    prints unit:0:0:1 unit:0:0:2 unit:0:0:7 ''
    [ -b "$(link 127.0.0.1:3260 7)" ]
    hide 0 2
    run 0 pool-refresh p
    run 0 vol-list p --name
    prints unit:0:0:1 unit:0:0:7 ''
}

grown_units_are_seen() {
    pool
    hide 0 1
    lun 1 24M
    show 0 1
    run 0 pool-refresh p
    run 0 vol-list p --json
    json 0/capacity 25165824
    [ "$(blockdev --getsize64 "$(link 127.0.0.1:3260 1)")" = 25165824 ]
    run 0 pool-list --json --details
    json 0/capacity 33554432
}

# The number of the target is part of the disks' identities.
another_disk_is_refused() {
    pool
    unserve 0
    serve 0 127.0.0.1:3260 2
    soon run 0 pool-refresh p
    run 0 vol-list p --json
    json 0/status unreadable
    shows 'another disk than the one.*--adopt'
    run 1 vol-download unit:0:0:1 "$work/bytes" --pool p
    says 'is not what it was'
    [ ! -s "$work/bytes" ]
    run 0 pool-stop p
    run 0 pool-start p --adopt
    run 0 vol-download unit:0:0:1 "$work/bytes" --pool p
    cmp "$work/bytes" "$work/lun-1"
}

bytes_go_in_and_out() {
    pool
    dd if=/dev/urandom of="$work/bytes" bs=1M count=5 status=none
    run 0 vol-upload unit:0:0:1 "$work/bytes" --pool p
    run 0 vol-download unit:0:0:1 "$work/back" --pool p --length 5242880
    cmp "$work/bytes" "$work/back"
    cmp -n 5242880 "$work/bytes" "$work/lun-1"
    run 0 vol-wipe unit:0:0:1 --pool p
    cmp -n 5242880 /dev/zero "$(link 127.0.0.1:3260 1)"
}

used_disks_stay() {
    pool
    mkfs.ext2 -q "$(link 127.0.0.1:3260 1)"
    mkdir "$work/mnt"
    mount "$(link 127.0.0.1:3260 1)" "$work/mnt"
    run 1 vol-upload unit:0:0:1 /etc/hostname --pool p
    says 'is mounted'
    run 1 pool-stop p
    says "unit:0:0:1 is in use: it is mounted on $work/mnt"
    umount "$work/mnt"
    tail -f /dev/null 3<"$(link 127.0.0.1:3260 2)" &
    holder=$!
    run 1 pool-stop p
    says "unit:0:0:2 is in use: tail (process $holder) has it open"
    run 0 pool-stop p --force
    kill "$holder"
    [ "$(sessions)" -eq 0 ]
    [ -z "$(records)" ]
}

sessions_of_others_are_used_and_left() {
    lun 1 64M
    serve 0 127.0.0.1:3260
    iscsiadm -m node -T "$iqn" -p 127.0.0.1:3260,1 -o new
    iscsiadm -m node -T "$iqn" -p 127.0.0.1:3260,1 --login
    define 127.0.0.1
    run 0 pool-start p
    [ "$(sessions)" -eq 1 ]
    run 0 vol-list p --name
    prints unit:0:0:1 ''
    tail -f /dev/null 3<"$(link 127.0.0.1:3260 1)" &
    holder=$!
    run 0 pool-stop p
    kill "$holder"
    [ "$(sessions)" -eq 1 ]
    [ "$(records)" = "/etc/iscsi/nodes/$iqn/127.0.0.1,3260,1/default" ]
}

the_definition_names_the_initiator() {
    other=iqn.2024-01.org.example:somebody
    lun 1 64M
    serve 0 127.0.0.1:3260
    iscsiadm -m node -T "$iqn" -p 127.0.0.1:3260,1 -o new
    iscsiadm -m node -T "$iqn" -p 127.0.0.1:3260,1 --login
    define 127.0.0.1 -- "<initiator><iqn name='$other'/></initiator>"
    run 0 pool-start p
    [ "$(sessions)" -eq 2 ]
    grep -q -x "$other" /sys/class/iscsi_session/session*/initiatorname
    begun=$(date +%s)
    run 0 pool-stop p # the link leads to the other session's disk now, and is not waited for
    [ $(($(date +%s) - begun)) -lt 9 ]
    [ "$(cat /sys/class/iscsi_session/session*/initiatorname)" = "$initiator" ]
}

# 223 bytes are the longest name that there is.
long_names() {
    iqn=iqn.2024-01.org.example:$(printf '%0199d' 0)
    [ ${#iqn} -eq 223 ]
    lun 1 16M
    serve 0 127.0.0.1:3260
    define 127.0.0.1
    run 0 pool-start p
    run 0 vol-list p --name
    prints unit:0:0:1 ''
    run 0 pool-stop p
    [ -z "$(records)" ]
}

# What a machine that was started anew has: records, no session.
leftovers_are_cleared() {
    pool
    cp -a /etc/iscsi "$work/before"
    run 0 pool-stop p
    cp -a "$work/before/." /etc/iscsi
    [ -n "$(records)" ]
    run 0 pool-start p
    run 0 pool-stop p
    [ -z "$(records)" ]
}

iscsi_check "start logs in, volumes have by-path names; stop logs out and leaves no record" life
iscsi_check "volumes are not created or deleted, and how a unit is added is said" nothing_is_made
iscsi_check "weak point 17: a new logical unit is seen by one refresh, one that is gone, too" \
    new_units_are_seen_at_once
iscsi_check "a logical unit that grew is seen at refresh" grown_units_are_seen
iscsi_check "a number that another disk has now is refused until it is adopted" \
    another_disk_is_refused
iscsi_check "bytes are written, read and wiped" bytes_go_in_and_out
iscsi_check "disks in use are not written, nor taken away" used_disks_stay
iscsi_check "a session that somebody else has is used, and left" \
    sessions_of_others_are_used_and_left
iscsi_check "the definition names the initiator" the_definition_names_the_initiator
iscsi_check "a target's name may have 223 bytes" long_names
iscsi_check "records that were left behind are cleared" leftovers_are_cleared
finish
