#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# iSCSI without the kernel, against tgtd in a network of its own:
#
#     tests/bench/iscsi.sh [MIB [LUNS [RUNS]]]      1024, 256, 11
#
# The bytes of a LUN into a file: tarn vol-download against qemu-img convert. A host's targets and the LUNs
# of one: a program over the library (iscsi.c) against iscsi-ls -s; and each by itself as a run of the
# command, for comparison. One after the other in turn, so that what else the machine does meets all; told are the middle ones, and the middle one of
# the ratios of neighbours.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
mib=${1:-1024} luns=${2:-256} runs=${3:-11}
for program in tgtd tgtadm qemu-img iscsi-ls; do
    command -v "$program" >/dev/null || { echo "iscsi: $program is not installed"; exit 77; }
done
if [ -z "${ISCSI_OWN_NETWORK:-}" ]; then
    unshare -n -p -m -f --mount-proc true 2>/dev/null ||
        { echo "iscsi: no namespaces of one's own are allowed"; exit 77; }
    export ISCSI_OWN_NETWORK=yes
    exec unshare -n -p -m -f --kill-child=KILL --mount-proc "$0" "$mib" "$luns" "$runs"
fi
build=$(cd "${TARN_BUILD:-$here/build}" && pwd)
export TARN_MODULE_DIR="$build/.libs" TARN_PLUGINS_DIR="$here/plugins.d" LD_LIBRARY_PATH="$build/.libs"
export TARN_MODULE_HOST="$build/tarn-module-host"
tarn=$build/.libs/tarn
initiator=iqn.2024-01.org.example:host
folder=$(mktemp -d "${TMPDIR:-/tmp}/tarn-bench.XXXXXX")
trap 'rm -rf "$folder"' EXIT
export TARN_ROOT="$folder/root"
mkdir "$TARN_ROOT"
ip link set lo up
mount -t tmpfs tmpfs /run

adm() { tgtadm -C "$server" --lld iscsi "$@"; }

# target NUMBER NAME
target() {
    adm --op new --mode target --tid "$1" -T "iqn.2024-01.org.example:$2"
    adm --op bind --mode target --tid "$1" -I ALL
}

# serve NUMBER PORT THREADS: two of them, so that iscsi-ls sees the one target alone.
serve() {
    server=$1
    tgtd -f -C "$1" --nr_iothreads "$3" --iscsi "portal=127.0.0.1:$2" >"$folder/tgtd.$1" 2>&1 &
    timeout 20 sh -c "until tgtadm -C $1 --op show --mode sys; do sleep 0.05; done" >"$folder/log" 2>&1
}

serve 0 3260 16
target 1 large
head -c "${mib}M" /dev/urandom >"$folder/large"
adm --op new --mode logicalunit --tid 1 --lun 1 -b "$folder/large"
serve 1 3261 1
target 1 many
for lun in $(seq "$luns"); do
    truncate -s 1M "$folder/lun.$lun"
    adm --op new --mode logicalunit --tid 1 --lun "$lun" -b "$folder/lun.$lun"
done

# pool NAME PORT
pool() {
    cat >"$folder/$1.xml" <<END
<pool type='iscsi-direct'><name>$1</name><source><host name='127.0.0.1' port='$2'/>
<device path='iqn.2024-01.org.example:$1'/>
<initiator><iqn name='$initiator'/></initiator></source></pool>
END
    "$tarn" -q pool-define "$folder/$1.xml"
    "$tarn" -q pool-start "$1"
}

pool large 3260
pool many 3261

# took COMMAND…: microseconds.
took() {
    before=$(date +%s%N)
    "$@" >"$folder/out" 2>"$folder/err" || { cat "$folder/err" >&2; exit 1; }
    after=$(date +%s%N)
    echo $(((after - before) / 1000))
}

middle() { sort -n | sed -n "$(((runs + 1) / 2))p"; }

# compare WHAT OURS THEIRS: functions, in turn; a first time for nothing.
compare() {
    "$2" >"$folder/first" && "$3" >"$folder/first"
    for _ in $(seq "$runs"); do
        echo "$("$2") $("$3")"
    done >"$folder/times"
    ours=$(cut -d ' ' -f 1 "$folder/times" | middle)
    theirs=$(cut -d ' ' -f 2 "$folder/times" | middle)
    ratio=$(awk '{ print $2 / $1 }' "$folder/times" | middle)
    printf '%s\n' "$1" |
        awk -v ours="$ours" -v theirs="$theirs" -v ratio="$ratio" \
            '{ printf "%s: %.1f ms and %.1f ms, %.2f times as fast\n", $0, ours / 1000, theirs / 1000, ratio }'
}

download() { rm -f "$folder/copy" && took "$tarn" -q vol-download --pool large unit:0:0:1 "$folder/copy"; }
convert() {
    rm -f "$folder/copy"
    took qemu-img convert -O raw iscsi://127.0.0.1:3260/iqn.2024-01.org.example:large/1 "$folder/copy"
}
source="<source><host name='127.0.0.1' port='3261'/><initiator><iqn name='$initiator'/></initiator></source>"
list() { took "$tarn" vol-list many; }
find() { took "$tarn" find-storage-pool-sources-as iscsi-direct 127.0.0.1 3261 "$initiator"; }
both() { took "$build/tests/bench/.libs/iscsi" "$source" many; }
ls_all() { took iscsi-ls -s iscsi://127.0.0.1:3261; }
ls_targets() { took iscsi-ls iscsi://127.0.0.1:3261; }

download >"$folder/first"
cmp "$folder/large" "$folder/copy"
compare "$mib MiB of a LUN into a file, tarn vol-download and qemu-img convert" download convert
compare "list $luns LUNs, tarn vol-list and iscsi-ls -s" list ls_all
[ "$(grep -c Lun: "$folder/out")" -ge "$luns" ] || { echo "iscsi-ls did not tell all LUNs" >&2; exit 1; }
compare "find the target, tarn find-storage-pool-sources-as and iscsi-ls" find ls_targets
compare "find the target and list its $luns LUNs, the library and iscsi-ls -s" both ls_all
