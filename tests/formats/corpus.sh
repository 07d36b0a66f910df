#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Real images of others: what is read hashes to what the corpus says, and a copy that is written
# stays sound. TARN_CORPUS names the corpus; by default it lies beside the checkout.
# shellcheck source=tests/formats/lib.sh
. "$(dirname "$0")/lib.sh"

corpus=${TARN_CORPUS:-$(dirname "$0")/../../../shared/corpus}
[ -r "$corpus/manifest.json" ] || { echo "1..0 # SKIP there is no corpus at $corpus"; exit 77; }
command -v xzcat >/dev/null || { echo "1..0 # SKIP xzcat is missing"; exit 77; }

# The lines "FILE CAPACITY CONTENT-HASH" of the images of one format; "null" = no hash. The manifest
# holds one member a line.
images() { # FORMAT
    awk -F'"' -v wanted="$1" '
        $2 == "file" { file = $4 }
        $2 == "format" { format = $4 }
        $2 == "bytes" { capacity = $3; gsub(/[^0-9]/, "", capacity) }
        $2 == "sha256" { own = $4 }
        $2 == "capacity" && $3 ~ /[0-9]/ { capacity = $3; gsub(/[^0-9]/, "", capacity) }
        $2 == "content-sha256" { hash = ($4 != "") ? $4 : (wanted == "raw") ? own : "null"
                                 if (format == wanted) print file, capacity, hash }
    ' "$corpus/manifest.json"
}

for format in qcow2 raw; do
    images $format >"$dir/list"
    while read -r file capacity hash; do
        if [ -r "$corpus/$file.xz" ]; then
            xzcat "$corpus/$file.xz" >"$dir/image"
        else
            cp "$corpus/$file" "$dir/image" 2>/dev/null || continue
        fi
        "$TOOL" -f $format info "$dir/image" >"$dir/log" 2>&1 &&
            grep -q "^capacity=$capacity\$" "$dir/log"
        report "$file: capacity" $?
        [ "$hash" != null ] || continue
        [ "$("$TOOL" -f $format cat "$dir/image" 2>"$dir/log" | sha256sum | cut -d' ' -f1)" = "$hash" ]
        report "$file: content" $?
        # qemu-img agrees about its faults, and it can be written if it has none.
        [ $format = qcow2 ] || continue
        "$TOOL" check "$dir/image" >"$dir/log" 2>&1
        if grep -q '"corruptions": 0, "leaks": 0' "$dir/log"; then
            {
                qemu-img check -q -f qcow2 "$dir/image" &&
                    head -c 100000 "$0" | "$TOOL" write "$dir/image" 0 &&
                    qemu-img check -q -f qcow2 "$dir/image" &&
                    qemu-img convert -f qcow2 -O raw "$dir/image" "$dir/theirs" &&
                    "$TOOL" cat "$dir/image" | cmp - "$dir/theirs"
            } >"$dir/log" 2>&1
            report "$file: written" $?
        else
            ! qemu-img check -q -f qcow2 "$dir/image" >/dev/null 2>&1
            report "$file: qemu-img finds faults too" $?
        fi
    done <"$dir/list"
done
[ "$number" -gt 0 ] || { echo "1..0 # SKIP the corpus has no qcow2 image"; exit 77; }
echo "1..$number"
exit $failed
