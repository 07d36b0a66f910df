#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# One direction: sdk/ knows only itself, and its conformance kit the public host header; a module or
# format only sdk/ and its own folder; the core only itself and sdk/; tools/ only the public host header
# and itself.

# shellcheck source=tests/lint/frame.inc
. "$(dirname "$0")/frame.inc"

# Where an include leads to, relative to SRC; nothing if to no file of ours.
resolve() {
    for candidate in "${1%/*}/$2" "$2" "sdk/$2" "sdk/include/$2" "core/include/$2"; do
        [ -f "$SRC/$candidate" ] || continue
        case $candidate in
        *./*) realpath --relative-to="$SRC" "$SRC/$candidate" ;;
        *) echo "$candidate" ;;
        esac
        return
    done
}

# The folder that a file may see besides sdk/ and core/: the module's or format's own.
own_folder() {
    echo "$1" | cut -d/ -f1,2
}

allowed() {
    case $1 in
    sdk/conform/*) case $2 in sdk/* | core/include/tarn/tarn.h) return 0 ;; esac ;;
    sdk/*) case $2 in sdk/*) return 0 ;; esac ;;
    core/*) case $2 in core/* | sdk/*) return 0 ;; esac ;;
    tools/*) case $2 in tools/* | core/include/tarn/tarn.h) return 0 ;; esac ;;
    *) case $2 in sdk/* | "$(own_folder "$1")"/*) return 0 ;; esac ;;
    esac
    return 1
}

for file in $(sources '*.[ch]' sdk core modules formats tools); do
    sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*["<]\([^">]*\)[">].*/\1/p' \
        "$SRC/$file" | while read -r name; do
        target=$(resolve "$file" "$name")
        if [ -n "$target" ] && ! allowed "$file" "$target"; then
            fault "$file includes $target"
        fi
    done
done
finish
