#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Standard output and standard error, and what the command opens.
. "$(dirname "$0")/lib.sh"

full_output() {
    status=0
    "$TARN" pool-list >/dev/full 2>"$work/err" || status=$?
    [ "$status" -eq 1 ]
    says 'No space left'
}

full_output_in_json() {
    status=0
    "$TARN" --json pool-capabilities >/dev/full 2>"$work/err" || status=$?
    [ "$status" -eq 1 ]
    [ "$("$JSON_GET" error/code <"$work/err")" = no-space ]
}

closed_output() {
    {
        sleep 1
        status=0
        "$TARN" help 2>"$work/err" || status=$?
        echo "$status" >"$work/status"
    } | true
    [ ! -s "$work/err" ]
    [ "$(cat "$work/status")" -eq 1 ]
}

errors_are_one_line() {
    run 3 pool-info "$(printf 'a\nb')"
    [ "$(wc -l <"$work/err")" -eq 1 ]
    says '^tarn: pool-info: '
    prints_nothing
}

no_progress_in_files() {
    dir_pool p
    run 0 vol-create-as p v 1M
    [ ! -s "$work/err" ]
}

# The leak checker of a sanitised build cannot run beside a tracer.
opened() {
    ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=openat,open -o "$work/trace" \
        "$TARN" "$@" >"$work/out" 2>"$work/err" || skip 'strace cannot trace here'
    grep -o -e '"[^"]*\.so[^"]*", [^)]*) = [0-9]' "$work/trace" | cut -d '"' -f 2 >"$work/opened"
}

# opens_no PATTERN COMMAND…: no module of that name.
opens_no() {
    pattern=$1
    shift
    opened "$@"
    grep -q -e "$pattern" "$work/opened" || return 0
    echo "by $*:"
    cat "$work/opened"
    return 1
}

no_module_for_lists() {
    need strace
    dir_pool p
    for command in help version pool-list 'pool-list --all' 'module-list --name' \
        'type-list --name'; do
        # shellcheck disable=SC2086 # words
        opens_no '/\(dir\|raw\|qcow2\)\.so$' $command
    done
    opens_no '/\(raw\|qcow2\)\.so$' pool-info p
}

environment_and_options() {
    dir_pool p
    mkdir "$work/other"
    run 0 -q --root "$work/other" pool-list --all
    prints_nothing
    TARN_ROOT=$work/other run 0 -q pool-list --all
    prints_nothing
    TARN_ROOT='' run 0 -q --root "$work/root" pool-list --name
    prints 'p                   '
}

no_modules_at_all() {
    mkdir "$work/plugins.d"
    TARN_PLUGINS_DIR=$work/plugins.d run 0 -q module-list
    prints_nothing
    TARN_PLUGINS_DIR=$work/plugins.d run 3 pool-define-as p dir --target "$work/p"
}

disabled_module() {
    run 0 -q module-list --all --name
    cp "$work/out" "$work/all"
    grep -v -x qcow2 "$work/all" >"$work/others"
    run 0 module-disable qcow2
    prints 'Module qcow2 disabled' ''
    run 0 -q module-list --name
    prints_like <"$work/others"
    run 0 -q module-list --all --name
    prints_like <"$work/all"
    run 0 -q format-list --name
    shows_no '^qcow2$'
    run 0 --json module-info qcow2
    json enabled false
    run 0 module-enable qcow2
    run 0 -q format-list --name
    shows '^qcow2$'
}

secret_files() {
    printf 'hush\n' >"$work/secret"
    chmod 0644 "$work/secret"
    run 1 pool-define-as p dir --target "$work/p" --secret-file "$work/secret"
    says 'mode 0600'
    chmod 0600 "$work/secret"
    run 0 pool-define-as p dir --target "$work/p" --secret-file "$work/secret"
    if grep -r hush "$work/root"; then
        return 1
    fi
    run 1 pool-define-as p dir --target "$work/p" --secret-file "$work"
    run 1 pool-define-as p dir --target "$work/p" --secret-file "$work/nope"
}

check "a full disk is told" full_output
check "a full disk is told in JSON" full_output_in_json
check "a closed pipe is not told" closed_output
check "an error is one line" errors_are_one_line
check "no progress where nobody watches" no_progress_in_files
check "lists open no module" no_module_for_lists
check "--root and TARN_ROOT" environment_and_options
check "TARN_PLUGINS_DIR" no_modules_at_all
check "a module that is disabled" disabled_module
check "a secret is read from a closed file only" secret_files
finish
