# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
#
# What the old module does in the command, whatever the two were built with.

# shellcheck source=tests/abi/lib.sh
. "$(dirname "$0")/lib.sh"

# need_built: skips the test where there is no command to run.
need_built() {
    need "$compiler"
    [ -x "${TARN_BUILD:-}/.libs/tarn" ] || skip "there is no build folder with the command"
}

# drop_in MODULE.so [LINE…]: a folder of modules with that one and some of ours, which the command
# uses; the lines are added to the module's .conf.
drop_in() {
    mkdir -p "$work/modules" "$work/plugins"
    for ours in dir raw qcow2; do
        cp "$TARN_BUILD/.libs/$ours.so" "$work/modules"
        cp "$TARN_SRC/plugins.d/$ours.conf" "$work/plugins"
    done
    cp "$1" "$work/modules/old.so"
    shift
    {
        printf '[module]\nfile = old.so\nabi = 1\nprovides = pool:attic format:crate\n'
        [ $# -eq 0 ] || printf '%s\n' "$@"
    } >"$work/plugins/old.conf"
    TARN_MODULE_DIR=$work/modules TARN_PLUGINS_DIR=$work/plugins
    export TARN_MODULE_DIR TARN_PLUGINS_DIR
}

# The old module at work, in the command: each structure that it fills arrives.

tells_sources() {
    run 0 find-storage-pool-sources attic
    shows '<name>under the roof</name>'
    shows "<host name='attic.example' port='7'/>"
    shows "<device path='/dev/attic'/>"
    shows "<auth type='chap' username='moth'>"
}

# keeps_a_pool HOST-VERSION WHAT-ITS-LATER-FUNCTION-SAYS
keeps_a_pool() {
    mkdir "$work/attic"
    run 0 pool-define-as a attic --target "$work/attic"
    run 0 pool-start a
    run 0 --json pool-info a
    json state running
    json capacity 8388608
    json properties/host-abi "$1"
    json properties/later "$2"
    run 0 pool-dumpxml a
    shows '<mode>0711</mode>'
    run 0 --json pool-capabilities a
    shows '"reason": "there is only ever more of it"'
    run 0 vol-create-as a v 1MiB
    [ "$(stat -c %s "$work/attic/v")" -eq 1049088 ]
    run 0 --json vol-list a
    json '#' 1
    json 0/name v
    json 0/format crate
    json 0/capacity 1048576
    run 0 vol-dumpxml v --pool a
    shows "<extent start='512' end='1024'/>"
    run 0 vol-resize v 2MiB --pool a
    [ "$(stat -c %s "$work/attic/v")" -eq 2097664 ]
    run 0 vol-create-as a q 1MiB --format qcow2
    run 0 vol-check q --pool a
    run 0 vol-clone v c --pool a
    cmp "$work/attic/v" "$work/attic/c"
    for volume in v q c; do
        run 0 vol-delete $volume --pool a
    done
    [ -z "$(ls -A "$work/attic")" ]
    run 0 pool-destroy a
    run 0 pool-undefine a
}

keeps_images() {
    head -c 100001 /dev/urandom >"$work/content"
    truncate -s 1048576 "$work/content"
    run 0 image-convert "$work/content" "$work/crate" --format crate --option label=fragile
    run 0 --json image-info "$work/crate"
    json format crate
    json capacity 1048576
    json creator 'the old module'
    json properties/label fragile
    json files/0/name packing-list
    json snapshots/0/name packed
    run 0 --json image-map "$work/crate"
    json 0/length 1048576
    run 0 image-convert "$work/crate" "$work/qcow2" --format qcow2
    run 0 image-convert "$work/qcow2" "$work/raw" --format raw
    cmp "$work/content" "$work/raw"
    run 0 image-check "$work/crate"
    printf x >>"$work/crate"
    run 1 image-check "$work/crate"
    shows 'a byte too many'
}
