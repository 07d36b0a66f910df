#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Images of strangers, beyond what their own format's tests show: loops of files that name each other,
# names of what is no file, files that are two formats at once, names that steer terminals or break
# documents, and files that end while they are read. The map of all such tests is at the top of
# tests/formats/hostile-bombs.sh.

# shellcheck source=tests/fault/lib.sh
. "$(dirname "$0")/../fault/lib.sh"

# tool FORMAT ARGUMENT…
tool() {
    [ -x "${IMAGE_TOOL:-}" ] || skip "there is no image-tool"
    "$IMAGE_TOOL" -f "$@"
}

# refused FORMAT FILE: it is not read, whatever may be followed, and nothing is made; the check ends.
refused() {
    not_followed "$1" "$2" none recorded pool anywhere
    answers --follow anywhere --json image-check "$2" --format "$1"
    answers --follow anywhere image-map "$2" --format "$1"
    [ "$status" -eq 1 ]
}

# not_followed FORMAT FILE FOLLOW…: not under these policies.
not_followed() {
    format=$1 file=$2
    shift 2
    for follow in "$@"; do
        rm -f "$work/raw"
        answers --follow "$follow" image-convert "$file" "$work/raw" --source-format "$format" \
            --format raw
        [ "$status" -eq 1 ]
        [ ! -e "$work/raw" ]
    done
}

# --- files that name each other -----------------------------------------------------------------------

# loops FORMAT: an image over itself, and two over each other. One is made over another of the same
# name, and then takes its place.
loops() {
    for name in a b; do
        tool "$1" create "$work/$name" 1048576
    done
    tool "$1" create "$work/over-a" 1048576 backing=a "backing-format=$1"
    tool "$1" create "$work/over-b" 1048576 backing=b "backing-format=$1"
    cp "$work/over-a" "$work/a"
    refused "$1" "$work/a"
    mv "$work/over-b" "$work/a"
    mv "$work/over-a" "$work/b"
    refused "$1" "$work/a"
    refused "$1" "$work/b"
}

qcow2_loops() { loops qcow2; }
vmdk_loops() { loops vmdk; }
vpc_loops() { loops vpc; }

# Its base is raw, so there is but this one loop.
cow_loop() {
    truncate -s 1M "$work/base"
    tool cow create "$work/v" 1048576 "backing=$work/base" backing-format=raw
    mv "$work/v" "$work/base"
    touch -d @1 "$work/base"
    refused cow "$work/base"
}

flat_loop() {
    descriptor v >"$work/v"
    truncate -s 4096 "$work/v"
    descriptor v v >"$work/w"
    answers --follow anywhere --json image-info "$work/v" --format vmdk
    answers --follow anywhere --json image-check "$work/v" --format vmdk
    # Its extent is the descriptor itself.
    refused vmdk "$work/v"
}

# descriptor NAME…: of a vmdk with these flat extents.
descriptor() {
    printf '# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\n'
    echo 'createType="monolithicFlat"'
    printf 'RW 8 FLAT "%s" 0\n' "$@"
}

# --- what is no file ----------------------------------------------------------------------------------

# no_file KIND PATH: what has that path becomes something else.
no_file() {
    rm -rf "$2"
    case $1 in
        fifo) mkfifo "$2" ;;
        folder) mkdir "$2" ;;
        memory) ln -s /proc/self/mem "$2" ;;
        zero) ln -s /dev/zero "$2" ;;
        terminal) ln -s /dev/tty "$2" ;;
        nothing) ln -s "$work/nowhere" "$2" ;;
    esac
}

# below FORMAT BACKING-FORMAT: the image is over one of that format, which then becomes no file.
below() {
    tool "$2" create "$work/below" 1048576
    tool "$1" create "$work/v" 1048576 "backing=$work/below" "backing-format=$2"
    every_kind "$1" "$work/below"
}

every_kind() {
    for kind in fifo folder memory zero terminal nothing; do
        no_file "$kind" "$2"
        refused "$1" "$work/v"
    done
}

below_qcow2() { below qcow2 raw; }
below_vmdk() { below vmdk vmdk; }
below_vpc() { below vpc vpc; }
below_cow() { below cow raw; }

extent() {
    descriptor extent >"$work/v"
    every_kind vmdk "$work/extent"
}

