#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A dir pool with an image of every format in it: what the commands on volumes tell of them, and do.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/formats/samples.inc
. "$(dirname "$0")/../formats/samples.inc"

# The images are made once; each test has a copy of them, in a pool. But a cow knows where its base lies.
mixed_pool() {
    need jq
    need genisoimage
    if [ ! -d "$base/images" ]; then
        mkdir "$base/images"
        samples_content "$base/content"
        for format in $formats; do
            [ "$format" = cow ] || samples_make "$format" "$base/content" "$base/images/$format.img"
        done
        for kind in twoGbMaxExtentFlat monolithicFlat; do
            run 0 -q image-convert "$base/content" "$base/images/$kind.vmdk" --source-format raw \
                --format vmdk --subformat "$kind"
        done
    fi
    mkdir "$work/p"
    cp --sparse=always "$base"/images/* "$work/p"
    samples_make cow "$base/content" "$work/p/cow.img"
    run 0 -q pool-define-as p dir --target "$work/p"
    run 0 -q pool-start p
}

# expected: "NAME FORMAT" of each volume; the extents of a VMDK are files of their own.
expected() {
    for format in $formats; do
        echo "$format.img $format"
    done
    echo "cow-base.raw raw"
    echo "monolithicFlat.vmdk vmdk"
    echo "twoGbMaxExtentFlat.vmdk vmdk"
    for extent in "$work"/p/*-f[0-9]*.vmdk "$work"/p/*-flat.vmdk; do
        echo "${extent##*/} raw"
    done
}

# Some formats round sizes up, to a cylinder at most.
is_capacity() {
    [ "$1" -ge "$samples_size" ] && [ "$1" -lt $((samples_size + 516096)) ]
}

all_are_listed() {
    mixed_pool
    run 0 --json vol-list p
    jq -r '.[] | [.name, .format] | join(" ")' "$work/out" | sort >"$work/found"
    expected | sort | diff -u - "$work/found"
    [ "$(jq '[.[] | select(.status != "ok")] | length' "$work/out")" -eq 0 ]
    jq -r '.[] | select(.name | test("-f[0-9]|-flat") | not) | .capacity' "$work/out" |
        while read -r capacity; do
            is_capacity "$capacity"
        done
}

infos_are_right() {
    mixed_pool
    for format in $formats; do
        run 0 --json vol-info "$format.img" --pool p
        json format "$format"
        json type file
        is_capacity "$(jq .capacity "$work/out")"
        [ "$(jq .physical "$work/out")" -eq "$(stat -c %s "$work/p/$format.img")" ]
        [ "$(jq .allocation "$work/out")" -eq $(($(stat -c %b "$work/p/$format.img") * 512)) ]
        run 0 vol-info "$format.img" --pool p
        shows '^Type:           file$'
    done
    run 0 --json vol-info cow.img --pool p
    json backingStore/path "$work/p/cow-base.raw"
}

