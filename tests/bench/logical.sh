#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Prepares a machine for the benchmark logical and runs it there:
#
#     tests/bench/logical.sh [VOLUMES [THIN]]        500 volumes are refreshed, 50 thin ones made
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
build=${TARN_BUILD:-$here/build}
many=${1:-500} thin=${2:-50}
if [ -z "${VM_MACHINE:-}" ]; then
    exec "$here/tests/vm/run" --disk 512M --disk 3G --timeout 3600 "$0" "$many" "$thin"
fi

export TARN_ROOT=/run/bench TARN_MODULE_DIR="$build/.libs" TARN_PLUGINS_DIR="$here/plugins.d"
export TARN_MODULE_HOST="$build/tarn-module-host" LD_LIBRARY_PATH="$build/.libs" TMPDIR=/run
tarn=$build/.libs/tarn
mkdir -p "$TARN_ROOT" /etc/lvm
echo 'activation { monitoring = 0 }' >/etc/lvm/lvmlocal.conf
# shellcheck disable=SC2086  # a list
set -- $VM_DISKS

pool() {
    cat >/run/p.xml <<END
<pool type='logical' xmlns:logical='urn:tarn:logical:1'><name>p</name>
<source><device path='$1'/><name>vg</name></source>$2</pool>
END
    "$tarn" pool-define /run/p.xml
    "$tarn" pool-start p --build
}

pool "$1" "<logical:thin-pool name='thin' capacity='256 MiB'/>"
"$build/tests/bench/logical" create "$thin"
"$tarn" pool-stop p
vgremove -q -f -y vg

pool "$2" ''
lvcreate -q -y -an -Zn -l 1 -n v0 vg
vgcfgbackup -q -f /run/vg.txt vg
awk -v many="$many" -f "$here/tests/vm/logical-many.awk" /run/vg.txt >/run/many.txt
vgcfgrestore -q -y -f /run/many.txt vg
for state in inactive active; do
    [ $state = inactive ] || vgchange -q -ay vg
    echo "$many $state volumes:"
    "$build/tests/bench/logical" refresh 5
done
