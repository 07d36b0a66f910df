# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
#
# For a test that wants a machine for all that it does. Its first lines:
#
#     . "$(dirname "$0")/lib.sh"
#     inside --disk 1G --disk 1G          # from here on: as root, in a machine with two disks
#     . "$(dirname "$0")/../cli/lib.sh"
#
# inside OPTION…: starts the script anew in a machine of tests/vm/run, with these options, and ends
# with its status: 77 (skipped) where there can be none, after the reason.
inside() {
    [ -z "${VM_MACHINE:-}" ] || return 0
    "$(dirname "$0")/run" "$@" "$0" 2>&1
    inside_status=$?
    [ $inside_status -ne 126 ] || inside_status=77
    exit $inside_status
}
