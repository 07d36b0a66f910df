# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
#
# iSCSI targets in user space for the command's tests: tgtd, in a network of its own. Source it first
# of all (network-lib.sh runs the whole script once more):
#
#     . "$(dirname "$0")/iscsi-lib.sh"
#     serve 127.0.0.1:3260 '[::1]:3260'
#     target 1 "$iqn"
#     lun 1 1 64M
#
# A target lets everybody in as long as it has no account. Each test begins with no tgtd.

# shellcheck source=tests/cli/network-lib.sh
. "$(dirname "$0")/network-lib.sh"
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

iqn=iqn.2024-01.org.example:disk
initiator=iqn.2024-01.org.example:host
tgtd=

# adm OPTION…: tells tgtd something.
adm() { tgtadm -C 0 --lld iscsi "$@"; }

# serve PORTAL…: tgtd without targets, as $tgtd.
serve() {
    need tgtd
    need tgtadm
    unserve
    tgtd_portals=
    for tgtd_portal in "$@"; do
        tgtd_portals=${tgtd_portals:+$tgtd_portals,}portal=$tgtd_portal
    done
    tgtd -f -C 0 --iscsi "$tgtd_portals" >"$work/tgtd.log" 2>&1 &
    tgtd=$!
    timeout 20 sh -c 'until tgtadm -C 0 --op show --mode sys; do sleep 0.05; done' \
        >"$work/tgtadm.log" 2>&1 || {
        echo "tgtd does not answer"
        cat "$work/tgtd.log"
        return 1
    }
    if grep 'ind server socket' "$work/tgtd.log"; then
        return 1
    fi
}

# unserve: kills every tgtd and liar. Each test is a process of its own, the one before may have left one.
unserve() {
    # shellcheck disable=SC2046 # several are several words
    kill -KILL $(pgrep -x 'tgtd|liar') 2>/dev/null || true
    [ -z "$tgtd" ] || wait "$tgtd" 2>/dev/null || true
    timeout 20 sh -c 'while pgrep -x -r R,S,D tgtd || ss -ltn | grep ":32[0-9][0-9] "; do
        sleep 0.05; done' >/dev/null
    # Its threads may keep the ports for a moment longer.
    timeout 20 sh -c 'while ss -Htln | grep -q ":3260 "; do sleep 0.05; done'
    rm -rf /run/tgtd
}

# target NUMBER IQN: one that everybody sees.
target() {
    adm --op new --mode target --tid "$1" -T "$2"
    adm --op bind --mode target --tid "$1" -I ALL
}

# lun TARGET NUMBER SIZE [OPTION…]: a disk, in the file $work/lun-TARGET-NUMBER.
lun() {
    lun_file=$work/lun-$1-$2
    lun_target=$1
    lun_number=$2
    truncate -s "$3" "$lun_file"
    shift 3
    adm --op new --mode logicalunit --tid "$lun_target" --lun "$lun_number" -b "$lun_file" "$@"
}

# lun_is TARGET NUMBER PARAMETER=VALUE…: tells tgtd more of it, one by one, as it wants it.
lun_is() {
    lun_target=$1
    lun_number=$2
    shift 2
    for lun_parameter in "$@"; do
        adm --op update --mode logicalunit --tid "$lun_target" --lun "$lun_number" \
            --params "$lun_parameter"
    done
}

# account TARGET NAME SECRET [--outgoing]: from now on it lets in who proves to be NAME; with
# --outgoing, it proves to be NAME itself.
account() {
    adm --op new --mode account --user "$2" --password "$3"
    adm --op bind --mode account --tid "$1" --user "$2" ${4:+"$4"}
}

# secret NAME TEXT: where the command looks for it.
secret() {
    mkdir -p "$work/root/etc/tarn/secrets"
    (umask 077 && printf '%s\n' "$2" >"$work/root/etc/tarn/secrets/$1")
}

# direct NAME [HOST[:PORT]…]: defines an iscsi-direct pool of $iqn there (127.0.0.1). $auth is put
# into its source.
auth=
direct() {
    direct_name=$1
    shift
    [ $# -gt 0 ] || set -- 127.0.0.1
    {
        echo "<pool type='iscsi-direct'><name>$direct_name</name><source>"
        for direct_host in "$@"; do
            case $direct_host in
            *]:* | *[!]]:[0-9]* | *[!]:]:[0-9]*)
                echo "<host name='${direct_host%:*}' port='${direct_host##*:}'/>" ;;
            *) echo "<host name='$direct_host'/>" ;;
            esac
        done
        echo "<device path='$iqn'/><initiator><iqn name='$initiator'/></initiator>$auth"
        echo "</source></pool>"
    } >"$work/$direct_name.xml"
    run 0 pool-define "$work/$direct_name.xml"
}

# answer_timeout SECONDS: as the module's option, for this test.
answer_timeout() {
    mkdir -p "$TARN_ROOT/etc/tarn/plugins.d"
    {
        cat "${TARN_PLUGINS_DIR:?}/iscsi.conf"
        printf '[options]\nanswer-timeout = %s\n' "$1"
    } >"$TARN_ROOT/etc/tarn/plugins.d/iscsi.conf"
}

# liar PORT LIE: a portal that does not do what it should (tests/iscsi/lies.c).
liar() {
    "${TARN_BUILD:?}/tests/iscsi/liar" "$1" "$2" &
    timeout 20 sh -c "until ss -ltn | grep -q ':$1 '; do sleep 0.05; done"
}
