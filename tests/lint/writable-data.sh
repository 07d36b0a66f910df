#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# No state in statics: libtarn.so and the modules have nothing in .data, .bss or thread-local
# storage, but for what writable-data.allow names: file, symbol, reason.

# shellcheck source=tests/lint/frame.inc
. "$(dirname "$0")/frame.inc"

# What the compiler's and linker's own start files bring.
runtime='^(__dso_handle|__TMC_END__|completed\.[0-9]+|__bss_start|_edata|_end|\.(data|bss|tdata|tbss))$'

# Symbol, size. Constant tables with pointers are in .data.rel.ro: the linker has made them
# read-only before any of our code runs.
writable() {
    objdump -t "$1" | awk '
        / \.(data|bss|tdata|tbss)(\.rel|\.rel\.local)?\t/ {
            split($0, half, "\t")
            count = split(half[2], field, " ")
            if (field[1] !~ /^0+$/)
                print field[count]
        }' | grep -Ev "$runtime"
}

allowed() {
    allow=$SRC/tests/lint/writable-data.allow
    [ -f "$allow" ] &&
        awk -v file="$1" -v symbol="$2" '$1 == file && $2 == symbol { found = 1 }
                                         END { exit !found }' "$allow"
}

library=$(library)
[ -n "$library" ] || skip "there is no libtarn.so in $BUILD"
sanitized "$library" && skip "a sanitized build has data of the sanitizer's"
for file in $library $(modules); do
    name=$(basename "$file" | sed 's/\.so.*//')
    for symbol in $(writable "$file"); do
        symbol=${symbol%.[0-9]*}
        allowed "$name" "$symbol" || fault "$name: $symbol can be written"
    done
done
finish
