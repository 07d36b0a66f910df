#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tarn-conform as a program: its command line, its reports, and that it outlives any module.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"

good=$TARN_BUILD/.libs/raw.so

# kit STATUS ARGUMENT…: like run, of the kit.
kit() {
    expected=$1
    shift
    run_program "$expected" "$TARN_BUILD/tarn-conform" "$@"
}

# strange DEED: a module that does this when it is loaded, in $work/strange.so.
strange() {
    need cc
    cc -std=c11 -D_GNU_SOURCE -fvisibility=hidden -fPIC -shared -Wl,-z,now \
        "-I$TARN_SRC/sdk/include" "-DDEED=$1" "$TARN_SRC/tests/conform/strange-module.c" \
        -o "$work/strange.so"
}

wrong_command_lines() {
    kit 2
    says 'one module is wanted'
    kit 2 --patience 0 "$good"
    says '0.01 to 1000'
    kit 2 --unknown "$good"
    kit 2 "$work/absent.so"
    says 'absent.so cannot be read'
    kit 2 --config "$work/absent.conf" "$good"
    says 'absent.conf cannot be read'
    printf '[lint]\nnonsense\n' >"$work/config"
    kit 2 --config "$work/config" "$good"
    says 'config:2: '
    kit 2 --junit "$work/absent/report" "$good"
    says 'cannot be written'
}

helps() {
    kit 0 --help
    shows '^usage: tarn-conform'
    kit 0 --version
    shows '^tarn-conform [0-9]'
}

lists() {
    kit 0 --list
    shows '^lint/one-symbol  *the entry is all that it exports$'
    shows_no '^ok'
    [ "$(cut -d ' ' -f 1 "$work/out" | sort -u | wc -l)" -eq "$(wc -l <"$work/out")" ]
    kit 0 --list --only 'hygiene/*'
    shows '^hygiene/'
    shows_no '^lint/'
}

tap_is_whole() {
    kit 0 "$good" --conf "$TARN_SRC/plugins.d/raw.conf" --only 'lint/*' --only 'hygiene/*'
    grep -E '^(not )?ok ' "$work/out" | awk '{ if ($2 != NR) exit 1 }'
    shows "^1\\.\\.$(grep -cE '^(not )?ok ' "$work/out")\$"
    shows '^# [0-9]* passed, 0 failed, [0-9]* skipped$'
    shows '^# format:raw: read write '
}

only_what_is_asked_for() {
    kit 0 "$good" --only lint/opens --only 'hygiene/signals format:*'
    prints 'ok 1 - lint/opens' 'ok 2 - hygiene/signals format:raw' \
        "$(grep '^# format' "$work/out")" '1..2' '# 2 passed, 0 failed, 0 skipped'
}

patterns_that_fit_nothing() {
    kit 2 "$good" --only lint/opens --only pool/clon
    says '--only pool/clon fits no check, and no part of this module'
    kit 2 "$good" --only 'pool:*'
    says '--only pool:\* fits no check'
    kit 2 --list --only hygine/signals
    says '--only hygine/signals fits no check'
}

junit_says_the_same() {
    need xmllint
    strange 'raise(SIGSEGV)'
    kit 1 "$work/strange.so" --junit "$work/junit"
    xmllint --noout "$work/junit"
    [ "$(xmllint --xpath 'count(//testcase)' "$work/junit")" -eq "$(grep -cE '^(not )?ok' "$work/out")" ]
    [ "$(xmllint --xpath 'count(//failure)' "$work/junit")" -eq "$(grep -c '^not ok' "$work/out")" ]
    [ "$(xmllint --xpath 'count(//skipped)' "$work/junit")" -eq "$(grep -c '# SKIP' "$work/out")" ]
}

matrix_alone() {
    kit 0 "$good" --matrix
    shows '^format:raw: read write create'
    [ "$(wc -l <"$work/out")" -eq 1 ]
}

outlives_a_crash() {
    strange 'abort()' # sanitizers take other signals themselves
    kit 1 "$work/strange.so" --only 'hygiene/*'
    shows 'its process died of signal 6'
    shows '^1\.\.[1-9]'
}

outlives_an_exit() {
    strange '_exit(0)'
    kit 1 "$work/strange.so" --only hygiene/signals
    shows 'its process was ended with status 0 by somebody else than the kit'
}

outlives_a_hang() {
    strange 'for (;;) pause()'
    kit 1 "$work/strange.so" --only hygiene/signals --patience 0.02
    shows 'it was not over after 1.2 seconds'
    kit 1 "$work/strange.so" --only hygiene/signals --patience 0.02
}

outlives_one_that_eats_all_memory() {
    strange 'while (malloc(1 << 24) != NULL) continue'
    kit 0 "$work/strange.so" --only lint/texts
    kit 0 "$work/strange.so" --only 'hygiene/no-memory-left'
    shows '^1\.\.1$'
}

