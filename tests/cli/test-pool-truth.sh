#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What the command says of storage that is another one than before, that went away, or that does not
# answer; and what it does then. The storage is the fixture "truth": files say how it is.
. "$(dirname "$0")/lib.sh"

# truth: the pool p of that type, defined, beside those that there are.
truth() {
    [ -f "${TARN_FIXTURES:-}/truth.so" ] || skip "the fixture modules are not built: make tests"
    mkdir "$work/modules" "$work/plugins.d" "$work/truth"
    cp "$TARN_MODULE_DIR"/dir.so "$TARN_MODULE_DIR"/raw.so "$TARN_FIXTURES/truth.so" \
        "$work/modules"
    cp "$TARN_PLUGINS_DIR"/dir.conf "$TARN_PLUGINS_DIR"/raw.conf "$work/plugins.d"
    cat >"$work/plugins.d/truth.conf" <<END
[module]
file = truth.so
abi = 1
provides = pool:truth pool:made
[options]
folder = $work/truth
END
    chmod 755 "$work/modules" "$work/plugins.d" "$work"/modules/*
    chmod 644 "$work"/plugins.d/*
    TARN_MODULE_DIR=$work/modules
    TARN_PLUGINS_DIR=$work/plugins.d
    export TARN_MODULE_DIR TARN_PLUGINS_DIR
    run 0 pool-define-as p truth --source-host nas --source-path /srv
}

# storage FILE [TEXT]: it is like that from now on.
storage() {
    echo "${2:-}" >"$work/truth/$1"
}

# storage_not FILE: or no longer.
storage_not() {
    rm "$work/truth/$1"
}

other_storage_is_refused() {
    truth
    storage identity 'filesystem one'
    run 0 pool-start p
    run 0 pool-stop p
    storage identity 'filesystem two'
    run 1 --json pool-start p
    [ "$("$JSON_GET" error/code <"$work/err")" = replaced ]
    run 1 pool-start p
    says 'filesystem one is recorded'
    says 'filesystem two is there now'
    says 'pool-start p --adopt'
    run 0 pool-start p --adopt
    prints 'Pool p started' ''
    run 0 pool-stop p
    run 0 pool-start p
}

lost_storage_makes_it_inactive() {
    truth
    run 0 pool-start p
    storage away
    run 1 vol-list p
    says 'its storage went away'
    run 0 --json pool-info p
    json state inactive
    run 0 pool-info p
    shows '^Reason: *its storage went away'
    run 1 vol-list p
    says 'is not active (its storage went away'
    storage_not away
    run 0 pool-start p
    run 0 pool-info p
    shows_no '^Reason'
}

what_was_seen_is_shown() {
    truth
    dir_pool well
    run 0 pool-start p
    storage slow
    run 0 --deadline 1 vol-list p
    says 'warning: pool p does not answer'
    says 'warning: the storage does not answer: this is what was seen 2'
    shows '^ a  '
    run 0 --deadline 1 --json vol-list p
    json 0/name a
    json 0/stale true
    run 0 --deadline 1 --json pool-info p
    json state unresponsive
    json stale true
    json capacity 1000
    run 0 --deadline 1 pool-info p
    shows '^Observed: *2'
    run 0 --deadline 1 vol-info a --pool p
    shows '^Name: *a$'
    says 'this is what was seen'
    run 0 vol-list well
    storage_not slow
    run 0 --json vol-list p
    json 0/stale false
}

# In one process: who asks again is told at once, and nobody waits a second time.
a_second_question_is_answered_at_once() {
    need script
    truth
    run 0 pool-start p
    storage slow
    printf '%s\n' 'vol-list p' 'vol-list p' 'vol-info a --pool p' 'pool-info p' \
        'vol-path a --pool p' 'pool-dumpxml p' exit >"$work/typed"
    start=$(date +%s%N)
    TERM=dumb XDG_STATE_HOME=$work/state timeout 60 \
        script -q -e -c "$TARN --deadline 2" "$work/typescript" <"$work/typed" >"$work/out" || :
    took=$((($(date +%s%N) - start) / 1000000))
    echo "took $took ms"
    [ "$took" -ge 2000 ] && [ "$took" -lt 4000 ]
    shows unresponsive
    shows '^ *<capacity unit=.bytes.>1000<'
}

force_lets_go() {
    truth
    run 0 pool-start p
    storage fail-stop
    run 1 pool-stop p
    says 'told not to stop'
    run 0 pool-stop p --force
    says 'warning: pool p is let go by force: its module could not stop it'
    run 0 --json pool-info p
    json state inactive
}

# A process that hangs in there deaf to everything.
force_does_not_wait_for_other_processes() {
    truth
    run 0 pool-start p
    storage deaf
    "$TARN" pool-refresh p >"$work/refresh" 2>&1 &
    hanging=$!
    sleep 0.5
    run 0 --deadline 1 pool-stop p --force
    says 'somebody still works in it, here or in another process, and is given up'
    run 0 -q pool-list
    prints_nothing
    storage_not deaf
    wait "$hanging"
}

autostart_tries_again() {
    truth
    run 0 pool-autostart p
    storage fail-start
    run 1 pool-start --autostart
    prints '0 pools started, 1 failed' ''
    says 'error: pool p did not start by itself: .*told not to start'
    run 0 pool-info p
    shows '^Reason: .*told not to start'
    run 1 --json pool-start --autostart --wait 1
    json started 0
    json failed/0/pool p
    (
        sleep 1.5
        storage_not fail-start
    ) &
    run 0 pool-start --autostart --wait 20
    wait $!
    prints '1 pools started, 0 failed' ''
    run 2 pool-start p --wait 3
}

check "other storage than before is refused until it is adopted" other_storage_is_refused
check "a pool whose storage went away is inactive, and says so" lost_storage_makes_it_inactive
check "what was seen last is shown, and marked, when the storage does not answer" \
    what_was_seen_is_shown
check "one process waits for a silent storage only once" a_second_question_is_answered_at_once
check "pool-stop --force lets go, and says what may be left" force_lets_go
check "pool-stop --force does not wait for a hanging process" \
    force_does_not_wait_for_other_processes
check "pool-start --autostart --wait tries again, and tells reasons" autostart_tries_again
finish
