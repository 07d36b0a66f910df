#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# mandoc has nothing to warn of in any man page.

# shellcheck source=tests/lint/frame.inc
. "$(dirname "$0")/frame.inc"

command -v mandoc >/dev/null || skip "mandoc is not installed"
for file in $(sources '*.[1-8]' doc modules formats sdk tools); do
    (cd "$SRC" && mandoc -Tlint -W warning "$file") >>"$faults"
done
finish
