#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Volumes of pools of type logical: made, filled, resized, shared and removed, with lvs as judge.
# shellcheck disable=SC2119,SC2317  # inside comes back, in the machine
. "$(dirname "$0")/lib.sh"
inside --need vgs --disk 512M --disk 256M --timeout 600
. "$(dirname "$0")/logical-lib.sh"

# xml NAME: what tarn says of a volume.
xml() { run 0 vol-dumpxml "$1" --pool p; }

# --- whole volumes --------------------------------------------------------------------------------

# libvirt's document, and where it lies by the second opinion.
libvirts_words() {
    built
    run 0 vol-create-as p a 10M
    xml a
    shows "<key>$(field lv_uuid a)</key>"
    shows "<capacity unit='bytes'>12582912</capacity>"
    shows "<allocation unit='bytes'>12582912</allocation>"
    shows "<path>/dev/vg/a</path>"
    shows_no '<format'
    extent=4194304
    first=$(field seg_pe_ranges a)
    shows "<device path='${first%%:*}'>"
    first=${first##*:}
    shows "<extent start='$((${first%-*} * extent))' end='$(((${first#*-} + 1) * extent))'/>"
    run 0 vol-name "$(field lv_uuid a)"
    shows '^a$'
    run 0 vol-pool /dev/vg/a
    shows '^p$'
    run 0 vol-resize a 16M --pool p
    [ "$(field lv_size a)" = 16777216 ]
    run 1 vol-resize a 8M --pool p
    says 'say that it shall shrink'
    run 0 vol-resize a 8M --pool p --shrink
    [ "$(field lv_size a)" = 8388608 ]
    run 1 vol-resize a 4G --pool p
    says 'the volume group vg has .* left'
    run 1 vol-create-as p b 4G
    says 'the volume takes 4294967296 bytes, and the volume group vg has'
    [ "$(volumes)" = "a " ]
    run 0 vol-delete a --pool p
    [ -z "$(volumes)" ]
}

bytes_go_in_and_out() {
    built
    head -c 3000000 /dev/urandom >"$work/in"
    run 0 vol-create-as p a 8M
    run 0 vol-upload a "$work/in" --pool p
    cmp -n 3000000 /dev/vg/a "$work/in"
    run 0 vol-clone a b --pool p
    cmp /dev/vg/a /dev/vg/b
    run 0 vol-download b "$work/out.raw" --pool p
    cmp -n 3000000 "$work/out.raw" "$work/in"
    run 0 vol-wipe a --pool p
    cmp -n 8388608 /dev/vg/a /dev/zero
    [ "$(volumes)" = "a b " ]
    # Nobody is in the way of a refresh, nor it of others.
    "$TARN" vol-upload a "$work/in" --pool p &
    run 0 pool-refresh p
    wait $!
    cmp -n 3000000 /dev/vg/a "$work/in"
}

# Deleted with --wipe: where it lay is nothing of it.
deleted_and_wiped() {
    built
    head -c 4M /dev/urandom >"$work/in"
    run 0 vol-create-as p a 4M
    run 0 vol-upload a "$work/in" --pool p
    [ "$(field seg_pe_ranges a)" = "$one:0-0" ]
    run 0 vol-delete a --pool p --wipe
    [ -z "$(volumes)" ]
    start=$(pvs --noheadings --nosuffix --units b -o pe_start "$one" | tr -d ' ')
    dd if="$one" bs=1M skip=$((start >> 20)) count=4 iflag=direct status=none |
        cmp -n 4194304 - /dev/zero
}

names_are_refused_before_a_program_runs() {
    built
    for name in -a snapshot1 a_tdata 'a b'; do
        strace -f -qq -e trace=execve -o "$work/trace" \
            "$TARN" vol-create-as p -- "$name" 4M >"$work/out" 2>"$work/err" && exit 1
        says 'choose another'
        # The one that looks whether the pool is there.
        [ "$(grep -c 'execve("[^"]*/lvm"' "$work/trace")" = 1 ]
    done
}

same_name_twice() {
    built
    run 0 vol-create-as p a 4M
    run 1 vol-create-as p a 4M
    says 'the pool p has a volume "a" already'
    "$TARN" vol-create-as p b 4M >"$work/first" 2>&1 &
    first=$!
    "$TARN" vol-create-as p b 4M >"$work/second" 2>&1 &
    second=$!
    "$TARN" vol-create-as p c 4M >"$work/third" 2>&1 &
    wait $! || { cat "$work/third"; exit 1; }
    ok=0
    wait "$first" && ok=$((ok + 1))
    wait "$second" && ok=$((ok + 1))
    cat "$work/first" "$work/second"
    [ "$ok" = 1 ]
    [ "$(volumes)" = "a b c " ]
}

filesystem_is_not_cut() {
    built
    run 0 vol-create-as p a 16M
    mkfs.ext4 -q /dev/vg/a
    run 1 vol-resize a 8M --pool p --shrink
    says '/dev/vg/a holds a filesystem, ext4, of 16777216 bytes, and 8388608 would cut it: shrink the'
    [ "$(field lv_size a)" = 16777216 ]
    resize2fs /dev/vg/a 8M
    run 0 vol-resize a 8M --pool p --shrink
    e2fsck -fn /dev/vg/a
    mkfs.vfat /dev/vg/a
    run 1 vol-resize a 4M --pool p --shrink
    says 'holds a filesystem, vfat, whose size is not known: remove it'
}

# --- thin -----------------------------------------------------------------------------------------

thin_volumes() {
    built "<logical:thin-pool name='thin' capacity='64 MiB' overcommit='200'/>"
    [ "$(field lv_layout thin)" = thin,pool ]
    run 0 vol-create-as p a 60M --allocation 0
    [ "$(field pool_lv a)" = thin ]
    run 0 vol-list p --details
    shows '^ a  */dev/vg/a  *block  *60.00 MiB  *0.00 B'
    shows_no '^ thin'
    head -c 1M /dev/urandom | dd of=/dev/vg/a bs=64k oflag=direct status=none
    run 0 vol-info a --pool p --bytes
    shows 'Capacity: *62914560'
    shows 'Allocation: *1048576'
    run 0 pool-info p --json
    json properties/thin-pool thin
    json properties/thin-promised '93.8% of 67108864 bytes'
    json properties/thin-data '1.6% of 67108864 bytes'
    shows '"thin-metadata": "[0-9.]*% of 4194304 bytes"'
    run 0 vol-clone a b --pool p
    [ "$(field origin b)" = a ]
    cmp /dev/vg/a /dev/vg/b
    run 1 vol-create-as p c 60M --allocation 0
    says 'the thin volumes of vg/thin would promise 188743680 bytes, which is over 200 percent'
    run 0 vol-resize a 64M --pool p
    # A clone stands alone.
    xml b
    shows_no backingStore
    run 0 vol-delete a --pool p
    [ "$(volumes)" = "b thin " ]
    run 0 pool-stop p
    dmsetup ls | grep '^No devices'
}

# A thin pool that others made, and only that one; who looks at the pool hears of its fill.
named_thin_pool() {
    vgcreate -q vg "$one" "$two"
    define "<logical:thin-pool name='theirs'/><logical:watermarks percent='50 80'/>"
    run 0 pool-start p
    run 1 vol-create-as p a 30M --allocation 0
    says 'there is no thin pool vg/theirs: make it with lvcreate'
    lvcreate -q -y --type thin-pool -L 32M -n theirs vg
    run 0 vol-create-as p a 30M --allocation 0
    [ "$(field pool_lv a)" = theirs ]
    run 0 pool-refresh p
    fails grep 'percent full' "$work/err"
    dd if=/dev/urandom of=/dev/vg/a bs=1M count=20 oflag=direct status=none
    "$TARN" pool-event p --event health --timeout 300 >"$work/heard" &
    listener=$!
    until grep -qs inotify "/proc/$listener/fdinfo"/*; do kill -0 "$listener"; done
    sleep 2 # for its first look
    run 0 pool-refresh p
    says 'the data of the thin pool vg/theirs are over 50 percent full: extend it'
    wait "$listener"
    grep 'Watermark: the data of the thin pool vg/theirs are over 50 percent full' "$work/heard"
}

logical_check "a volume is what libvirt would call it, and lies where lvs says" libvirts_words
logical_check "bytes go in and out, are cloned and wiped" bytes_go_in_and_out
logical_check "a volume that is deleted with --wipe leaves nothing" deleted_and_wiped
logical_check "names that lvm forbids are refused before a program runs" \
    names_are_refused_before_a_program_runs
logical_check "a name is given once, also by several at a time" same_name_twice
logical_check "a filesystem is not cut" filesystem_is_not_cut
logical_check "thin volumes: filled, cloned, limited, removed" thin_volumes
logical_check "a thin pool that others made is used, and its fill is told" named_thin_pool
finish
