#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Small files that claim much, in every format: whatever a header says, and however long the holes of a
# file are, the command takes less than 64 MiB of memory and no time that one would notice.
#
# Which tests show what about bytes from outside (fault/, cli/ and unit/ are beside this folder):
#
#   formats are never guessed        cli/test-raw-stays-raw, unit/test-image-related
#   backing stores, data files,      fault/test-opens, cli/test-untrusted, unit/test-image-related
#     extents, protocols, opens
#   special files, loops, chains     fault/test-opens, cli/test-untrusted, unit/test-image-related
#   memory                           this; cli/test-corpus-hostile, */*-hostile.sh of a format
#   time                             this; vmdk-hostile.sh (extents), test-corpus-hostile (snapshots)
#   overflows, divisors, shifts      unit/test-<format>-header, cli/test-hostile-qcow2, *-hostile.sh
#   entries that point anywhere,     the same, corpus.sh, hostile-replay.sh, unit/test-<format>-hostile
#     files that end anywhere
#   codecs                           this; unit/test-dmg-codec, test-cloop-read, test-qcow2-hostile
#   bytes that nobody wrote          fault/test-valgrind, sanitized runs of unit/ and *hostile*
#   tables that overlap, on writing  unit/test-qcow2-hostile, test-qcow-hostile, test-vmdk-hostile,
#                                    test-vpc-check, test-bochs-image, test-cow-disk
#   names                            cli/test-names, cli/test-untrusted, cli/test-hostile-xml
#   a file that changes meanwhile    cli/test-untrusted, in-use.sh, unit/test-image-lock
#   text                             unit/test-vmdk-header, unit/test-dmg-plist, unit/test-vpc-head
#   what is encrypted or unknown     cli/test-vol-formats, unit/test-<format>-header
#   what lacks a parent or a part    cli/test-corpus, vpc.sh, vmdk-parent.sh, bochs-images.sh,
#                                    dmg-hostile.sh
#   crashes                          unit/test-<format>-crash, fault/test-kill-*
#   fuzzing                          hostile-replay.sh

# Holes cost nothing there, and may be longer than in most other filesystems.
[ ! -w /dev/shm ] || TMPDIR=/dev/shm
export TMPDIR
# shellcheck source=tests/fault/lib.sh
. "$(dirname "$0")/../fault/lib.sh"

TOOL=${IMAGE_TOOL:?IMAGE_TOOL names the image-tool program}
spend=$(dirname "$TOOL")/spend

# within MILLISECONDS ARGUMENT…: the command ends well or with an error, in 64 MiB and that time. The
# machine may be busy with something else, but not three times.
within() {
    most=$1
    shift
    for _ in 1 2 3; do
        status=0
        timeout -k 1 60 "$spend" "$work/spent" "$PROGRAM" --follow anywhere "$@" \
            >"$work/out" 2>"$work/err" || status=$?
        case $status in
            0 | 1) ;;
            *)
                echo "tarn $*: exit status $status"
                cat "$work/err"
                return 1
                ;;
        esac
        ! sanitized || return 0
        read -r memory time <"$work/spent"
        [ "$time" -ge "$most" ] || break
    done
    [ "$memory" -lt 65536 ] && [ "$time" -lt "$most" ] && return
    echo "tarn $*: $memory KiB, $time ms"
    return 1
}

# looked_at MILLISECONDS FORMAT: everything that reads $work/image.
looked_at() {
    within 100 --json image-info "$work/image"
    within 100 --json image-info "$work/image" --format "$2"
    within "$1" --json image-check "$work/image" --format "$2"
    within "$1" --json image-map "$work/image" --format "$2"
    rm -f "$work/raw"
    within "$1" image-convert "$work/image" "$work/raw" --source-format "$2" --format raw
    rm -f "$work/raw"
}

# new FORMAT SIZE OPTION…: $work/image, empty.
new() {
    rm -f "$work/image"
    "$TOOL" -f "$1" create "$work/image" "$2" ${3+"$3"} ${4+"$4"}
}

# put OFFSET HEX: these bytes there.
put() {
    # shellcheck disable=SC2046,SC2059 # a number for each byte, and the format is made of them
    printf "$(printf '\\%03o' $(echo "$2" | sed 's/../0x& /g'))" |
        dd of="$work/image" bs=1 seek="$1" conv=notrunc status=none
}

