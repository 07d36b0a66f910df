#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The images of the shared corpus that were made to exhaust their reader: whatever a header promises,
# the command needs little memory and no time that one would notice.

# shellcheck source=tests/fault/lib.sh
. "$(dirname "$0")/../fault/lib.sh"
# shellcheck source=tests/formats/samples.inc
. "$(dirname "$0")/../formats/samples.inc"

folder=${TARN_SHARED:-$TARN_SRC/../shared}/corpus/containerized-data-importer

# unpack NAME: one of them, as $work/image.
unpack() {
    [ -f "$folder/$1.xz" ] || skip "there is no corpus of images: set TARN_SHARED"
    need xz
    xz -dc "$folder/$1.xz" >"$work/image"
}

# within_limits ARGUMENT…: in 64 MiB more than "version" takes, and 5 s of a processor's time.
within_limits() {
    status=0
    prlimit --cpu=5 --as="$(most_memory)" "$PROGRAM" "$@" >"$work/out" 2>"$work/err" || status=$?
    case $status in 0 | 1) return ;; esac
    echo "tarn $*: exit status $status"
    cat "$work/err"
    return 1
}

# most_memory: bytes of address space for the command: what it needs with its libraries, and 64 MiB.
most_memory() {
    if sanitized; then
        echo unlimited
        return
    fi
    if [ ! -s "$base/most" ]; then
        least=16
        until prlimit --as=$((least << 20)) "$PROGRAM" version >"$base/said" 2>&1; do
            least=$((least + 4))
        done
        echo $(((least + 64) << 20)) >"$base/most"
    fi
    cat "$base/most"
}

# every_command: all that reads an image, of the format that is given or found.
every_command() {
    need jq
    for format in $formats; do
        within_limits --json image-info "$work/image" --format "$format"
        within_limits --json image-check "$work/image" --format "$format"
        within_limits --json image-map "$work/image" --format "$format"
    done
    within_limits --json image-info "$work/image"
    mkdir "$work/pool"
    mv "$work/image" "$work/pool/image"
    run 0 -q pool-define-as p dir --target "$work/pool"
    within_limits pool-start p
    within_limits --json vol-list p
    [ "$(jq -r '.[0].name' "$work/out")" = image ]
}

many_snapshots() {
    unpack invalid-qcow-large-json-844e1908.img
    every_command
    [ "$(jq -r '.[0] | [.format, .capacity] | @csv' "$work/out")" = '"qcow2",512' ]
}

many_snapshots_are_read() {
    unpack invalid-qcow-large-json-844e1908.img
    within_limits image-convert "$work/image" "$work/raw" --format raw
    [ ! -e "$work/raw" ] || [ "$(stat -c %s "$work/raw")" -eq 512 ]
}

large_size() {
    unpack invalid-qcow-large-size-1d503169.img
    every_command
}

large_memory() {
    unpack invalid-qcow-large-memory.img
    every_command
}

long_backing_name() {
    unpack invalid-qcow-backing-file-73348e3b.img
    every_command
}

check "an image of 65536 snapshots" many_snapshots
check "the guest's bytes of it" many_snapshots_are_read
check "an image of 152 TiB in 516 bytes" large_size
check "an image with endless tables" large_memory
check "an image with an endless backing file name" long_backing_name
finish
