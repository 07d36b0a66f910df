#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What libtarn.so exports is what tarn.h declares and core/libtarn.map lists, each with the version
# that it came with. (That each is documented is tests/lint/api-documented.sh's.)

# shellcheck source=tests/abi/lib.sh
. "$(dirname "$0")/lib.sh"

# declared TREE: the functions of tarn.h.
declared() {
    awk -f "$abi/facts.awk" "$1/core/include/tarn/tarn.h" |
        sed -n 's/^FUNCTION(\([a-z0-9_]*\),.*/\1/p' | sort
}

# listed TREE: symbol@node, for each symbol of the map.
listed() {
    awk '/^TARN_[0-9.]+ \{$/ { node = $1 }
         /^ +tarn_[a-z0-9_]+;$/ { sub(/;/, ""); print $1 "@" node }' "$1/core/libtarn.map" | sort
}

# exported LIBRARY: the same of a library.
exported() {
    nm -D --defined-only "$1" | awk '$2 != "A" { sub(/@@/, "@", $3); print $3 }' | sort
}

# agree TREE
agree() {
    declared "$1" >"$work/declared"
    listed "$1" | sed 's/@.*//' >"$work/listed"
    diff "$work/declared" "$work/listed" || {
        echo "core/libtarn.map has not what tarn.h declares (< declared, > listed)"
        return 1
    }
}

header_and_map_agree() {
    [ "$(declared "$TARN_SRC" | wc -l)" -gt 50 ]
    agree "$TARN_SRC"
}

library_exports_the_map() {
    library=$TARN_BUILD/.libs/libtarn.so
    [ -e "$library" ] || skip "there is no $library"
    need nm
    exported "$library" >"$work/exported"
    listed "$TARN_SRC" | diff "$work/exported" -
}

# keeps LIST: what each release exported is in it, with the same version.
keeps() {
    for folder in $(frozen); do
        sed -n "s/.*<elf-symbol name='\([a-z0-9_]*\)' version='\([A-Z0-9_.]*\)'.*/\1@\2/p" \
            "$folder/libtarn.abi" | sort >"$work/then"
        [ -s "$work/then" ] || { echo "$folder/libtarn.abi has no versions"; return 1; }
        comm -23 "$work/then" "$1" >"$work/lost"
        [ ! -s "$work/lost" ] || { cat "$work/lost"; return 1; }
    done
}

releases_are_kept() {
    listed "$TARN_SRC" >"$work/now"
    keeps "$work/now"
}

# chained TREE: each node builds on the one before it, and there is none for a minor to come.
chained() {
    map=$1/core/libtarn.map
    major=$(number_of "$1" MAJOR)
    minor=$(number_of "$1" MINOR)
    sed -n 's/^\(TARN_[0-9.]*\) {$/\1/p' "$map" >"$work/nodes"
    sed -n 's/^}\( TARN_[0-9.]*\)\{0,1\};$/\1/p' "$map" >"$work/bases"
    { echo && sed 's/^/ /;$d' "$work/nodes"; } | diff - "$work/bases" || return 1
    while read -r node; do
        [ "${node#"TARN_$major."}" -le "$minor" ] || return 1
    done <"$work/nodes"
}

nodes_are_chained() {
    chained "$TARN_SRC"
}

# add_node NAME BASE: to the map of $tree.
add_node() {
    printf '\nTARN_%s {\nglobal:\n    tarn_more;\n}%s;\n' "$1" "$2" >>"$tree/core/libtarn.map"
}

next_node_is_chained() {
    copy_tree
    next=$(number_of "$tree" MAJOR).$(($(number_of "$tree" MINOR) + 1))
    add_node "$next" " $(sed -n 's/^\(TARN_[0-9.]*\) {$/\1/p' "$tree/core/libtarn.map" | tail -n 1)"
    fails chained "$tree" # it is not the time yet
    raise_minor
    chained "$tree"
}

loose_node_is_seen() {
    copy_tree
    add_node "$(number_of "$tree" MAJOR).$(($(number_of "$tree" MINOR) + 1))" ''
    raise_minor
    fails chained "$tree"
}

# A program that uses what came with a later minor.
newer_program_is_told() {
    library=$TARN_BUILD/.libs/libtarn.so
    [ -e "$library" ] || skip "there is no $library"
    mkdir "$work/later"
    echo 'int tarn_more(void); int tarn_more(void) { return 0; }' >"$work/later.c"
    echo 'TARN_99.99 { global: tarn_more; local: *; };' >"$work/later.map"
    "$compiler" -shared -fPIC -Wl,-soname,libtarn.so.0 "-Wl,--version-script=$work/later.map" \
        "$work/later.c" -o "$work/later/libtarn.so.0"
    ln -s libtarn.so.0 "$work/later/libtarn.so"
    echo 'int tarn_more(void); int main(void) { return tarn_more(); }' >"$work/program.c"
    "$compiler" "$work/program.c" -o "$work/program" -L"$work/later" -ltarn
    LD_LIBRARY_PATH=$work/later "$work/program"
    fails env "LD_LIBRARY_PATH=$TARN_BUILD/.libs" "$work/program" 2>"$work/said"
    grep -q "version .TARN_99.99' not found" "$work/said"
}

forgotten_is_seen() {
    copy_tree
    spoil core/libtarn.map '/^ *tarn_pool_define;/d'
    fails agree "$tree"
}

undeclared_is_seen() {
    copy_tree
    spoil core/include/tarn/tarn.h 's/tarn_status_word(int/tarn_status_term(int/'
    fails agree "$tree"
}

dropped_is_seen() {
    copy_tree
    spoil core/libtarn.map '/^ *tarn_pool_define;/d'
    spoil core/include/tarn/tarn.h 's/tarn_pool_define(struct/tarn_pool_redefine(struct/'
    listed "$tree" >"$work/now"
    fails keeps "$work/now"
}

moved_is_seen() {
    copy_tree
    spoil core/libtarn.map 's/^TARN_1\.0/TARN_9.9/'
    listed "$tree" >"$work/now"
    fails keeps "$work/now"
}

check "the header and the map of symbols agree" header_and_map_agree
check "the library exports what the map lists" library_exports_the_map
check "what was released is exported, of the same version" releases_are_kept
check "the map's nodes follow each other" nodes_are_chained
check "a node of the next minor follows the last" next_node_is_chained
check "a node that follows none is seen" loose_node_is_seen
check "a program that is too new is told at its start" newer_program_is_told
check "a function that the map forgot is seen" forgotten_is_seen
check "a symbol that the header lacks is seen" undeclared_is_seen
check "a released function that is dropped is seen" dropped_is_seen
check "a released function that moved to a later version is seen" moved_is_seen
finish
