#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The kit at our pool type logical, with a real volume group: those of its checks that are quick, or
# that look at what lvm alone does. (With all of them it takes six minutes.)
# shellcheck disable=SC2317  # inside comes back, in the machine
. "$(dirname "$0")/lib.sh"
inside --need vgs --disk 256M --timeout 480
# shellcheck source=tests/vm/logical-lib.sh
. "$(dirname "$0")/logical-lib.sh"
# shellcheck source=tests/conform/conform-lib.sh
. "$(dirname "$0")/../conform/conform-lib.sh"

thin="<logical:thin-pool xmlns:logical='urn:tarn:logical:1' name='thin' capacity='64 MiB'/>"

# in_a_group ELEMENTS OPTION…: the kit, with these elements in the pool's definition.
in_a_group() {
    disk=$one
    export disk
    cp "$TARN_SRC/tests/conform/machine-logical.conf" "$work"
    sed "s|@DISK@|$disk|; s|</pool>|$1</pool>|" "$TARN_SRC/tests/conform/machine-logical.xml" \
        >"$work/machine-logical.xml"
    shift
    conforms logical "$work/machine-logical.conf" --destructive "$@"
}

thick() {
    in_a_group '' \
        --only pool/outside --only pool/unseen --only pool/abort --only pool/publish \
        --only pool/names --only pool/sizes --only pool/grow --only pool/shrink \
        --only pool/snapshot --only pool/recover --only core/volumes --only core/isolated
}

thin() {
    in_a_group "$thin" --only pool/reserve --only pool/abilities
}

logical_check "logical passes the kit" thick
logical_check "logical passes the kit with a thin pool" thin
finish
