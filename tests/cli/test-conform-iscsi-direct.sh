#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The kit at our pool type iscsi-direct, with a target in user space.
. "$(dirname "$0")/iscsi-lib.sh"
# shellcheck source=tests/conform/conform-lib.sh
. "$(dirname "$0")/../conform/conform-lib.sh"

with_a_target() {
    serve 127.0.0.1:3260
    target 1 "$iqn"
    lun 1 1 4M
    lun 1 2 4M
    spare=$work/spare
    export spare
    truncate -s 4M "$spare"
    conforms iscsi iscsi-direct.conf --destructive --only '*pool:iscsi-direct'
}

check "iscsi-direct passes the kit" with_a_target
finish
