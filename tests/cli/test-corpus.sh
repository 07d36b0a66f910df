#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Real images, made by others: each image of the shared corpus in a dir pool. What the
# command says of it is what qemu-img says, and the guest's bytes have the manifest's checksum.
# TARN_SHARED is the folder with the corpus; without it, ../shared beside the source tree.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

corpus=${TARN_SHARED:-$TARN_SRC/../shared}/corpus
manifest=$corpus/manifest.json

# need_corpus: skips the test where the corpus or a program to read it is missing.
need_corpus() {
    [ -f "$manifest" ] || skip "there is no corpus of images: set TARN_SHARED"
    need xz
    need jq
    need qemu-img
}

# images: a line for each image that is one, and is not there to be refused: its file and format, the
# capacity that qemu-img finds, the checksum of the guest's bytes or "-". qemu-img knows no ISO, and reads a
# differencing VHD without its parent.
images() {
    jq -r '.[] | select(.format as $format | ."qemu-img-7.2".probed == $format or $format == "iso")
        | select(.file | test("large-size") | not)
        | [.file, .format, ."qemu-img-7.2"."virtual-size",
           if .layout | test("type=4") then "-" else ."content-sha256" // "-" end] | @tsv' "$manifest"
}

# corpus_pool: a pool of all of them, unpacked once for all tests; volume names have - for /.
corpus_pool() {
    need_corpus
    if [ ! -d "$base/images" ]; then
        mkdir "$base/images"
        images | while read -r file _; do
            xz -dc "$corpus/$file.xz" >"$base/images/$(volume "$file")"
        done
    fi
    run 0 -q pool-define-as corpus dir --target "$base/images"
    run 0 -q pool-start corpus
}

volume() {
    echo "$1" | tr / -
}

# agree FILE FORMAT: capacity, format and backing file of the volume as the command and qemu-img tell them.
# qemu-img rounds the size of a raw file up to sectors.
agree() {
    path=$base/images/$1
    run 0 --json vol-info --pool corpus "$1"
    json format "$2"
    theirs=$2
    [ "$2" != iso ] || theirs=raw
    qemu-img info --output=json -f "$theirs" "$path" >"$work/theirs" 2>"$work/err"
    [ "$(jq -r .format "$work/theirs")" = "$theirs" ]
    jq '(."virtual-size" + 511) / 512 | floor' "$work/theirs" >"$work/expected"
    jq '(.capacity + 511) / 512 | floor' "$work/out" >"$work/found"
    diff "$work/expected" "$work/found" || return
    case $1 in *differential*) return ;; esac
    backing=$(jq -r '."full-backing-filename" // "none"' "$work/theirs")
    [ "$(jq -r '.backingStore.path // "none"' "$work/out")" = "$backing" ]
}

infos_agree() {
    corpus_pool
    images >"$work/images"
    [ "$(wc -l <"$work/images")" -gt 50 ]
    while read -r file format size _; do
        agree "$(volume "$file")" "$format"
        capacity=$("$JSON_GET" capacity <"$work/out")
        [ $(((capacity + 511) / 512 * 512)) -eq "$size" ]
    done <"$work/images"
}

# with_content [FORMAT]: the images of which the manifest has the checksum.
with_content() {
    images | awk -v format="$1" '(format == "" || $2 == format) && $4 != "-"'
}

converted_bytes_are_right() {
    corpus_pool
    with_content >"$work/images"
    [ "$(wc -l <"$work/images")" -ge 30 ]
    while read -r file _ _ sum; do
        rm -f "$work/raw"
        run 0 -q image-convert "$base/images/$(volume "$file")" "$work/raw" --format raw
        echo "$sum  $work/raw" | sha256sum -c --quiet
    done <"$work/images"
}

# Of those that are not too large to be copied twice.
cloned_bytes_are_right() {
    corpus_pool
    with_content qcow2 | awk '$3 <= 67108864' >"$work/images"
    while read -r file _ _ sum; do
        name=$(volume "$file")
        run 0 -q vol-convert "$name" copy.raw --format raw --pool corpus
        echo "$sum  $base/images/copy.raw" | sha256sum -c --quiet
        run 0 -q vol-delete copy.raw --pool corpus
        run 0 -q vol-clone "$name" copy.qcow2 --pool corpus
        qemu-img compare -q "$base/images/$name" "$base/images/copy.qcow2"
        qemu-img check -q "$base/images/copy.qcow2"
        run 0 -q vol-delete copy.qcow2 --pool corpus
    done <"$work/images"
}

