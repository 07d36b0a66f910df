#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Linux' own filesystems, as a pool of type fs can be told to use them: made, filled, listed, found
# again after a stop. test-fs-foreign.sh has those of others.
# shellcheck disable=SC2317  # inside comes back, in the machine
. "$(dirname "$0")/lib.sh"
inside --disk 512M --timeout 900
. "$(dirname "$0")/fs-lib.sh"

works_btrfs() { works btrfs btrfs; }
works_ext2() { works ext2 ext2; }
works_ext3() { works ext3 ext3; }
works_ext4() { works ext4 ext4; }
works_f2fs() { works f2fs f2fs; }
works_nilfs2() { works nilfs2 nilfs2; }
works_reiserfs() { works reiserfs reiserfs; }
works_xfs() { works xfs xfs; }

for type in btrfs ext2 ext3 ext4 f2fs nilfs2 reiserfs xfs; do
    fs_check "$type: made, used, found again, and not taken for another" "works_$type"
done
clean >/dev/null 2>&1
finish
