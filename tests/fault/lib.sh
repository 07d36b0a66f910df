# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
#
# What the tests with faults share: the command without its wrapper, so that strace and the limits
# see nothing but it; and what must be true after whatever happened.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"

if [ -x "${TARN_BUILD:-}/.libs/tarn" ]; then
    PROGRAM=$TARN_BUILD/.libs/tarn
    LD_LIBRARY_PATH=$TARN_BUILD/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
    : "${TARN_MODULE_DIR:=$TARN_BUILD/.libs}" "${TARN_PLUGINS_DIR:=$TARN_SRC/plugins.d}"
    export LD_LIBRARY_PATH TARN_MODULE_DIR TARN_PLUGINS_DIR
else
    PROGRAM=$TARN
fi

# The leak checker cannot work in a process that is traced or was given little memory.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
export ASAN_OPTIONS

# sanitized: is this a build in which memory is no measure?
sanitized() {
    [ -n "${TARN_SANITIZED:-}" ]
}

# can_trace: strace works here. In a container it may not.
can_trace() {
    strace -f -qq -e trace=exit_group -o /dev/null true 2>/dev/null
}

# need_trace: skips the test where strace does not work.
need_trace() {
    need strace
    can_trace || skip "this system lets no process be traced"
}

# ends STATUS COMMAND…: whatever the command, it must end with that status, within a while.
ends() {
    expected=$1
    shift
    status=0
    timeout -k 1 20 "$@" >"$work/out" 2>"$work/err" || status=$?
    [ "$status" -eq "$expected" ] && return
    echo "$*: exit status $status, expected $expected"
    cat "$work/out" "$work/err"
    return 1
}

# answers ARGUMENT…: the command ends in good order and soon: done, failed or not found; never by a
# signal, never with a report of a sanitizer.
answers() {
    status=0
    timeout -k 1 20 "$PROGRAM" "$@" >"$work/out" 2>"$work/err" || status=$?
    case $status in
        0 | 1 | 3) ;;
        *)
            echo "tarn $*: exit status $status"
            cat "$work/out" "$work/err"
            return 1
            ;;
    esac
    if grep -qE 'AddressSanitizer|LeakSanitizer|runtime error:' "$work/err"; then
        cat "$work/err"
        return 1
    fi
}

# error_code: that of a command that was run with --json. Before the error there may be warnings.
error_code() {
    tail -n 1 "$work/err" | "$JSON_GET" error/code
}

# code WORD: the error bears this one.
code() {
    [ "$(error_code)" = "$1" ] && return
    echo "expected the error code $1:"
    cat "$work/err"
    return 1
}

# no_debris FOLDER…: nothing half made bears a name there.
no_debris() {
    debris=$(find "$@" -name '.tarn-*')
    [ -z "$debris" ] && return
    echo "left behind: $debris"
    return 1
}

# sums FOLDER [NAME]: names and contents of the files in it, except NAME.
sums() {
    (cd "$1" && find . -type f ! -name "${2:-/}" -exec sha256sum {} + | sort -k 2)
}
