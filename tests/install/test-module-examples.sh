#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The examples for module authors: built as their README says from installed files alone, tried by the
# installed kit, and used by the installed command.

# shellcheck source=tests/install/author-lib.sh
. "$(dirname "$0")/author-lib.sh"

examples=$base/examples

# need_examples: built once for all tests.
need_examples() {
    author
    need g++
    if [ ! -d "$examples" ]; then
        cp -r "$(dirname "$(place memory)")" "$examples"
        make -s -C "$examples" CFLAGS="$strict" \
            CXXFLAGS='-O1 -g -Wall -Wextra -Wshadow -Wpointer-arith -Werror'
    fi
    REST_SERVICE=$examples/rest/rest-service
    export REST_SERVICE
}

# Each finds other things.
both_compilers() {
    need_examples
    need clang
    cp -r "$examples" "$work/again"
    make -s -C again clean
    make -s -C again CC=clang CXX=clang++ CFLAGS="$strict" CXXFLAGS='-O1 -Wall -Wextra -Werror'
}

# --- memory -------------------------------------------------------------------------------------------

# Volumes live as long as the process, so all is typed into one.
in_one_process() {
    TARN=$programs/tarn
    in_shell "$@"
    [ "$status" -eq 0 ]
}

# used_in_one_process TYPE
used_in_one_process() {
    volume_of 300000
    in_one_process "pool-define-as m $1" 'pool-start m' \
        "vol-create-as m v 300000" "vol-create-as m q 1MiB --format qcow2" \
        "vol-upload --pool m v $work/content" "vol-clone v w --pool m" 'vol-delete v --pool m' \
        'vol-create-as m w 1MiB' 'vol-list m' "vol-download --pool m w $work/back" 'vol-check q --pool m'
    cmp "$work/content" "$work/back"
    shows '^ w  *memory.*:.*/w'
    shows '^ q  *memory.*:.*/q'
    shows_no '^ v  *memory'
    shows '^q: no faults'
    shows 'has a volume "w" already'
}

memory_conforms() {
    need_examples
    conforms --config "$examples/memory/memory.ini" "$examples/memory/memory.so"
}

memory_is_used() {
    need_examples
    use "$examples/memory/memory.so"
    used_in_one_process memory
}

memory_is_small() {
    need_examples
    [ "$(wc -l <"$examples/memory/memory.c")" -lt 280 ]
}

cxx_conforms() {
    need_examples
    conforms --config "$examples/cxx/memory-cxx.ini" "$examples/cxx/memory-cxx.so"
}

cxx_is_used() {
    need_examples
    use "$examples/cxx/memory-cxx.so"
    used_in_one_process memory-cxx
}

# --- checked ------------------------------------------------------------------------------------------

checked_conforms() {
    need_examples
    conforms "$examples/checked/checked.so"
}

# checked_image: $work/image of 5 MB, with $work/content.
checked_image() {
    use "$examples/checked/checked.so"
    volume_of 5000000
    truncate -s 5000192 "$work/content"
    installed_run 0 image-convert "$work/content" "$work/image" --format checked
}

# flip OFFSET: another byte is there in $work/image.
flip() {
    byte=$(od -An -tu1 -j "$1" -N 1 "$work/image")
    # shellcheck disable=SC2059
    printf "\\$(printf %03o $((byte ^ 16)))" |
        dd of="$work/image" bs=1 seek="$1" conv=notrunc status=none
}

checked_is_used() {
    need_examples
    checked_image
    installed_run 0 --json image-info "$work/image"
    json format checked
    json capacity 5000192
    installed_run 0 image-check "$work/image"
    installed_run 0 image-convert "$work/image" "$work/raw" --format raw
    cmp "$work/content" "$work/raw"
    installed_run 0 -q pool-define-as p dir --target "$work/p"
    installed_run 0 -q pool-build p
    installed_run 0 -q pool-start p
    installed_run 0 vol-create-as p v 6MiB --format checked
    installed_run 0 --json vol-info v --pool p
    json format checked
    json capacity 6291456
    installed_run 1 vol-resize v 7MiB --pool p
    installed_run 0 vol-check v --pool p
}

