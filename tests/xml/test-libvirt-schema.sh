#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What the core prints is valid by libvirt's own schemas. Elements of other namespaces, which those
# don't know, are left out.

here=$(dirname "$0")
tool=${XML_TOOL:-${TARN_BUILD:-build}/tests/xml/xml-tool}
schemas=${LIBVIRT_SCHEMAS:-/usr/share/libvirt/schemas}
shared=${TARN_SHARED:-$here/../../../shared}/xml
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
number=0
failed=0

skip() {
    echo "1..0 # SKIP $1"
    exit 77
}

valid_by() {
    number=$((number + 1))
    if xmllint --noout --relaxng "$schemas/$1" "$2" 2>"$work/said"; then
        echo "ok $number - $3 is valid by $1"
    else
        echo "not ok $number - $3 is valid by $1"
        sed 's/^/# /' "$work/said" "$2"
        failed=1
    fi
}

[ -x "$tool" ] || { echo "Bail out! $tool is missing: build it with make tests"; exit 1; }
command -v xmllint >/dev/null || skip "no xmllint: install libxml2-utils"
[ -e "$schemas/storagepool.rng" ] || skip "no libvirt schemas: install libvirt0"
for file in "$here"/pools/*.xml "$shared"/*.xml; do
    case $file in
    *-foreign.xml | *'*'*) continue ;;
    esac
    "$tool" pool "$file" >"$work/pool.xml" || failed=1
    valid_by storagepool.rng "$work/pool.xml" "$(basename "$file")"
done
"$tool" samples "$work" || failed=1
for file in "$work"/volume-*.xml; do
    valid_by storagevol.rng "$file" "$(basename "$file")"
done
valid_by storagepoolcaps.rng "$work/capabilities.xml" capabilities.xml
echo "1..$number"
exit $failed
