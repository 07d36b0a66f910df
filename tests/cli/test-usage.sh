#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A wrong command line: exit status 2, a line that says what is wrong, nothing on standard output.
. "$(dirname "$0")/lib.sh"

wrong() {
    pattern=$1
    shift
    run 2 "$@"
    prints_nothing
    says "^tarn: .*$pattern"
    [ "$(wc -l <"$work/err")" -eq 1 ]
}

no_command() { wrong 'no command is given'; }
unknown_command() { wrong "no command 'frobnicate'" frobnicate; }
mistyped_command() { wrong 'did you mean pool-list?' pol-list; }
unknown_option() { wrong 'no option --frobnicate' pool-list --frobnicate; }
mistyped_option() { wrong 'did you mean --details?' pool-list --detials; }
missing_argument() { wrong 'pool-info: --pool is missing' pool-info; }
missing_value() { wrong 'type needs a value' pool-list --type; }
value_of_flag() { wrong "all takes no value: leave '=yes' out" pool-list --all=yes; }
too_many_words() { wrong "'b' is one word too many" pool-info a b; }
option_twice() { wrong 'pool is given twice' pool-info --pool a --pool b; }
excluding_options() { wrong 'exclude each other' pool-list --details --name; }
unknown_choice() { wrong 'give one of zero, nnsa' vol-wipe v p --algorithm soap; }
bad_size() { wrong "'1Q' is no size" vol-create-as p v 1Q; }
huge_size() { wrong 'is no size' vol-create-as p v 9223372036854775808; }
negative_size() { wrong 'is no size' vol-create-as p v -1; }
bad_number() { wrong "'1s' is no number" pool-event --timeout 1s; }
minus_without_shrink() { wrong 'shrink' vol-resize --vol v --pool p -1G; }
start_of_nothing() { wrong 'pool is missing' pool-start; }
not_xml() { wrong 'which XML cannot hold' pool-define-as "$(printf 'a\001')" dir --print-xml; }

wrong_in_json() {
    run 2 pool-info --json
    prints_nothing
    [ "$("$JSON_GET" error/code <"$work/err")" = invalid ]
    [ "$("$JSON_GET" error/errno <"$work/err")" = 0 ]
    [ "$("$JSON_GET" error/module <"$work/err")" = null ]
}

options_may_stand_anywhere() {
    run 3 pool-info --bytes nope
    says "nope"
    run 3 --json pool-info nope --bytes
    run 3 pool-info -- nope
    run 3 pool-info --pool=nope
    run 3 pool-info --pool nope
}

dashes_end_options() {
    run 3 pool-info -- --bytes
    says 'pool.*--bytes'
}

check "no command, no terminal" no_command
check "an unknown command" unknown_command
check "a mistyped command is recognised" mistyped_command
check "an unknown option" unknown_option
check "a mistyped option is recognised" mistyped_option
check "a missing argument" missing_argument
check "an option without its value" missing_value
check "a flag with a value" value_of_flag
check "a word too many" too_many_words
check "an option given twice" option_twice
check "options that exclude each other" excluding_options
check "a word that is not among the choices" unknown_choice
check "a size with an unknown unit" bad_size
check "a size over 2^63-1" huge_size
check "a negative size" negative_size
check "a number with letters" bad_number
check "a resize below zero without --shrink" minus_without_shrink
check "pool-start of nothing" start_of_nothing
check "a name that XML cannot hold" not_xml
check "with --json the error is a document" wrong_in_json
check "options may stand before and after words, with = and without" options_may_stand_anywhere
check "-- ends the options" dashes_end_options
finish
