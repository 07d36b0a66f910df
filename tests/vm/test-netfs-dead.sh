#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A server that dies under an active pool holds nobody but who waits for it, and nobody for longer
# than the deadline.
# shellcheck disable=SC2317  # inside comes back, in the machine
. "$(dirname "$0")/lib.sh"
inside --need exportfs --timeout 600
. "$(dirname "$0")/netfs-lib.sh"
nfs_server

seconds() { cut -d . -f 1 /proc/uptime; }

# soon STATUS COMMAND…: the command ends long before the kernel would give up.
soon() {
    before=$(seconds)
    run "$@"
    took=$(($(seconds) - before))
    [ "$took" -le 30 ] && return
    echo "took $took seconds: $*"
    return 1
}

# dead VERSION: a pool with a volume, and its server is gone; and another pool.
dead() {
    run 0 pool-define-as other dir --target "$work/other"
    run 0 pool-build other
    run 0 pool-start other
    nfs_pool "$1" data --mount-option noac
    run 0 vol-create-as p v 1M
    run 0 vol-list p
    unplug
}

others_answer() {
    dead 4.2
    "$TARN" --deadline 10 vol-list p >"$work/waits" 2>&1 &
    run 0 vol-create-as other w 1M
    soon 0 --deadline 5 pool-list --all
    shows ' other *active'
    run 0 vol-list other
    shows w
    wait $!
    # When the server is back, so is the pool.
    plug
    run 0 --deadline 60 vol-create-as p x 1M
    [ "$(names data)" = 'v x ' ]
    run 0 --json pool-info p
    json state running
}

told_and_stale() {
    dead 3
    soon 1 --deadline 5 pool-refresh p
    says 'does not answer'
    soon 0 --deadline 5 --json pool-info p
    json state unresponsive
    soon 0 --deadline 5 vol-list p
    shows " v *$target/v"
    says 'this is what was seen'
    soon 1 --deadline 5 vol-create-as p x 1M
    plug
    run 0 --deadline 60 pool-refresh p
    run 0 vol-list p
    [ ! -s "$work/err" ]
    run 0 --json pool-info p
    json state running
}

# With a file open there, so that a mere unmount would be refused, or wait.
let_go_by_force() {
    dead 4.2
    plug
    tail -f "$target/v" &
    holder=$!
    run 1 pool-stop p
    says 'tail'
    unplug
    soon 0 --deadline 5 pool-stop p --force
    nothing_mounted
    run 0 --json pool-info p
    json state inactive
    soon 1 --deadline 5 pool-start p
    says "no nfs server at port 2049 of $server"
    plug
    kill "$holder"
    run 0 pool-start p
    run 0 vol-list p
    shows v
}

# A server in user space that is stopped: it takes what is sent to it, and says nothing.
stopped() {
    mkdir -p /run/stopped/data /run/stopped/state
    chmod 777 /run/stopped/data
    cat >"$work/ganesha.conf" <<END
NFS_CORE_PARAM { Protocols = 4; Enable_NLM = false; Enable_RQUOTA = false; NFS_Port = 3049; }
NFSV4 { RecoveryBackend = fs; RecoveryRoot = /run/stopped/state; Graceless = true; }
EXPORT { Export_Id = 7; Path = /run/stopped/data; Pseudo = /data; Access_Type = RW;
         Squash = No_Root_Squash; FSAL { Name = VFS; } }
END
    ganesha.nfsd -F -L "$work/ganesha.log" -f "$work/ganesha.conf" -p "$work/ganesha.pid" &
    ganesha=$!
    cat >"$work/p.xml" <<END
<pool type='netfs'><name>p</name>
  <source><host name='127.0.0.1' port='3049'/><dir path='/data'/><format type='nfs'/></source>
  <target><path>$target</path></target></pool>
END
    run 0 pool-define "$work/p.xml"
    run 0 pool-build p
    timeout 20 sh -c 'until ss -ltn | grep -q ":3049 "; do sleep 0.1; done'
    run 0 pool-start p
    run 0 vol-create-as p v 1M
    run 0 vol-list p
    kill -STOP "$ganesha"
    soon 1 --deadline 5 pool-refresh p
    soon 0 --deadline 5 vol-list p
    shows v
    says 'this is what was seen'
    kill -CONT "$ganesha"
    run 0 --deadline 60 pool-refresh p
    run 0 pool-stop p
    kill -KILL "$ganesha"
}

netfs_check "a dead server: other pools answer, and its own does when it is back" others_answer
netfs_check "a dead server: told within the deadline, and the list is marked stale" told_and_stale
netfs_check "a dead server: stop --force lets go, and start works when it is back" let_go_by_force
netfs_check "a stopped server is the same, and goes on when it does" stopped
finish
