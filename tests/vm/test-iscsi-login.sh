#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Pools of type iscsi whose target wants CHAP, or does not answer.
# shellcheck disable=SC2119,SC2317  # inside comes back, in the machine
. "$(dirname "$0")/lib.sh"
inside --timeout 900
. "$(dirname "$0")/iscsi-lib.sh"

# --- CHAP -----------------------------------------------------------------------------------------

chap="<auth type='chap' username='me'><secret usage='ours'/></auth>"
mutual="<iscsi:target-auth username='it'><iscsi:secret usage='theirs'/></iscsi:target-auth>"

# listened COMMAND…: with all arguments that iscsiadm gets in $work/arguments.
listened() {
    adm_real=$(command -v iscsiadm)
    [ -e "$adm_real.real" ] || mv "$adm_real" "$adm_real.real"
    printf '#!/bin/sh\necho "$*" >>%s\nexec %s.real "$@"\n' "$work/arguments" "$adm_real" \
        >"$adm_real"
    chmod +x "$adm_real"
    "$@"
}

right_secrets() {
    lun 1 16M
    serve 1 127.0.0.1:3260
    account 1 me our-own-secret
    account 1 it their-own-secret --outgoing
    secret ours our-own-secret
    secret theirs their-own-secret
    define 127.0.0.1 -- "$chap$mutual"
    listened run 0 pool-start p
    run 0 vol-list p --name
    prints unit:0:0:1 ''
    grep -q -e '--login' "$work/arguments"
    fails grep -r own-secret "$work/arguments" "$work/out" "$work/err" /run/tarn "$work/root/run" \
        "$work/root/var"
    fails grep -q own-secret /proc/[0-9]*/cmdline
    # shellcheck disable=SC2046  # several
    [ "$(stat -c %a $(records | grep nodes))" = 600 ]
    records | grep nodes | xargs grep -q 'password_in = their-own-secret'
    run 0 pool-stop p
    [ -z "$(records)" ]
    fails grep -r own-secret /etc/iscsi
    dmesg | fails grep own-secret
}

wrong_secrets() {
    lun 1 16M
    serve 1 127.0.0.1:3260
    account 1 me our-own-secret
    account 1 it their-own-secret --outgoing
    secret ours not-our-secret
    secret theirs their-own-secret
    define 127.0.0.1 -- "$chap"
    run 1 pool-start p
    says 'is not for us'
    fails grep -q not-our-secret "$work/err"
    [ -z "$(records)" ]
    secret ours our-own-secret
    secret theirs not-their-secret
    define 127.0.0.1 -- "$chap$mutual"
    run 1 pool-start p
    fails grep -q not-their-secret "$work/err"
    [ "$(sessions)" -eq 0 ]
    [ -z "$(records)" ]
    secret theirs their-own-secret
    run 0 pool-start p
}

# logging: what iscsid tells, as Debian starts it, is in $work/iscsid.log.
# shellcheck disable=SC2046  # iscsid is two processes
logging() {
    kill -KILL $(pidof iscsid)
    iscsid -f >"$work/iscsid.log" 2>&1 &
    soon iscsiadm -m iface
}

# The target lets us in, and when it comes back with another secret, not any more.
iscsid_tells_no_secret() {
    lun 1 16M
    serve 1 127.0.0.1:3260
    account 1 me our-own-secret
    account 1 it their-own-secret --outgoing
    secret ours our-own-secret
    secret theirs their-own-secret
    define 127.0.0.1 -- "$chap$mutual"
    logging
    run 0 pool-start p
    unserve 1
    serve 1 127.0.0.9:3260
    account 1 me quite-another-secret
    adm 1 --op new --mode portal --param portal=127.0.0.1:3260
    soon grep -q 'failed authentication' "$work/iscsid.log"
    fails grep -a -i 'own-secret\|another-secret' "$work/iscsid.log"
}

# --- no answer ------------------------------------------------------------------------------------

dies_and_comes_back() {
    lun 1 64M
    serve 1 127.0.0.1:3260
    define 127.0.0.1
    run 0 pool-start p
    unserve 1
    soon state unresponsive 'cannot be reached'
    run 0 vol-list p --json
    json 0/stale true
    serve 1 127.0.0.1:3260
    soon state running
    run 0 pool-refresh p
    run 0 vol-list p --json
    json 0/stale false
}

# Whatever hangs, the deadline counts; and nothing is left.
hangs() {
    begun=$(date +%s)
    run 1 --deadline 8 pool-start p
    [ $(($(date +%s) - begun)) -le 20 ]
}

# shellcheck disable=SC2046  # iscsid is two processes
wedged_logins_end() {
    lun 1 64M
    serve 1 127.0.0.1:3260
    define 127.0.0.1
    kill -STOP "$(cat "$work/tgtd-1")"
    hangs
    kill -CONT "$(cat "$work/tgtd-1")"
    [ -z "$(records)" ]
    kill -STOP $(pidof iscsid)
    hangs
    kill -CONT $(pidof iscsid)
    [ -z "$(records)" ]
    run 0 pool-start p
    run 0 pool-stop p
    [ "$(sessions)" -eq 0 ]
}

# The kernel is in already.
cancelled_login_is_taken_back() {
    lun 1 16M
    serve 1 127.0.0.1:3260
    define 127.0.0.1
    cancelled_after iscsiadm --login pool-start p
    [ "$(sessions)" -eq 0 ]
    [ -z "$(records)" ]
    run 0 pool-start p
    run 0 pool-stop p
}

iscsi_check "weak point 30: mutual CHAP; secrets are in no argument, and gone after stop" \
    right_secrets
iscsi_check "iscsid logs no secret, let in or not" iscsid_tells_no_secret
iscsi_check "wrong secrets are refused, ours and the target's" wrong_secrets
iscsi_check "a dead target leaves the pool unresponsive; it comes back by itself" \
    dies_and_comes_back
iscsi_check "a login that hangs ends with the deadline" wedged_logins_end
iscsi_check "a login that is cancelled is taken back" cancelled_login_is_taken_back
finish
