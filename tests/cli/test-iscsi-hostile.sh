#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A target that lies (tests/iscsi/lies.c): whatever it tells, no crash, no endless wait, and no more
# memory than a small part of the machine's. The module works in the command's own process here, where
# nothing would hide its end.
# shellcheck source=tests/cli/network-lib.sh
. "$(dirname "$0")/network-lib.sh"
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
liar=$TARN_BUILD/tests/iscsi/liar
initiator=iqn.2026-01.org.example:test
seeds=3
at_once=16

# definition PORT: of the pool over the liar there.
definition() {
    cat <<END
<pool type='iscsi-direct'><name>p</name><source><host name='127.0.0.1' port='$1'/>
<device path='iqn.2026-01.org.example:liar'/>
<initiator><iqn name='$initiator'/></initiator></source></pool>
END
}

# with_root FOLDER: the command keeps everything there, and works with the module in its own process.
with_root() {
    TARN_ROOT=$1/root
    export TARN_ROOT
    mkdir -p "$TARN_ROOT/etc/tarn/plugins.d"
    sed -e '/^isolation/d' "$TARN_PLUGINS_DIR/iscsi.conf" >"$TARN_ROOT/etc/tarn/plugins.d/iscsi.conf"
    printf '[options]\nanswer-timeout = 1\n' >>"$TARN_ROOT/etc/tarn/plugins.d/iscsi.conf"
}

# liar_at PORT LIE SEED: as $server.
liar_at() {
    "$liar" "$@" &
    server=$!
    timeout 20 sh -c "until ss -ltn | grep -q ':$1 '; do sleep 0.05; done"
}

# tell FOLDER ARGUMENT…: runs the command and keeps how it went.
tell() {
    folder=$1
    shift
    status=0
    timeout -s KILL 60 "$TARN" "$@" >>"$folder/out" 2>>"$folder/err" </dev/null || status=$?
    echo "$status $*" >>"$folder/statuses"
}

# Memory is bounded where no sanitizer needs the address space.
bound_memory() {
    # shellcheck disable=SC3045 # dash and bash have it
    [ -n "${TARN_SANITIZED:-}" ] || ulimit -v 1500000
}

# all_commands LIE SEED PORT: what there is to do with a target, once it was honest and no more.
all_commands() {
    folder=$base/$1-$2
    mkdir -p "$folder"
    with_root "$folder"
    definition "$3" >"$folder/pool.xml"
    liar_at "$3" none
    tell "$folder" pool-create "$folder/pool.xml"
    kill "$server"
    wait "$server" 2>/dev/null
    liar_at "$3" "$1" "$2"
    bound_memory
    head -c 300000 /dev/urandom >"$folder/bytes"
    for word in list dumpxml info download map upload wipe; do
        case $word in
            list) tell "$folder" vol-list p --details ;;
            dumpxml | info) tell "$folder" vol-$word unit:0:0:1 p ;;
            download) tell "$folder" vol-download unit:0:0:1 "$folder/copy" p ;;
            map) tell "$folder" vol-map unit:0:0:1 p ;;
            upload) tell "$folder" vol-upload unit:0:0:1 "$folder/bytes" p --offset 777 ;;
            wipe) tell "$folder" vol-wipe unit:0:0:1 p ;;
        esac
    done
    tell "$folder" pool-refresh p
    tell "$folder" find-storage-pool-sources-as iscsi-direct 127.0.0.1 "$3" "$initiator"
    tell "$folder" pool-destroy p
    kill "$server"
}

# Everything is done at once, since most of it is waiting; then each lie is a test.
seeds_of() {
    case $1 in
        *-random) seq "$seeds" ;;
        *) echo 1 ;;
    esac
}

tell_all() {
    port=3300
    for lie in $("$liar" list); do
        for seed in $(seeds_of "$lie"); do
            port=$((port + 1))
            echo "$lie $seed $port"
        done
    done >"$base/lies"
    while read -r lie seed port; do
        (all_commands "$lie" "$seed" "$port") &
        running=$((${running:-0} + 1))
        [ $((running % at_once)) -ne 0 ] || wait
    done <"$base/lies"
    wait
} >"$base/telling" 2>&1

# An operation may well succeed: not all of it asks what the lie is about.
survives() {
    for folder in "$base/$lie"-*; do
        if grep -v -e '^[013] ' "$folder/statuses" || [ "$(wc -l <"$folder/statuses")" -ne 11 ] ||
            grep -q -e 'Sanitizer' -e 'runtime error' "$folder/err"; then
            cat "$folder/statuses" "$folder/err"
            return 1
        fi
    done
}

[ -x "$liar" ] || { echo "there is no $liar"; exit 99; }
tell_all
honest() { ! grep -v '^0 ' "$base/none-1/statuses"; }
check "an honest target serves all commands" honest
for lie in $("$liar" list); do
    [ "$lie" = none ] || check "a target that lies: $lie" survives
done
finish
