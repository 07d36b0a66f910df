#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The examples for host authors: built as their README says, from installed files alone, and each does
# what it is there to show.

# shellcheck source=tests/install/lib.sh
. "$(dirname "$0")/lib.sh"

examples=$base/examples
strict='-std=c11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes'
strict="$strict -Wmissing-prototypes -Wformat=2 -Wundef -Wpointer-arith -Wwrite-strings -Werror"

# need_examples [PROGRAM]: built once for all tests; the environment is the installed command's.
need_examples() {
    need_installed
    # GLib is at its place, tarn beneath $installed: one prefix for both would be wrong.
    unset PKG_CONFIG_SYSROOT_DIR
    PKG_CONFIG_PATH=$examples/pkgconfig
    export PKG_CONFIG_PATH
    if [ ! -d "$examples" ]; then
        cp -r "$(dirname "$(place two-contexts.c)")" "$examples"
        mkdir "$PKG_CONFIG_PATH"
        sed "s,^prefix=,prefix=$installed," "$(place tarn.pc)" >"$PKG_CONFIG_PATH/tarn.pc"
        programs='list create events-poll two-contexts'
        ! pkg-config --exists glib-2.0 || programs="$programs events-glib"
        make -s -C "$examples" PROGRAMS="$programs" CFLAGS="$strict"
    fi
    [ "${1:-}" != events-glib ] || pkg-config --exists glib-2.0 ||
        skip "pkg-config finds no glib-2.0: install libglib2.0-dev"
    installed_run 0 version
}

# installed_pool NAME: a running dir pool on $work/NAME.
installed_pool() {
    installed_run 0 -q pool-define-as "$1" dir --target "$work/$1"
    installed_run 0 -q pool-build "$1"
    installed_run 0 -q pool-start "$1"
}

# example STATUS PROGRAM ARGUMENT…: like run.
example() {
    expected=$1
    program=$examples/$2
    shift 2
    run_program "$expected" "$program" "$@"
}

# wait_for PATTERN FILE: until a line of it matches, ten seconds at most.
wait_for() {
    tries=0
    until grep -q -e "$1" "$2" 2>/dev/null; do
        tries=$((tries + 1))
        [ "$tries" -lt 200 ] || { echo "no '$1' in $2:"; cat "$2"; return 1; }
        sleep 0.05
    done
}

they_build() {
    need_examples
    for program in list create events-poll two-contexts; do
        [ -x "$examples/$program" ]
    done
}

glib_builds() {
    need_examples events-glib
    [ -x "$examples/events-glib" ]
}

# Not run: it opens the system's own folders.
page_compiles() {
    need_examples
    sed -n '/^\.Sh EXAMPLES/,/^\.Ed/p' "$(place tarn.3)" |
        sed -e '1,/^\.Bd/d' -e '/^\.Ed/d' -e 's/\\e/\\/g' >"$work/page.c"
    grep -q tarn_context_open "$work/page.c"
    # shellcheck disable=SC2046,SC2086
    cc $strict "$work/page.c" -o "$work/page" $(pkg-config --cflags --libs tarn)
}

# What is free on a disk that others use, too, is another number each time.
list_is_what_the_command_says() {
    need_examples
    need jq
    installed_pool p
    installed_run 0 -q vol-create-as p a.qcow2 8MiB --format qcow2
    installed_run 0 -q vol-create-as p b.raw 3MiB
    installed_run 0 --json pool-info p
    capacity=$(jq .capacity "$work/out")
    installed_run 0 --json vol-list p
    jq -r '.[] | "  \(.name) \(.format) \(.capacity) \(.allocation)"' "$work/out" >"$work/volumes"
    [ "$(wc -l <"$work/volumes")" -eq 2 ]
    example 0 list
    head -n 1 "$work/out" | grep -qx "p active $capacity [1-9][0-9]*"
    tail -n +2 "$work/out" | diff -u "$work/volumes" -
}

list_tells_what_is_wrong() {
    need_examples
    installed_pool p
    printf 'QFI\373\0\0\0\3' >"$work/p/corrupt"
    printf 'bytes' >"$work/p/sound"
    echo '<pool' >"$TARN_ROOT/etc/tarn/pools/broken.xml"
    example 0 list
    shows '^broken inactive 0 0: line 2: this is not well-formed XML'
    shows '^p active [1-9]'
    shows '^  corrupt qcow2 8 [0-9]*: there is no qcow2 header'
    shows '^  sound raw 5 [0-9]*$'
}

list_puts_no_control_characters() {
    need_examples
    installed_pool p
    : >"$work/p/$(printf 'a\033[31mb')"
    example 0 list
    shows '^  a?\[31mb raw 0 '
}

list_fails_without_folders() {
    need_examples
    TARN_ROOT=$work/no/such example 1 list
    says "^list: pools: the root folder $work/no/such cannot be used: make it, or name another"
}

# volume NAME [IMAGE]: its XML, with the content of <target>.
volume() {
    cat >"$work/$1.xml" <<END
<volume><name>$1</name><capacity unit='MiB'>48</capacity>
<target>${2:-<format type='qcow2'/>}</target></volume>
END
}

create_makes_it() {
    need_examples
    installed_pool p
    volume v
    example 0 create p "$work/v.xml"
    prints v
    installed_run 0 --json vol-info v --pool p
    json format qcow2
    json capacity 50331648
    json status ok
    example 1 create p "$work/v.xml"
    says '^create: the pool p has a volume "v" already'
}