raw_bytes_are_right() {
    corpus_pool
    images | awk '$2 == "raw" || $2 == "iso" { print $1 }' >"$work/images"
    [ -s "$work/images" ]
    while read -r file; do
        rm -f "$work/raw"
        run 0 -q image-convert "$base/images/$(volume "$file")" "$work/raw" --format raw --source-format raw
        cmp "$work/raw" "$base/images/$(volume "$file")"
    done <"$work/images"
}

# orphans: the images that name a backing file which the corpus does not have.
orphans() {
    for path in "$base"/images/*snapshot*; do
        echo "${path##*/}"
    done
}

orphans_are_listed() {
    corpus_pool
    run 0 --json vol-list corpus
    for name in $(orphans); do
        [ "$(jq -r --arg name "$name" '.[] | select(.name == $name).status' "$work/out")" = \
            broken-backing ]
    done
}

orphans_are_not_read() {
    corpus_pool
    for name in $(orphans); do
        for follow in recorded pool anywhere; do
            rm -f "$work/raw"
            run 1 --follow "$follow" image-convert "$base/images/$name" "$work/raw" --format raw \
                --source-format qcow2
            [ ! -e "$work/raw" ]
            run 1 --follow "$follow" vol-convert "$name" copy.raw --format raw --pool corpus
            [ ! -e "$base/images/copy.raw" ]
        done
    done
}

# The backing file is there, that file's own is not.
broken_chain_is_not_read() {
    need_corpus
    for name in cirros-snapshot1.qcow2 cirros-snapshot2.qcow2; do
        xz -dc "$corpus/containerized-data-importer/$name.xz" >"$work/$name"
    done
    run 1 --follow anywhere image-convert "$work/cirros-snapshot2.qcow2" "$work/raw" --format raw \
        --source-format qcow2
    says 'cirros.raw'
    [ ! -e "$work/raw" ]
}

nothing_is_changed() {
    corpus_pool
    images | while read -r file _; do
        sum=$(jq -r --arg file "$file" '.[] | select(.file == $file).sha256' "$manifest")
        echo "$sum  $base/images/$(volume "$file")"
    done >"$work/sums"
    sha256sum -c --quiet "$work/sums"
    [ "$(find "$base/images" -type f | wc -l)" -eq "$(wc -l <"$work/sums")" ]
}

# Without those that qemu-img cannot open, and the one that it takes seconds for.
checks_agree() {
    corpus_pool
    images | awk '$2 == "qcow2" { print $1 }' >"$work/images"
    while read -r file; do
        name=$(volume "$file")
        case $name in *snapshot* | *large-json*) continue ;; esac
        theirs=0
        qemu-img check -q -f qcow2 "$base/images/$name" 2>"$work/err" || theirs=$?
        ours=0
        "$TARN" -q image-check "$base/images/$name" >"$work/out" 2>"$work/err" || ours=$?
        [ "$((theirs != 0))" -eq "$((ours != 0))" ] || {
            echo "$name: qemu-img check ended with $theirs, tarn with $ours"
            cat "$work/out" "$work/err"
            return 1
        }
    done <"$work/images"
}

check "capacity, format and backing file are what qemu-img says" infos_agree
check "the guest's bytes of each image have the manifest's checksum" converted_bytes_are_right
check "and so have those of a volume cloned and converted from it" cloned_bytes_are_right
check "the guest's bytes of each raw image are its own" raw_bytes_are_right
check "images whose backing file is missing are listed as such" orphans_are_listed
check "and are never read as if they were whole" orphans_are_not_read
check "nor those whose backing file's backing file is missing" broken_chain_is_not_read
check "image-check finds faults where qemu-img check does" checks_agree
check "all of this has changed no image" nothing_is_changed
finish
