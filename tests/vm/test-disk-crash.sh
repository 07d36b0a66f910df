#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The plug is pulled while a table is changed: the next boot finds the old one or the new one,
# whole.
here=$(cd "$(dirname "$0")" && pwd)
base=$(mktemp -d "${TMPDIR:-/tmp}/tarn-vm-disk.XXXXXX") || exit 99
trap 'rm -rf "$base"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
image=$base/disk
truncate -s 64M "$image"

# in_machine COMMANDS [OPTION…]: in a machine with that disk, $disk, and a pool on it.
in_machine() {
    commands=$1
    shift
    "$here/run" --need sfdisk --need sgdisk --disk "$image" "$@" -c "
        disk=\${VM_DISKS% }; name=\${disk##*/}; disk=\${disk% }; export TARN_ROOT=/run/tarn
        mkdir -p \$TARN_ROOT
        ./tarn -q pool-define-as p disk --source-dev \$disk --source-format gpt --target /dev
        $commands" >"$base/log" 2>&1
}

number=0
result() {
    number=$((number + 1))
    if [ "$1" = 0 ]; then
        echo "ok $number - $2"
    else
        echo "not ok $number - $2"
        sed 's/^/# /' "$base/log"
        failed=1
    fi
}
failed=0

in_machine "./tarn -q pool-build p && ./tarn -q pool-start p &&
    ./tarn -q vol-create-as p \${name}1 8M"
status=$?
if [ $status = 126 ]; then
    cat "$base/log" >&2
    exit 77
fi
result $status "a pool is made"

# crash N: pulled while something on the disk is made durable for the N-th time, which strace makes
# slow: first the volume's bytes, then the backup GPT, then the primary.
crash() {
    in_machine "./tarn -q pool-start p
        strace -f -qq -o /run/trace -P \$disk -e trace=fdatasync \
            -e inject=fdatasync:delay_enter=4s:when=$1 ./tarn -q vol-create-as p \${name}2 8M &
        for i in \$(seq 100); do
            [ \$(grep -c fdatasync /run/trace) -ge $1 ] && vm-kill
            sleep 0.1
        done"
    [ $? = 137 ] || return 1
    in_machine "./tarn -q pool-start p && ./tarn vol-list p && sgdisk -v \$disk &&
        sfdisk -d \$disk &&
        { ./tarn -q vol-delete \${name}2 --pool p || ./tarn -q vol-create-as p \${name}2 8M &&
          ./tarn -q vol-delete \${name}2 --pool p; } && sgdisk -v \$disk" || return 1
    grep -q 'ubda1\|vda1' "$base/log"
}

crash 2
result $? "the plug is pulled while the backup is written"
crash 3
result $? "the plug is pulled while the primary is written"
echo "1..$number"
exit $failed
