#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Every function of the host API is in exactly one man page of section 3, with the arguments that the
# header has, and man(1) finds it there by its name; every constant and every status is in one of these
# pages. They are those that say to include <tarn/tarn.h>.

# shellcheck source=tests/lint/frame.inc
. "$(dirname "$0")/frame.inc"

header=$SRC/core/include/tarn/tarn.h
statuses=$SRC/sdk/include/tarn/status.h
work=$(mktemp -d)
trap 'rm -rf "$work" "$faults"' EXIT

# The functions of the header, a line for each: "TYPE NAME(ARGUMENTS)".
declared() {
    awk '/^TARN_API/ { text = ""; inside = 1 }
         inside { text = text " " $0 }
         inside && /;/ { print text; inside = 0 }' "$header" |
        sed -E -e 's/^ *TARN_API +//' -e 's/ +/ /g' -e 's/;.*//' \
            -e 's/^(.*[^ ]) ?(tarn_[a-z0-9_]+)\(/\1 \2(/'
}

# The same of a page.
shown() {
    sed -n 's/"//g; s/^\.\(F[toac]\) *\(.*\)/\1 \2/p' "$1" |
        awk '{ word = $1; sub(/^F[toac] /, "") }
             word == "Ft" { type = $0 }
             word == "Fo" { text = type " " $0 "("; comma = "" }
             word == "Fa" && comma != "none" { text = text comma $0; comma = ", " }
             word == "Fc" { print text ")"; comma = "none" }'
}

# Only its SYNOPSIS: elsewhere a function may be spoken of.
synopsis() {
    sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/p' "$1"
}

name_of() {
    sed -E 's/\(.*//; s/.* //'
}

# What man(1) and apropos(1) know the page by.
names() {
    sed -n '/^\.Sh NAME/,/^\.Nd/s/^\.Nm *\([^ ]*\).*/\1/p' "$1"
}

pages=$(for file in $(sources '*.3' doc); do
    grep -lx '\.In tarn/tarn\.h' "$SRC/$file"
done)
[ -n "$pages" ] || {
    fault "no page of section 3 says to include <tarn/tarn.h>"
    finish
}
declared | sort >"$work/declared"
for page in $pages; do
    synopsis "$page" >"$work/synopsis"
    shown "$work/synopsis" >>"$work/shown"
    shown "$work/synopsis" | name_of | while read -r name; do
        names "$page" | grep -qx "$name" ||
            fault "$(basename "$page"): $name is not in the section NAME"
    done
done

while read -r line; do
    name=$(echo "$line" | name_of)
    count=$(name_of <"$work/shown" | grep -cx "$name")
    [ "$count" -eq 1 ] || fault "$name is in the synopsis of $count pages"
    [ "$count" -eq 0 ] || grep -qxF "$line" "$work/shown" ||
        fault "$name has other arguments than in the header: $line"
done <"$work/declared"
name_of <"$work/shown" | while read -r name; do
    name_of <"$work/declared" | grep -qx "$name" || fault "$name is in a page, and not declared"
done
sed -n 's/^#define \(TARN_[A-Z_]*\) .*/\1/p' "$header" "$statuses" |
    grep -vx -e TARN_API -e TARN_STATUS_COUNT | while read -r constant; do
    # shellcheck disable=SC2086 # one file per word
    grep -qw "$constant" $pages || fault "$constant is in no page"
done
finish