# --- beginnings of large images ---------------------------------------------------------------------

qcow_begins() {
    new qcow 167125767422464
    truncate -s 516 "$work/image"
    looked_at 100 qcow
}

qcow2_begins() {
    new qcow2 1125899906842624
    truncate -s 65536 "$work/image"
    looked_at 100 qcow2
    put 60 ffffffff # snapshots
    looked_at 100 qcow2
    put 36 ffffffff # entries of the L1 table
    looked_at 100 qcow2
}

vmdk_begins() {
    new vmdk 1099511627776
    truncate -s 20000 "$work/image"
    looked_at 100 vmdk
    put 12 ffffffffffff3f00 # sectors
    looked_at 100 vmdk
    {
        echo '# Disk DescriptorFile'
        echo 'createType="twoGbMaxExtentSparse"'
        yes 'RW 4192256 SPARSE "x"' 2>/dev/null | head -n 100000
    } | head -c 1048576 >"$work/image"
    looked_at 100 vmdk
}

vpc_begins() {
    new vpc 2190433320960
    truncate -s 2048 "$work/image"
    looked_at 100 vpc
}

cow_begins() {
    new cow 4398046511104 subformat=qemu
    truncate -s 2048 "$work/image"
    looked_at 100 cow
}

bochs_begins() {
    new bochs 8796093022208
    truncate -s 600 "$work/image"
    looked_at 100 bochs
}

cloop_begins() {
    {
        printf '#!/bin/sh\n#V2.0 Format\nmodprobe cloop\n'
        head -c 86 /dev/zero
        printf '\000\001\000\000\037\377\377\376' # 2^29 - 2 blocks of 64 KiB
    } >"$work/image"
    truncate -s 1048576 "$work/image"
    looked_at 100 cloop
}

dmg_ends() {
    new dmg 4611686018427387904
    looked_at 100 dmg
    end=$(($(stat -c %s "$work/image") - 512))
    put $((end + 224)) 0001000000000000 # bytes of the property list
    looked_at 100 dmg
}

# a_disc: $work/image is a small disc.
a_disc() {
    need genisoimage
    mkdir "$work/folder"
    echo text >"$work/folder/file"
    genisoimage -quiet -R -J -o "$work/image" "$work/folder" 2>/dev/null
}

# Sizes and places stand there twice, little-endian and big-endian.
iso_begins() {
    a_disc
    put $((32768 + 80)) ffffffffffffffff  # blocks
    put $((32768 + 132)) ffffff7f7fffffff # bytes of the path table
    put $((32768 + 166)) 00f0ffff00f0ffff # bytes of the root
    looked_at 100 iso
}

# --- holes of 4 EiB, or as long as the filesystem has them -------------------------------------------

grown() {
    for size in 4E 8T 1T; do
        ! truncate -s "$size" "$work/image" 2>/dev/null || return 0
    done
    skip "no file here can have a long hole"
}

# grown_disk FORMAT: an image of 10 MiB and the hole behind it.
grown_disk() {
    new "$1" 10321920 ${2+"$2"}
    grown
    looked_at 500 "$1"
}

qcow_with_hole() { grown_disk qcow; }
qcow2_with_hole() { grown_disk qcow2; }
vmdk_with_hole() { grown_disk vmdk; }
vpc_with_hole() { grown_disk vpc; }
bochs_with_hole() { grown_disk bochs; }
cow_with_hole() { grown_disk cow subformat=qemu; }

# An ISO is as long as its file: only its own structures are looked at.
iso_with_hole() {
    a_disc
    grown
    looked_at 500 iso
}

dmg_with_hole() {
    new dmg 10321920
    size=$(stat -c %s "$work/image")
    tail -c 512 "$work/image" >"$work/trailer"
    truncate -s 1T "$work/image"
    cat "$work/trailer" >>"$work/image"
    looked_at 500 dmg
}

cloop_with_hole() {
    truncate -s 1M "$work/disk"
    rm -f "$work/image"
    "$TOOL" -f cloop fill "$work/image" "$work/disk"
    put 132 1ffffffe # blocks: the table is a hole, and so are they
    grown
    looked_at 1000 cloop
}

# --- tables that are holes, or noise -----------------------------------------------------------------

l1_of_holes() {
    new qcow 17592186044416
    looked_at 2000 qcow
    new qcow2 1125899906842624
    looked_at 2000 qcow2
}

