# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
#
# For tests with servers of their own. Source it first of all:
#
#     . "$(dirname "$0")/network-lib.sh"
#     . "$(dirname "$0")/lib.sh"
#
# It runs the whole script once more where its ports are nobody else's, where /run is the script's own,
# and where all that it started ends with it. Exit status 77, after the reason, where that is not
# allowed.

if [ -z "${OWN_NETWORK:-}" ]; then
    OWN_NETWORK=yes
    export OWN_NETWORK
    if ! unshare -n -p -m -f --mount-proc true 2>/dev/null; then
        echo "no namespaces of one's own are allowed"
        exit 77
    fi
    exec unshare -n -p -m -f --kill-child=KILL --mount-proc sh "$0"
fi
ip link set lo up
mount -t tmpfs tmpfs /run
