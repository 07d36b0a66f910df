#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The options that modules declare, for people and for front ends: those of the fixture "good", which
# has one of each type.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# good [LINE…]: the module with these lines in [options].
good() {
    [ -f "${TARN_FIXTURES:-}/good.so" ] || skip "the fixture modules are not built: make tests"
    mkdir "$work/modules" "$work/plugins.d"
    cp "$TARN_FIXTURES/good.so" "$work/modules"
    cat >"$work/plugins.d/good.conf" <<END
[module]
file = good.so
abi = 1
provides = pool:memory format:plain
[options]
END
    [ $# -eq 0 ] || printf '%s\n' "$@" >>"$work/plugins.d/good.conf"
    chmod 755 "$work/modules" "$work/plugins.d" "$work"/modules/*
    chmod 644 "$work/plugins.d/good.conf"
    TARN_MODULE_DIR=$work/modules
    TARN_PLUGINS_DIR=$work/plugins.d
    export TARN_MODULE_DIR TARN_PLUGINS_DIR
}

# option PATH VALUE: what the schema of the module says.
option() { json "options/module/properties/$1" "$2"; }

every_type() {
    good
    run 0 --json module-info good
    option fail-at/type integer
    option fail-at/minimum 0
    option fail-at/maximum 1000000
    option fail-at/default 0
    option trace/type string
    option trace/pattern ^/
    option room/type string
    option room/default 1GiB
    option health/enum/1 degraded
    option verbose/type boolean
    option verbose/default false
    option token/writeOnly true
    option token/description 'Anything; not shown'
}

schema_itself() {
    good
    run 0 --json module-info good
    json options/module/type object
    json options/module/additionalProperties false
    json options/module/required '[]'
}

what_holds() {
    good 'fail-at = 7' 'room = 8K' 'health = degraded'
    run 0 --json module-info good
    option fail-at/x-value 7
    option fail-at/default 0
    option room/x-value 8192
    option health/x-value degraded
    run 0 module-info good
    shows '^Option: *module fail-at = 7 (integer 0 to 1000000): The operation that fails'
    shows '^Option: *module health = degraded (healthy|degraded): '
}

secrets_are_not_shown() {
    good 'token = never-told'
    run 0 --json module-info good
    shows_no never-told
    run 0 module-info good
    shows_no never-told
    shows 'token = (secret)'
}

of_formats() {
    run 0 --json module-info qcow2
    json options/format:qcow2/properties/compression-type/enum/1 zstd
    json options/format:qcow2/properties/data-file/type boolean
    run 0 module-info qcow2
    shows '^Option: *format:qcow2 compression-type = zlib (zlib|zstd): '
}

isolated() {
    good 'fail-at = 7'
    sed -i '/^provides/a isolation = process' "$work/plugins.d/good.conf"
    run 0 --json module-info good
    json isolation process
    option fail-at/x-value 7
    option health/enum/1 degraded
}

none_without_the_module() {
    run 0 --json module-info raw
    good
    rm "$work/modules/good.so"
    run 0 --json module-info good
    shows_no '"options"'
}

check "an option of every type" every_type
check "the schema refuses what is not declared" schema_itself
check "what the .conf says is shown beside the default" what_holds
check "a secret is not shown" secrets_are_not_shown
check "options of a format" of_formats
check "options of a module that is isolated" isolated
check "a module that cannot be loaded shows none" none_without_the_module
finish
