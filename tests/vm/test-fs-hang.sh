#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A disk under a pool stops answering: other pools go on, and what is told of it. The disk is a
# device-mapper target that is suspended, so that whoever waits for it cannot even be killed.
# shellcheck disable=SC2317  # inside comes back, in the machine
. "$(dirname "$0")/lib.sh"
inside --disk 128M --disk 64M --timeout 400
. "$(dirname "$0")/fs-lib.sh"

# two_pools: p on a disk that can be made to hang, q on another.
two_pools() {
    echo "0 $(blockdev --getsz "$disk") linear $disk 0" | dmsetup create slow
    udevadm wait --timeout 30 /dev/mapper/slow
    run 0 pool-define-as p fs --source-dev /dev/mapper/slow --source-format ext4 --target "$target"
    run 0 pool-define-as q fs --source-dev "$other" --source-format ext4 --target /srv/fs/q
    run 0 pool-start p --build --no-overwrite
    run 0 pool-start q --build --no-overwrite
    run 0 vol-create-as p a 1M
}

# hang: what is new has to be read from the disk by the next refresh.
hang() {
    head -c 100000 /dev/urandom >"$target/new"
    sync
    dmsetup suspend --noflush --nolockfs slow
    echo 3 >/proc/sys/vm/drop_caches
}

answers_of_the_other() {
    run 0 vol-create-as q b 1M
    run 0 vol-list q
    shows 'b *\/srv/fs/q/b'
    run 0 pool-refresh q
}

end_q() { umount -l /srv/fs/q || true; }

# In the host's own process only the one who asked waits.
other_pools_answer() {
    two_pools
    hang
    "$TARN" vol-create-as p late 1M >"$work/late" 2>&1 &
    late=$!
    sleep 2
    answers_of_the_other
    kill -0 "$late"
    dmsetup resume slow
    wait "$late"
    run 0 vol-info late --pool p
    run 0 pool-stop p
    end_q
}

# With a process of its own the call ends, and the host knows why.

# In one host, who has seen the pool before.
hung_disk_is_told() {
    isolate fs
    two_pools
    {
        echo 'vol-list p'
        until grep -q "$target/a" "$work/shown"; do sleep 0.2; done
        hang >&2
        printf '%s\n' 'pool-refresh p' 'pool-list --all' 'vol-create-as q b 1M' 'vol-list p' exit
    } | TERM=dumb timeout 120 script -q -f -c "$TARN --deadline 3" "$work/shown" >/dev/null || true
    tr -d '\r' <"$work/shown" | sed -n '/refresh: /,$p' >"$work/out"
    shows 'the storage does not answer: the module fs'
    shows 'p *unresponsive'
    shows 'Vol b created'
    shows 'this is what was seen'
    shows "a *$target/a"
    dmsetup resume slow
    run 0 pool-refresh p
    run 0 vol-info new --pool p
    run 0 pool-stop p
    end_q
}

forced_stop_lets_go() {
    isolate fs
    two_pools
    hang
    run 0 --deadline 5 pool-stop p --force
    nothing_mounted
    answers_of_the_other
    dmsetup resume slow
    run 0 pool-start p
    run 0 vol-info a --pool p
    run 0 pool-stop p
    end_q
}

fs_check "while one disk hangs, other pools answer" other_pools_answer
fs_check "isolated: the pool of a hung disk is unresponsive, and its list stays" hung_disk_is_told
fs_check "isolated: a forced stop lets go of a hung disk" forced_stop_lets_go
clean >/dev/null 2>&1
finish
