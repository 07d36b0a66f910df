#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The second opinion, from the debugging information: abidiff on a module that all structures of the
# module ABI can be reached from, and on the library. And it sees what it is there for.

# shellcheck source=tests/abi/lib.sh
. "$(dirname "$0")/lib.sh"

# harmless OLD NEW: binaries or descriptions, of which the new one may have more.
harmless() {
    status=0
    abidiff --leaf-changes-only --harmless --no-show-locs "$1" "$2" >"$work/report" 2>&1 ||
        status=$?
    # The bits: 1 failed, 2 was called wrongly.
    [ $((status & 3)) -eq 0 ] || { cat "$work/report"; return 2; }
    awk -f "$abi/harm.awk" "$work/report"
}

# --- modules --------------------------------------------------------------------------------------

module_is_compatible() {
    need abidiff
    for folder in $(frozen); do
        build_module "$folder/include" "$work/then.so"
        build_module "$TARN_SRC/sdk/include" "$work/now.so"
        harmless "$work/then.so" "$work/now.so"
    done
}

# The comparison would be empty if the module's type did not lead to the others.
all_structures_are_reached() {
    need abidw
    build_module "$TARN_SRC/sdk/include" "$work/now.so"
    abidw "$work/now.so" >"$work/now.abi"
    sed -n 's/^\(STRUCT\|SEALED\)(\(tarn_[a-z0-9_]*\),.*/\2/p' "$abi/$(present)/layout.h" |
        sort >"$work/all"
    awk -f "$abi/facts.awk" "$TARN_SRC/core/include/tarn/tarn.h" |
        sed -n 's/^STRUCT(\(.*\))$/\1/p' | sort >"$work/of-hosts"
    comm -23 "$work/all" "$work/of-hosts" >"$work/wanted"
    [ "$(wc -l <"$work/wanted")" -gt 20 ]
    while read -r structure; do
        grep -q "<class-decl name='$structure'.* is-struct='yes'" "$work/now.abi" ||
            { echo "struct $structure is not reached"; return 1; }
    done <"$work/wanted"
}

module_may_grow() {
    need abidiff
    grow_headers
    build_module "$TARN_SRC/sdk/include" "$work/then.so"
    build_module "$work/grown" "$work/now.so"
    harmless "$work/then.so" "$work/now.so"
    grep -q "'struct tarn_volume_info' changed" "$work/report"
}

spoiled_module_is_refused() {
    need abidiff
    copy_tree
    spoil "$file" "$change"
    build_module "$TARN_SRC/sdk/include" "$work/then.so"
    build_module "$tree/sdk/include" "$work/now.so" -w
    fails harmless "$work/then.so" "$work/now.so" >"$work/said"
    grep -q "$text" "$work/said" || { cat "$work/said"; return 1; }
}

# sees_in_module NAME FILE SED-COMMAND TEXT
sees_in_module() {
    file=$2 change=$3 text=$4
    check "$1" spoiled_module_is_refused
}

# --- the library ----------------------------------------------------------------------------------

library_is_compatible() {
    need abidiff
    library=$TARN_BUILD/.libs/libtarn.so
    [ -e "$library" ] || skip "there is no $library"
    readelf -S "$library" | grep -q '\.debug_info' ||
        skip "the library was built without debugging information"
    "$abi/describe" "$library" "$abi/$(present)/include/tarn" >"$work/now.abi"
    for folder in $(frozen); do
        harmless "$folder/libtarn.abi" "$work/now.abi"
    done
}

