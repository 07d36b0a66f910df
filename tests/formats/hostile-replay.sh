#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Everything that a format does, done to every input that fuzzing ever kept, and to each small image
# that the fuzzer begins with, cut short at some places. A format without kept inputs fails: they are
# part of it.
# shellcheck source=tests/formats/lib.sh
. "$(dirname "$0")/lib.sh"

here=$(dirname "$0")
replay=${TARN_BUILD:?TARN_BUILD names the build folder}/tests/fuzz/replay

# cut FILE LENGTH: a copy of its first bytes.
cut_short() {
    head -c "$2" "$1" >"$dir/cut/${1##*/}-$2"
}

for conf in "$here"/../../plugins.d/*.conf; do
    grep -q '^provides *= *format:' "$conf" || continue
    format=$(basename "$conf" .conf)
    kept=$here/../fuzz/inputs/$format
    if [ "$(find "$kept" -type f 2>/dev/null | wc -l)" -eq 0 ]; then
        echo "no inputs in $kept" >"$dir/log"
        report "$format: inputs are kept" 1
        continue
    fi
    timeout 120 "$replay" "$format" "$kept"/* >"$dir/log" 2>&1
    report "$format: every kept input" $?

    rm -rf "$dir/seeds" "$dir/cut" && mkdir "$dir/seeds" "$dir/cut"
    "$here/../fuzz/seeds" "$format" "$dir/seeds" >"$dir/log" 2>&1 &&
        timeout 120 "$replay" "$format" "$dir/seeds"/* >"$dir/log" 2>&1
    report "$format: images to begin with" $?
    for image in "$dir/seeds"/*; do
        size=$(stat -c %s "$image")
        for part in 1 2 3 5 7; do
            cut_short "$image" $((size * part / 8))
        done
        cut_short "$image" 511
        cut_short "$image" $((size > 0 ? size - 1 : 0))
    done
    timeout 120 "$replay" "$format" "$dir/cut"/* >"$dir/log" 2>&1
    report "$format: images cut short" $?
done
echo "1..$number"
exit $failed
