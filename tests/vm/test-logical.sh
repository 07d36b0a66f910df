#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Pools of type logical: groups that are built, started and taken back, and whose volumes are whose.
# shellcheck disable=SC2119,SC2317  # inside comes back, in the machine
. "$(dirname "$0")/lib.sh"
inside --need vgs --disk 256M --disk 256M --disk 64M --timeout 600
. "$(dirname "$0")/logical-lib.sh"

# --- from build to removal ------------------------------------------------------------------------

life() {
    define
    run 1 pool-start p
    says 'there is no volume group vg on the pool.s devices: attach its devices, or build the pool'
    run 0 pool-build p
    [ "$(vgs --noheadings -o pv_count vg | tr -d ' ')" = 2 ]
    run 1 pool-build p
    says 'there is a volume group vg already'
    run 0 pool-start p
    run 0 vol-create-as p a 5M
    [ "$(field lv_tags a)" = tarn ]
    run 0 pool-info p --bytes
    shows "Capacity: *$(vgs --noheadings --nosuffix --units b -o vg_size vg | tr -d ' ')"
    shows "Available: *$(vgs --noheadings --nosuffix --units b -o vg_free vg | tr -d ' ')"
    run 0 pool-stop p
    fails is_active a
    run 1 pool-delete p
    says 'the volume group vg holds the volume a: delete the volumes first'
    run 0 pool-start p
    is_active a
    run 0 vol-delete a --pool p
    run 0 pool-stop p
    run 0 pool-delete p
    [ -z "$(blkid -p "$one")$(blkid -p "$two")" ]
    fails vgs vg
}

signature_is_refused() {
    mkfs.ext4 -q -L precious "$two"
    before=$(head_of "$two")
    define
    for flag in '' --no-overwrite; do
        # shellcheck disable=SC2086  # none, or one
        run 1 pool-build p $flag
        says "$two carries ext4 (filesystem) labelled \"precious\""
    done
    [ "$(head_of "$two")" = "$before" ]
    [ -z "$(blkid -p "$one")" ]
    run 0 pool-build p --overwrite
    vgs vg
}

# nothing_is_built: no disk bears anything, and no group is there.
nothing_is_built() {
    [ -z "$(blkid -p "$one")$(blkid -p "$two")" ]
    fails vgs vg
}

# The second disk belongs to somebody who keeps it to himself; then what is written to it is refused,
# when the first one has its label already; then there is a group, and no room for its thin pool.
build_is_all_or_nothing() {
    echo "0 100 linear $two 0" | dmsetup create holder
    define
    run 1 pool-build p
    says 'lvm failed'
    nothing_is_built
    dmsetup remove holder
    echo "0 $(blockdev --getsz "$two") flakey $two 0 0 1000 1 error_writes" | dmsetup create bad
    devices "$one" /dev/mapper/bad --
    run 1 pool-build p
    says 'lvm failed'
    nothing_is_built
    dmsetup remove bad
    define "<logical:thin-pool name='thin' capacity='4 GiB'/>"
    run 1 pool-build p
    says 'lvm failed'
    nothing_is_built
    define
    run 0 pool-build p
}

cancelled_build_is_taken_back() {
    define "<logical:thin-pool name='thin' capacity='64 MiB'/>"
    cancelled_after lvm vgcreate pool-build p
    nothing_is_built
    rm "$work/done"
    cancelled_after lvm lvcreate pool-build p
    nothing_is_built
    run 0 pool-build p
}

# --- a group that others made ---------------------------------------------------------------------

# others: a group with two volumes of somebody else's, one of them active.
others() {
    vgcreate -q vg "$one" "$two"
    lvcreate -q -y -n theirs -L 8M vg
    lvcreate -q -y -an -n asleep -L 8M vg
}

found_by_name() {
    others
    echo "<pool type='logical'><source><name>vg</name></source></pool>" >"$work/p.xml"
    run 0 pool-define "$work/p.xml"
    run 0 pool-start vg
    run 0 vol-list vg
    shows '^ theirs  */dev/vg/theirs'
    shows '^ asleep  */dev/vg/asleep'
    run 0 vol-key theirs --pool vg
    shows "^$(field lv_uuid theirs)\$"
    run 0 vol-create-as vg ours 8M
    run 0 pool-stop vg
    fails is_active ours
    is_active theirs
    run 0 pool-start vg
    is_active ours
    fails is_active asleep
    run 0 vol-list vg --details
    run 1 vol-download asleep "$work/file" --pool vg
    says "it is not active, and not tarn's to activate\|is not active"
}