# Compressing makes it last.
packed='<format type="qcow2"/><tarn:image xmlns:tarn="urn:tarn:image:1" compress="yes"/>'

# need_source: a pool p with a volume that is not copied in no time.
need_source() {
    need_examples
    installed_pool p
    head -c 48M /dev/urandom >"$work/p/source"
    volume copy "$packed"
}

create_copies_and_tells() {
    need_source
    example 0 create p "$work/copy.xml" source
    prints copy
    tr '\r' '\n' <"$work/err" | grep -qx '100%'
    installed_run 0 image-convert "$work/p/copy" "$work/back" --format raw
    cmp "$work/p/source" "$work/back"
}

# interrupt: begins the copy, and sends SIGINT as soon as there is progress.
interrupt() {
    "$examples/create" p "$work/copy.xml" source >"$work/out" 2>"$work/err" &
    creating=$!
    wait_for % "$work/err"
    kill -INT "$creating"
    status=0
    wait "$creating" || status=$?
    [ "$status" -eq 1 ]
    says 'create: .*was cancelled'
}

cancelled_leaves_nothing() {
    need_source
    before=$(find "$work" ! -name err ! -name out | sort)
    interrupt
    [ "$(find "$work" ! -name err ! -name out | sort)" = "$before" ]
    [ "$(ls -A "$work/p")" = source ]
    installed_run 0 vol-list p
    shows_no copy
    example 0 create p "$work/copy.xml" source
}

# events_arrive PROGRAM: it hears what other processes do, and goes on listening, as $listening.
events_arrive() {
    program=$1
    installed_run 0 -q pool-define-as p dir --target "$work/p"
    installed_run 0 -q pool-build p
    mkfifo "$work/in"
    "$examples/$program" <"$work/in" >"$work/heard" 2>&1 &
    listening=$!
    trap 'kill "$listening" 2>/dev/null || :' EXIT
    exec 5>"$work/in"
    wait_for '^listening$' "$work/heard"
    installed_run 0 -q pool-start p
    wait_for '^p: started$' "$work/heard"
    installed_run 0 -q vol-create-as p v 1MiB
    wait_for '^p/v: added$' "$work/heard"
    installed_run 0 -q vol-resize v 2MiB --pool p
    wait_for '^p/v: changed$' "$work/heard"
    printf 'from no tarn' >"$work/p/w"
    wait_for '^p/w: added$' "$work/heard"
    installed_run 0 -q vol-delete v --pool p
    wait_for '^p/v: removed$' "$work/heard"
    installed_run 0 -q pool-stop p
    wait_for '^p: stopped$' "$work/heard"
}

# ended: the listener has, by itself and well.
ended() {
    status=0
    wait "$listening" || status=$?
    cat "$work/heard"
    [ "$status" -eq 0 ]
}

poll_hears() {
    need_examples
    events_arrive events-poll
    echo >&5
    ended
}

glib_hears() {
    need_examples events-glib
    events_arrive events-glib
    kill -TERM "$listening"
    ended
}

# tenant NAME VOLUME…: beneath $work/NAME a pool "same" with these, and one that is called as it is.
tenant() {
    name=$1
    shift
    mkdir "$work/$name"
    for pool in same "only-$name"; do
        installed_run 0 -q --root "$work/$name" pool-define-as "$pool" dir \
            --target "$work/$name/$pool"
        installed_run 0 -q --root "$work/$name" pool-build "$pool"
        installed_run 0 -q --root "$work/$name" pool-start "$pool"
    done
    for volume in "$@"; do
        installed_run 0 -q --root "$work/$name" vol-create-as same "$volume" 1K
    done
}

contexts_see_their_own() {
    need_examples
    unset TARN_ROOT
    tenant a one
    tenant b one two three
    example 0 two-contexts "$work/a" "$work/b"
    sort "$work/out" >"$work/sorted"
    diff -u - "$work/sorted" <<END
$work/a: only-a has 0 volumes
$work/a: same has 1 volumes
$work/b: only-b has 0 volumes
$work/b: same has 3 volumes
END
}

# memcheck PROGRAM ARGUMENT…: nothing is read that is not there, and all is given back.
memcheck() {
    program=$examples/$1
    shift
    valgrind -q --leak-check=full --errors-for-leak-kinds=definite,indirect --error-exitcode=9 \
        "$program" "$@"
}

nothing_is_lost() {
    need_examples
    need valgrind
    installed_pool p
    volume v
    memcheck create p "$work/v.xml"
    memcheck list
    memcheck two-contexts "$TARN_ROOT" "$TARN_ROOT"
    memcheck events-poll </dev/null
    TARN_ROOT=$work/no/such memcheck list 2>"$work/err" || [ $? -eq 1 ]
}

check "they build with pkg-config alone" they_build
check "the one for GLib builds, too" glib_builds
check "the program in tarn(3) compiles" page_compiles
check "list: what the command says" list_is_what_the_command_says
check "list: what is wrong is told, and hides nothing" list_tells_what_is_wrong
check "list: nothing that a terminal would obey" list_puts_no_control_characters
check "list: without its folders" list_fails_without_folders
check "create: a volume, once" create_makes_it
check "create: a copy, with progress to its end" create_copies_and_tells
check "create: cancelled by SIGINT, and nothing of it remains" cancelled_leaves_nothing
check "events-poll: what other processes do" poll_hears
check "events-glib: what other processes do" glib_hears
check "two-contexts: each sees its own" contexts_see_their_own
check "none loses memory" nothing_is_lost
finish
