#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Every TARN_API function has a comment above it, or above the group (lines without a blank one
# between) it is in; the library exports what the header declares, and nothing else.

# shellcheck source=tests/lint/frame.inc
. "$(dirname "$0")/frame.inc"

header=$SRC/core/include/tarn/tarn.h
[ -f "$header" ] || {
    fault "core/include/tarn/tarn.h is missing"
    finish
}

# A rule of dashes heads a section and says nothing of a function.
awk '
    /^[[:space:]]*$/ { covered = 0 }
    /\*\/[[:space:]]*$/ && !/\/\* ---/ { covered = 1 }
    /^#/ { covered = 0 }
    /^TARN_API/ && !covered { print "tarn.h:" NR ": no comment: " $0 }
' "$header" >>"$faults"

declared() {
    awk '/^TARN_API/ { text = ""; inside = 1 }
         inside { text = text " " $0 }
         inside && /;/ { print text; inside = 0 }' "$header" |
        sed -n 's/^[^(]*[ *]\(tarn_[a-z0-9_]*\)(.*/\1/p' | sort -u
}

library=$(library)
if [ -n "$library" ]; then
    # Without their versions; the nodes themselves are absolute symbols.
    exported=$(nm -D --defined-only "$library" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' |
        grep -Ev '^(_init|_fini)$' | sort -u)
    for symbol in $(declared); do
        echo "$exported" | grep -qx "$symbol" || fault "declared and not exported: $symbol"
    done
    for symbol in $exported; do
        declared | grep -qx "$symbol" || fault "exported and not declared: $symbol"
    done
elif [ ! -s "$faults" ]; then
    skip "comments are in order; there is no libtarn.so in $BUILD to compare with"
fi
finish
