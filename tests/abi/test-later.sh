#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A library of a minor to come, whose structures are all larger: with today's command, today's
# modules and modules of each release; and a host application of that minor with today's library.

# shellcheck source=tests/abi/old-lib.sh
. "$(dirname "$0")/old-lib.sh"

later=$base/later
next=$(number_of "$TARN_SRC" MAJOR).$(($(number_of "$TARN_SRC" MINOR) + 1))

# make_later FOLDER: the library; or again, what changed of it.
make_later() {
    make -s -j "$(nproc)" -C "$TARN_BUILD" -f "$abi/later.mk" "LATER=$1" "$1/libtarn.so.0"
}

# need_later: the library, made once for the script. Its host table has a function more.
need_later() {
    need_built
    need make
    runtime=$("$compiler" -print-file-name=libasan.so)
    [ "$runtime" != libasan.so ] || skip "the compiler has no libasan.so"
    if [ ! -e "$later/libtarn.so.0" ]; then
        mkdir -p "$later/core/context"
        grow_headers
        mv "$work/grown" "$later/include"
        sed -e '/^static const struct tarn_host host = {$/{
            i static int32_t later(void) { return 42; }
            a .later_call = later,
        }' "$TARN_SRC/core/context/call.c" >"$later/core/context/call.c"
        grep -q later_call "$later/core/context/call.c"
        make_later "$later"
    fi
    use_library "$later"
}

# use_library FOLDER: from now on the command runs with that library.
use_library() {
    with="env LD_LIBRARY_PATH=$1 LD_PRELOAD=$runtime ASAN_OPTIONS=detect_leaks=0:exitcode=99"
    TARN=$work/tarn
    printf '#!/bin/sh\nexec %s %s "$@"\n' "$with" "$TARN_BUILD/.libs/tarn" >"$TARN"
    chmod +x "$TARN"
}

its_version_is_later() {
    need_later
    build_module "$TARN_SRC/sdk/include" "$work/major.so" -DTARN_TEST_MAJOR=99
    drop_in "$work/major.so"
    run 0 --json module-info old
    shows "built for ABI 99\.[0-9]*, this library has $next"
}

# with_module INCLUDE-FOLDER FUNCTION…: in the later library, with a module of those headers.
with_module() {
    need_later
    rm -rf "$work/modules" "$work/plugins" "$work/attic" "$work"/crate "$work"/qcow2 "$work/raw"
    build_module "$1" "$work/old.so" -fsanitize=address
    drop_in "$work/old.so"
    shift
    "$@"
}

with_released() {
    for folder in $(frozen); do
        with_module "$folder/include" "$@"
    done
}

released_keeps_a_pool() { with_released keeps_a_pool "$next" missing; }
released_tells_sources() { with_released tells_sources; }
released_keeps_images() { with_released keeps_images; }
present_keeps_a_pool() { with_module "$TARN_SRC/sdk/include" keeps_a_pool "$next" missing; }
present_keeps_images() { with_module "$TARN_SRC/sdk/include" keeps_images; }
own_keeps_a_pool() { with_module "$later/include" keeps_a_pool "$next" answered; }

our_modules_work() {
    need_later
    TARN_MODULE_DIR=$TARN_BUILD/.libs TARN_PLUGINS_DIR=$TARN_SRC/plugins.d
    export TARN_MODULE_DIR TARN_PLUGINS_DIR
    dir_pool p
    run 0 vol-create-as p q 8MiB --format qcow2
    run 0 vol-create-as p r 8MiB
    run 0 vol-upload r "$TARN_BUILD/.libs/dir.so" --pool p
    run 0 vol-clone q c --pool p
    run 0 vol-check q --pool p
    run 0 vol-resize q 16MiB --pool p
    run 0 --json vol-list p
    json '#' 3
    json 1/capacity 16777216
    run 0 --json pool-info p
    json state running
    run 0 module-list
    run 0 format-list
}

# What all this is about: a library that believes every structure to have its own size.
greedy_library_is_seen() {
    need_later
    greedy=$work/greedy
    cp -r "$later" "$greedy"
    mkdir -p "$greedy/core/base"
    sed 's/theirs < size ? theirs : size/size/' "$TARN_SRC/core/base/sized.h" \
        >"$greedy/core/base/sized.h"
    fails cmp -s "$TARN_SRC/core/base/sized.h" "$greedy/core/base/sized.h"
    for source in $(cd "$TARN_SRC" && grep -rl '"core/base/sized.h"' core --include='*.c'); do
        rm -f "$greedy/objects/${source%.c}.o"
    done
    rm "$greedy/libtarn.so.0"
    make_later "$greedy"
    use_library "$greedy"
    build_module "$TARN_SRC/sdk/include" "$work/old.so" -fsanitize=address
    drop_in "$work/old.so"
    run 99 type-list
    says 'AddressSanitizer: global-buffer-overflow'
}

# --- host applications ----------------------------------------------------------------------------

# a_host OPTION…: tests/abi/host.c, compiled so; prints its pools.
a_host() {
    drop_in "$TARN_BUILD/.libs/dir.so"
    rm "$work/plugins/old.conf"
    "$compiler" -std=c11 -Wall -Wextra -Werror "$@" "$abi/host.c" -o "$work/host" \
        -L"$TARN_BUILD/.libs" -ltarn
    dir_pool p
    run 0 vol-create-as p v 1MiB
    # shellcheck disable=SC2086
    $with "$work/host" "$TARN_ROOT" "$TARN_MODULE_DIR" "$TARN_PLUGINS_DIR" >"$work/out"
    prints 'pool p 40' 'volume v 1048576' 'image raw 1048576'
}

released_host_there() {
    for folder in $(frozen); do
        rm -rf "$work/root" "$work/p"
        mkdir "$work/root"
        need_later
        a_host -I"$folder/include" -fsanitize=address
    done
}

later_host_here() {
    need_later
    TARN=$TARN_SRC/tarn
    with="env LD_LIBRARY_PATH=$TARN_BUILD/.libs"
    a_host -I"$later/include"
}

check "the later library is one" its_version_is_later
check "today's command and modules work with it" our_modules_work
check "a module of each release tells its sources to it" released_tells_sources
check "a module of each release keeps a pool in it" released_keeps_a_pool
check "a module of each release keeps images in it" released_keeps_images
check "a module of today keeps a pool in it" present_keeps_a_pool
check "a module of today keeps images in it" present_keeps_images
check "a module of its own minor finds the host's later function" own_keeps_a_pool
check "a library that reads beyond shorter structures is seen" greedy_library_is_seen
check "a host application of each release runs with it" released_host_there
check "a host application of that minor runs with today's library" later_host_here
finish
