# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
#
# What the tests of pools of type logical share, inside the machine. lvm's own programs are the
# second opinion.

# The overlay has no files without names, which definitions are written with.
TMPDIR=/run
export TMPDIR
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"

# shellcheck disable=SC2086  # a list
set -- $VM_DISKS
# shellcheck disable=SC2034  # the tests use them
one=$1 two=${2:-} three=${3:-} four=${4:-}

# logical_check NAME FUNCTION: check, where there is no volume group and the disks are empty.
logical_check() {
    clean >/dev/null 2>&1
    check "$@"
}

# The second opinion does not wait for a daemon that is not there.
# shellcheck disable=SC2086  # a list
clean() {
    mkdir -p /etc/lvm
    echo 'activation { monitoring = 0 }' >/etc/lvm/lvmlocal.conf
    dmsetup resume slow
    vgremove -q -f -y vg
    dmsetup ls | grep -q '^No' || dmsetup remove_all -f
    wipefs -q -a -f $VM_DISKS
}

# define ELEMENT…: a pool p of the group vg on the first two disks, with further elements.
define() {
    devices "$one" "$two" -- "$@"
}

# devices DEVICE… -- ELEMENT…: the same on other devices.
devices() {
    {
        echo "<pool type='logical' xmlns:logical='urn:tarn:logical:1'><name>p</name><source>"
        while [ "$1" != -- ]; do
            echo "<device path='$1'/>"
            shift
        done
        shift
        echo "<name>vg</name></source>$*</pool>"
    } >"$work/p.xml"
    run 0 pool-define --validate "$work/p.xml"
}

# built ELEMENT…: defined, built and started.
# shellcheck disable=SC2120  # mostly none
built() {
    define "$@"
    run 0 pool-build p
    run 0 pool-start p
}

# many NUMBER: there is a group vg on the first disk, of so many volumes: v0, v1, …
many() {
    vgcreate -q -s 64k vg "$one"
    lvcreate -q -y -an -Zn -l 1 -n v0 vg
    vgcfgbackup -q -f "$work/backup" vg
    awk -v many="$1" -f tests/vm/logical-many.awk "$work/backup" >"$work/many"
    vgcfgrestore -q -y -f "$work/many" vg
}

# field FIELD NAME: what lvs says of a volume.
field() { lvs --noheadings --nosuffix --units b -a -o "$1" "vg/$2" | tr -d ' '; }

# fails COMMAND…: it does not succeed. (In the middle of a function `! command` is not looked at.)
fails() {
    if "$@"; then
        echo "succeeded: $*"
        return 1
    fi
}

# is_active NAME
is_active() { [ "$(field lv_active "$1")" = active ]; }

# volumes: the names of all that lvs lists, in one line.
volumes() { lvs --noheadings -o lv_name vg | tr -d ' ' | tr '\n' ' '; }

# lvm_runs COMMAND…: how often the program lvm is started by it.
lvm_runs() {
    strace -f -qq -e trace=execve -o "$work/trace" "$TARN" "$@" >/dev/null
    grep -c 'execve("[^"]*/lvm"' "$work/trace"
}

# head_of DEVICE: a sum of what it holds at its start, past all caches.
head_of() { dd if="$1" bs=4096 count=1 iflag=direct status=none | sha256sum; }
