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
    if [ -n "${VM_MACHINE:-}" ]; then
        built_command
        return
    fi
    "$(dirname "$0")/run" "$@" "$0" 2>&1
    inside_status=$?
    [ $inside_status -ne 126 ] || inside_status=77
    exit $inside_status
}

# The command itself, as ./tarn would run it: the start of a program is what costs most in there.
built_command() {
    TARN=$TARN_BUILD/.libs/tarn JSON_GET=$TARN_BUILD/json-get
    TARN_MODULE_DIR=$TARN_BUILD/.libs TARN_PLUGINS_DIR=$VM_SOURCE/plugins.d
    TARN_MODULE_HOST=$TARN_BUILD/tarn-module-host
    export TARN JSON_GET TARN_MODULE_DIR TARN_PLUGINS_DIR TARN_MODULE_HOST
    built_library
}

# Put where the loader looks, in the place of one that is installed. With LD_LIBRARY_PATH every program
# would look for all of its libraries in the build first, which takes longer here than the program.
built_library() {
    installed=$(ldconfig -p | sed -n 's/^[[:space:]]*libtarn\.so\.0 .*=> //p' | head -n 1)
    ln -sf "$TARN_BUILD/.libs/libtarn.so.0" "${installed:-/usr/lib/libtarn.so.0}"
}

# cancelled_after PROGRAM WORD ARGUMENT…: the command is cancelled as soon as the PROGRAM that it runs
# with the argument WORD has done its work, before it could tell.
# shellcheck disable=SC2154  # work is the frame's
cancelled_after() {
    late=$(command -v "$1")
    mkdir -p /run/late
    mv "$late" /run/late/
    {
        echo '#!/bin/sh'
        echo "/run/late/$1 \"\$@\" || exit"
        echo "case \" \$* \" in *' $2 '*) : >$work/done && exec sleep 60 ;; esac"
    } >"$late"
    chmod +x "$late"
    shift 2
    "$TARN" "$@" >"$work/out" 2>"$work/err" &
    timeout 60 sh -c "until [ -e $work/done ]; do sleep 0.05; done" || true
    kill -TERM $!
    status=0
    wait $! || status=$?
    mv "/run/late/${late##*/}" "$late"
    [ -e "$work/done" ] && [ $status -ne 0 ] && says cancelled
}
