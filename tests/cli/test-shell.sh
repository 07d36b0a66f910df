#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The interactive shell, on a terminal of script(1).
. "$(dirname "$0")/lib.sh"

runs_commands() {
    in_shell "pool-define-as 'a b' dir --target $work/p" 'pool-list --all'
    shows '^Pool a b defined$'
    shows '^ a b    inactive   no$'
    [ "$status" -eq 0 ]
}

several_in_a_line() {
    in_shell 'version; pool-event --list # nothing more; bogus'
    shows '^tarn [0-9]'
    shows '^lifecycle$'
    shows_no 'bogus:'
}

quotes_and_backslashes() {
    in_shell "pool-info a\\ b\"c d\"'e\"f'" 'pool-info "x'
    shows 'a bc de"f'
    shows 'a quote is not closed'
}

errors_do_not_end_it() {
    in_shell frobnicate version
    shows "no command 'frobnicate'"
    shows '^tarn [0-9]'
}

keeps_history() {
    in_shell 'version'
    grep -q -x version "$work/state/tarn/history"
    [ "$(stat -c %a "$work/state/tarn/history")" = 600 ]
}

fixed_options() {
    in_shell 'pool-list --root /nowhere'
    shows 'are fixed in the shell'
}

json_for_one_line() {
    in_shell 'pool-list --json' 'pool-list'
    shows '^\[\]$'
    shows '^ Name   State   Autostart$'
}

completes() {
    tab=$(printf '\t')
    in_shell "pool-define-as nice dir --target $work/p" "pool-inf${tab}ni${tab}" "vers${tab}"
    shows '^Name:           nice$'
    shows '^tarn [0-9]'
}

check "commands with quoted words" runs_commands
check "several commands in a line, and a comment" several_in_a_line
check "quotes and backslashes" quotes_and_backslashes
check "an error does not end it" errors_do_not_end_it
check "the history is kept, for its owner only" keeps_history
check "--root cannot be changed" fixed_options
check "--json is for its line" json_for_one_line
check "commands and names are completed" completes
finish
