#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Ten definitions of which three are broken: seven pools work, three are listed with their reasons and
# can be undefined. And a pool whose folder vanishes while it runs.

# shellcheck source=tests/fault/lib.sh
. "$(dirname "$0")/lib.sh"

# ten: p1 to p7 are well, "truncated" ends too early, "strange" is of a type that nobody provides,
# "unloadable" of one whose module is missing.
ten() {
    need jq
    for number in 1 2 3 4 5 6 7; do
        run 0 -q pool-define-as "p$number" dir --target "$work/p$number"
        run 0 -q pool-build "p$number"
    done
    definitions=$TARN_ROOT/etc/tarn/pools
    head -c 100 "$definitions/p1.xml" | sed 's/p1/truncated/' >"$definitions/truncated.xml"
    cat >"$definitions/strange.xml" <<'END'
<pool type='strange'><name>strange</name>
  <uuid>1c1f2d3e-0b7a-4b7e-9a55-6d0a5b0c7f01</uuid>
  <source><tape drive='3'/></source>  <!-- kept byte for byte -->
</pool>
END
    sed 's/strange/unloadable/g;s/7f01/7f02/' "$definitions/strange.xml" \
        >"$definitions/unloadable.xml"
    printf '[module]\nfile = unloadable.so\nabi = 1\nprovides = pool:unloadable\n' \
        >"$TARN_ROOT/etc/tarn/plugins.d/unloadable.conf"
}

seven_work() {
    for number in 1 2 3 4 5 6 7; do
        run 0 -q pool-start "p$number"
        run 0 -q vol-create-as "p$number" v 64KiB --format raw
        run 0 --json pool-info "p$number"
        json state running
        run 0 -q pool-destroy "p$number"
    done
}

# state NAME: in the list.
state() {
    jq -r --arg name "$1" '.[] | select(.name == $name).state' "$work/out"
}

all_are_listed() {
    ten
    run 0 --json pool-list --all
    json '#' 10
    for number in 1 2 3 4 5 6 7; do
        [ "$(state "p$number")" = inactive ]
    done
    [ "$(state truncated)" = unavailable ]
    seven_work
}

# unavailable NAME PATTERN: it is, and such is the reason, once somebody has tried to use it.
unavailable() {
    answers --json pool-start "$1"
    [ "$status" -ne 0 ]
    grep -qi -e "$2" "$work/err" || {
        cat "$work/err"
        return 1
    }
    run 0 --json pool-info "$1"
    json state unavailable
    "$JSON_GET" reason <"$work/out" | grep -qi -e "$2" || {
        cat "$work/out"
        return 1
    }
}

reasons_are_told() {
    ten
    unavailable truncated 'line\|premature\|end'
    unavailable strange 'no module'
    unavailable unloadable unloadable.so
}

are_kept_and_undefined() {
    ten
    for name in truncated strange unloadable; do
        cp "$definitions/$name.xml" "$work/before"
        answers --json pool-start "$name"
        run 0 -q pool-dumpxml "$name"
        cmp "$work/before" "$definitions/$name.xml"
        head -c "$(stat -c %s "$work/before")" "$work/out" | cmp - "$work/before"
        run 0 pool-undefine "$name"
        [ ! -e "$definitions/$name.xml" ]
    done
    run 0 --json pool-list --all
    json '#' 7
    seven_work
}

come_back() {
    ten
    answers --json pool-start unloadable
    [ "$status" -ne 0 ]
    rm "$TARN_ROOT/etc/tarn/plugins.d/unloadable.conf"
    sed "s/strange/dir/;s,<name>dir,<name>strange,;s,<source>.*,<target><path>$work/s</path></target>," \
        "$definitions/strange.xml" >"$work/mended"
    cat "$work/mended" >"$definitions/strange.xml"
    run 0 -q pool-build strange
    run 0 -q pool-start strange
}

# Autostart goes on after a failure.
others_are_autostarted() {
    ten
    for name in p1 strange p2 truncated; do
        answers -q pool-autostart "$name"
        ln -sf "../pools/$name.xml" "$TARN_ROOT/etc/tarn/autostart/$name.xml"
    done
    rmdir "$work/p1"
    answers --json pool-start --autostart
    run 0 --json pool-list
    [ "$(jq -r 'map(.name) | join(" ")' "$work/out")" = p2 ]
}

names_that_differ() {
    ten
    cp "$definitions/p1.xml" "$definitions/other.xml"
    run 0 --json pool-list --all
    json '#' 11
    [ "$(state other)" = unavailable ]
    [ "$(state p1)" = inactive ]
}

odd_files_beside_them() {
    ten
    mkdir "$definitions/folder.xml"
    mkfifo "$definitions/fifo.xml"
    ln -s nowhere "$definitions/dangling.xml"
    : >"$definitions/empty.xml"
    echo x >"$definitions/README"
    ends 0 "$PROGRAM" --json pool-list --all
    [ "$(state p1)" = inactive ]
    seven_work
}

# --- a folder that vanishes -------------------------------------------------------------------------

vanishes() {
    dir_pool other
    dir_pool p
    run 0 -q vol-create-as p v 64KiB --format qcow2
    run 0 -q vol-create-as other v 64KiB --format qcow2
    mv "$work/p" "$work/away"
}

vanished_is_told() {
    vanishes
    for command in 'pool-refresh p' 'vol-create-as p w 1K' 'vol-list p' 'vol-delete v --pool p' \
        'vol-resize v 1MiB --pool p'; do
        # shellcheck disable=SC2086
        answers --json $command
        [ "$status" -ne 0 ] || { echo "$command succeeded"; return 1; }
        tail -n 1 "$work/err" | "$JSON_GET" error/message | grep -q "$work/p" || {
            echo "$command:"
            cat "$work/err"
            return 1
        }
    done
    [ ! -e "$work/p" ]
    [ "$(ls "$work/away")" = v ]
}

vanished_leaves_others_alone() {
    vanishes
    answers pool-refresh p
    run 0 pool-list --all
    run 0 --json vol-list other
    json '#' 1
    run 0 vol-create-as other w 1K
    answers --json pool-info p
    answers --json pool-list --all --details
    [ "$status" -eq 0 ]
}

vanished_can_be_stopped() {
    vanishes
    run 0 -q pool-destroy p
    answers pool-start p
    [ "$status" -eq 1 ]
    run 0 --json pool-info p
    json state inactive
    run 0 pool-undefine p
}

vanished_comes_back() {
    vanishes
    answers pool-refresh p
    [ "$status" -eq 1 ]
    mv "$work/away" "$work/p"
    run 0 pool-start p
    run 0 --json vol-list p
    json '#' 1
    run 0 vol-create-as p w 1K
}

check "ten are listed, seven work" all_are_listed
check "the reasons of the three are told" reasons_are_told
check "they are kept as they are until they are undefined" are_kept_and_undefined
check "a broken one that is mended works" come_back
check "autostart goes on after one that fails" others_are_autostarted
check "a definition in a file of another name" names_that_differ
check "what is no definition beside them" odd_files_beside_them
check "a folder that vanished is told by every command" vanished_is_told
check "it is the trouble of its own pool" vanished_leaves_others_alone
check "its pool can be stopped and undefined" vanished_can_be_stopped
check "it is started again once its folder is back" vanished_comes_back
finish