data_file() {
    need qemu-img
    qemu-img create -q -f qcow2 -o "data_file=$work/data,data_file_raw=on" "$work/v" 1M
    every_kind qcow2 "$work/data"
}

# --- two formats at once ------------------------------------------------------------------------------

# formats_of FILE: what it is found to be, by image-info and in a pool; both, so that they are the same.
formats_of() {
    run 0 --json image-info "$1"
    jq -r .format "$work/out"
    [ -d "$work/p" ] || dir_pool p
    rm -f "$work"/p/*
    cp "$1" "$work/p/v"
    run 0 -q pool-refresh p
    run 0 --json vol-info v --pool p
    jq -r .format "$work/out"
}

# The descriptors of a disc begin at 32 KiB, where the guest's bytes of other formats may lie.
begins_otherwise() {
    need genisoimage
    need jq
    mkdir "$work/folder"
    echo text >"$work/folder/file"
    genisoimage -quiet -o "$work/disc" "$work/folder"
    size=$(stat -c %s "$work/disc")
    for format in qcow2 qcow vmdk vpc bochs cow; do
        rm -f "$work/v"
        case $format in
            cow) tool cow create "$work/v" 10321920 subformat=qemu ;;
            *) tool "$format" create "$work/v" 10321920 ;;
        esac
        truncate -s "$size" "$work/v"
        dd if="$work/disc" of="$work/v" bs=1024 skip=32 seek=32 conv=notrunc status=none
        [ "$(formats_of "$work/v" | sort -u)" = "$format" ]
        run 0 --json image-info "$work/v" --format iso
        json format iso
        json capacity "$size"
        run 0 --json image-info "$work/v" --format raw
        json format raw
        json capacity "$size"
    done
}

ends_otherwise() {
    need jq
    tool dmg create "$work/trailer" 1048576
    tool vpc create "$work/fixed" 10321920 subformat=fixed
    tail -c 512 "$work/fixed" >"$work/footer"
    tool qcow2 create "$work/v" 10321920
    for tail in trailer footer; do
        { cat "$work/v"; truncate -s 11M "$work/hole"; cat "$work/hole" "$work/$tail"; } >"$work/both"
        [ "$(formats_of "$work/both" | sort -u)" = qcow2 ]
    done
}

# --- names --------------------------------------------------------------------------------------------

# A newline, markup, a terminal's title, half a character.
odd=$(printf 'x\n<&>"\033]0;y\007\377z')

# told_well FILE: every command that tells of an image prints text without control characters, JSON
# that is JSON, XML that is XML.
told_well() {
    need jq
    need xmllint
    [ -d "$work/p" ] || dir_pool p
    rm -f "$work"/p/*
    cp "$1" "$work/p/v"
    run 0 -q pool-refresh p
    for command in "image-info $work/p/v" "vol-info v --pool p" "vol-list p --details"; do
        # shellcheck disable=SC2086 # words
        run 0 $command
        no_controls "$work/out"
        # shellcheck disable=SC2086
        run 0 --json $command
        jq -e . "$work/out" >"$work/parsed"
    done
    run 0 vol-dumpxml v --pool p
    xmllint --noout "$work/out"
    status=0
    "$TARN" image-convert "$work/p/v" "$work/raw" --format raw >"$work/out" 2>"$work/err" || status=$?
    [ "$(wc -l <"$work/err")" -le 1 ]
    no_controls "$work/err"
    rm -f "$work/raw"
}

# no_controls FILE: nothing but lines of text.
no_controls() {
    [ "$(LC_ALL=C tr -d '\n' <"$1" | LC_ALL=C tr -cd '[:cntrl:]' | wc -c)" -eq 0 ] && return
    echo "control characters are printed:"
    cat -v "$1"
    return 1
}

odd_backing_names() {
    need qemu-img
    qemu-img create -q -u -f qcow2 -b "$odd" -F raw "$work/v" 1M
    told_well "$work/v"
    tool qcow create "$work/w" 1048576 "backing=$odd" backing-format=raw
    told_well "$work/w"
}

odd_data_file() {
    need qemu-img
    qemu-img create -q -f qcow2 -o "data_file=$work/data,data_file_raw=on" "$work/v" 1M
    name=$work/data
    LC_ALL=C sed -i "s,$name,$(printf '%s' "$name" | LC_ALL=C sed 's,.\{4\}$,\\x1b\\n\\xff<,')," "$work/v"
    told_well "$work/v"
}

# What else a file tells of itself: names of discs, of partitions, of those who made it.
odd_labels() {
    need genisoimage
    mkdir "$work/folder"
    genisoimage -quiet -V "LABEL12345" -o "$work/v" "$work/folder"
    LC_ALL=C sed -i 's/LABEL12345/\x1b]0;\xff\x07<\&"/' "$work/v"
    told_well "$work/v"
    tool vpc create "$work/w" 1048576 subformat=fixed
    size=$(stat -c %s "$work/w")
    printf '\033\377<\n' | dd of="$work/w" bs=1 seek=$((size - 512 + 28)) conv=notrunc status=none
    told_well "$work/w"
    {
        descriptor 'x<&>'
        printf 'ddb.adapterType = "\342\200\256<]]>"\n'
    } >"$work/u"
    told_well "$work/u"
}

# --- a file that ends while it is read ----------------------------------------------------------------

# Whoever reads the other end of the pipe makes the file shorter as soon as the first bytes come.
shrinks() {
    dir_pool p
    head -c 33554432 /dev/urandom >"$work/p/v"
    run 0 -q pool-refresh p
    status=0
    { "$PROGRAM" vol-download v - --pool p 2>"$work/err" || echo $? >"$work/status"; } |
        { head -c 4096 >"$work/start"; truncate -s 65536 "$work/p/v"; cat >"$work/rest"; }
    [ "$(cat "$work/status")" = 1 ]
    says 'ends before'
}

# ends_at_read FORMAT OPTION…: whichever read it is that finds nothing any more, it is an error, or was
# not needed: never are bytes taken for the file's that are not.
ends_at_read() {
    need_trace
    head -c 300032 /dev/urandom >"$work/content"
    truncate -s 1048576 "$work/content"
    format=$1
    shift
    tool "$format" fill "$work/v" "$work/content" "$@"
    "$PROGRAM" -q image-convert "$work/v" "$work/right" --source-format "$format" --format raw
    number=1
    until all_were_there; do
        [ "$status" -eq 1 ]
        [ ! -e "$work/raw" ]
        number=$((number + 1))
    done
    [ "$status" -eq 0 ]
    cmp "$work/raw" "$work/right"
    [ "$number" -gt 1 ]
}

# all_were_there: there is no read of that number.
all_were_there() {
    rm -f "$work/raw"
    status=0
    strace -f -qq -o "$work/trace" -P "$work/v" -e trace=pread64 \
        -e "inject=pread64:retval=0:when=$number" "$PROGRAM" -q image-convert "$work/v" \
        "$work/raw" --source-format "$format" --format raw >"$work/out" 2>"$work/err" || status=$?
    ! grep -q INJECTED "$work/trace"
}

ends_bochs() { ends_at_read bochs; }
ends_cloop() { ends_at_read cloop; }
ends_cow() { ends_at_read cow subformat=qemu; }
ends_dmg() { ends_at_read dmg; }
ends_qcow() { ends_at_read qcow; }
ends_qcow2() { ends_at_read qcow2; }
ends_vmdk() { ends_at_read vmdk; }
ends_stream() { ends_at_read vmdk subformat=streamOptimized; }
ends_vpc() { ends_at_read vpc; }
ends_fixed() { ends_at_read vpc subformat=fixed; }

for format in qcow2 vmdk vpc; do
    check "an image over itself, and two over each other: $format" "${format}_loops"
done
check "a cow that is its own base" cow_loop
check "a descriptor that is its own extent" flat_loop
for format in qcow2 vmdk vpc cow; do
    check "what is below is no file: $format" "below_$format"
done
check "an extent that is no file" extent
check "a data file that is no file" data_file
check "a disc in an image of another format is what the image is" begins_otherwise
check "a trailer or footer behind a qcow2 image changes nothing" ends_otherwise
check "odd names of backing files" odd_backing_names
check "an odd name of a data file" odd_data_file
check "odd labels" odd_labels
check "a volume that becomes shorter while it is read" shrinks
for format in bochs cloop cow dmg qcow qcow2 vmdk stream vpc fixed; do
    check "an image that ends before any of its reads: $format" "ends_$format"
done
finish
