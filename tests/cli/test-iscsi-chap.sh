#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Logging in with CHAP, both ways: who must know what, and where secrets must not be seen.
# shellcheck source=tests/cli/iscsi-lib.sh
. "$(dirname "$0")/iscsi-lib.sh"

ours=the-host-says-so
theirs=the-target-knows-it

# auth_of USER: the part of <source>; auth_both: with the target's as well.
auth_of() { echo "<auth type='chap' username='$1'><secret usage='ours'/></auth>"; }
auth_both() {
    auth_of host
    echo "<iscsi:target-auth xmlns:iscsi='urn:tarn:iscsi' username='target'>"
    echo "<iscsi:secret usage='theirs'/></iscsi:target-auth>"
}

served() {
    serve 127.0.0.1:3260 127.0.0.2:3260 127.0.0.3:3260
    target 1 "$iqn"
    lun 1 1 8M
    account 1 host "$ours"
}

right() {
    served
    auth=$(auth_of host)
    direct p
    secret ours "$ours"
    run 0 pool-start p
    run 0 vol-download unit:0:0:1 "$work/copy" p
    cmp "$work/copy" "$work/lun-1-1"
}

wrong() {
    served
    auth=$(auth_of host)
    direct p
    secret ours "$ours"x
    run 1 pool-start p
    says 'it does not know this user with this secret'
    auth=$(auth_of somebody)
    direct q 127.0.0.2
    secret ours "$ours"
    run 1 pool-start q
    auth=
    direct r 127.0.0.3
    run 1 pool-start r
    says 'are user name, secret and initiator name those that it knows'
}

missing() {
    served
    auth=$(auth_of host)
    direct p
    run 1 pool-start p
    says "there is no secret \"ours\""
    secret ours "$ours"
    chmod 0644 "$work/root/etc/tarn/secrets/ours"
    run 1 pool-start p
    says 'others may read the secret'
}

mutual() {
    served
    account 1 target "$theirs" --outgoing
    auth=$(auth_both)
    direct p
    secret ours "$ours"
    secret theirs "$theirs"
    run 0 pool-start p
    run 0 vol-download unit:0:0:1 "$work/copy" p
}

impostor() {
    served
    auth=$(auth_both)
    direct p
    secret ours "$ours"
    secret theirs "$theirs"
    account 1 target "$theirs"x --outgoing
    run 1 pool-start p
    says 'Invalid CHAP_R'
}

# Knows whoever comes, and can prove nothing.
silent_impostor() {
    serve 127.0.0.1:3260
    target 1 "$iqn"
    lun 1 1 8M
    auth=$(auth_both)
    direct p
    secret ours "$ours"
    secret theirs "$theirs"
    run 1 pool-start p
    says 'it does not prove who it is'
}

alike() {
    auth=$(auth_both)
    direct p
    secret ours "$ours"
    secret theirs "$ours"
    run 1 pool-start p
    says 'the secrets "ours" and "theirs" are the same'
}

# defined PART: what becomes of a definition with that in its source.
defined() {
    cat >"$work/p.xml" <<END
<pool type='iscsi-direct'><name>p</name><source><host name='127.0.0.1'/><device path='$iqn'/>
<initiator><iqn name='$initiator'/></initiator>$1</source></pool>
END
    run 1 pool-define "$work/p.xml"
}

one_sided() {
    defined "$(auth_both | tail -n +2)"
    says "add <auth type='chap'> as well"
    defined "<auth type='ceph' username='u'><secret usage='s'/></auth>"
    says "iSCSI knows type='chap'"
}

unseen() {
    served
    account 1 target "$theirs" --outgoing
    auth=$(auth_both)
    direct p
    secret ours "$ours"
    secret theirs "$theirs"
    for command in 'pool-start p' 'pool-dumpxml p' 'pool-info p' 'vol-list p' 'pool-refresh p'; do
        # shellcheck disable=SC2086 # a command and its arguments
        LIBISCSI_DEBUG=10 strace -f -qq -s 4096 -e trace=execve,write,sendto,writev -o "$work/trace" \
            "$TARN" -v $command >>"$work/seen" 2>&1 || return 1
        cat "$work/trace" >>"$work/seen"
    done
    if grep -e "$ours" -e "$theirs" "$work/seen" || grep -r -e "$ours" -e "$theirs" \
        "$work/root" --exclude-dir secrets; then
        return 1
    fi
}
seen() {
    need strace
    unseen
}

check "with the right secret a target lets us in" right
check "a wrong secret, a wrong user and no login at all are refused, and told" wrong
check "a secret that is not there, or that others may read, is not used" missing
check "mutual CHAP: a target that proves who it is is used" mutual
check "mutual CHAP: a target with another secret is not" impostor
check "mutual CHAP: a target that is not asked to prove anything is not either" silent_impostor
check "mutual CHAP: one secret for both is refused" alike
check "a stranger cannot ask for proof, and no other way of logging in is known" one_sided
check "no secret is on a command line, in a log or in a file of ours" seen
finish
