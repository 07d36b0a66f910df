#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Random writes, zeroes, discards, resizes and reopens of bochs images against a plain array; then
# the opinion of qemu-img and bximage of what is left. SEEDS (default "1 2 3") and STEPS (default
# 600) make it longer.
# shellcheck source=tests/formats/lib.sh
. "$(dirname "$0")/lib.sh"

ours() { "$TOOL" -f bochs "$@"; }

run() { # NAME MAX-SIZE
    for seed in ${SEEDS:-1 2 3}; do
        cp "$dir/start" "$dir/image"
        rm -f "$dir/flat"
        {
            ours model "$dir/image" "$seed" "${STEPS:-600}" "$2" &&
                ours check "$dir/image" | grep -q '"corruptions": 0, "leaks": 0,' &&
                ours cat "$dir/image" >"$dir/ours.raw" &&
                qemu-img compare -q -f raw -F bochs "$dir/ours.raw" "$dir/image"
        } >"$dir/log" 2>&1
        report "$1, seed $seed" $?
        command -v bximage >/dev/null || continue
        { bximage -func=convert -imgmode=flat -q "$dir/image" "$dir/flat" </dev/null >"$dir/chatter" &&
            cmp "$dir/flat" "$dir/ours.raw"; } >"$dir/log" 2>&1
        report "$1, seed $seed, as bximage reads it" $?
    done
}

ours create "$dir/start" 2000000 2>"$dir/log"
run "extents of 4 KiB" 2097152
ours create "$dir/start" 6000000 2>"$dir/log"
run "extents of 8 KiB" 8388608
ours create "$dir/start" 200000000 2>"$dir/log"
ours resize "$dir/start" 3000320 1 2>"$dir/log"
run "extents of 64 KiB" 9000000
if command -v bximage >/dev/null; then
    rm -f "$dir/start"
    head -c 10321920 /dev/urandom >"$dir/noise.raw"
    bximage -func=convert -imgmode=growing -q "$dir/noise.raw" "$dir/start" </dev/null >/dev/null
    run "made by bximage" 16000000
fi
ours resize "$dir/image" 90000000 >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -q "catalog" "$dir/log"
report "no further than the catalog" $?
echo "1..$number"
exit $failed
