#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The tutorial for module authors, as the installed page has it: the code of each step is built from
# installed files alone, the kit and the command say what the page says that they do, and in the end
# the example is there.

# shellcheck source=tests/install/author-lib.sh
. "$(dirname "$0")/author-lib.sh"

files=$(cd "$(dirname "$0")" && pwd)/tutorial-files

# after STEP: in $work, the files as they are then.
after() {
    author
    "$files" "$(place tarn-module-tutorial.7)" "$1" "$work"
}

# strictly: with two compilers; and then as the page does it.
strictly() {
    for compiler in cc clang; do
        [ "$compiler" = cc ] || command -v "$compiler" >/dev/null || continue
        make -s -B CC="$compiler" CFLAGS="$strict" memory.so
    done
    make -s -B memory.so
}

# alike FILE: without what is otherwise each time: the numbers of checks, and folders of trials.
alike() {
    sed -e 's/^not ok [0-9]* /not ok N /' -e 's,[^ ]*/tarn-conform\.[^/]*,DIR,' \
        -e '/^# [0-9]* passed/s/[0-9][0-9]*/N/g; s/^1\.\.[0-9]*$/1..N/' "$1"
}

# the_kit_says STEP: no more and no less of what is broken than the page.
the_kit_says() {
    after "$1"
    strictly
    status=0
    make -s check >"$work/tap" 2>"$work/err" || status=$?
    grep -v SKIP "$work/tap" >"$work/tried"
    [ "$(grep -c '^ok' "$work/tried")" -ge 8 ]
    if [ ! -f check.shown ]; then
        [ "$status" -eq 0 ] && return
        grep -A 4 '^not ok' "$work/tap"
        cat "$work/err"
        return 1
    fi
    [ "$status" -ne 0 ]
    grep -A 2 '^not ok' "$work/tap" >"$work/broken"
    alike "$work/broken" >"$work/found"
    sed 1d check.shown >"$work/page"
    alike "$work/page" | diff -u - "$work/found"
}

# The matrix with nothing else around it, and no failure.
it_passes() {
    the_kit_says 7
    tail -n 3 "$work/tap" >"$work/last"
    alike "$work/last" >"$work/found"
    sed 1d end.shown >"$work/page"
    alike "$work/page" | diff -u - "$work/found"
    grep -q ' 0 failed' "$work/last"
}

# All steps are tried: there is none behind the last.
no_step_is_forgotten() {
    author
    page=$(place tarn-module-tutorial.7)
    [ "$(grep -c '^\.\\" step ' "$page")" -eq 7 ]
    [ "$(grep -c '^\.Sh STEP ' "$page")" -eq 7 ]
    status=0
    "$files" "$page" 8 "$work" 2>"$work/err" || status=$?
    [ "$status" -eq 1 ]
    says 'no step 8'
}

it_is_the_example() {
    after 7
    example=$(dirname "$(place memory.c)")
    for file in memory.c memory.conf memory.ini; do
        cmp "$file" "$example/$file"
    done
}

# need_used: in $work, as the page says.
need_used() {
    after 7
    make -s memory.so
    sh -eu run.shown >"$work/out"
}

it_is_loaded() {
    need_used
    shows '^State: *loaded$'
}

# What was typed, and what was answered to it; only the UUID of a pool is new each time.
it_is_used() {
    need_used
    uuid='[0-9a-f]\{8\}-[0-9a-f-]\{27\}'
    sed -n 's/^tarn # //p' shell.shown | grep -vx exit >"$work/lines"
    TARN="$programs/tarn --root $work/try"
    set --
    while read -r line; do
        set -- "$@" "$line"
    done <"$work/lines"
    [ $# -eq 6 ]
    in_shell "$@"
    [ "$status" -eq 0 ]
    # Of the terminal the lines that were typed, and those that are empty, are left out.
    sed "s/$uuid/UUID/" shell.shown | grep -v -e '^tarn # ' -e '^\$ ' -e '^$' >"$work/page"
    sed "s/$uuid/UUID/" "$work/out" | grep -Fx -f "$work/page" >"$work/found"
    diff -u "$work/page" "$work/found"
}

step_1() { the_kit_says 1; }
step_2() { the_kit_says 2; }
step_3() { the_kit_says 3; }
step_4() { the_kit_says 4; }
step_5() { the_kit_says 5; }
step_6() { the_kit_says 6; }

check "step 1, an empty module: builds, and the kit says what the page says" step_1
check "step 2, a pool type: the same" step_2
check "step 3, state: the same" step_3
check "step 4, bytes and birth: the same" step_4
check "step 5, what was forgotten: the same" step_5
check "step 6, opening: the same" step_6
check "step 7, who uses it: no promise is broken" it_passes
check "there are no more steps" no_step_is_forgotten
check "what comes out is the example" it_is_the_example
check "it is loaded as the page says" it_is_loaded
check "it is used as the page says" it_is_used
finish
