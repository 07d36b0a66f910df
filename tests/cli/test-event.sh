#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# pool-event: what another process does to pools and volumes.
. "$(dirname "$0")/lib.sh"

# listen ARGUMENT…: pool-event in the background, once it listens.
listen() {
    "$TARN" pool-event "$@" >"$work/out" 2>"$work/err" &
    listener=$!
    sleep 1
}

# heard STATUS
heard() {
    status=0
    wait "$listener" || status=$?
    cat "$work/err"
    [ "$status" -eq "$1" ]
}

nothing_happens() {
    run 1 pool-event --timeout 0
    prints 'event loop timed out' 'events received: 0' ''
}

first_event() {
    run 0 pool-define-as p dir --target "$work/p"
    run 0 pool-build p
    listen --timeout 20 --event lifecycle
    "$TARN" -q pool-start p
    heard 0
    prints "event 'lifecycle' for storage pool p: Started" 'events received: 1' ''
}

several_events() {
    dir_pool p
    dir_pool q
    listen --loop --timeout 4 --pool p
    "$TARN" -q pool-destroy q
    "$TARN" -q vol-create-as p v 1K
    "$TARN" -q pool-destroy p
    heard 0
    shows "^event 'volume' for storage pool p: Added v$"
    shows "^event 'lifecycle' for storage pool p: Stopped$"
    shows_no 'pool q'
}

json_lines() {
    run 0 pool-define-as p dir --target "$work/p"
    run 0 pool-build p
    listen --timeout 20 --json
    "$TARN" -q pool-start p
    heard 0
    json event lifecycle
    json detail Started
    json pool p
}

interrupted() {
    listen --loop
    kill -TERM "$listener"
    heard 1
    prints 'events received: 0' ''
}

kinds() {
    run 0 pool-event --list
    prints lifecycle refresh volume health ''
}

check "nothing happens in time" nothing_happens
check "the first event ends it" first_event
check "--loop, --pool, events of volumes" several_events
check "an event is a JSON object" json_lines
check "a signal ends it" interrupted
check "the kinds of events" kinds
finish
