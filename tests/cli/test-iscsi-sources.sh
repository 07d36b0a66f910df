#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Finding which targets a host serves, with libiscsi in the process: no iscsiadm, no node records.
# shellcheck source=tests/cli/iscsi-lib.sh
. "$(dirname "$0")/iscsi-lib.sh"

# The machine's initiator is the tests' own.
mount -t tmpfs tmpfs /etc/iscsi

named() { echo "InitiatorName=$initiator" >/etc/iscsi/initiatorname.iscsi; }
nameless() { rm -f /etc/iscsi/initiatorname.iscsi; }

# source IQN HOST…: one element of the answer, each HOST with its attributes.
source_of() {
    echo '  <source>'
    source_iqn=$1
    shift
    for source_host in "$@"; do
        echo "    <host $source_host/>"
    done
    echo "    <device path='$source_iqn'/>"
    echo '  </source>'
}

one() {
    named
    serve 127.0.0.1:3260
    target 1 "$iqn"
    for type in iscsi-direct iscsi; do
        run 0 -q find-storage-pool-sources-as "$type" 127.0.0.1
        {
            echo '<sources>'
            source_of "$iqn" "name='127.0.0.1' port='3260'"
            echo '</sources>'
        } | prints_like
    done
}

# tgtd tells the portal by which it was asked, and no other.
several() {
    named
    serve 127.0.0.1:3260 127.0.0.2:3262 '[::1]:3261'
    target 1 "$iqn"
    target 2 "$iqn-2"
    while read -r host port attributes; do
        # shellcheck disable=SC2086 # no port is no argument
        run 0 -q find-storage-pool-sources-as iscsi-direct "$host" ${port#-}
        {
            echo '<sources>'
            source_of "$iqn" "$attributes"
            source_of "$iqn-2" "$attributes"
            echo '</sources>'
        } | prints_like
    done <<END
::1 3261 name='::1' port='3261'
127.0.0.2 3262 name='127.0.0.2' port='3262'
127.0.0.1 - name='127.0.0.1' port='3260'
localhost - name='localhost' port='3260'
END
}

many() {
    named
    serve 127.0.0.1:3260
    for number in $(seq 200); do
        target "$number" "$iqn-with-a-name-that-makes-the-list-longer-than-one-small-answer-$number"
    done
    run 0 -q find-storage-pool-sources-as iscsi-direct 127.0.0.1
    [ "$(grep -c '<device' "$work/out")" -eq 200 ]
}

narrowed() {
    nameless
    serve 127.0.0.1:3260
    target 1 "$iqn"
    target 2 "$iqn-2"
    cat >"$work/narrow.xml" <<END
<source><host name='127.0.0.1'/><device path='$iqn-2'/>
<initiator><iqn name='$initiator'/></initiator></source>
END
    run 0 -q find-storage-pool-sources iscsi-direct "$work/narrow.xml"
    shows "<device path='$iqn-2'/>"
    shows "<iqn name='$initiator'/>"
    shows_no "<device path='$iqn'/>"
}

one_initiator() {
    nameless
    serve 127.0.0.1:3260
    target 1 "$iqn"
    run 1 find-storage-pool-sources-as iscsi-direct 127.0.0.1
    says 'nothing tells as whom to log in: add <initiator>'
    run 0 find-storage-pool-sources-as iscsi-direct 127.0.0.1 3260 "$initiator"
    shows "<device path='$iqn'/>"
}

nobody() {
    named
    unserve
    answer_timeout 1
    run 1 find-storage-pool-sources-as iscsi-direct 127.0.0.1
    says '127.0.0.1:3260 (nothing listens there: Connection refused)'
    run 1 find-storage-pool-sources-as iscsi-direct no-such-host.invalid
    says 'no-such-host.invalid:3260 (its name has no address'
    liar 3270 login-silent
    run 1 find-storage-pool-sources-as iscsi-direct 127.0.0.1 3270
    says '127.0.0.1:3270 (it does not answer)'
    run 1 find-storage-pool-sources-as iscsi-direct
    says 'name exactly one host'
}

check "a target is told as libvirt tells it, for both types" one
check "all targets of a host are told, at the portal that was asked, also by name and IPv6" several
check "two hundred targets are told" many
check "the target and the initiator of the question are kept to" narrowed
check "without a name of one's own nobody is asked, and it is said where to put it" one_initiator
check "a host without a portal, a name without a host, and a silent portal are told" nobody
finish
