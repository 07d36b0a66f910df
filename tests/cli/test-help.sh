#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The help, and that the manual page and bash's completion know every command and option.
. "$(dirname "$0")/lib.sh"
top=$(cd "$(dirname "$0")/../.." && pwd)

overview_names_all() {
    run 0 -q help
    cp "$work/out" "$work/names"
    [ "$(wc -l <"$work/names")" -gt 40 ]
    run 0 help
    while read -r name; do
        shows "^    $name  *[a-z]"
    done <"$work/names"
}

each_command_explains_itself() {
    run 0 -q help
    cp "$work/out" "$work/names"
    while read -r name; do
        run 0 help "$name"
        shows "^    $name - "
        cp "$work/out" "$work/help"
        run 0 "$name" --help
        prints_like <"$work/help"
    done <"$work/names"
}

unknown_command() {
    run 2 help frobnicate
    says 'no command'
}

help_opens_nothing() {
    TARN_ROOT=/proc/nowhere run 0 help pool-list
}

table_is_json() {
    run 0 --json help
    json commands/0/name pool-define
    json commands/0/options/0/required true
}

# The block of a command in the page is from its .It to the next.
page_knows_all() {
    page=$top/doc/tarn.1
    run 0 -q help
    cp "$work/out" "$work/names"
    while read -r name; do
        awk -v name="$name" '$1 == ".It" { on = $2 == "Cm" && $3 == name } on' "$page" \
            >"$work/block"
        [ -s "$work/block" ] || echo "tarn.1 has no $name"
        run 0 -q help "$name"
        grep -v -x -F -e "$("$TARN" -q help version)" "$work/out" >"$work/options" || true
        while read -r option rest; do
            plain=$(echo "$option" | tr -d '[]' | sed 's/^--//')
            grep -q -e "Fl -$plain\b" -e "Ar $plain\b" "$work/block" ||
                echo "tarn.1: $name has no $plain $rest"
        done <"$work/options"
    done <"$work/names" >"$work/missing"
    cat "$work/missing"
    [ ! -s "$work/missing" ]
}

page_is_well_formed() {
    need mandoc
    mandoc -T lint -W warning "$top/doc/tarn.1"
}

# What bash would offer for the words.
offers() {
    expected=$1
    shift
    bash -c '
        . "$1/tools/completion/tarn"
        shift
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _tarn
        printf "%s\n" "${COMPREPLY[@]}"' bash "$top" "$TARN" "$@" >"$work/offered"
    printf '%s\n' "$expected" | diff -u - "$work/offered"
}

completion_knows_commands() {
    need bash
    run 0 -q help
    offers "$(cat "$work/out")" ''
    offers 'pool-dumpxml' pool-du
}

completion_knows_options() {
    need bash
    run 0 -q help
    cp "$work/out" "$work/names"
    while read -r name; do
        run 0 -q help "$name"
        offers "$(sed 's/^\[//; s/ .*//; s/\]$//' "$work/out" | sort)" "$name" --
    done <"$work/names"
}

completion_knows_names() {
    need bash
    dir_pool 'two words'
    run 0 vol-create-as 'two words' 'a b.img' 1M
    offers 'two\ words' pool-info ''
    offers 'two\ words' vol-list --pool two
    offers 'a\ b.img' vol-info --pool 'two\ words' a
    offers 'dir
disk' pool-define-as x d
    touch "$work/one.img" "$work/second.img"
    cd "$work"
    offers one.img image-info one
    offers second.img image-info one.img --format raw sec
    offers 'pfitzner7
pfitzner33' vol-wipe x --algorithm pf
}

# shellcheck disable=SC2016 # it shall not be expanded
completion_expands_nothing() {
    need bash
    dir_pool 'a$(touch burnt)'
    cd "$work"
    offers 'a\$\(touch\ burnt\)' pool-info ''
    [ ! -e "$work/burnt" ]
}

check "the overview names every command" overview_names_all
check "help COMMAND and COMMAND --help say the same" each_command_explains_itself
check "help for an unknown command" unknown_command
check "help opens no context" help_opens_nothing
check "with --json help is the table of commands" table_is_json
check "the manual page has every command and option" page_knows_all
check "the manual page is well-formed" page_is_well_formed
check "completion offers all commands" completion_knows_commands
check "completion offers the options of each command" completion_knows_options
check "completion offers names of pools, volumes, types and choices" completion_knows_names
check "completion never expands a name" completion_expands_nothing
finish
