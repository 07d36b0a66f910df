#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Random writes, zeroes, discards and reopens of qcow images against a plain array; then qemu-img's
# opinion of what is left. SEEDS (default "1 2 3") and STEPS (default 1000) make it longer.
# shellcheck source=tests/formats/lib.sh
. "$(dirname "$0")/lib.sh"

ours() { "$TOOL" -f qcow "$@"; }

# Over compressed clusters it leaves space behind, which counts as a leak and as nothing else.
run() { # NAME LEAKS
    for seed in ${SEEDS:-1 2 3}; do
        cp "$dir/start" "$dir/image"
        {
            ours model "$dir/image" "$seed" "${STEPS:-1000}" 4000000 &&
                ours check "$dir/image" | grep -q "\"corruptions\": 0, \"leaks\": $2" &&
                ours cat "$dir/image" >"$dir/ours.raw" &&
                qemu-img compare -q -f raw -F qcow "$dir/ours.raw" "$dir/image"
        } >"$dir/log" 2>&1
        report "$1, seed $seed" $?
    done
}

for cluster in 512 4096 65536; do
    ours create "$dir/start" 3000000 cluster-size=$cluster 2>"$dir/log"
    run "clusters of $cluster bytes" 0,
done
rm -f "$dir/start"
qemu-img create -q -f qcow "$dir/start" 2M
qemu-io -f qcow -c 'write -P 7 100k 300k' -c 'write -P 9 1900k 100k' "$dir/start" >/dev/null
run "begun by qemu-io" 0,
yes "text that packs well, but has many lines" | nl | head -c 3000000 >"$dir/text.raw"
qemu-img convert -q -c -f raw -O qcow "$dir/text.raw" "$dir/start"
run "compressed by qemu-img" "[0-9]"
ours -c fill "$dir/start" "$dir/text.raw" cluster-size=65536
run "compressed by us" "[0-9]"

# And on by qemu-io.
qemu-io -f qcow -c 'write -P 3 0 1M' -c 'write -P 4 1500k 77k' "$dir/image" >/dev/null &&
    ours cat "$dir/image" >"$dir/ours.raw" 2>"$dir/log" &&
    qemu-img compare -f raw -F qcow "$dir/ours.raw" "$dir/image" >"$dir/log" 2>&1
report "qemu-io writes on" $?
echo "1..$number"
exit $failed
