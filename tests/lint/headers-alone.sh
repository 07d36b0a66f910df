#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Each installed header compiles alone, twice in a row, as C99, C11 and C++11.

# shellcheck source=tests/lint/frame.inc
. "$(dirname "$0")/frame.inc"

compiles() {
    printf '#include <tarn/%s>\n#include <tarn/%s>\ntypedef int something;\n' "$1" "$1" |
        "$3" -std="$4" -x "$2" -pedantic -Wall -Wextra -Wshadow -Werror -Wno-unused-function \
            -fsyntax-only -I"$SRC/sdk/include" -I"$SRC/core/include" - 2>&1
}

cc=${CC:-cc}
cxx=${CXX:-c++}
command -v "${cc%% *}" >/dev/null || skip "there is no C compiler"
command -v "${cxx%% *}" >/dev/null || skip "there is no C++ compiler"
for file in $(sources '*.h' sdk/include core/include); do
    header=$(basename "$file")
    for standard in c99 c11; do
        said=$(compiles "$header" c "${cc%% *}" $standard) || fault "$header as $standard: $said"
    done
    said=$(compiles "$header" c++ "${cxx%% *}" c++11) || fault "$header as c++11: $said"
done
finish