# The document says what the others say, and libvirt's schema has nothing against it.
xmls_are_right() {
    mixed_pool
    for volume in $(expected | cut -d' ' -f1); do
        run 0 vol-dumpxml "$volume" --pool p
        cp "$work/out" "$work/$volume.xml"
        grep -q "<format type='$(expected | sed -n "s/^$volume //p")'/>" "$work/$volume.xml"
    done
    schema=$(dpkg -L libvirt0 2>/dev/null | grep '/storagevol.rng$' || true)
    [ -n "$schema" ] || schema=$(find /usr/share/libvirt/schemas -name storagevol.rng 2>/dev/null || true)
    [ -n "$schema" ] || skip "libvirt's schemas are not installed"
    need xmllint
    xmllint --noout --relaxng "$schema" "$work"/*.xml
}

# What was printed makes an equal volume, or its format says that it cannot.
xmls_make_volumes() {
    mixed_pool
    for format in $formats; do
        run 0 vol-dumpxml "$format.img" --pool p
        sed -e 's,<name>.*</name>,<name>new</name>,' -e '/<key>/d' -e "s,<path>$work/p/$format.img</path>,," \
            "$work/out" >"$work/new.xml"
        if "$TARN" --json format-list | jq -e --arg f "$format" \
            '.[] | select(.name == $f).abilities | index("create")' >"$work/said"; then
            run 0 vol-create p "$work/new.xml"
            run 0 --json vol-info new --pool p
            json format "$format"
            is_capacity "$(jq .capacity "$work/out")"
            run 0 vol-delete new --pool p
        else
            run 1 --json vol-create p "$work/new.xml"
            [ "$(jq -r .error.code "$work/err")" = unsupported ]
        fi
        [ ! -e "$work/p/new" ]
    done
}

# holds FORMAT FROM: the volume "new" has the bytes of the sample FROM, and perhaps zeros behind them.
holds() {
    rm -f "$work/raw"
    run 0 -q --follow anywhere image-convert "$work/p/new" "$work/raw" --source-format "$1" \
        --format raw
    cmp -n "$samples_size" "$work/raw" "$(samples_of "$2" "$base/content")"
}

# Each into each other: the guest's bytes arrive. A cow rests on a base of the same size.
conversions() {
    mixed_pool
    for from in $formats; do
        run 0 --json vol-info "$from.img" --pool p
        run 0 -q vol-create-as p base "$(jq .capacity "$work/out")" --allocation 0
        for to in $formats; do
            options=
            [ "$to" != cow ] || options="--backing-vol base --backing-vol-format raw"
            # shellcheck disable=SC2086 # words
            run 0 -q --follow pool vol-convert "$from.img" new --pool p --format "$to" $options
            holds "$to" "$from"
            run 0 -q vol-delete new --pool p
        done
        run 0 -q vol-delete base --pool p
    done
}

clones_are_equal() {
    mixed_pool
    for from in $formats; do
        run 0 -q --follow pool vol-clone "$from.img" new --pool p
        run 0 --json vol-info new --pool p
        json format "$from"
        holds "$from" "$from"
        run 0 -q vol-delete new --pool p
    done
}

# An image of several files: they are read with it. Those of an image that tarn has made go with it; what
# a stranger's image names is left alone.
extents_go_along() {
    mixed_pool
    for kind in monolithicFlat twoGbMaxExtentFlat twoGbMaxExtentSparse; do
        run 0 -q vol-convert raw.img made.vmdk --pool p --format vmdk --subformat "$kind"
        run 0 --json image-info "$work/p/made.vmdk"
        json subformat "$kind"
        jq -r '.files[] | select(.role == "extent").name' "$work/out" >"$work/files"
        [ "$(cat "$work/files")" = "$(cd "$work/p" && ls made-*.vmdk)" ]
        run 0 image-info "$work/p/made.vmdk"
        shows '^Extent: *made-'
        run 0 -q vol-convert made.vmdk copy --pool p --format raw
        cmp "$work/p/copy" "$base/content"
        run 0 -q vol-delete copy --pool p
        run 0 -q vol-delete made.vmdk --pool p
        [ -z "$(find "$work/p" -name "made*")" ]
    done
    for volume in monolithicFlat twoGbMaxExtentFlat; do
        run 1 vol-convert "$volume.vmdk" copy --pool p --format raw
        run 0 -q --follow pool vol-convert "$volume.vmdk" copy --pool p --format raw
        cmp "$work/p/copy" "$base/content"
        run 0 -q vol-delete copy --pool p
        run 0 -q vol-delete "$volume.vmdk" --pool p
        [ -e "$work/p/$volume-flat.vmdk" ] || [ -e "$work/p/$volume-f001.vmdk" ]
    done
}

# fact FORMAT PATH VALUE: a member of what image-info tells of that sample.
fact() {
    run 0 --json image-info "$work/p/$1.img"
    json "$2" "$3"
}

# For people the same facts are rows.
facts_of_each() {
    mixed_pool
    fact bochs subformat growing
    fact cloop compression zlib
    fact cow subformat uml
    json backingStore/path "$work/p/cow-base.raw"
    json backingStore/format raw
    fact dmg subformat UDZO
    fact iso properties/volume-id samples
    fact qcow clusterSize 4096
    fact qcow2 compat 1.1
    json properties/refcount-bits 16
    fact vmdk subformat monolithicSparse
    fact vpc subformat dynamic
    json creator tarn
    run 0 image-info "$work/p/vpc.img" "$work/p/cow.img" "$work/p/monolithicFlat.vmdk"
    shows '^Subformat:      dynamic$'
    shows '^Creator:        tarn$'
    shows "^Backing store:  $work/p/cow-base.raw$"
    shows '^Extent:         monolithicFlat-flat.vmdk$'
}

# It is named, and nobody takes the cipher's bytes for the guest's.
encryption_is_named() {
    need qemu-img
    need jq
    for kind in qcow-aes qcow2-aes qcow2-luks; do
        qemu-img create -q -f "${kind%-*}" --object secret,id=s,data=x \
            -o "encrypt.format=${kind#*-},encrypt.key-secret=s" "$work/$kind" 4M 2>"$work/said" || continue
        run 0 --json image-info "$work/$kind"
        json format "${kind%-*}"
        json encryption "${kind#*-}"
        json capacity 4194304
        run 1 --json image-convert "$work/$kind" "$work/raw" --source-format "${kind%-*}" --format raw
        [ "$(jq -r .error.code "$work/err")" = unsupported ]
        jq -r .error.message "$work/err" | grep -q -i encrypt
        [ ! -e "$work/raw" ]
        echo "$kind" >>"$work/tried"
    done
    [ "$(wc -l <"$work/tried")" -ge 2 ]
}

# One that is broken is told as such and hides no other.
broken_ones_hide_nobody() {
    mixed_pool
    : >"$work/p/empty.img"
    for format in qcow2 vmdk vpc dmg; do
        head -c 1000 "$work/p/$format.img" >"$work/p/cut-$format.img"
    done
    run 0 pool-refresh p
    run 0 --json vol-list p
    [ "$(jq length "$work/out")" -eq $(($(expected | wc -l) + 5)) ]
    [ "$(jq -r '.[] | select(.name == "vpc.img").status' "$work/out")" = ok ]
}

unchanged_by_looking() {
    mixed_pool
    (cd "$work/p" && sha256sum -- *) >"$work/sums"
    run 0 pool-refresh p
    for format in $formats; do
        run 0 vol-info "$format.img" --pool p
        run 0 --follow pool vol-map "$format.img" --pool p
        "$TARN" -q --follow pool vol-check "$format.img" --pool p >"$work/said" 2>&1 || [ "$format" = raw ]
    done
    (cd "$work/p" && sha256sum -c --quiet "$work/sums")
}

check "all are listed with format and capacity" all_are_listed
check "vol-info" infos_are_right
check "image-info of each" facts_of_each
check "encryption is named, and what is encrypted is not read" encryption_is_named
check "vol-dumpxml is right, also for libvirt" xmls_are_right
check "what vol-dumpxml prints makes an equal volume" xmls_make_volumes
check "every format is converted into every format" conversions
check "every format is cloned" clones_are_equal
check "extents come and go with their image" extents_go_along
check "a broken image hides no other" broken_ones_hide_nobody
check "looking at them changes nothing" unchanged_by_looking
finish
