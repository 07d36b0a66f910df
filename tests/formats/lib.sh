# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2034
#
# What the scripts here share: $TOOL, a folder $dir that goes at the end, and the line of a test. A script
# ends with `exit $failed`.
set -u
TOOL=${IMAGE_TOOL:?IMAGE_TOOL names the image-tool program}
command -v qemu-img >/dev/null || { echo "1..0 # SKIP qemu-img is missing"; exit 77; }
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
number=0
failed=0

report() { # NAME STATUS
    number=$((number + 1))
    if [ "$2" -eq 0 ]; then
        echo "ok $number - $1"
    else
        echo "not ok $number - $1"
        sed 's/^/# /' "$dir/log"
        failed=1
    fi
}