outlives_what_is_no_module() {
    echo 'no module' >"$work/text.so"
    kit 1 "$work/text.so"
    shows 'the file is no shared object'
    shows '^not ok .* lint/opens'
}

shows_what_was_printed() {
    strange 'if (write(2, "a word\n", 7) == 7) raise(SIGSEGV)'
    kit 1 "$work/strange.so" --only hygiene/prints-nothing --only lint/texts
    shows '^#     a word$'
}

leaves_nothing() {
    mkdir "$work/tmp"
    TMPDIR=$work/tmp
    export TMPDIR
    kit 0 "$TARN_BUILD/.libs/dir.so" --only 'hygiene/*'
    strange 'raise(SIGSEGV)'
    kit 1 "$work/strange.so" --only 'hygiene/*'
    [ -z "$(ls -A "$work/tmp")" ]
}

somebodys_storage() {
    mkdir "$work/mine"
    printf '<pool type="dir"><name>d</name><target><path>%s</path></target></pool>\n' \
        "$work/mine" >"$work/pool.xml"
    printf '[pool:dir]\ndefinition = pool.xml\n' >"$work/config"
    kit 0 "$TARN_BUILD/.libs/dir.so" --config "$work/config" --only hygiene/signals
    shows '# SKIP .*--destructive'
    kit 0 "$TARN_BUILD/.libs/dir.so" --config "$work/config" --only hygiene/signals --destructive
    shows '^ok 1 - hygiene/signals pool:dir$'
}

prepares_and_cleans() {
    # shellcheck disable=SC2016 # for the shell of the kit
    printf '[pool:dir]\nprepare = echo "$TARN_CONFORM_DIR" >>%s/did\nclean = echo clean >>%s/did\n' \
        "$work" "$work" >"$work/config"
    kit 0 "$TARN_BUILD/.libs/dir.so" --config "$work/config" --only hygiene/signals
    [ "$(wc -l <"$work/did")" -eq 2 ]
    [ "$(tail -n 1 "$work/did")" = clean ]
    printf '[pool:dir]\nprepare = echo no disk; exit 1\n' >"$work/config"
    kit 1 "$TARN_BUILD/.libs/dir.so" --config "$work/config" --only hygiene/signals
    shows 'the command of prepare in \[pool:dir\] failed: no disk'
}

commands_find_the_configuration() {
    mkdir "$work/beside"
    # shellcheck disable=SC2016 # for the shell of the kit
    printf '[pool:dir]\nprepare = sh "$TARN_CONFORM_CONFIG/prepare.sh"\n' >"$work/beside/config"
    printf 'echo done >>%s/did\n' "$work" >"$work/beside/prepare.sh"
    cd "$work"
    kit 0 "$TARN_BUILD/.libs/dir.so" --config beside/config --only hygiene/signals
    [ -f "$work/did" ]
    rm "$work/did"
    cd beside
    kit 0 "$TARN_BUILD/.libs/dir.so" --config config --only hygiene/signals
    [ -f "$work/did" ]
}

# refuses SECTION KEY REASON
refuses() {
    printf '[%s]\n%s = 1\n' "$1" "$2" >"$work/config"
    kit 2 "$good" --config "$work/config"
    says "$3"
}

misspelt_settings() {
    refuses pool:dir volume-sizes '\[pool:dir\] volume-sizes is no setting: there are definition '
    refuses format:raw volume-size '\[format:raw\] volume-size is no setting'
    refuses lint static '\[lint\] static is no setting'
    refuses pol:dir volume-size '\[pol:dir\] is no section'
    refuses pool: volume-size '\[pool:\] is no section'
    printf '[secrets]\ny = 2\n[pool:other]\noption.z = 3\n' >"$work/config"
    kit 0 "$good" --config "$work/config" --only lint/opens
}

# shelf: the good pool type of test-broken.sh, which has a parameter "capacity" of bytes, in
# $work/shelf.so.
shelf() {
    need cc
    cc -std=c11 -D_GNU_SOURCE -fvisibility=hidden -fPIC -shared -Wl,-z,now -DFAULT_IS=FAULT_NONE \
        "-I$TARN_SRC/sdk/include" "$TARN_SRC/tests/conform/broken-pool.c" -o "$work/shelf.so"
}

# bears STATUS PATTERN LINE…: a run over the shelf with these lines in [pool:shelf].
bears() {
    bears_status=$1
    bears_pattern=$2
    shift 2
    { echo '[pool:shelf]'; printf '%s\n' "$@"; } >"$work/config"
    kit "$bears_status" --config "$work/config" --only "$bears_pattern" "$work/shelf.so"
}

