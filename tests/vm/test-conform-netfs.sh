#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The kit at our pool type netfs, with an NFS server of the kernel's. (Its sweeps of faults pass, too,
# and take two minutes: fs, which shares the code, runs them.)
# shellcheck disable=SC2317  # inside comes back, in the machine
. "$(dirname "$0")/lib.sh"
inside --need exportfs --timeout 480
# shellcheck source=tests/vm/netfs-lib.sh
. "$(dirname "$0")/netfs-lib.sh"
# shellcheck source=tests/conform/conform-lib.sh
. "$(dirname "$0")/../conform/conform-lib.sh"

# TMPDIR is a tmpfs, as everything that is mounted on.
from_a_server() {
    export exports
    TMPDIR=/run conforms netfs machine-netfs.conf --destructive --patience 3 \
        --only 'hygiene/no-*' --only 'pool/*' --only 'core/*'
}

nfs_server
netfs_check "netfs passes the kit" from_a_server
finish
