#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The kit at our pool type fs, on a real disk.
# shellcheck disable=SC2317  # inside comes back, in the machine
. "$(dirname "$0")/lib.sh"
inside --disk 64M --timeout 480
# shellcheck source=tests/vm/fs-lib.sh
. "$(dirname "$0")/fs-lib.sh"
# shellcheck source=tests/conform/conform-lib.sh
. "$(dirname "$0")/../conform/conform-lib.sh"

# TMPDIR is a tmpfs, as everything that is mounted on.
on_a_disk() {
    export disk
    TMPDIR=/srv/fs conforms fs machine-fs.conf \
        --only 'hygiene/*' --only 'pool/*' --only 'faults/*' --only 'core/*'
}

fs_check "fs passes the kit" on_a_disk
finish
