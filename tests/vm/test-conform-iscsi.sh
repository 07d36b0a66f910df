#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The kit at our pool type iscsi, with a target in user space and the kernel's initiator: the checks
# that look at what a login is for. (With all of them, each with logins of its own, it takes long.)
# shellcheck disable=SC2317  # inside comes back, in the machine
. "$(dirname "$0")/lib.sh"
inside --timeout 480
# shellcheck source=tests/vm/iscsi-lib.sh
. "$(dirname "$0")/iscsi-lib.sh"
# shellcheck source=tests/conform/conform-lib.sh
. "$(dirname "$0")/../conform/conform-lib.sh"

with_a_target() {
    lun 1 4M
    lun 2 4M
    serve 1 127.0.0.1:3260
    conforms iscsi machine-iscsi.conf --destructive \
        --only pool/check --only pool/again --only pool/refresh --only pool/missing \
        --only pool/bytes --only pool/read-only --only pool/limits --only pool/extents \
        --only pool/zero --only pool/abilities --only core/volumes --only core/isolated
}

iscsi_check "iscsi passes the kit" with_a_target
finish
