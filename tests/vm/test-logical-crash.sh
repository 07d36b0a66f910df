#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A process, or the whole machine, is killed while lvm works for it. Afterwards the group is sound, the
# pool starts, and nothing half made is to be seen.
# shellcheck disable=SC2016  # what is in quotes is for the machine
set -u
here=$(dirname "$0")
base=$(mktemp -d "${TMPDIR:-/tmp}/tarn-vm-logical.XXXXXX") || exit 99
trap 'rm -rf "$base"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
tests=0 failures=0

# The pool is defined in each boot anew: the machine keeps nothing but its disks.
common='set -e
    export TARN_ROOT=/run/tarn
    mkdir -p /run/tarn /etc/lvm
    printf "activation {\n monitoring = 0\n}\n" >/etc/lvm/lvmlocal.conf
    tarn() { ./tarn "$@"; }
    set -- $VM_DISKS
    cat >/run/p.xml <<END
<pool type="logical" xmlns:logical="urn:tarn:logical:1"><name>p</name>
<source><device path="$1"/><device path="$2"/><name>vg</name></source>
<logical:thin-pool name="thin" capacity="32 MiB"/></pool>
END
    tarn pool-define /run/p.xml
    # What there is half made does not stop whoever does what is said.
    build() {
        if tarn pool-build p 2>/run/err; then
            echo built
        elif cat /run/err; grep "start the pool as it is" /run/err; then
            echo there
        else
            grep "overwrite" /run/err
            tarn pool-build p --overwrite
        fi
    }
    sound() {
        vgck vg
        [ "$(lvs --noheadings -o lv_name vg | tr -d " " | tr "\n" " ")" = "$1" ]
        [ -z "$(dmsetup ls | grep tarn_new)" ]
    }
'

# boot STATUS COMMANDS: on the same two disks.
boot() {
    local status=0
    "$here/run" --disk "$base/one" --disk "$base/two" --timeout 400 -c "$common $2" || status=$?
    [ $status -eq "$1" ] || { echo "status $status, expected $1"; return 1; }
}

disks() {
    rm -f "$base/one" "$base/two"
    truncate -s 256M "$base/one" "$base/two"
}

# While the group is made, in the middle of filling, and while lvm itself works. What is killed first is whoever would clean up.
process_is_killed() {
    disks
    boot 0 '
        for pause in 0.2 0.7; do
            (exec ./tarn pool-build p) &
            until pkill -0 -x lvm; do :; done
            sleep $pause
            kill -KILL $! || :
            pkill -KILL -x lvm || :
            wait $! || :
            build
            vgck vg
            vgremove -q -f -y vg
            wipefs -q -a -f $VM_DISKS
        done
        tarn pool-build p
        tarn pool-start p
        tarn vol-create-as p kept 64M
        (exec ./tarn vol-clone kept half --pool p) &
        until dmsetup ls | grep -q tarn_new; do :; done
        kill -KILL $!
        wait $! || :
        tarn vol-list p >/run/list
        cat /run/list
        if grep "half\|tarn_new" /run/list; then exit 1; fi
        lvs vg | grep tarn_new
        for pause in 0.1 0.5; do
            (exec ./tarn vol-create-as p raw$pause 8M) &
            until pkill -0 -x lvm; do :; done
            sleep $pause
            kill -KILL $! || :
            pkill -KILL -x lvm || :
            wait $! || :
        done
        tarn pool-stop p
        tarn pool-start p
        lvs -a vg
        for pause in 0.1 0.5; do
            tarn vol-delete raw$pause --pool p || :
        done
        sound "kept thin "
        tarn vol-clone kept half --pool p
        cmp /dev/vg/kept /dev/vg/half'
}

machine_dies_in_lvcreate() {
    disks
    boot 137 '
        tarn pool-build p
        tarn pool-start p
        tarn vol-create-as p kept 32M
        head -c 32M /dev/urandom >/run/data
        tarn vol-upload kept /run/data --pool p
        sync
        (exec ./tarn vol-clone kept half --pool p) &
        until dmsetup ls | grep -q tarn_new; do :; done
        tarn vol-create-as p also 16M --allocation 0 &
        until pgrep -x lvm >/dev/null; do :; done
        sleep 0.5
        vm-kill'
    boot 0 '
        lvs -a vg
        tarn pool-start p
        tarn vol-list p
        tarn vol-delete also --pool p || :
        sound "kept thin "
        tarn vol-clone kept half --pool p
        cmp /dev/vg/kept /dev/vg/half'
}

# Whatever is there then: it is said what to do, and doing it helps.
machine_dies_in_vgcreate() {
    disks
    boot 137 '
        tarn pool-build p &
        until pgrep -x lvm >/dev/null; do :; done
        sleep '"$1"'
        vm-kill'
    boot 0 '
        pvs
        build
        tarn pool-start p
        tarn vol-create-as p a 8M --allocation 0
        vgck vg'
}

early() { machine_dies_in_vgcreate 0.6; }
late() { machine_dies_in_vgcreate 1.2; }

check() {
    tests=$((tests + 1))
    if (set -e; "$2") >"$base/log" 2>&1 </dev/null; then
        echo "ok $tests - $1"
    else
        failures=$((failures + 1))
        echo "not ok $tests - $1"
        tail -n 60 "$base/log" | sed 's/^/# /'
    fi
}

"$here/run" -c true >"$base/log" 2>&1
if [ $? -eq 126 ]; then
    cat "$base/log"
    exit 77
fi
check "a killed process leaves nothing that the next start does not remove" process_is_killed
check "the machine dies while volumes are made: the next start is clean" machine_dies_in_lvcreate
check "the machine dies while a group is made: it is said what to do (early)" early
check "the machine dies while a group is made: it is said what to do (late)" late
echo "1..$tests"
[ $failures -eq 0 ]
