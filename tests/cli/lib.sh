# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
#
# The frame of the command's tests. A test is a function in which every command must succeed:
#
#     a_pool_is_listed() {
#         run 0 pool-list --all
#         prints ' Name   State      Autostart' …
#     }
#     check "a defined pool is listed" a_pool_is_listed
#     finish
#
# TARN is the command, JSON_GET the program of json-get.c. Each test has an empty folder of its own,
# $work, and the command keeps everything beneath it.

: "${TARN:=tarn}" "${JSON_GET:=json-get}"
for program in "$TARN" "$JSON_GET"; do
    command -v "$program" >/dev/null && continue
    echo "Bail out! there is no $program: set TARN and JSON_GET"
    exit 99
done
unset VISUAL EDITOR
LC_ALL=C.UTF-8
export LC_ALL

tests=0
failures=0
skips=0
base=$(mktemp -d "${TMPDIR:-/tmp}/tarn-cli.XXXXXX") || exit 99
trap 'rm -rf "$base"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# run STATUS ARGUMENT…: the command must end with that status; its output is in $work/out and
# $work/err.
run() {
    expected=$1
    shift
    run_program "$expected" "$TARN" "$@"
}

# run_program STATUS PROGRAM ARGUMENT…: the same of another program.
run_program() {
    expected=$1
    ran=$2
    shift 2
    status=0
    "$ran" "$@" >"$work/out" 2>"$work/err" || status=$?
    [ "$status" -eq "$expected" ] && return
    echo "$(basename "$ran") $*: exit status $status, expected $expected"
    cat "$work/out" "$work/err"
    return 1
}

# prints LINE…: standard output was exactly these lines.
prints() {
    printf '%s\n' "$@" | diff -u - "$work/out"
}

# prints_nothing: standard output was empty.
prints_nothing() {
    prints_like </dev/null
}

# prints_like: standard output was what is on standard input.
prints_like() {
    diff -u - "$work/out"
}

# says PATTERN: a line on standard error matches.
says() {
    grep -q -e "$1" "$work/err" && return
    echo "expected on standard error: $1"
    cat "$work/err"
    return 1
}

# shows PATTERN: a line on standard output matches.
shows() {
    grep -q -e "$1" "$work/out" && return
    echo "expected on standard output: $1"
    cat "$work/out"
    return 1
}

# shows_no PATTERN: no line on standard output matches.
shows_no() {
    if grep -e "$1" "$work/out"; then
        echo "not expected on standard output: $1"
        return 1
    fi
}

# json PATH VALUE: the document on standard output has this value there.
json() {
    [ "$("$JSON_GET" "$1" <"$work/out")" = "$2" ] && return
    echo "expected at $1: $2"
    cat "$work/out"
    return 1
}

# skip REASON: ends the running test.
skip() {
    echo "$1" >"$work/skip"
    exit 77
}

# need PROGRAM: skips the test where there's no such program.
need() {
    command -v "$1" >/dev/null || skip "$1 is not installed"
}

# in_shell LINE…: types the lines; what the terminal showed, without its control sequences, is in
# $work/out.
in_shell() {
    need script
    XDG_STATE_HOME=$work/state
    TERM=dumb
    export XDG_STATE_HOME TERM
    printf '%s\n' "$@" exit >"$work/typed"
    status=0
    script -q -e -c "$TARN" "$work/typescript" <"$work/typed" >"$work/shown" || status=$?
    tr -d '\r' <"$work/shown" >"$work/out"
}

# dir_pool NAME: a running dir pool on $work/NAME.
dir_pool() {
    run 0 pool-define-as "$1" dir --target "$work/$1"
    run 0 pool-build "$1"
    run 0 pool-start "$1"
}

# check NAME FUNCTION
check() {
    tests=$((tests + 1))
    work=$base/$tests
    mkdir "$work" "$work/root"
    TARN_ROOT=$work/root
    export TARN_ROOT
    (
        set -e
        "$2"
    ) >"$base/log" 2>&1 </dev/null
    outcome=$?
    if [ -e "$work/skip" ]; then
        skips=$((skips + 1))
        echo "ok $tests - $1 # SKIP $(cat "$work/skip")"
    elif [ "$outcome" -eq 0 ]; then
        echo "ok $tests - $1"
    else
        failures=$((failures + 1))
        echo "not ok $tests - $1"
        head -n 60 "$base/log" | sed "s/^/# /"
    fi
    rm -rf "$work"
}

# The end of the script. What skips mean is for tests/run to say.
finish() {
    echo "1..$tests"
    [ "$failures" -eq 0 ] || exit 1
    [ "$skips" -lt "$tests" ] || exit 77
    exit 0
}
