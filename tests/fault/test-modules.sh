#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Broken modules and confs: each costs just itself. The others work, and module-list says where and why.

# shellcheck source=tests/fault/lib.sh
. "$(dirname "$0")/lib.sh"

fixtures=${TARN_BUILD:-}/tests/fixtures

# own_modules: folders of the test's own, with the modules of this build.
own_modules() {
    need jq
    mkdir "$work/modules" "$work/plugins.d"
    cp "$TARN_MODULE_DIR"/dir.so "$TARN_MODULE_DIR"/raw.so "$TARN_MODULE_DIR"/qcow2.so \
        "$work/modules"
    cp "$TARN_PLUGINS_DIR"/*.conf "$work/plugins.d"
    chmod 755 "$work/modules" "$work/plugins.d" "$work"/modules/*
    chmod 644 "$work"/plugins.d/*
    TARN_MODULE_DIR=$work/modules
    TARN_PLUGINS_DIR=$work/plugins.d
    export TARN_MODULE_DIR TARN_PLUGINS_DIR
}

# fixture NAME: a fixture module in the folder.
fixture() {
    for file in "$fixtures/.libs/$1.so" "$fixtures/$1.so"; do
        [ ! -f "$file" ] || cp "$file" "$work/modules/$1.so"
    done
    [ -f "$work/modules/$1.so" ] || skip "the fixture modules are not built: make tests"
    chmod 755 "$work/modules/$1.so"
}

# conf NAME [LINE…]: a conf of the module of that name, with these lines besides.
conf() {
    name=$1
    shift
    {
        echo '[module]'
        echo "file = $name.so"
        printf '%s\n' "$@"
    } >"$work/plugins.d/$name.conf"
    chmod 644 "$work/plugins.d/$name.conf"
}

# costs_itself NAME PATTERN: that module is listed with such a reason, the others do their work.
costs_itself() {
    run 0 --json module-list --all
    reason=$(jq -r --arg name "$1" '.[] | select(.name == $name).reason // ""' "$work/out")
    if [ -z "$reason" ]; then
        # What only loading shows is told once somebody asked for it.
        "$PROGRAM" --json module-info "$1" >"$work/info" 2>"$work/err" || [ $? -eq 1 ]
        reason=$(jq -r '.reason // ""' "$work/info")
    fi
    echo "$reason" | grep -qi -e "$2" || {
        echo "expected a reason like '$2', was: $reason"
        return 1
    }
    others_work
}

others_work() {
    run 0 -q pool-define-as p dir --target "$work/p"
    run 0 -q pool-build p
    run 0 -q pool-start p
    run 0 -q vol-create-as p v 64KiB --format qcow2
    run 0 -q vol-create-as p w 64KiB --format raw
    run 0 --json vol-list p
    json '#' 2
    run 0 type-list
    run 0 format-list
}

unknown_key() {
    own_modules
    fixture good
    conf good 'abi = 1' 'provides = pool:memory format:plain' 'colour = red'
    costs_itself good 'colour'
}

unknown_section() {
    own_modules
    fixture good
    conf good 'abi = 1' 'provides = pool:memory format:plain' '[modul]' 'a = b'
    costs_itself good 'modul'
}

unknown_option() {
    own_modules
    fixture good
    conf good 'abi = 1' 'provides = pool:memory format:plain' '[options]' 'rooom = 1GiB'
    costs_itself good 'rooom'
}

wrong_option() {
    own_modules
    fixture good
    conf good 'abi = 1' 'provides = pool:memory format:plain' '[options]' 'room = lots'
    costs_itself good 'room'
}

line_is_told() {
    own_modules
    conf good 'abi = 1' 'provides = pool:memory' 'colour = red'
    run 0 --json module-list --all
    jq -r '.[] | select(.name == "good").reason' "$work/out" | grep -q 'good.conf:5\|line 5'
}

# garbage: what is no INI file at all.
garbage() {
    own_modules
    head -c 5000 /dev/urandom >"$work/plugins.d/good.conf"
    costs_itself good .
    head -c 1000000 /dev/zero | tr '\0' x >"$work/plugins.d/good.conf"
    costs_itself_again
    : >"$work/plugins.d/good.conf"
    costs_itself_again
    rm "$work/plugins.d/good.conf"
    mkfifo -m 644 "$work/plugins.d/good.conf"
    costs_itself_again
}

costs_itself_again() {
    ends 0 "$PROGRAM" --json module-list --all
    [ -n "$(jq -r '.[] | select(.name == "good").reason // ""' "$work/out")" ]
    ends 0 "$PROGRAM" --json vol-list p
}

writable_conf() {
    own_modules
    fixture good
    conf good 'abi = 1' 'provides = pool:memory format:plain'
    chmod 646 "$work/plugins.d/good.conf"
    costs_itself good 'chmod go-w'
}

writable_by_the_group() {
    own_modules
    fixture good
    conf good 'abi = 1' 'provides = pool:memory format:plain'
    chmod 664 "$work/plugins.d/good.conf"
    costs_itself good 'chmod go-w'
}

writable_module() {
    own_modules
    fixture good
    conf good 'abi = 1' 'provides = pool:memory format:plain'
    chmod 757 "$work/modules/good.so"
    costs_itself good 'chmod go-w'
}

foreign_module() {
    own_modules
    fixture good
    conf good 'abi = 1' 'provides = pool:memory format:plain'
    chown 12345 "$work/modules/good.so" 2>/dev/null || skip "giving a file away takes root"
    costs_itself good 'belong\|owner\|owned'
}

missing_module() {
    own_modules
    conf good 'abi = 1' 'provides = pool:memory format:plain'
    costs_itself good 'good.so'
}

module_is_text() {
    own_modules
    conf good 'abi = 1' 'provides = pool:memory format:plain'
    echo 'no ELF' >"$work/modules/good.so"
    chmod 755 "$work/modules/good.so"
    costs_itself good 'good.so'
}

module_elsewhere() {
    own_modules
    fixture good
    mv "$work/modules/good.so" "$work/good.so"
    conf good 'abi = 1' 'provides = pool:memory format:plain'
    sed -i 's,^file = .*,file = ../good.so,' "$work/plugins.d/good.conf"
    costs_itself good .
}

wrong_abi_in_conf() {
    own_modules
    fixture good
    conf good 'abi = 2' 'provides = pool:memory format:plain'
    costs_itself good abi
}

# broken_fixture NAME PROVIDES PATTERN
broken_fixture() {
    own_modules
    fixture "$1"
    conf "$1" 'abi = 1' "provides = $2"
    costs_itself "$1" "$3"
}

wrong_major() { broken_fixture wrong-major pool:wrong-major abi; }
declines() { broken_fixture declines pool:declines .; }
undefined_symbol() { broken_fixture undefined-symbol pool:undefined-symbol 'undefined symbol'; }
missing_dependency() { broken_fixture missing-dependency pool:missing-dependency 'absent'; }
no_entry() { broken_fixture no-entry pool:no-entry tarn_module_entry; }
fails_in_load() { broken_fixture fails-in-load pool:fails-in-load .; }

# It loads, and then fails with a status that there is not, and without a text.
wordless() {
    own_modules
    fixture wordless
    conf wordless 'abi = 1' 'provides = pool:wordless'
    run 0 -q pool-define-as w wordless
    answers -q pool-start w
    answers --json vol-list w
    [ "$status" -eq 1 ]
    [ -n "$(tail -n 1 "$work/err" | "$JSON_GET" error/message)" ]
    others_work
}

not_what_it_provides() {
    own_modules
    fixture good
    conf good 'abi = 1' 'provides = pool:memory format:plain pool:nothing'
    costs_itself good nothing
}

good_module_works() {
    own_modules
    fixture good
    conf good 'abi = 1' 'provides = pool:memory format:plain' '[options]' 'room = 1MiB'
    others_work
    run 0 -q image-convert "$work/p/v" "$work/plain" --format plain
    run 0 --json image-info "$work/plain"
    json format plain
    json capacity 65536
    run 0 -q pool-define-as m memory
    run 0 -q pool-start m
}

disabled() {
    own_modules
    run 0 module-disable qcow2
    run 0 --json module-list
    jq -e 'map(.name) | (index("qcow2") == null and index("raw") != null)' "$work/out" >"$work/said"
    run 0 -q pool-define-as p dir --target "$work/p"
    run 0 -q pool-build p
    run 0 -q pool-start p
    answers --json vol-create-as p v 64KiB --format qcow2
    code no-module
    [ -z "$(ls -A "$work/p")" ]
    run 0 module-enable qcow2
    run 0 vol-create-as p v 64KiB --format qcow2
}

check "an unknown key" unknown_key
check "an unknown section" unknown_section
check "an option that the module doesn't know" unknown_option
check "an option with a value that is none" wrong_option
check "the line of the fault is told" line_is_told
check "a conf that is no text" garbage
check "a conf that everybody may write" writable_conf
check "a conf that its group may write" writable_by_the_group
check "a module that everybody may write" writable_module
check "a module that belongs to somebody else" foreign_module
check "a module that is missing" missing_module
check "a module that is text" module_is_text
check "a module that lies outside of the folder" module_elsewhere
check "a conf for another ABI" wrong_abi_in_conf
check "a module of another ABI" wrong_major
check "a module that will not work with this host" declines
check "a module with an undefined symbol" undefined_symbol
check "a module whose library is missing" missing_dependency
check "a module without an entry" no_entry
check "a module that fails when it is loaded" fails_in_load
check "a module that fails with an unknown status, and without a word" wordless
check "a module that lacks what its conf promises" not_what_it_provides
check "a module that is well works" good_module_works
check "a module that is switched off, and on again" disabled
finish
