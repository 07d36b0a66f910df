#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# exfat, which User-Mode Linux has not.
# shellcheck disable=SC2317  # inside comes back, in the machine
. "$(dirname "$0")/lib.sh"
inside --need mkfs.exfat --machine qemu --disk 64M --timeout 300
. "$(dirname "$0")/fs-lib.sh"

exfat() {
    fs_pool exfat
    is_mounted exfat
    run 0 vol-create-as p a.qcow2 8M --format qcow2
    run 0 vol-create-as p folder 0 --format dir
    run 0 pool-stop p
    run 0 pool-start p
    run 0 vol-list p
    shows a.qcow2
    run 0 pool-stop p
    wipefs -q -a "$disk"
    mkfs.exfat -q "$disk" || mkfs.exfat "$disk"
    run 1 pool-start p
    says adopt
}

fs_check "exfat: made, used, found again, and not taken for another" exfat
finish
