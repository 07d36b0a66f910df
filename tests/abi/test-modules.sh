#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Modules of other minors in today's library: one built with the headers of each release, one with
# those of a minor to come, in which every structure is larger. And of another major: refused.

# shellcheck source=tests/abi/old-lib.sh
. "$(dirname "$0")/old-lib.sh"

# What hosts fill, and the old module reads.
of_hosts='tarn_host tarn_call tarn_pool_def tarn_volume_def tarn_container_spec tarn_probe
    tarn_image_spec tarn_image_open'

every_structure_is_filled() {
    cat "$TARN_SRC"/sdk/include/tarn/*.h |
        sed -n 's/^struct \(tarn_[a-z0-9_]*\) {$/\1/p' >"$work/structures"
    [ "$(wc -l <"$work/structures")" -gt 25 ]
    while read -r structure; do
        case " $(echo "$of_hosts" | tr -s '\n ' ' ') " in *" $structure "*) continue ;; esac
        grep -q "struct $structure\( [a-z_]* =\|)\) *{" "$abi"/old-*.c || {
            echo "the old module fills no struct $structure: let it, if modules do that"
            return 1
        }
    done <"$work/structures"
}

# with_released FUNCTION ARGUMENT…: with a module of each release.
with_released() {
    need_built
    for folder in $(frozen); do
        rm -rf "$work/modules" "$work/plugins" "$work/attic" "$work"/crate "$work"/qcow2 "$work/raw"
        build_module "$folder/include" "$work/old.so"
        drop_in "$work/old.so"
        "$@"
    done
}

with_later() {
    need_built
    grow_headers
    build_module "$work/grown" "$work/later.so"
    drop_in "$work/later.so"
    "$@"
}

# Or the tests of it would be empty.
later_is_later() {
    need_built
    grow_headers
    [ "$(number_of "$TARN_SRC" MINOR)" -lt \
        "$(sed -n 's/^#define TARN_ABI_MINOR //p' "$work/grown/tarn/abi.h")" ]
    cat >"$work/sizes.c" <<'END'
#include <tarn/module.h>
int main(void)
{
    return printf("%zu %zu", sizeof(struct tarn_volume_info), sizeof(struct tarn_host)) < 0;
}
END
    "$compiler" -I"$work/grown" "$work/sizes.c" -o "$work/sizes-later"
    "$compiler" -I"$TARN_SRC/sdk/include" "$work/sizes.c" -o "$work/sizes-now"
    "$work/sizes-now" | awk '{ printf "%d %d", $1 + 24, $2 + 24 }' >"$work/expected"
    "$work/sizes-later" | cmp - "$work/expected"
}

released_tells_sources() { with_released tells_sources; }
released_keeps_a_pool() { with_released keeps_a_pool "$(present)" missing; }
released_keeps_images() { with_released keeps_images; }
later_tells_sources() { with_later tells_sources; }
later_keeps_a_pool() { with_later keeps_a_pool "$(present)" missing; }
later_keeps_images() { with_later keeps_images; }

later_in_a_process() {
    need_built
    grow_headers
    build_module "$work/grown" "$work/later.so"
    drop_in "$work/later.so" 'isolation = process'
    keeps_a_pool "$(present)" missing
    keeps_images
}

# What all this is about: with a member before the others nothing arrives.
misplaced_is_seen() {
    need_built
    grow_headers
    sed -i '/^struct tarn_source {/,/^};/s/^    uint32_t reserved;/&\n    uint64_t early;/' \
        "$work/grown/tarn/define.h"
    build_module "$work/grown" "$work/broken.so"
    drop_in "$work/broken.so"
    "$TARN" find-storage-pool-sources attic >"$work/out" 2>&1 || return 0
    shows_no '<name>under the roof</name>'
}

other_major_is_refused() {
    need_built
    major=$(($(number_of "$TARN_SRC" MAJOR) + 1))
    build_module "$TARN_SRC/sdk/include" "$work/major.so" "-DTARN_TEST_MAJOR=$major"
    drop_in "$work/major.so"
    run 0 --json module-info old
    shows "built for ABI $major\.0, this library has $(present): install a build of it"
    mkdir "$work/attic"
    run 3 pool-define-as a attic --target "$work/attic"
    says "built for ABI $major\.0, this library has $(present)"
    run 0 vol-list --help
    run 0 pool-define-as p dir --target "$work/p"
}

check "the old module fills every structure that modules fill" every_structure_is_filled
check "a module of a later minor has larger structures" later_is_later
check "a module of each release tells its sources" released_tells_sources
check "a module of each release keeps a pool" released_keeps_a_pool
check "a module of each release keeps images" released_keeps_images
check "a module of a later minor tells its sources" later_tells_sources
check "a module of a later minor keeps a pool, and sees that the host lacks a function" \
    later_keeps_a_pool
check "a module of a later minor keeps images" later_keeps_images
check "a module of a later minor in a process of its own" later_in_a_process
check "a module with a member before the others does not work" misplaced_is_seen
check "a module of another major is refused with the reason" other_major_is_refused
finish
