# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
#
# What the guards of the ABI share: see tarn-abi(7). $abi is tests/abi; a "tree" is a folder with
# the parts of the house that the ABI is in, the true one or a copy that a test may spoil.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"

: "${TARN_SRC:=$(cd "$(dirname "$0")/../.." && pwd)}"
abi=$TARN_SRC/tests/abi
compiler=${CC:-cc}
compiler=${compiler%% *}
warnings='-std=c11 -D_GNU_SOURCE -Wall -Wextra -Wshadow -Wstrict-prototypes -Wformat=2 -Wundef
    -Werror'

# number_of TREE MAJOR|MINOR
number_of() {
    sed -n "s/^#define TARN_ABI_$2 \([0-9]*\)$/\1/p" "$1/sdk/include/tarn/abi.h"
}

# What is frozen of the present major: folders, oldest first.
frozen() {
    find "$abi" -mindepth 1 -maxdepth 1 -name "$(number_of "$TARN_SRC" MAJOR).[0-9]*" | sort -V
}

# The minor of a folder's name.
minor_of() {
    basename "$1" | cut -d. -f2
}

# The version of the true tree.
present() {
    echo "$(number_of "$TARN_SRC" MAJOR).$(number_of "$TARN_SRC" MINOR)"
}

# copy_tree: $tree is a copy.
copy_tree() {
    tree=$work/tree
    mkdir -p "$tree/sdk" "$tree/core" "$tree/tests"
    cp -r "$TARN_SRC/sdk/include" "$tree/sdk"
    cp -r "$TARN_SRC/core/include" "$TARN_SRC/core/libtarn.map" "$tree/core"
    cp -r "$abi" "$tree/tests"
}

# spoil FILE SED-COMMAND: changes a file of $tree.
spoil() {
    cp "$tree/$1" "$work/before"
    sed -i "$2" "$tree/$1"
    ! cmp -s "$work/before" "$tree/$1" || {
        echo "nothing was spoiled in $1 by: $2"
        return 1
    }
}

# fails COMMAND…: it does. (A shell that ends with the first failure looks over "!".)
fails() {
    if "$@"; then
        echo "this succeeded: $*"
        return 1
    fi
}

# raise_minor: the next minor begins in $tree.
raise_minor() {
    spoil sdk/include/tarn/abi.h \
        "s/^#define TARN_ABI_MINOR .*/#define TARN_ABI_MINOR $(($(number_of "$tree" MINOR) + 1))/"
}

# grow_headers: $work/grown has the headers of a minor to come.
grow_headers() {
    mkdir -p "$work/ungrown"
    cp "$TARN_SRC"/sdk/include/tarn/*.h "$TARN_SRC/core/include/tarn/tarn.h" "$work/ungrown"
    "$abi/grow" "$work/ungrown" "$work/grown/tarn"
}

# build_module INCLUDE-FOLDER FILE [OPTION…]: the old module, with those headers.
build_module() {
    include=$1
    file=$2
    shift 2
    # shellcheck disable=SC2086
    "$compiler" $warnings -Wno-missing-field-initializers -g -fvisibility=hidden -fPIC -shared \
        "$@" -I"$include" "$abi/old-module.c" "$abi/old-format.c" "$abi/old-store.c" \
        -o "$file" -Wl,-z,defs -Wl,-z,now
}
