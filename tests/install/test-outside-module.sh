#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A module built in an empty folder from the installed headers alone, and dropped in: the installed
# command uses its pool type and its format.

# shellcheck source=tests/install/lib.sh
. "$(dirname "$0")/lib.sh"

# built: the module and its conf are in the installed folders.
built() {
    need_installed
    mkdir "$work/empty"
    cp "$(dirname "$0")/outside.c" "$work/empty"
    (
        cd "$work/empty"
        # shellcheck disable=SC2046
        cc -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -fvisibility=hidden -fPIC -shared \
            outside.c -o outside.so $(pkg-config --cflags tarn-module) -Wl,-z,defs
    )
    modules=$installed$(PKG_CONFIG_SYSROOT_DIR='' pkg-config --variable moduledir tarn-module)
    confs=$installed$(PKG_CONFIG_SYSROOT_DIR='' pkg-config --variable pluginsdir tarn-module)
    cp "$work/empty/outside.so" "$modules"
    printf '[module]\nfile = outside.so\nabi = 1\nprovides = pool:drawer format:boxed\n' \
        >"$confs/outside.conf"
}

needs_nothing_of_tarn() {
    built
    need readelf
    readelf -d "$work/empty/outside.so" >"$work/dynamic"
    [ "$(grep -c libtarn "$work/dynamic")" -eq 0 ]
    readelf -sW --dyn-syms "$work/empty/outside.so" >"$work/symbols"
    [ "$(grep -c 'UND tarn_' "$work/symbols")" -eq 0 ]
}

is_listed() {
    built
    installed_run 0 --json module-list
    shows '"name": "outside"'
    installed_run 0 type-list
    shows '^ drawer '
    installed_run 0 format-list
    shows '^ boxed '
    installed_run 0 --json module-info outside
    json version 0.1
    json licence BSD-2-Clause
    installed_run 0 pool-capabilities
    shows "<pool type='drawer' supported='yes'>"
}

pool_works() {
    built
    mkdir "$work/d"
    installed_run 0 pool-define-as d drawer --target "$work/d"
    installed_run 0 pool-start d
    installed_run 0 --json pool-info d
    json state running
    installed_run 0 vol-create-as d v 1MiB
    [ "$(stat -c %s "$work/d/v")" -eq 1049088 ]
    installed_run 0 --json vol-list d
    json '#' 1
    json 0/name v
    json 0/format boxed
    json 0/capacity 1048576
    installed_run 0 vol-dumpxml v --pool d
    shows "<format type='boxed'/>"
    installed_run 0 vol-resize v 2MiB --pool d
    [ "$(stat -c %s "$work/d/v")" -eq 2097664 ]
    installed_run 0 vol-delete v --pool d
    [ -z "$(ls -A "$work/d")" ]
    installed_run 0 pool-destroy d
    installed_run 0 pool-undefine d
}

format_works() {
    built
    head -c 100000 /dev/urandom >"$work/content"
    truncate -s 1048576 "$work/content"
    installed_run 0 image-convert "$work/content" "$work/box" --format boxed
    installed_run 0 --json image-info "$work/box"
    json format boxed
    json capacity 1048576
    installed_run 0 image-convert "$work/box" "$work/qcow2" --format qcow2
    installed_run 0 image-convert "$work/qcow2" "$work/raw" --format raw
    cmp "$work/content" "$work/raw"
}

mixes_with_ours() {
    built
    mkdir "$work/d"
    installed_run 0 -q pool-define-as d drawer --target "$work/d"
    installed_run 0 -q pool-start d
    installed_run 0 -q pool-define-as p dir --target "$work/p"
    installed_run 0 -q pool-build p
    installed_run 0 -q pool-start p
    installed_run 0 vol-create-as d q 1MiB --format qcow2
    installed_run 0 vol-check q --pool d
    installed_run 0 vol-create-as p b 1MiB --format boxed
    head -c 1049088 /dev/urandom | dd of="$work/p/b" bs=512 skip=1 seek=1 conv=notrunc status=none
    installed_run 0 vol-clone b c --pool p --newpool d
    cmp "$work/p/b" "$work/d/c"
}

is_taken_away() {
    built
    mkdir "$work/d"
    installed_run 0 -q pool-define-as d drawer --target "$work/d"
    rm "$confs/outside.conf"
    installed_run 0 --json pool-info d
    json state unavailable
    installed_run 0 -q pool-list --all --name
    shows '^d *$'
    installed_run 0 -q pool-undefine d
}

check "the module needs nothing of tarn" needs_nothing_of_tarn
check "the command lists its type and its format" is_listed
check "a pool of its type" pool_works
check "images of its format" format_works
check "its type with our formats, its format in our pools" mixes_with_ours
check "without it its pools are unavailable" is_taken_away
finish