all_are_activated_on_request() {
    others
    define "<logical:activation volumes='all'/>"
    run 0 pool-start p
    is_active asleep
    run 0 pool-stop p
    fails is_active theirs
}

sources_are_found() {
    others
    run 0 find-storage-pool-sources logical
    shows "<device path='$one'/>"
    shows "<device path='$two'/>"
    shows '<name>vg</name>'
    shows "<format type='lvm2'/>"
}

used_volume_keeps_the_pool() {
    built
    run 0 vol-create-as p a 16M
    run 0 vol-create-as p b 8M
    mkfs.ext4 -q /dev/vg/a
    mkdir "$work/mnt"
    mount /dev/vg/a "$work/mnt"
    run 1 pool-stop p
    says "the volume vg/a is in use: it is mounted on $work/mnt"
    is_active b
    run 1 vol-delete a --pool p
    says 'in use'
    run 0 pool-stop p --force
    is_active a
    fails is_active b
    umount "$work/mnt"
}

# --- which group it is ----------------------------------------------------------------------------

replaced_group_is_refused() {
    built
    run 0 pool-stop p
    vgremove -q -f -y vg
    vgcreate -q vg "$one" "$two"
    lvcreate -q -y -an -n theirs -L 8M --addtag tarn vg
    before=$(vgs --noheadings -o vg_seqno vg)
    run 1 pool-start p
    says 'the volume-group .* is recorded'
    fails is_active theirs
    [ "$(vgs --noheadings -o vg_seqno vg)" = "$before" ]
    run 0 pool-start p --adopt
    is_active theirs
}

# --- what is looked at ----------------------------------------------------------------------------

only_its_devices_are_scanned() {
    built
    strace -f -qq -e trace=open,openat -o "$work/opens" "$TARN" vol-create-as p a 4M
    grep "\"$one\"" "$work/opens"
    fails grep "\"$three\"" "$work/opens"
}

# A group that somebody has extended is still the whole group.
further_devices_are_seen() {
    built
    vgextend -q vg "$three"
    lvcreate -q -y -n far -L 8M vg "$three"
    run 0 vol-info far --pool p
    says 'the volume group vg has more devices than the pool names'
    run 0 pool-info p
    shows 'State: *running'
}

one_program_for_a_refresh() {
    many 1000
    devices "$one" --
    run 0 pool-start p
    [ "$(lvm_runs pool-refresh p)" = 1 ]
    [ "$(lvm_runs vol-info v7 --pool p)" = 1 ]
    # A process that knows the group runs it only when something has changed.
    need script
    printf '%s\n' 'vol-list p' 'vol-list p --details' 'pool-info p' 'vol-info v7 --pool p' exit \
        >"$work/typed"
    TERM=dumb strace -f -qq -e trace=execve -o "$work/trace" \
        script -q -e -c "$TARN" "$work/typescript" <"$work/typed" >"$work/shown"
    grep -w /dev/vg/v999 "$work/shown"
    [ "$(grep -c 'execve("[^"]*/lvm"' "$work/trace")" = 1 ]
}

logical_check "a group is built, used and taken back" life
logical_check "a device with a signature is refused, and overwritten on request" signature_is_refused
logical_check "a build that fails half way leaves no label" build_is_all_or_nothing
logical_check "a build that is cancelled leaves no label" cancelled_build_is_taken_back
logical_check "a group is found by its name, and only volumes of tarn's are started and stopped" \
    found_by_name
logical_check "all volumes are activated on request" all_are_activated_on_request
logical_check "groups are found with their devices" sources_are_found
logical_check "a volume in use keeps the pool from stopping, and is told" used_volume_keeps_the_pool
logical_check "another group of the same name is refused, until it is adopted" \
    replaced_group_is_refused
logical_check "only the pool's devices are looked at" only_its_devices_are_scanned
logical_check "devices that the definition does not name are seen, and told" further_devices_are_seen
logical_check "one program runs for a refresh of a thousand volumes" \
    one_program_for_a_refresh
finish
