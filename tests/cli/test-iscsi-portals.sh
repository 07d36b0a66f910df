#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Several ways to one target: hosts, addresses and ports, some of them dead, silent or another's.
# shellcheck source=tests/cli/iscsi-lib.sh
. "$(dirname "$0")/iscsi-lib.sh"

all="<iscsi:sessions xmlns:iscsi='urn:tarn:iscsi' portals='all'/>"

served() {
    serve "$@"
    target 1 "$iqn"
    lun 1 1 8M
}

# state NAME WORD
state() {
    run 0 pool-info "$1"
    shows "^State: *$2\$"
}

second() {
    served 127.0.0.2:3260
    direct p 127.0.0.1 127.0.0.2
    run 0 pool-start p
    state p degraded
    shows '127.0.0.1:3260 is gone: nothing listens there'
    run 0 vol-download unit:0:0:1 "$work/copy" p
    run 0 vol-dumpxml unit:0:0:1 p
    shows "<path>iscsi://127.0.0.1:3260/$iqn/1</path>"
}

addresses() {
    served 127.0.0.3:3260
    cp /etc/hosts "$work/hosts"
    printf '127.0.0.2 san.example\n127.0.0.3 san.example\n' >>"$work/hosts"
    mount --bind "$work/hosts" /etc/hosts
    direct p san.example
    started=0
    "$TARN" pool-start p || started=$?
    run 0 pool-info p
    umount /etc/hosts
    [ "$started" -eq 0 ]
    shows '127.0.0.2:3260 is gone'
}

version_six() {
    served '[::1]:3261'
    direct p '[::1]:3261'
    run 0 pool-start p
    state p running
    run 0 vol-dumpxml unit:0:0:1 p
    shows "<path>iscsi://\[::1\]:3261/$iqn/1</path>"
    run 0 vol-download unit:0:0:1 "$work/copy" p
}

sessions() {
    served 127.0.0.1:3260 127.0.0.2:3260
    auth=$all
    direct p 127.0.0.1 127.0.0.2
    run 0 pool-start p
    state p running
    need strace
    strace -f -qq -e trace=connect -o "$work/trace" "$TARN" pool-refresh p
    [ "$(grep -c 'sin_port=htons(3260)' "$work/trace")" -ge 2 ]
    grep -q '127.0.0.1' "$work/trace"
    grep -q '127.0.0.2' "$work/trace"
}

one_goes() {
    served 127.0.0.1:3260 127.0.0.2:3260
    auth=$all
    direct p 127.0.0.1 127.0.0.2
    run 0 pool-start p
    state p running
    served 127.0.0.1:3260
    run 0 pool-refresh p
    state p degraded
    shows '127.0.0.2:3260 is gone: nothing listens there'
    served 127.0.0.1:3260 127.0.0.2:3260
    run 0 pool-refresh p
    state p running
}

silent() {
    served 127.0.0.1:3260
    answer_timeout 1
    liar 3270 login-silent
    direct p 127.0.0.1:3270 127.0.0.1:3260
    run 0 pool-start p
    state p degraded
    shows '127.0.0.1:3270 is gone: it does not answer'
}

breaks() {
    served 127.0.0.1:3260
    liar 3270 login-breaks-off
    direct p 127.0.0.1:3270 127.0.0.1:3260
    run 0 pool-start p
    state p degraded
    shows '127.0.0.1:3270 is gone: the connection broke'
}

none() {
    unserve
    answer_timeout 1
    liar 3270 login-silent
    direct p 127.0.0.1:3270 127.0.0.1 no-such-host.invalid
    run 1 pool-start p
    says '127.0.0.1:3270 (it does not answer)'
    says '127.0.0.1:3260 (nothing listens there'
    says 'no-such-host.invalid:3260 (its name has no address'
}

# A second tgtd with a target of the same name, and another disk in it.
another() {
    served 127.0.0.1:3260
    tgtd -f -C 1 --iscsi portal=127.0.0.2:3260 >"$work/tgtd-1.log" 2>&1 &
    timeout 20 sh -c 'until tgtadm -C 1 --op show --mode sys; do sleep 0.05; done' >/dev/null 2>&1
    tgtadm -C 1 --lld iscsi --op new --mode target --tid 2 -T "$iqn"
    tgtadm -C 1 --lld iscsi --op bind --mode target --tid 2 -I ALL
    truncate -s 8M "$work/other"
    tgtadm -C 1 --lld iscsi --op new --mode logicalunit --tid 2 --lun 1 -b "$work/other"
    auth=$all
    direct p 127.0.0.1 127.0.0.2
    run 0 pool-start p
    run 0 vol-info unit:0:0:1 p
    shows 'through 127.0.0.2:3260 it is another disk'
    run 1 vol-download unit:0:0:1 "$work/copy" p
}

check "a portal that is dead is passed over, told, and no part of a volume's path" second
check "a host name with several addresses: all are tried" addresses
check "an IPv6 portal with a port" version_six
check "sessions through all portals, where the definition wants them" sessions
check "of several portals one goes and comes back: degraded, and running again" one_goes
check "a portal that accepts and never answers is passed over after answer-timeout" silent
check "a portal that breaks off is passed over" breaks
check "where no portal is left, each is told with its reason" none
check "two portals that show different disks are not one target" another
finish
