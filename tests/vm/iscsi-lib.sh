# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
#
# What the tests of pools of type iscsi share, inside the machine: tgtd as the target, iscsid as the
# kernel's initiator. One tgtd for each portal, all with the same disks, so that one can go.

# The overlay has no files without names, which definitions are written with.
TMPDIR=/run
export TMPDIR
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"

# shellcheck disable=SC2034  # the tests use it
iqn=iqn.2024-01.org.example:disk
initiator=iqn.2024-01.org.example:host
by_path=/dev/disk/by-path

# iscsi_check NAME FUNCTION: check, where there is no target, no session and no record.
iscsi_check() {
    clean >/dev/null 2>&1
    check "$@"
}

begin() {
    mkdir -p /etc/iscsi /run/lock/iscsi
    echo "InitiatorName=$initiator" >/etc/iscsi/initiatorname.iscsi
    modprobe iscsi_tcp
    modprobe ipv6
    ip address add 127.0.0.2/8 dev lo
    ip address add 2001:db8::1/128 dev lo
    iscsid
}

# shellcheck disable=SC2046  # several
clean() {
    kill -CONT $(pidof tgtd iscsid)
    multipath -F
    kill -KILL $(pidof multipathd)
    iscsiadm -m session -u
    kill -KILL $(pidof tgtd)
    rm -rf /etc/iscsi/nodes/* /etc/iscsi/ifaces/* /run/tgtd /run/multipathd.pid
    pidof iscsid || iscsid
}

# need_iscsi: skips the test where there is no target, or no initiator.
need_iscsi() {
    need tgtd
    need tgtadm
    need iscsid
    need iscsiadm
}

# adm SERVER OPTION…: tells that tgtd something. All use the lid of theirs.
adm() {
    adm_server=$1
    shift
    tgtadm -C "$adm_server" --lld iscsi "$@"
}

# serve SERVER PORTAL [TARGET]: a tgtd with that portal, and the disks that lun made before. Its
# target $iqn has the number TARGET (1), which is part of the disks' identities.
serve() {
    need_iscsi
    # shellcheck disable=SC2154  # it is lib.sh's
    tgtd -f -C "$1" --iscsi "portal=127.0.0.9:$((9000 + $1))" >>"$work/tgtd-$1.log" 2>&1 &
    echo $! >"$work/tgtd-$1"
    timeout 20 sh -c "until tgtadm -C $1 --op show --mode sys; do sleep 0.05; done" >/dev/null 2>&1
    adm "$1" --op new --mode target --tid "${3:-1}" -T "$iqn"
    adm "$1" --op bind --mode target --tid "${3:-1}" -I ALL
    for serve_file in "$work"/lun-*; do
        [ ! -e "$serve_file" ] || show "$1" "${serve_file##*-}" "${3:-1}"
    done
    adm "$1" --op new --mode portal --param "portal=$2"
}

# unserve SERVER: kills it.
unserve() {
    kill -KILL "$(cat "$work/tgtd-$1")"
    while [ -e "/proc/$(cat "$work/tgtd-$1")/exe" ]; do sleep 0.05; done
    rm -f "/run/tgtd/socket.$1"*
}

# show SERVER NUMBER [TARGET]: a disk that lun made.
show() {
    adm "$1" --op new --mode logicalunit --tid "${3:-1}" --lun "$2" -b "$work/lun-$2"
}

# hide SERVER NUMBER [TARGET]
hide() {
    adm "$1" --op delete --mode logicalunit --tid "${3:-1}" --lun "$2"
}

# lun NUMBER SIZE: a disk, for the servers that come.
lun() {
    truncate -s "$2" "$work/lun-$1"
}

# account SERVER NAME SECRET [--outgoing]: it lets in who proves to be NAME; with --outgoing, it
# proves to be NAME itself.
account() {
    adm "$1" --op new --mode account --user "$2" --password "$3"
    adm "$1" --op bind --mode account --tid 1 --user "$2" ${4:+"$4"}
}

# secret NAME TEXT: where the command looks for it.
secret() {
    mkdir -p "$work/root/etc/tarn/secrets"
    (umask 077 && printf '%s\n' "$2" >"$work/root/etc/tarn/secrets/$1")
}

# define HOST… -- ELEMENT…: a pool p of the target there, with further elements in its source.
define() {
    {
        echo "<pool type='iscsi' xmlns:iscsi='urn:tarn:iscsi'><name>p</name><source>"
        while [ "${1:---}" != -- ]; do
            echo "<host name='$1'/>"
            shift
        done
        [ $# -eq 0 ] || shift
        echo "<device path='$iqn'/>$*</source><target><path>$by_path</path></target></pool>"
    } >"$work/p.xml"
    run 0 pool-define --validate "$work/p.xml"
}

# link PORTAL NUMBER: the name that udev gives a disk.
link() {
    echo "$by_path/ip-$1-iscsi-$iqn-lun-$2"
}

# sessions: how many there are.
sessions() {
    find /sys/class/iscsi_session -name 'session*' | wc -l
}

# records: what is in open-iscsi's database.
records() {
    find /etc/iscsi/nodes /etc/iscsi/ifaces -type f
}

# state STATE: the pool is so; of its reason, a PATTERN.
state() {
    run 0 pool-list --all --details --json
    shows "\"$1\"" && shows "${2:-.}"
}

# soon COMMAND…: it succeeds within 40 seconds.
soon() {
    soon_tries=0
    until "$@"; do
        soon_tries=$((soon_tries + 1))
        [ $soon_tries -lt 80 ] || return 1
        sleep 0.5
    done
}

# fails COMMAND…
fails() {
    if "$@"; then
        echo "succeeded: $*"
        return 1
    fi
}

begin >/dev/null 2>&1