# describe_stub: $tree's library with empty functions: to callers the same.
describe_stub() {
    {
        echo '#include <tarn/tarn.h>'
        awk -f "$abi/facts.awk" "$tree/core/include/tarn/tarn.h" | sed -n \
            's/^FUNCTION(\([a-z0-9_]*\), \(.*\)(\*)\(.*\))$/\2\1\3 { __builtin_unreachable(); }/p'
    } >"$work/stub.c"
    "$compiler" -g -w -fvisibility=hidden -fPIC -shared -Wl,-soname,libtarn.so.0 \
        "-Wl,--version-script=$tree/core/libtarn.map" -I"$tree/sdk/include" \
        -I"$tree/core/include" "$work/stub.c" -o "$work/stub.so"
    mkdir -p "$work/public"
    cp "$tree"/sdk/include/tarn/*.h "$tree"/core/include/tarn/*.h "$work/public"
    "$abi/describe" "$work/stub.so" "$work/public" >"$work/stub.abi"
}

stub_is_compatible() {
    need abidiff
    copy_tree
    describe_stub
    harmless "$abi/$(present)/libtarn.abi" "$work/stub.abi"
}

library_may_grow() {
    need abidiff
    copy_tree
    spoil core/include/tarn/tarn.h '/^struct tarn_conversion {/,/^};/s/^};/    uint64_t more;\n};/'
    spoil core/include/tarn/tarn.h \
        's/^TARN_API int tarn_error_status/TARN_API int tarn_more(void);\n&/'
    spoil core/libtarn.map "\$aTARN_NEXT { global: tarn_more; };"
    describe_stub
    harmless "$abi/$(present)/libtarn.abi" "$work/stub.abi"
    grep -q 'tarn_more@@TARN_NEXT' "$work/report"
}

spoiled_library_is_refused() {
    need abidiff
    copy_tree
    spoil "$file" "$change"
    describe_stub
    fails harmless "$abi/$(present)/libtarn.abi" "$work/stub.abi" >"$work/said"
    grep -q "$text" "$work/said" || { cat "$work/said"; return 1; }
}

# sees_in_library NAME FILE SED-COMMAND TEXT
sees_in_library() {
    file=$2 change=$3 text=$4
    check "$1" spoiled_library_is_refused
}

result=sdk/include/tarn/result.h
check "a module of today is one of each release" module_is_compatible
check "all structures of the module ABI are compared" all_structures_are_reached
check "structures of modules may grow" module_may_grow
sees_in_module "a member that moved is seen in a module" $result \
    '/^struct tarn_volume_info {/,/^};/{/const char \*key;/d;s/^};/    const char *key;\n};/}' \
    "'const char\* key' offset changed"
sees_in_module "a member of another type is seen in a module" $result \
    '/^struct tarn_volume_info {/,/^};/{s/uint64_t capacity;/int64_t capacity;/
s/^};/    uint64_t more;\n};/}' "of 'tarn_volume_info::capacity' changed"
sees_in_module "a member that went is seen in a module" $result \
    '/^struct tarn_snapshot {/,/^};/{/int64_t created;/d}' '1 data member deletion'
sees_in_module "another argument of an operation is seen in a module" sdk/include/tarn/format.h \
    '/(\*check)(struct tarn_call/s/uint32_t flags/uint64_t flags/' \
    "of 'tarn_format::check' changed"
check "the library is that of each release" library_is_compatible
check "so is one of the same functions, all empty" stub_is_compatible
check "the library may grow" library_may_grow
sees_in_library "a function that is gone is seen in the library" core/libtarn.map \
    '/^ *tarn_version;/d' 'Removed function'
sees_in_library "a function of another version is seen in the library" core/libtarn.map \
    's/TARN_1\.0/TARN_9.9/' 'Removed function'
sees_in_library "another argument is seen in the library" core/include/tarn/tarn.h \
    's/tarn_status_word(int status)/tarn_status_word(unsigned status)/' \
    "type name changed from 'int' to 'unsigned int'"
sees_in_library "a member of another type is seen in the library" core/include/tarn/tarn.h \
    '/^struct tarn_pool_record {/,/^};/s/uint64_t capacity;/int64_t capacity;/' \
    "of 'tarn_pool_record::capacity' changed"
finish
