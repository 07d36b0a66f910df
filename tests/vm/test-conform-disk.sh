#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The kit at our pool type disk, on a real disk; of its sweeps of faults, which pass, the shortest.
# shellcheck disable=SC2317  # inside comes back, in the machine
. "$(dirname "$0")/lib.sh"
inside --need sfdisk --disk 64M --disk 64M --timeout 480
# shellcheck source=tests/vm/disk-lib.sh
. "$(dirname "$0")/disk-lib.sh"
# shellcheck source=tests/conform/conform-lib.sh
. "$(dirname "$0")/../conform/conform-lib.sh"

on_a_disk() {
    in_process
    conforms disk machine-disk.conf \
        --only 'hygiene/*' --only 'pool/*' --only faults/pool-cancel --only 'core/*'
}

disk_check "disk passes the kit" on_a_disk
finish
