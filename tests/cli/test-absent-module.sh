#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Pools whose module is not there (any more): they are kept as they are, and nobody else's trouble.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# Such a pool is shown with the reason, its definition stays as it is, and others work.
#
# without_it TYPE ARGUMENT…: a pool of this type, made with these, while its module is away.
without_it() {
    type=$1
    run 0 pool-define-as p "$@"
    run 0 pool-autostart p
    dir_pool other
    run 0 pool-autostart other
    run 0 pool-stop other
    definition=$(find "$TARN_ROOT" -name p.xml -type f)
    cp "$definition" "$work/before"
    mkdir "$work/plugins"
    cp "$TARN_PLUGINS_DIR"/*.conf "$work/plugins"
    rm "$work/plugins/$type.conf"
    plugins=$TARN_PLUGINS_DIR
    TARN_PLUGINS_DIR=$work/plugins
    export TARN_PLUGINS_DIR
    run 0 pool-list --all
    shows ' p *unavailable'
    run 0 pool-info p
    shows '^Reason: *no module provides its type'
    run 1 pool-start --autostart
    run 0 vol-list other
    run 3 pool-start p
    cmp "$definition" "$work/before"
    TARN_PLUGINS_DIR=$plugins
    run 0 pool-list --all
    shows ' p *inactive'
    run 0 pool-dumpxml p
}

no_fs() { without_it fs --source-dev /dev/sda1 --target /mnt; }
no_netfs() { without_it netfs --source-host 192.0.2.7 --source-path /srv --target /mnt; }
no_logical() { without_it logical --source-name vg --target /dev/vg; }
no_disk() { without_it disk --source-dev /dev/sda --target /dev; }

check "without its module a pool of type fs is unavailable, and unchanged" no_fs
check "without its module a pool of type netfs is unavailable, and unchanged" no_netfs
check "without its module a pool of type logical is unavailable, and unchanged" no_logical
check "without its module a pool of type disk is unavailable, and unchanged" no_disk
finish
