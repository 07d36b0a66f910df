#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The commands under valgrind: no leak, no use of what isn't there. What libraries keep until the end of
# the process is reachable and is no leak.

# shellcheck source=tests/fault/lib.sh
. "$(dirname "$0")/lib.sh"

# checked STATUS ARGUMENT…: valgrind finds nothing, and the command ends with that status. Lines that do
# not begin with "==" are of itself: Debian 12's knows no pidfd_open, and so no isolated module works
# under it.
checked() {
    expected=$1
    shift
    status=0
    timeout -k 1 60 valgrind -q --leak-check=full --show-leak-kinds=definite,indirect,possible \
        --errors-for-leak-kinds=definite,indirect,possible --error-exitcode=99 \
        --log-file="$work/valgrind" "$PROGRAM" "$@" >"$work/out" 2>"$work/err" || status=$?
    [ "$status" -eq "$expected" ] && ! grep -q '^==' "$work/valgrind" && return
    echo "tarn $*: exit status $status"
    cat "$work/err" "$work/valgrind"
    return 1
}

a_pool() {
    need valgrind
    ! sanitized || skip "a build with sanitizers does not run under valgrind"
    dir_pool p
    run 0 -q vol-create-as p raw 64KiB --format raw
    run 0 -q vol-create-as p qcow2 64KiB --format qcow2
    run 0 -q vol-create-as p over 64KiB --format qcow2 --backing-vol raw --backing-vol-format raw
}

pools() {
    a_pool
    checked 0 pool-define-as q dir --target "$work/q"
    checked 0 pool-build q
    checked 0 pool-start q
    checked 0 pool-autostart q
    checked 0 pool-list --all --details
    checked 0 --json pool-info q
    checked 0 pool-dumpxml q
    checked 0 pool-refresh p
    checked 0 pool-destroy q
    checked 0 pool-undefine q
    checked 0 pool-capabilities
}

volumes() {
    a_pool
    checked 0 vol-create-as p new 64KiB --format qcow2 --backing-vol raw --backing-vol-format raw
    checked 0 vol-list p --details
    checked 0 --json vol-info new --pool p
    checked 0 vol-dumpxml new --pool p
    checked 0 vol-map new --pool p
    checked 0 vol-check qcow2 --pool p
    checked 0 vol-resize qcow2 1MiB --pool p
    checked 0 vol-clone over copy --pool p
    checked 0 vol-convert over flat --format raw --pool p
    checked 0 vol-wipe flat --pool p
    checked 0 vol-download raw "$work/raw" --pool p
    checked 0 vol-upload raw "$work/raw" --pool p
    checked 0 vol-delete new --pool p
}

modules() {
    a_pool
    checked 0 module-list --all
    checked 0 module-info qcow2
    checked 0 type-list
    checked 0 format-list
    checked 0 help
    checked 0 image-info "$work/p/over"
    checked 0 image-convert "$work/p/qcow2" "$work/image" --format raw
}

failures() {
    a_pool
    echo '<pool type="nosuch"><name>n</name></pool>' >"$TARN_ROOT/etc/tarn/pools/n.xml"
    printf '[module]\nfile = x.so\nabi = 7\ncolour = red\n' >"$TARN_ROOT/etc/tarn/plugins.d/x.conf"
    checked 1 pool-define /dev/null
    checked 0 pool-list --all --details
    checked 0 module-list --all
    checked 3 pool-start n
    checked 3 pool-info nosuch
    checked 2 pool-frobnicate
    checked 1 vol-create-as p raw 64KiB
    checked 1 vol-delete raw --pool p
    checked 1 vol-resize qcow2 1KiB --pool p
    head -c 300 "$work/p/qcow2" >"$work/cut"
    checked 1 image-check "$work/cut" --format qcow2
    checked 1 image-convert "$work/cut" "$work/raw" --format raw --source-format qcow2
}

check "commands about pools" pools
check "commands about volumes" volumes
check "commands about modules and images" modules
check "commands that fail" failures
finish