parameters_are_judged() {
    shelf
    bears 2 pool/bytes 'option.height = 3'
    says 'declares no parameter "height": it has capacity$'
    bears 2 pool/bytes 'option.capacity = much'
    says 'option.capacity is "much", not a size such as'
    bears 2 pool/bytes 'option.capacity = 1K'
    says 'option.capacity is "1K", not one from 4096 to '
    printf '[options]\ncapacity = 1M\n' >"$work/config"
    kit 2 --config "$work/config" "$work/shelf.so"
    says '\[options\] capacity: the module declares no parameter'
}

# The module itself takes digits and nothing else.
parameters_are_converted() {
    shelf
    bears 0 pool/bytes 'option.capacity = 64M'
    bears 1 pool/bytes 'option.capacity = 512KiB'
    shows 'the shelf is full'
    bears 0 core/volumes 'option.capacity = 64M'
    bears 1 core/volumes 'option.capacity = 512KiB'
}

# definition CAPACITY: a definition with this option, in $work/pool.xml.
definition() {
    printf '<pool type="shelf"><name>s</name><target><path>@DIR@/pool</path></target>%s%s%s</pool>' \
        '<t:options xmlns:t="urn:tarn:options:1"><t:option name="capacity" value="' "$1" \
        '"/></t:options>' >"$work/pool.xml"
}

options_of_the_definition_count() {
    shelf
    definition 512KiB
    bears 1 pool/bytes 'definition = pool.xml'
    shows 'the shelf is full'
    bears 0 pool/bytes 'definition = pool.xml' 'option.capacity = 1G'
    bears 0 core/life 'definition = pool.xml' 'option.capacity = 1G'
    definition none
    bears 1 pool/bytes 'definition = pool.xml'
    shows 'the option capacity of the definition is "none", not a size'
}

# The names of settings, as the source has them, and as the page does.
settings_in_source() {
    sed -n 's/^    { "\(pool\|format\):?\*", "\([^"]*\)".*/\2/p' "$TARN_SRC/sdk/conform/settings.c" |
        sed 's/\*$/NAME/' | sort -u
}

settings_in_page() {
    sed -n '/^\.SH CONFIGURATION/,/^Commands are run/p' "$TARN_SRC/doc/tarn-conform.1" |
        sed -n '/^\.RS/,/^\.RE/p' | grep -A 1 '^\.TP' | grep '^\.BI\{0,1\}R\{0,1\} ' |
        sed 's/^\.[BIR]* //; s/ ", " / /g; s/\\-/-/g; s/option\. NAME/option.NAME/' | tr ' ' '\n' | sort -u
}

settings_are_documented() {
    settings_in_source >"$work/source"
    settings_in_page >"$work/page"
    grep -qx volume-names "$work/source"
    diff -u "$work/source" "$work/page"
}

# What the code asks for is in the table.
settings_are_in_the_table() {
    sed -n 's/.*trial_\(size_\|word_\|\)setting([^"]*"\([^"]*\)".*/\2/p' \
        "$TARN_SRC"/sdk/conform/*.c | sed 's/option\.%s/option.NAME/' | sort -u >"$work/read"
    settings_in_source >"$work/source"
    [ "$(wc -l <"$work/read")" -gt 10 ]
    [ -z "$(comm -23 "$work/read" "$work/source")" ] || diff "$work/read" "$work/source"
}

check "wrong command lines end with status 2 and a reason" wrong_command_lines
check "it says how it is used, and its version" helps
check "--list tells each check once" lists
check "its TAP is whole" tap_is_whole
check "--only takes checks, parts, and both" only_what_is_asked_for
check "a pattern that fits nothing is refused" patterns_that_fit_nothing
check "JUnit's report says the same as TAP" junit_says_the_same
check "--matrix tells what a module can do" matrix_alone
check "it outlives a module that crashes" outlives_a_crash
check "it outlives a module that ends the process" outlives_an_exit
check "it outlives a module that hangs" outlives_a_hang
check "it outlives a module that eats all memory" outlives_one_that_eats_all_memory
check "it outlives a file that is no module" outlives_what_is_no_module
check "a failure shows what the module printed" shows_what_was_printed
check "it leaves nothing behind" leaves_nothing
check "storage of somebody's is touched on demand alone" somebodys_storage
check "storage is prepared and cleaned by commands" prepares_and_cleans
check "commands find what lies beside the configuration" commands_find_the_configuration
check "a setting that no check knows is refused" misspelt_settings
check "parameters of the configuration are judged by what is declared" parameters_are_judged
check "a module is given sizes as numbers of bytes" parameters_are_converted
check "the options of a definition count" options_of_the_definition_count
check "every setting is in the page, and no other" settings_are_documented
check "every setting that is read is one that is known" settings_are_in_the_table
finish
