#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A file of more than 500 lines holds more than one concept. file-size.allow names exceptions: path,
# lines, reason.

# shellcheck source=tests/lint/frame.inc
. "$(dirname "$0")/frame.inc"

limit_of() {
    allow=$SRC/tests/lint/file-size.allow
    limit=
    [ -f "$allow" ] && limit=$(awk -v path="$1" '$1 == path { print $2 }' "$allow")
    echo "${limit:-500}"
}

for file in $(sources '*.[ch]' core sdk modules formats tools tests) \
    $(sources '*.sh' core sdk modules formats tools tests); do
    case $file in tests/abi/[0-9]*) continue ;; esac # copies of the headers, and what is made of them
    lines=$(wc -l <"$SRC/$file")
    if [ "$lines" -gt "$(limit_of "$file")" ]; then
        fault "$file has $lines lines, allowed are $(limit_of "$file"): split it by concept"
    fi
done
finish
