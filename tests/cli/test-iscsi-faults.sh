#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What happens to a target while its LUN is read and written: it is killed, a portal of it falls silent or
# breaks, it is stopped, its LUN becomes smaller, larger, or another.

# shellcheck source=tests/cli/iscsi-lib.sh
. "$(dirname "$0")/iscsi-lib.sh"

# slow FILE: its bytes, with time in between for something to happen; $work/goes tells when.
slow() {
    head -c 1M "$1"
    touch "$work/goes"
    until [ -e "$work/go-on" ]; do sleep 0.05; done
    tail -c +1048577 "$1"
}

# begun: until the upload has sent something and waits.
begun() { timeout 20 sh -c "until [ -e '$work/goes' ]; do sleep 0.05; done" && sleep 0.3; }

# upload: a file of 24 MiB into the LUN, in the background; then upload_ends STATUS.
upload() {
    head -c 24M /dev/urandom >"$work/new"
    {
        status=0
        slow "$work/new" | timeout 60 "$TARN" vol-upload --pool p unit:0:0:1 - \
            >"$work/up.out" 2>"$work/up.err" || status=$?
        echo "$status" >"$work/up.tmp"
        mv "$work/up.tmp" "$work/up.status"
    } &
    begun
}

upload_ends() {
    touch "$work/go-on"
    timeout 60 sh -c "until [ -e '$work/up.status' ]; do sleep 0.05; done"
    cat "$work/up.err"
    [ "$(cat "$work/up.status")" -eq "$1" ]
}

# options LINE…: of the module.
options() {
    mkdir -p "$work/root/etc/tarn/plugins.d"
    {
        cat "$TARN_PLUGINS_DIR/iscsi.conf"
        echo '[options]'
        printf '%s\n' "$@"
    } >"$work/root/etc/tarn/plugins.d/iscsi.conf"
}

started() {
    options 'answer-timeout = 2'
    serve 127.0.0.1:3260 127.0.0.2:3260
    target 1 "$iqn"
    lun 1 1 24M
    direct p "$@"
    run 0 pool-start p
}

killed() {
    started 127.0.0.1
    upload
    kill -KILL "$tgtd"
    upload_ends 1
    grep -q "$iqn cannot be reached: 127.0.0.1:3260 (nothing listens there" "$work/up.err"
    run 0 pool-list --all
    serve 127.0.0.1:3260 127.0.0.2:3260
    target 1 "$iqn"
    adm --op new --mode logicalunit --tid 1 --lun 1 -b "$work/lun-1-1"
    run 0 vol-upload --pool p unit:0:0:1 "$work/new" # it is there again
    cmp "$work/new" "$work/lun-1-1"
}


portal_lost() {
    ip addr add 192.0.2.1/32 dev lo
    options 'answer-timeout = 2'
    serve 192.0.2.1:3260 127.0.0.1:3260
    target 1 "$iqn"
    lun 1 1 24M
    direct p 192.0.2.1 127.0.0.1
    run 0 pool-start p
    upload
    ip addr del 192.0.2.1/32 dev lo
    ip route add blackhole 192.0.2.1/32
    upload_ends 0
    grep -q 'lost .* at 192.0.2.1:3260 (.*), going on through another session' "$work/up.err"
    cmp "$work/new" "$work/lun-1-1"
    run 0 vol-download --pool p unit:0:0:1 "$work/copy"
    cmp "$work/new" "$work/copy"
}

portal_resets() {
    started 127.0.0.2 127.0.0.1
    upload
    ss -K dst 127.0.0.2 dport = 3260 >/dev/null 2>&1 || skip "connections cannot be destroyed here"
    [ -n "$(ss -Htn dst 127.0.0.2)" ] && skip "connections cannot be destroyed here"
    upload_ends 0
    grep -q 'lost .* at 127.0.0.2:3260' "$work/up.err"
    cmp "$work/new" "$work/lun-1-1"
}

stopped() {
    started 127.0.0.1
    upload
    kill -STOP "$tgtd"
    before=$(date +%s)
    upload_ends 1
    [ $(($(date +%s) - before)) -le 30 ]
    grep -q 'it does not answer' "$work/up.err"
    kill -CONT "$tgtd"
    run 0 vol-upload --pool p unit:0:0:1 "$work/new"
    cmp "$work/new" "$work/lun-1-1"
}

# again SIZE: the LUN, closed and opened by the target.
again() {
    adm --op update --mode target --tid 1 --state offline 2>/dev/null || true
    truncate -s "$1" "$work/lun-1-1"
    adm --op delete --mode logicalunit --tid 1 --lun 1
    adm --op new --mode logicalunit --tid 1 --lun 1 -b "$work/lun-1-1"
    adm --op update --mode target --tid 1 --state ready 2>/dev/null || true
}

grown() {
    started 127.0.0.1
    upload
    again 32M
    upload_ends 0
    cmp -n 25165824 "$work/new" "$work/lun-1-1"
    run 0 pool-refresh p
    run 0 vol-info --pool p unit:0:0:1
    shows '32.00 MiB'
}

shrunk() {
    started 127.0.0.1
    upload
    again 8M
    upload_ends 1
    grep -q 'beyond its end\|give it its size back' "$work/up.err"
}

replaced() {
    started 127.0.0.1
    upload
    adm --op delete --mode logicalunit --tid 1 --lun 1
    truncate -s 24M "$work/other"
    adm --op new --mode logicalunit --tid 1 --lun 1 -b "$work/other"
    lun_is 1 1 scsi_id=other,scsi_sn=other
    sleep 1.1 # this target does not tell: it is looked once a second
    upload_ends 1
    grep -q 'has become another disk' "$work/up.err"
    head -c 24M /dev/zero | cmp - "$work/other"
}

cancelled() {
    options 'answer-timeout = 2'
    serve 127.0.0.1:3260
    target 1 "$iqn"
    lun 1 1 24M
    direct p
    run 0 pool-start p
    kill -STOP "$tgtd"
    before=$(date +%s)
    run 1 --deadline 1 vol-download --pool p unit:0:0:1 "$work/copy"
    [ $(($(date +%s) - before)) -le 15 ]
    kill -CONT "$tgtd"
    [ ! -e "$work/copy" ]
    run 0 vol-download --pool p unit:0:0:1 "$work/copy"
}

check "the target is killed in the middle of an upload" killed
check "a portal falls silent in the middle of an upload" portal_lost
check "a portal breaks the connection in the middle of an upload" portal_resets
check "a target that is stopped is given up in time" stopped
check "a LUN grows while it is written" grown
check "a LUN shrinks while it is written" shrunk
check "a LUN that becomes another disk is not written" replaced
check "a download has a deadline" cancelled
finish
