#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Each source file begins with its licence; a script has it in the line below #!.

# shellcheck source=tests/lint/frame.inc
. "$(dirname "$0")/frame.inc"

licence_of() {
    case $1 in
    tests/abi/*/include/tarn/tarn.h) echo LGPL-2.1-or-later ;;
    sdk/* | tests/abi/*/include/*) echo BSD-2-Clause ;;
    *) echo LGPL-2.1-or-later ;;
    esac
}

for file in $(sources '*.[ch]' core sdk modules formats tools tests); do
    head -n 1 "$SRC/$file" | grep -qx "/\* SPDX-License-Identifier: $(licence_of "$file")\( \*/\)\?" ||
        fault "$file: the first line is not /* SPDX-License-Identifier: $(licence_of "$file")"
done
for file in $(sources '*.sh' core sdk modules formats tools tests); do
    head -n 2 "$SRC/$file" | grep -qx "# SPDX-License-Identifier: $(licence_of "$file")" ||
        fault "$file: neither of the first lines is # SPDX-License-Identifier: $(licence_of "$file")"
done
finish
