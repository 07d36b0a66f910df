#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Pools of type netfs where something is wrong or odd: a server that comes late, entries that nobody
# expects, changes by others; and what each verb leaves alone.
# shellcheck disable=SC2317  # inside comes back, in the machine
. "$(dirname "$0")/lib.sh"
inside --need exportfs --timeout 600
. "$(dirname "$0")/netfs-lib.sh"
nfs_server

# --- what is not there ----------------------------------------------------------------------------

server_comes_late() {
    run 0 pool-define-as other dir --target "$work/other"
    run 0 pool-build other
    run 0 pool-autostart other
    nfs_defined 4.2 data
    run 0 pool-build p
    run 0 pool-autostart p
    unplug
    run 1 pool-start --autostart
    prints '1 pools started, 1 failed' ''
    says "pool p did not start by itself: .*no nfs server at port 2049 of $server"
    run 0 pool-info p
    shows "^Reason: .*no nfs server at port 2049 of $server"
    run 1 vol-create-as p v 1M
    [ -z "$(ls -A "$target")" ]
    (
        sleep 3
        plug
    ) &
    run 0 pool-start --autostart --wait 100
    wait $!
    mounted_from "$server:/data"
    run 0 vol-create-as p v 1M
}

# --- what is odd ----------------------------------------------------------------------------------

# As the server's own users leave them there, root's word not counting: a refresh fails for none of
# them, and does not unmount the pool, not even one that is not kept.
odd_entries_hide_nothing() {
    chmod 755 "$exports/squash"
    nfs_defined 4.2 squash
    run 0 pool-build p
    run 0 -q pool-dumpxml p
    cp "$work/out" "$work/p.xml"
    run 0 pool-undefine p
    run 0 pool-create "$work/p.xml"
    run 0 vol-create-as p backing.qcow2 1M --format qcow2
    run 0 vol-create-as p child.qcow2 1M --format qcow2 \
        --backing-vol backing.qcow2 --backing-vol-format qcow2
    cd "$exports/squash" || return 1
    rm backing.qcow2
    head -c 200 child.qcow2 >truncated.qcow2
    mkfifo fifo
    mknod character c 1 3
    ln -s nowhere dangling
    ln -s loop loop
    : >empty
    echo x >closed
    chown 4321:4321 closed
    chmod 000 closed
    mkdir -m 700 folder
    chown 4321:4321 folder
    touch "$(printf 'a\nb')" "$(printf '\377')"
    cd /
    run 0 pool-refresh p
    run 0 vol-list p --json
    json '#' "$(find "$exports/squash" -mindepth 1 -maxdepth 1 -printf x | wc -c)"
    mounted_from "$server:/squash"
    run 0 vol-info child.qcow2 --pool p
    run 0 pool-stop p
    run 3 pool-info p
    cd "$exports/squash" && rm -rf -- *
}

# --- what is asked for ----------------------------------------------------------------------------

# What is on the server is touched by none of them.
each_verb_does_its_own() {
    nfs_pool 4.2 data
    run 0 vol-create-as p v 1M
    run 1 pool-delete p
    run 1 pool-undefine p
    mounted_from "$server:/data"
    run 0 pool-stop p
    nothing_mounted
    run 0 pool-delete p
    [ ! -e "$target" ]
    run 0 pool-build p
    run 0 pool-start p
    run 0 vol-info v --pool p
    run 0 pool-stop p
    touch "$target/theirs"
    run 1 pool-delete p
    says theirs
    run 0 pool-undefine p
    [ -e "$target/theirs" ]
    [ "$(names data)" = 'v ' ]
    run 3 pool-info p
}

# There is no server for it here: what its mount program is told.
glusterfs_is_mounted_by_its_program() {
    helper=/usr/sbin/mount.glusterfs
    [ ! -e "$helper" ] || skip "the real $helper is installed"
    printf '#!/bin/sh\nprintf "<%%s>" "$@" >%s\necho "no volume" >&2\nexit 1\n' "$work/told" >"$helper"
    chmod 755 "$helper"
    run 0 pool-define-as p netfs --source-host 127.0.0.1 --source-path volume \
        --source-format glusterfs --target "$target" --mount-option transport=tcp
    run 0 pool-build p
    run 1 pool-start p || {
        rm "$helper"
        return 1
    }
    rm "$helper"
    says 'no volume'
    cat "$work/told"
    grep "^<127.0.0.1:/volume><$target><-o><.*direct-io-mode=1.*,transport=tcp>" "$work/told"
    nothing_mounted
}

# --- at the same time -----------------------------------------------------------------------------

# A creation in the middle keeps nobody from the pool, and whoever unmounts it is told who is there.
refreshed_beside_a_creation() {
    nfs_pool 3 data
    "$TARN" vol-create-as p big 100M >"$work/creation" 2>&1 &
    creation=$!
    until find "$exports/data" -name '.tarn-*.part' | grep -q .; do kill -0 "$creation"; done
    kill -STOP "$creation"
    run 0 pool-refresh p
    run 0 vol-list p
    shows_no 'big\|part'
    run 0 vol-create-as p another 1M
    kill -CONT "$creation"
    wait "$creation"
    [ "$(names data)" = 'another big ' ]
}

# As far as they are made through this machine.
changes_are_told() {
    nfs_pool 4.2 data
    "$TARN" pool-event --loop --timeout 20 --event volume --pool p >"$work/events" 2>&1 &
    listener=$!
    tries=0
    until grep -q 'Added new' "$work/events" || [ "$tries" -gt 40 ]; do
        sleep 0.5
        rm -f "$target/new"
        echo x >"$target/new"
        tries=$((tries + 1))
    done
    kill "$listener"
    cat "$work/events"
    grep -q "^event 'volume' for storage pool p: Added new" "$work/events"
}

full_volumes_are_resized() {
    nfs_pool 4.2 data
    run 0 vol-create-as p v 4M --allocation 4M
    run 0 vol-resize v 4M --pool p
    run 0 vol-resize v 2M --pool p --shrink
    run 0 vol-resize v 6M --pool p
    [ "$(stat -c %s "$exports/data/v")" -eq 6291456 ]
}

netfs_check "a server that comes late: autostart tells why, goes on, and tries again" \
    server_comes_late
netfs_check "odd entries of others hide nothing, and no pool ends by them" odd_entries_hide_nothing
netfs_check "stop, delete and undefine each leave what is not theirs" each_verb_does_its_own
netfs_check "glusterfs is mounted by its program, with the options that it needs" \
    glusterfs_is_mounted_by_its_program
netfs_check "a refresh goes on beside a creation" refreshed_beside_a_creation
netfs_check "what is done to the volumes here is told" changes_are_told
netfs_check "a volume with all of its bytes is resized" full_volumes_are_resized
finish
