#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Every check of the kit can fail, and does so for its own fault alone: modules that are broken in one
# way (faults.list), and the same modules unbroken, which pass all.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"

here=$TARN_SRC/tests/conform
results=$base/results
mkdir "$results"

faults() {
    grep -v '^#' "$here/faults.list"
}

sources() {
    faults | cut -d ' ' -f 1 | sort -u
}

# As many at once as there are processors; each writes into a folder of its own.
try_all() {
    {
        faults | sed 's/^\([^ ]* [^ ]*\) [^ ]*/\1/'
        sources | sed 's/$/ FAULT_NONE/'
    } | xargs -P "$(nproc)" -L 1 sh "$here/try-fault.sh" "$results" >"$base/tried" 2>&1
}

# The kit's report on $source with $fault.
report() {
    need cc
    cat "$base/tried"
    grep -A 4 '^not ok' "$results/$source-$fault/tap" || true
    grep '^1\.\.' "$results/$source-$fault/tap"
}

caught() {
    report
    echo "expected: $expected"
    [ "$(cat "$results/$source-$fault/failed")" = "$expected" ]
}

passes() {
    report
    [ ! -s "$results/$source-$fault/failed" ]
}

# A check that no module fails catches nothing.
each_check_has_a_fault() {
    "$TARN_BUILD/tarn-conform" --list | cut -d ' ' -f 1 | sort -u >"$work/checks"
    faults | cut -d ' ' -f 3 | sort -u >"$work/caught"
    diff "$work/checks" "$work/caught"
}

try_all || true
fault=FAULT_NONE
for source in $(sources); do
    check "$source unbroken passes every check" passes
done
faults >"$base/faults"
while read -r source fault expected _; do
    check "$fault of $source is caught by $expected" caught
done <"$base/faults"
check "each check has a module that fails it" each_check_has_a_fault
finish
