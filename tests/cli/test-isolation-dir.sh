#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What a dir pool does it does in a process of its own, too: the tests of pools and volumes once
# more.
here=$(dirname "$0")
: "${TARN_PLUGINS_DIR:?the folder of the installed .conf files}"
plugins=$(mktemp -d "${TMPDIR:-/tmp}/tarn-isolated.XXXXXX") || exit 99
trap 'rm -rf "$plugins"' EXIT
chmod 755 "$plugins"
cp "$TARN_PLUGINS_DIR"/*.conf "$plugins"
sed -i '/^provides/a isolation = process' "$plugins/dir.conf"
chmod 644 "$plugins"/*.conf
TARN_PLUGINS_DIR=$plugins
export TARN_PLUGINS_DIR

failed=0
for script in pool volume transfer names; do
    sh "$here/test-$script.sh" >"$plugins/out" || failed=1
    sed "s/^\(ok\|not ok\) \([0-9]*\) - /\1 \2 - isolated: /" "$plugins/out"
done
exit "$failed"
