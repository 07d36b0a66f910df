#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# vol-upload and vol-download.
. "$(dirname "$0")/lib.sh"

there_and_back() {
    dir_pool p
    run 0 vol-create-as p v 300000
    head -c 300000 /dev/urandom >"$work/bytes"
    run 0 vol-upload v "$work/bytes" p
    prints "Vol v uploaded from $work/bytes" ''
    run 0 vol-download v "$work/copy" p
    prints "Vol v downloaded to $work/copy" ''
    cmp "$work/bytes" "$work/copy"
}

through_pipes() {
    dir_pool p
    run 0 vol-create-as p v 1M
    yes tarn | head -c 1048576 >"$work/bytes"
    "$TARN" vol-upload v - p <"$work/bytes"
    "$TARN" vol-download --pool p v - | cmp - "$work/bytes"
    head -c 1048576 "$work/bytes" | "$TARN" vol-upload v - p --offset 0
    "$TARN" --json vol-download v - p | cmp - "$work/bytes"
}

parts() {
    dir_pool p
    run 0 vol-create-as p v 1M
    printf 0123456789 >"$work/bytes"
    run 0 vol-upload v "$work/bytes" p --offset 1000 --length 4
    run 0 vol-download v "$work/copy" p --offset 999 --length 6
    printf '\0000123\000' | cmp - "$work/copy"
    run 0 vol-download v "$work/copy" p --offset 1K --length -1
    [ "$(stat -c %s "$work/copy")" -eq $((1048576 - 1024)) ]
}

sparse() {
    dir_pool p
    run 0 vol-create-as p v 64M --allocation 0
    printf x >"$work/x"
    run 0 vol-upload v "$work/x" p --offset 32M
    run 0 vol-download v "$work/copy" p --sparse
    cmp "$work/p/v" "$work/copy"
    [ "$(stat -c %b "$work/copy")" -lt 10000 ]
    "$TARN" vol-download v - p --sparse | cmp - "$work/p/v"
    truncate -s 64M "$work/zeros"
    run 0 vol-upload v "$work/zeros" p --sparse
    [ "$(stat -c %b "$work/p/v")" -lt 10000 ]
}

too_long() {
    dir_pool p
    run 0 vol-create-as p v 1000
    head -c 2000 /dev/zero >"$work/bytes"
    run 1 --json vol-upload v "$work/bytes" p
    [ "$("$JSON_GET" error/code <"$work/err")" = no-space ]
}

# In a pool of files, where the record of a raw volume wins over its bytes.
format_of() { "$TARN" --json vol-info "$1" p | "$JSON_GET" format; }

# Resizing the disk would not help.
too_long_for_an_image() {
    dir_pool p
    run 0 vol-create-as p v 3G --format qcow2
    head -c 1M /dev/urandom >"$work/bytes"
    run 1 vol-upload v "$work/bytes" p
    says 'the volume "v" is a qcow2 image of [0-9]* bytes, .* tarn image-convert'
}

with_a_format() {
    dir_pool p
    run 0 vol-create-as p v 1M
    run 0 vol-create-as p image 64M --format qcow2
    run 0 vol-upload v "$work/p/image" p
    [ "$(format_of v)" = raw ]
    run 0 vol-upload v "$work/p/image" p --format qcow2
    [ "$(format_of v)" = qcow2 ]
    [ "$("$TARN" --json vol-info v p | "$JSON_GET" capacity)" -eq 67108864 ]
    run 0 vol-check v p
    run 0 vol-upload v "$work/p/image" p --format raw
    [ "$(format_of v)" = raw ]
}

with_a_wrong_format() {
    dir_pool p
    run 0 vol-create-as p v 1M
    run 0 vol-create-as p image 64M --format qcow2
    run 1 vol-upload v "$work/p/image" p --format vmdk
    grep -q 'holds no such image' "$work/err"
    [ "$(format_of v)" = raw ]
    run 3 vol-upload v "$work/p/image" p --format nonsense
    [ "$(format_of v)" = raw ]
}

missing_file() {
    dir_pool p
    run 0 vol-create-as p v 1000
    run 1 vol-upload v "$work/nope" p
    says 'nope.*No such file'
    run 1 vol-download v "$work/no/such" p
}

failed_download_leaves_nothing() {
    dir_pool p
    run 0 vol-create-as p v 1000
    run 1 vol-download v "$work/copy" p --offset 1G
    [ ! -e "$work/copy" ]
}

full_target() {
    dir_pool p
    run 0 vol-create-as p v 1000
    run 1 --json vol-download v /dev/full p
    [ "$("$JSON_GET" error/code <"$work/err")" = no-space ]
}

# The reader goes away: no message of a signal, no success.
closed_pipe() {
    dir_pool p
    run 0 vol-create-as p v 8M
    { status=0; "$TARN" vol-download v - p || status=$?; echo "$status" >"$work/status"; } |
        head -c 1 >"$work/byte"
    [ "$(cat "$work/status")" -eq 1 ]
}

# Ctrl-C while standard input gives nothing.
cancelled() {
    dir_pool p
    run 0 vol-create-as p v 8M
    mkfifo "$work/fifo"
    sleep 30 >"$work/fifo" &
    sleeper=$!
    env --default-signal=INT "$TARN" --json vol-upload v - p <"$work/fifo" 2>"$work/err" &
    command=$!
    sleep 1
    kill -INT "$command"
    status=0
    wait "$command" || status=$?
    kill "$sleeper"
    [ "$status" -eq 1 ]
    [ "$("$JSON_GET" error/code <"$work/err")" = cancelled ]
}

check "the bytes of a file there and back" there_and_back
check "standard input and output" through_pipes
check "--offset and --length" parts
check "--sparse keeps holes" sparse
check "bytes beyond the end are refused" too_long
check "the bytes of a disk are not those of its image" too_long_for_an_image
check "--format makes an image of it" with_a_format
check "--format is believed of an image only" with_a_wrong_format
check "files that cannot be opened" missing_file
check "a failed download leaves no file" failed_download_leaves_nothing
check "a full target" full_target
check "a reader that goes away" closed_pipe
check "an upload that waits can be cancelled" cancelled
finish