# The second group of blocks begins behind 4 MiB of the disk: what lies at 4300000 of the container is
# another place of it.
checked_finds_it() {
    need_examples
    checked_image
    flip 4300000
    installed_run 1 image-convert "$work/image" "$work/raw" --format raw
    says 'the 4096 bytes at 4284416 of the disk, at 4296704 of the container, do not match'
    installed_run 1 image-check "$work/image"
    shows 'a block does not match its checksum'
    installed_run 1 --json image-check "$work/image"
    json corruptions 1
    flip 4300000
    installed_run 0 image-check "$work/image"
    installed_run 0 image-convert "$work/image" "$work/raw" --format raw
    cmp "$work/content" "$work/raw"
}

# --- rest ---------------------------------------------------------------------------------------------

rest_conforms() {
    need_examples
    conforms --config "$examples/rest/rest.ini" "$examples/rest/rest.so"
}

# rest_pool [TIMEOUT]: a running pool r, and its service. It ends with the test.
rest_pool() {
    need_examples
    use "$examples/rest/rest.so"
    "$REST_SERVICE" "$work/s" >/dev/null
    # shellcheck disable=SC2064
    trap "kill $(cat "$work/s.pid")" EXIT
    cat >"$work/r.xml" <<END
<pool type='rest'><name>r</name><source><dir path='$work/s'/></source>
<tarn:options xmlns:tarn='urn:tarn:options:1'>
<tarn:option name='timeout' value='${1:-10}'/></tarn:options></pool>
END
    installed_run 0 -q pool-define "$work/r.xml" --validate
    installed_run 0 -q pool-start r
}

rest_is_used() {
    rest_pool
    volume_of 3000000
    installed_run 0 vol-create-as r 'a b' 3000000
    installed_run 0 vol-upload --pool r 'a b' "$work/content"
    installed_run 0 --json vol-list r
    json '#' 1
    json '0/name' 'a b'
    json 0/capacity 3000000
    installed_run 0 vol-download --pool r 'a b' "$work/back"
    cmp "$work/content" "$work/back"
    installed_run 0 vol-create-as r q 1MiB --format qcow2
    installed_run 0 vol-check q --pool r
    installed_run 1 vol-create-as r huge 300MiB
    says 'answered with status 507'
    installed_run 0 vol-delete 'a b' --pool r
    installed_run 0 vol-delete q --pool r
    installed_run 0 --json pool-info r
    json allocation 0
}

# ill MOOD PATTERN: what the command says of a service in that mood.
ill() {
    echo "$1" >"$work/s.mood"
    installed_run 1 vol-download --pool r v "$work/back"
    says "$2"
    rm "$work/s.mood"
}

rest_ills_are_told() {
    rest_pool
    installed_run 0 vol-create-as r v 100000
    ill garbage 'does not speak as it should: this is no head of an HTTP/1.1 answer'
    ill cut 'ended the conversation'
    ill huge 'does not speak as it should: an answer is longer than any should be'
    ill lies 'told a volume that is none'
    ill failing 'answered with status 500'
    installed_run 0 vol-download --pool r v "$work/back"
}

rest_silence_ends() {
    rest_pool 1
    installed_run 0 vol-create-as r v 100000
    began=$(date +%s)
    ill silent 'was silent for 1 seconds: look whether it is well'
    [ $(($(date +%s) - began)) -le 5 ]
}

# The deadline of the call, long before the service's own time is over.
rest_deadline_ends() {
    rest_pool 60
    installed_run 0 vol-create-as r v 100000
    echo silent >"$work/s.mood"
    began=$(date +%s)
    installed_run 1 --deadline 1 vol-download --pool r v "$work/back"
    says 'time\|deadline'
    [ $(($(date +%s) - began)) -le 5 ]
}

rest_slow_is_waited_for() {
    rest_pool 2
    echo slow >"$work/s.mood"
    installed_run 0 vol-create-as r v 100000
    rm "$work/s.mood"
    installed_run 0 vol-list r --name
    prints v ''
}

rest_gone_is_told() {
    rest_pool
    kill "$(cat "$work/s.pid")"
    trap - EXIT
    installed_run 1 pool-refresh r
    says 'no service can be reached at .*: look whether it runs'
}

