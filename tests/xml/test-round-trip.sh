#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Every pool definition prints as it should, prints the same when that is read again, and is valid
# before and after, by the core's own schema. Every volume definition is read and is valid.
# More definitions come from $TARN_SHARED/xml, or ../shared/xml next to the source, if they exist.

here=$(dirname "$0")
tool=${XML_TOOL:-${TARN_BUILD:-build}/tests/xml/xml-tool}
shared=${TARN_SHARED:-$here/../../../shared}/xml
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
number=0
failed=0

# report NAME COMMAND…: one line on whether the command succeeds
report() {
    name=$1
    shift
    number=$((number + 1))
    if "$@" >"$work/said" 2>&1; then
        echo "ok $number - $name"
    else
        echo "not ok $number - $name"
        sed 's/^/# /' "$work/said"
        failed=1
    fi
}

# shellcheck disable=SC2317  # report calls these
prints_as() {
    "$tool" pool "$1" >"$work/printed" && diff -u "$2" "$work/printed"
}

# shellcheck disable=SC2317
prints_stably() {
    "$tool" pool "$1" >"$work/first" && prints_as "$work/first" "$work/first"
}

# shellcheck disable=SC2317
valid_throughout() {
    "$tool" pool "$1" >"$work/printed" && "$tool" schema "$1" && "$tool" schema "$work/printed"
}

[ -x "$tool" ] || { echo "Bail out! $tool is missing: build it with make tests"; exit 1; }
for file in "$here"/pools/*.xml; do
    name=$(basename "$file")
    report "$name prints as expected" prints_as "$file" "${file%.xml}.out"
done
for file in "$here"/pools/*.xml "$shared"/*.xml; do
    [ -e "$file" ] || continue
    name=$(basename "$file")
    report "$name prints the same when read again" prints_stably "$file"
    report "$name is valid before and after" valid_throughout "$file"
done
for file in "$here"/volumes/*.xml; do
    name=$(basename "$file")
    report "volume $name is read" "$tool" volume dir "$file"
    report "volume $name is valid" "$tool" volume-schema dir "$file"
done
echo "1..$number"
exit $failed
