#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What is frozen is of these headers, what was released is untouched, and tests/abi/freeze refuses
# what cannot be promised.

# shellcheck source=tests/abi/lib.sh
. "$(dirname "$0")/lib.sh"

# freeze_tree: freezes $tree.
freeze_tree() {
    need abidw
    [ -e "$TARN_BUILD/.libs/libtarn.so" ] || skip "there is no $TARN_BUILD/.libs/libtarn.so"
    "$tree/tests/abi/freeze" "$TARN_BUILD" >"$work/said" 2>&1
}

is_of_these_headers() {
    copy_tree
    rm -f "$tree/tests/abi/$(present)/released"
    freeze_tree || { cat "$work/said"; return 1; }
    diff "$abi/$(present)/layout.h" "$tree/tests/abi/$(present)/layout.h" || {
        echo "run tests/abi/freeze, or see tarn-abi(7) if this version is released"
        return 1
    }
}

# The headers beside a layout.h give that very layout.h.
headers_and_layout_agree() {
    for folder in $(frozen); do
        rm -rf "$work/tree"
        copy_tree
        cp "$folder"/include/tarn/*.h "$tree/sdk/include/tarn"
        mv "$tree/sdk/include/tarn/tarn.h" "$tree/core/include/tarn/tarn.h"
        rm -f "$tree/tests/abi/$(basename "$folder")/released"
        freeze_tree || { cat "$work/said"; return 1; }
        diff "$folder/layout.h" "$tree/tests/abi/$(basename "$folder")/layout.h"
    done
}

# untouched ABI-FOLDER: of what has been released there.
untouched() {
    for list in "$1"/*/released; do
        [ -f "$list" ] || continue
        (
            cd "$(dirname "$list")" &&
                sha256sum --check --quiet released 2>&1 &&
                find . -type f ! -name released | sort >"$work/here" &&
                awk '{ print $2 }' released | diff - "$work/here"
        ) || return 1
    done
}

released_is_untouched() {
    untouched "$abi"
}

past_is_released() {
    minor=$(number_of "$TARN_SRC" MINOR)
    while [ "$minor" -gt 0 ]; do
        minor=$((minor - 1))
        [ -f "$abi/$(number_of "$TARN_SRC" MAJOR).$minor/released" ]
    done
}

# released_tree: $tree, with its present version released.
released_tree() {
    copy_tree
    rm -f "$tree/tests/abi/$(present)/released"
    "$tree/tests/abi/freeze" --release
    untouched "$tree/tests/abi"
}

touched_is_seen() {
    released_tree
    spoil "tests/abi/$(present)/layout.h" '1,5d'
    fails untouched "$tree/tests/abi"
}

added_is_seen() {
    released_tree
    : >"$tree/tests/abi/$(present)/include/tarn/more.h"
    fails untouched "$tree/tests/abi"
}

release_is_not_overwritten() {
    released_tree
    cp -r "$tree/tests/abi/$(present)" "$work/kept"
    fails freeze_tree
    grep -q 'is released and stays as it is' "$work/said"
    fails "$tree/tests/abi/freeze" --release
    diff -r "$work/kept" "$tree/tests/abi/$(present)"
}

next_minor_is_frozen_beside() {
    released_tree
    raise_minor
    spoil sdk/include/tarn/result.h '/^struct tarn_snapshot {/,/^};/s/^};/    uint64_t more;\n};/'
    freeze_tree || { cat "$work/said"; return 1; }
    untouched "$tree/tests/abi"
    grep -q 'MEMBER(tarn_snapshot, more,' \
        "$tree/tests/abi/$(present | cut -d. -f1).$(number_of "$tree" MINOR)/layout.h"
}

nothing_is_released_unseen() {
    copy_tree
    rm -r "$tree/tests/abi/$(present)"
    fails "$tree/tests/abi/freeze" --release
}

spoiled_is_refused() {
    copy_tree
    rm -f "$tree/tests/abi/$(present)/released"
    cp -r "$tree/tests/abi/$(present)" "$work/kept"
    spoil "$file" "$change"
    fails freeze_tree
    grep -q "$text" "$work/said" || { cat "$work/said"; return 1; }
    diff -r "$work/kept" "$tree/tests/abi/$(present)"
}

# refuses NAME FILE SED-COMMAND TEXT
refuses() {
    file=$2 change=$3 text=$4
    check "$1" spoiled_is_refused
}

result=sdk/include/tarn/result.h
check "what is frozen is of these headers" is_of_these_headers
check "frozen headers give the frozen layout" headers_and_layout_agree
check "what was released is untouched" released_is_untouched
check "every earlier minor is released" past_is_released
check "a changed file of a release is seen" touched_is_seen
check "a new file in a release is seen" added_is_seen
check "freeze does not overwrite a release" release_is_not_overwritten
check "the next minor is frozen beside it" next_minor_is_frozen_beside
check "what is not frozen is not released" nothing_is_released_unseen
refuses "freeze refuses padding in a structure" $result \
    '/^struct tarn_extent {/,/^};/s/^    uint32_t struct_size;.*/&\n    uint64_t wide;/' \
    'struct tarn_extent: 4 bytes of padding before wide'
refuses "freeze refuses padding at its end" $result \
    '/^struct tarn_extent {/,/^};/s/^};/    uint32_t narrow;\n};/' \
    'struct tarn_extent: 4 bytes of padding at its end'
refuses "freeze refuses a type that the platform sizes" $result \
    '/^struct tarn_extent {/,/^};/s/uint64_t length;/size_t length;/' \
    'tarn_extent.length: the type size_t does not cross'
refuses "freeze refuses an enum" $result \
    '/^struct tarn_extent {/,/^};/s/uint32_t kind;/enum tarn_kind kind;/' \
    'tarn_extent.kind: the type enum does not cross'
refuses "freeze refuses a bit-field" $result \
    '/^struct tarn_extent {/,/^};/s/uint32_t kind;/uint32_t kind : 3;/' \
    'struct tarn_extent: no array, bit-field or inner structure'
refuses "freeze refuses a structure without its size" $result \
    '/^struct tarn_extent {/,/^};/s/uint32_t struct_size;/uint32_t version;/' \
    'struct tarn_extent: the first member is version'
refuses "freeze refuses lent memory that may grow" sdk/include/tarn/io.h \
    's/struct tarn_identity \*out/struct tarn_extent *out/' \
    'struct tarn_extent is lent to be filled and is not sealed'
refuses "freeze refuses what it does not understand" sdk/include/tarn/io.h \
    's/^struct tarn_call;/extern int tarn_count;/' 'this is not understood: extern int tarn_count'
finish