# begin_upload: a volume of 100 MB that takes half a minute, in the background.
begin_upload() {
    rest_pool
    truncate -s 100M "$work/large"
    echo slow >"$work/s.mood"
    installed_run 0 -q pool-define-as p dir --target "$work"
    installed_run 0 -q pool-start p
    env --default-signal=INT "$TARN" vol-create-from r "$work/v.xml" large --inputpool p \
        >"$work/out" 2>"$work/err" &
    uploading=$!
    sleep 2
    kill -0 "$uploading"
}

# nothing_is_left: of what was begun.
nothing_is_left() {
    rm -f "$work/s.mood"
    installed_run 0 --json pool-info r
    json allocation 0
    installed_run 0 --json vol-list r
    json '#' 0
}

volume_xml() {
    cat >"$work/v.xml" <<'END'
<volume><name>v</name><capacity unit='MiB'>100</capacity></volume>
END
}

rest_cancelled_leaves_nothing() {
    need_examples
    volume_xml
    begin_upload
    kill -INT "$uploading"
    began=$(date +%s)
    status=0
    wait "$uploading" || status=$?
    [ $(($(date +%s) - began)) -le 5 ]
    [ "$status" -eq 1 ]
    says 'cancelled'
    nothing_is_left
}

rest_killed_leaves_nothing() {
    need_examples
    volume_xml
    begin_upload
    kill -KILL "$uploading"
    wait "$uploading" || :
    nothing_is_left
}

# --- rust ---------------------------------------------------------------------------------------------

need_rust() {
    need_examples
    need cargo
    need rustc
    [ -f "$examples/rust/ferrous.so" ] && return
    CARGO_HOME=$base/cargo make -s -C "$examples" rust >"$work/made" 2>&1 || {
        cat "$work/made"
        return 1
    }
}

# The offsets of all members, as each language has them.
rust_binding_is_right() {
    need_rust
    cd "$examples/rust"
    # shellcheck disable=SC2046
    cc -std=c11 $(pkg-config --cflags tarn-module) layout.c -o "$work/of-c"
    rustc --edition 2021 layout.rs -o "$work/of-rust" 2>"$work/err"
    "$work/of-c" >"$work/c"
    "$work/of-rust" >"$work/rust"
    [ "$(wc -l <"$work/c")" -gt 100 ]
    diff "$work/c" "$work/rust"
}

rust_conforms() {
    need_rust
    conforms "$examples/rust/ferrous.so"
}

rust_is_used() {
    need_rust
    use "$examples/rust/ferrous.so"
    volume_of 1000000
    installed_run 0 image-convert "$work/content" "$work/image" --format ferrous
    [ "$(head -c 15 "$work/image")" = 'ferrous image 1' ]
    installed_run 0 --json image-info "$work/image"
    json format ferrous
    json capacity 1000000
    installed_run 0 image-convert "$work/image" "$work/qcow2" --format qcow2
    installed_run 0 image-convert "$work/qcow2" "$work/raw" --format raw
    cmp -n 1000000 "$work/content" "$work/raw"
}

check "they build without a warning, with two compilers" both_compilers
check "memory: the kit" memory_conforms
check "memory: used" memory_is_used
check "memory: it stays the smallest" memory_is_small
check "checked: the kit" checked_conforms
check "checked: used" checked_is_used
check "checked: a flipped bit is told with its place" checked_finds_it
check "rest: the kit" rest_conforms
check "rest: used" rest_is_used
check "rest: each ill of the service is told" rest_ills_are_told
check "rest: a silent service does not hang anybody" rest_silence_ends
check "rest: a deadline is kept" rest_deadline_ends
check "rest: a slow service is waited for" rest_slow_is_waited_for
check "rest: a service that is gone is told" rest_gone_is_told
check "rest: what is cancelled leaves nothing" rest_cancelled_leaves_nothing
check "rest: what is killed leaves nothing" rest_killed_leaves_nothing
check "C++: the kit" cxx_conforms
check "C++: used" cxx_is_used
check "Rust: the binding is that of the headers" rust_binding_is_right
check "Rust: the kit" rust_conforms
check "Rust: used" rust_is_used
finish
