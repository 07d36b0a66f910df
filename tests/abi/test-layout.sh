#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The headers keep what each layout.h says of them; and each way of breaking it is refused by name.

# shellcheck source=tests/abi/lib.sh
. "$(dirname "$0")/lib.sh"

# holds TREE COMPILER…: against the headers of that tree; or tells what does not.
holds() {
    headers=$1
    shift
    for folder in $(frozen); do
        printf '#include <%s>\n' tarn/module.h tarn/tarn.h >"$work/locked.c"
        {
            echo "#define LOCKED_MINOR $(minor_of "$folder")"
            echo "#include \"$abi/locks.h\""
            echo "#include \"$folder/layout.h\""
        } >>"$work/locked.c"
        # shellcheck disable=SC2086
        "$@" $warnings -fsyntax-only -I"$headers/sdk/include" -I"$headers/core/include" \
            "$work/locked.c" 2>"$work/errors" || {
            sed -n 's/.*error: //p' "$work/errors"
            return 1
        }
    done
}

something_is_frozen() {
    [ -n "$(frozen)" ]
}

with_gcc() {
    need gcc
    holds "$TARN_SRC" gcc
}

with_clang() {
    need clang
    holds "$TARN_SRC" clang
}

places_too() {
    echo __LP64__ | "$compiler" -E -P - >"$work/data-model"
    [ "$(cat "$work/data-model")" = 1 ] ||
        skip "sizes and offsets are locked where pointers and longs have 64 bits"
}

# The C library's headers serve both; only the list of what it lacks with 32 bits is another
# package's.
with_32_bits() {
    need gcc
    mkdir -p "$work/libc/gnu"
    : >"$work/libc/gnu/stubs-32.h"
    echo 'int none;' | gcc -m32 -fsyntax-only -x c - || skip "gcc has no 32 bits for this machine"
    holds "$TARN_SRC" gcc -m32 "-I$work/libc" -isystem "/usr/include/$(gcc -print-multiarch)"
}

# refused TEXT: the locks do not hold in $tree, and say so.
refused() {
    fails holds "$tree" "$compiler" >"$work/said"
    grep -q "$1" "$work/said" || {
        cat "$work/said"
        return 1
    }
}

spoiled_is_refused() {
    copy_tree
    spoil "$file" "$change"
    refused "$text"
}

# sees NAME FILE SED-COMMAND TEXT
sees() {
    file=$2 change=$3 text=$4
    check "$1" spoiled_is_refused
}

grown_within_a_minor() {
    copy_tree
    spoil sdk/include/tarn/result.h '/^struct tarn_snapshot {/,/^};/s/^};/    uint64_t more;\n};/'
    refused 'struct tarn_snapshot has another size'
}

grown_in_the_next() {
    copy_tree
    raise_minor
    spoil sdk/include/tarn/result.h '/^struct tarn_snapshot {/,/^};/s/^};/    uint64_t more;\n};/'
    spoil sdk/include/tarn/status.h 's/^\(#define TARN_STATUS_COUNT *\).*/\199/'
    holds "$tree" "$compiler"
}

sealed_in_the_next() {
    copy_tree
    raise_minor
    spoil sdk/include/tarn/result.h '/^struct tarn_identity {/,/^};/s/^};/    uint64_t more;\n};/'
    refused 'struct tarn_identity is sealed, and grew'
}

result=sdk/include/tarn/result.h
check "something is frozen" something_is_frozen
check "the headers keep it, with gcc" with_gcc
check "the headers keep it, with clang" with_clang
check "sizes and offsets are among it here" places_too
check "types and numbers hold with 32 bits" with_32_bits
check "a new member waits for the next minor" grown_within_a_minor
check "the next minor may have it, and a new status" grown_in_the_next
check "but not in a sealed structure" sealed_in_the_next
sees "a member that moved is refused" $result \
    '/^struct tarn_extent {/,/^};/{/uint64_t offset;/d;s/^};/    uint64_t offset;\n};/}' \
    'tarn_extent.offset moved'
sees "a member of another type is refused" $result \
    '/^struct tarn_extent {/,/^};/s/uint64_t host_offset/int64_t host_offset/' \
    'tarn_extent.host_offset is of another type'
sees "a text that became writable is refused" $result \
    '/^struct tarn_snapshot {/,/^};/s/const char \*parent/char *parent/' \
    'tarn_snapshot.parent is of another type'
sees "a member that went is refused" $result \
    '/^struct tarn_snapshot {/,/^};/{/int64_t created;/d}' 'no member named .*created'
sees "an operation with another argument is refused" sdk/include/tarn/io.h \
    's/(\*flush)(struct tarn_call \*call, /&uint32_t flags, /' 'tarn_io.flush is of another type'
sees "a function type with another argument is refused" sdk/include/tarn/io.h \
    's/const struct tarn_extent \*extent,$/struct tarn_extent *extent,/' \
    'tarn_extent_fn is another type'
sees "a constant of another number is refused" sdk/include/tarn/io.h \
    's/^\(#define TARN_IO_PARALLEL *\)0x00000004u/\10x00000010u/' \
    'TARN_IO_PARALLEL is another number'
sees "a constant that became signed is refused" sdk/include/tarn/io.h \
    's/^\(#define TARN_IO_PARALLEL *\)0x00000004u/\10x00000004/' \
    'TARN_IO_PARALLEL is of another type'
sees "a status of another number is refused" sdk/include/tarn/status.h \
    's/^\(#define TARN_E_IO *\)9 /\119 /' 'TARN_E_IO is another number'
sees "a constant that went is refused" sdk/include/tarn/format.h \
    '/^#define TARN_PROBE_WEAK /d' 'TARN_PROBE_WEAK'
sees "a text constant of another text is refused" $result \
    's/^\(#define TARN_OPERATION_WATCH *\)"watch"/\1"look"/' 'TARN_OPERATION_WATCH is another text'
sees "an inline function of another type is refused" sdk/include/tarn/call.h \
    's/static inline int32_t tarn_interrupted/static inline uint32_t tarn_interrupted/' \
    'tarn_interrupted has another signature'
sees "a library function with another argument is refused" core/include/tarn/tarn.h \
    's/tarn_status_word(int status)/tarn_status_word(unsigned status)/' \
    'tarn_status_word has another signature'
sees "a library function that went is refused" core/include/tarn/tarn.h \
    '/const char \*tarn_version(void);/d' 'tarn_version'
sees "a minor that goes back is refused" sdk/include/tarn/abi.h \
    's/^\(#define TARN_ABI_MINOR\) .*/\1 (-1)/' 'TARN_ABI_MINOR went back'
sees "another major needs layouts of its own" sdk/include/tarn/abi.h \
    's/^\(#define TARN_ABI_MAJOR\) .*/\1 99/' 'this major is over'
finish