bitmap_of_holes() {
    new cow 549755813888 subformat=qemu
    looked_at 2000 cow
}

directory_of_holes() {
    new vmdk 549755813888
    looked_at 2000 vmdk
}

# The longest table that is read, of blocks that lie anywhere.
vpc_noise() {
    new vpc 1095216660480 cluster-size=262144
    table=$(od -An -j 528 -N 8 -t u8 --endian=big "$work/image")
    head -c 16711680 /dev/urandom |
        dd of="$work/image" bs=1M seek="$table" oflag=seek_bytes conv=notrunc status=none
    looked_at 4000 vpc
    # With half the blocks it would be twice as long.
    put $((512 + 32)) 00020000
    put $((512 + 28)) 00ffffff
    grown
    looked_at 100 vpc
}

bochs_noise() {
    new bochs 8796093022208
    head -c 4194304 /dev/urandom |
        dd of="$work/image" bs=1M seek=512 oflag=seek_bytes conv=notrunc status=none
    looked_at 2000 bochs
}

# is_left COMMAND…: it would take years, and ends when it is asked to.
is_left() {
    status=0
    timeout -k 5 1 "$PROGRAM" --follow anywhere "$@" >"$work/out" 2>"$work/err" || status=$?
    rm -f "$work/raw"
    [ "$status" -eq 124 ] && return
    echo "tarn $*: exit status $status" # 137: it had to be killed
    return 1
}

# A table for every sector of 2^39, which the file has as holes.
tables_for_years() {
    new vmdk 10000384
    dd if="$work/image" of="$work/text" bs=512 skip=1 count=20 status=none
    tr -d '\0' <"$work/text" | sed 's/^RW [0-9]* /RW 549755813888 /' |
        dd of="$work/image" bs=512 seek=1 conv=notrunc status=none
    put 8 01000000          # one directory
    put 12 0000000080000000 # sectors
    put 20 0100000000000000 # of a grain
    put 44 01000000         # entries of a table
    put 56 0000004000000000 # where the directory is
    truncate -s 8T "$work/image" 2>/dev/null || skip "no file here can have a long hole"
    within 100 image-info "$work/image" --format vmdk
    is_left image-check "$work/image" --format vmdk
    is_left image-convert "$work/image" "$work/raw" --source-format vmdk --format raw
}

# --- what unpacks to much ----------------------------------------------------------------------------

# unpacks FORMAT OPTION…: 256 MiB of zeros in a few hundred KiB, which nobody holds in memory at once.
unpacks() {
    truncate -s 256M "$work/disk"
    rm -f "$work/image"
    format=$1
    shift
    "$TOOL" -f "$format" fill "$work/image" "$work/disk" "$@"
    [ "$(stat -c %s "$work/image")" -lt 1048576 ]
    looked_at 5000 "$format"
}

cloop_unpacks() { unpacks cloop cluster-size=8388608; }

# Zeros are no chunk of a dmg, but these are.
dmg_unpacks() {
    head -c 67108864 /dev/zero | tr '\0' a >"$work/disk"
    for subformat in UDZO UDBZ; do
        rm -f "$work/image"
        "$TOOL" -f dmg fill "$work/image" "$work/disk" cluster-size=8388608 subformat="$subformat"
        [ "$(stat -c %s "$work/image")" -lt 1048576 ]
        within 5000 --json image-check "$work/image" --format dmg
        within 5000 image-convert "$work/image" "$work/raw" --source-format dmg --format raw
        rm "$work/raw"
    done
}

for format in bochs cloop cow iso qcow qcow2 vmdk vpc; do
    check "the beginning of a large image: $format" "${format}_begins"
done
check "a trailer that tells of a large disk: dmg" dmg_ends
for format in bochs cloop cow dmg iso qcow qcow2 vmdk vpc; do
    check "a file that is nearly nothing but a hole: $format" "${format}_with_hole"
done
check "L1 tables of holes" l1_of_holes
check "a bitmap of holes" bitmap_of_holes
check "a grain directory of holes" directory_of_holes
check "the longest block table, with noise in it" vpc_noise
check "the longest catalog, with noise in it" bochs_noise
check "tables that take years are left when that is asked" tables_for_years
check "a cloop that unpacks to much" cloop_unpacks
check "a dmg that unpacks to much" dmg_unpacks
finish
