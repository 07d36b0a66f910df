#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A module exports its entry and nothing else, needs no symbol of tarn's, and has every symbol bound
# when it is loaded.

# shellcheck source=tests/lint/frame.inc
. "$(dirname "$0")/frame.inc"

modules=$(modules)
[ -n "$modules" ] || skip "there are no modules in $BUILD"
for file in $modules; do
    name=$(basename "$file")
    exported=$(nm -D --defined-only "$file" | awk '{ print $3 }' | grep -Ev '^(_init|_fini)$' |
        tr '\n' ' ')
    [ "$exported" = "tarn_module_entry " ] || fault "$name exports: ${exported:-nothing}"
    undefined=$(nm -D --undefined-only "$file" | awk '$NF ~ /^tarn_/ { printf "%s ", $NF }')
    [ -z "$undefined" ] || fault "$name needs: $undefined"
    readelf -d "$file" | grep -Eq 'BIND_NOW|Flags:.*NOW' ||
        fault "$name is not linked with -z now"
done
finish
