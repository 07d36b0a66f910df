#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# libvirt's pool XML, from people who wrote it for libvirt: it is taken, validated and printed back so
# that it stays the same; and whatever the command prints, libvirt's own schemas accept.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

shared=${TARN_SHARED:-$TARN_SRC/../shared}/xml
schemas=${LIBVIRT_SCHEMAS:-/usr/share/libvirt/schemas}

# documents: the pool documents of which the type has a module here.
documents() {
    [ -d "$shared" ] || skip "there is no pool XML to read: set TARN_SHARED"
    run 0 --json type-list
    for file in "$shared"/*.xml; do
        type=$(sed -n "s/.*<pool type=[\"']\([a-z-]*\)[\"'].*/\1/p" "$file" | head -n 1)
        if grep -q "\"name\": \"$type\"" "$work/out"; then
            echo "$file"
        fi
    done
}

# valid SCHEMA FILE
valid() {
    need xmllint
    [ -f "$schemas/$1" ] || skip "libvirt's schemas are missing: install libvirt0"
    xmllint --noout --relaxng "$schemas/$1" "$2" 2>"$work/said" && return
    cat "$work/said" "$2"
    return 1
}

# print FILE ARGUMENT…: what a command prints, in FILE.
print() {
    file=$1
    shift
    run 0 -q "$@"
    cp "$work/out" "$file"
}

validated() {
    documents >"$work/documents"
    [ -s "$work/documents" ]
    while read -r document; do
        rm -rf "${TARN_ROOT:?}/etc"
        run 0 pool-define "$document" --validate
    done <"$work/documents"
}

# only_pool: the name of the one that there is. Names may have blanks in them.
only_pool() {
    run 0 --json pool-list --all
    json '#' 1
    "$JSON_GET" 0/name <"$work/out"
}

stable() {
    documents >"$work/documents"
    while read -r document; do
        rm -rf "${TARN_ROOT:?}/etc"
        run 0 pool-define "$document"
        name=$(only_pool)
        print "$work/first.xml" pool-dumpxml "$name" --inactive
        run 0 pool-undefine "$name"
        run 0 pool-define "$work/first.xml" --validate
        print "$work/second.xml" pool-dumpxml "$name" --inactive
        diff "$work/first.xml" "$work/second.xml"
        valid storagepool.rng "$work/second.xml"
    done <"$work/documents"
}

# What is for output only is ignored, the path loses its superfluous slashes, -1 is no owner.
full_is_understood() {
    [ -f "$shared/dir-full.xml" ] || skip "there is no pool XML to read: set TARN_SHARED"
    run 0 pool-define "$shared/dir-full.xml"
    run 0 -q pool-dumpxml 1c1f2d3e-0b7a-4b7e-9a55-6d0a5b0c7f01
    shows '<name>images &amp; more</name>'
    shows "<capacity unit='bytes'>0</capacity>"
    shows '<path>/srv/images/&lt;odd&gt;/\.</path>'
    shows "<cow state='no'/>"
    shows '<mode>0711</mode>'
    shows '<label>system_u:object_r:virt_image_t:s0</label>'
    ! grep -q -e '<owner>' -e '<group>' "$work/out"
}

printed_pools_are_valid() {
    dir_pool p
    print "$work/active.xml" pool-dumpxml p
    valid storagepool.rng "$work/active.xml"
    print "$work/inactive.xml" pool-dumpxml p --inactive
    valid storagepool.rng "$work/inactive.xml"
    run 0 -q pool-destroy p
    print "$work/stopped.xml" pool-dumpxml p
    valid storagepool.rng "$work/stopped.xml"
    run 0 -q pool-define-as odd dir --target "$work/a & <b>" --print-xml
    cp "$work/out" "$work/printed.xml"
    valid storagepool.rng "$work/printed.xml"
}

# A volume of every kind that a folder may hold.
volumes_of_all_kinds() {
    dir_pool p
    run 0 vol-create-as p raw 1MiB --format raw
    run 0 vol-create-as p sparse 1MiB --format raw --allocation 0
    run 0 vol-create-as p v3 1MiB --format qcow2
    run 0 vol-create-as p 'odd & <name>' 0 --format raw
    run 0 vol-create-as p over 1MiB --format qcow2 --backing-vol v3 --backing-vol-format qcow2
    cat >"$work/v.xml" <<'END'
<volume>
  <name>fine</name>
  <capacity unit='MiB'>3</capacity>
  <allocation>0</allocation>
  <target>
    <format type='qcow2'/>
    <permissions><mode>0640</mode></permissions>
    <compat>1.1</compat>
    <clusterSize unit='KiB'>32</clusterSize>
    <features><lazy_refcounts/><extended_l2/></features>
  </target>
</volume>
END
    run 0 vol-create p "$work/v.xml" --validate
    sed -e 's/fine/old/' -e 's/1\.1/0.10/' -e '/<features>/d' "$work/v.xml" >"$work/old.xml"
    run 0 vol-create p "$work/old.xml" --validate
    mkdir "$work/p/folder"
    mkfifo "$work/p/fifo"
    ln -s nowhere "$work/p/dangling"
    head -c 1000 "$work/p/v3" >"$work/p/truncated"
}

printed_volumes_are_valid() {
    volumes_of_all_kinds
    run 0 -q --json vol-list p
    "$JSON_GET" '#' <"$work/out" >"$work/count"
    [ "$(cat "$work/count")" -ge 11 ]
    cp "$work/out" "$work/list"
    index=0
    while [ "$index" -lt "$(cat "$work/count")" ]; do
        name=$("$JSON_GET" "$index/name" <"$work/list")
        print "$work/volume.xml" vol-dumpxml "$name" --pool p
        valid storagevol.rng "$work/volume.xml"
        index=$((index + 1))
    done
}

# What a volume's XML says is enough to make another like it.
printed_volumes_create() {
    volumes_of_all_kinds
    for name in raw sparse v3 over fine old; do
        print "$work/first.xml" vol-dumpxml "$name" --pool p
        sed "s/<name>$name/<name>$name-again/" "$work/first.xml" >"$work/again.xml"
        run 0 vol-create p "$work/again.xml" --validate
        print "$work/second.xml" vol-dumpxml "$name-again" --pool p
        for file in first second; do
            grep -e '<capacity' -e '<format' -e '<mode' -e '<compat' -e '<clusterSize' \
                -e 'lazy' -e 'extended' -e '<features' "$work/$file.xml" >"$work/$file"
        done
        diff "$work/first" "$work/second"
    done
}

capabilities_are_valid() {
    run 0 -q pool-capabilities
    cp "$work/out" "$work/caps.xml"
    valid storagepoolcaps.rng "$work/caps.xml"
}

check "every document of a known type is valid" validated
check "what is printed of it defines the same again" stable
check "every element of a dir pool" full_is_understood
check "printed pools are valid by libvirt's schema" printed_pools_are_valid
check "printed volumes of every kind are valid by libvirt's schema" printed_volumes_are_valid
check "printed volumes create the same again" printed_volumes_create
check "printed capabilities are valid by libvirt's schema" capabilities_are_valid
finish
