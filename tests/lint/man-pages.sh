#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# mandoc has nothing to warn of in any man page; each bears the name of its file, is installed, and
# refers to no page of ours that is not there.

# shellcheck source=tests/lint/frame.inc
. "$(dirname "$0")/frame.inc"

pages=$(sources '*.[1-8]' doc modules formats sdk tools)
lists=$(for list in $(sources local.mk doc modules formats sdk tools); do
    cat "$SRC/$list"
done)
for file in $pages; do
    page=$(basename "$file")
    title="$(echo "${page%.*}" | tr '[:lower:]' '[:upper:]') ${page##*.}"
    grep -qi "^\.\(Dt\|TH\) $title\( \|\$\)" "$SRC/$file" || fault "$file: its title is not $title"
    echo "$lists" | grep -qwF "$file" || fault "$file is in no local.mk"
    sed -n 's/^\.Xr \(tarn[^ ]*\) \([1-8]\).*/\1.\2/p' "$SRC/$file" | sort -u |
        while read -r other; do
            echo "$pages" | grep -q "\(^\|/\)$other\$" || fault "$file refers to $other"
        done
done
if command -v mandoc >/dev/null; then
    for file in $pages; do
        (cd "$SRC" && mandoc -Tlint -W warning "$file") >>"$faults"
    done
elif [ ! -s "$faults" ]; then
    skip "names and references are in order; mandoc is not installed"
fi
finish
