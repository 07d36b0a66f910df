#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What pools on real storage say that they can do, and whether it is so.
# shellcheck disable=SC2317 # inside ends only outside of the machine
. "$(dirname "$0")/lib.sh"
inside --disk 512M
# The overlay has no files without names, which definitions are written with.
TMPDIR=/run
export TMPDIR
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"
disk=${VM_DISKS% }

# ask: what the pool p can do, one operation a line, in $work/asked.
ask() {
    run 0 --json pool-capabilities p
    tr -d '\n' <"$work/out" | sed 's/},/}\n/g' >"$work/asked"
}

# can OPERATION PATTERN
can() {
    grep -e "\"operation\": \"$1\"" "$work/asked" >"$work/out"
    shows "$2"
}

# size OPERATION MEMBER
size() {
    grep -e "\"operation\": \"$1\"" "$work/asked" | sed -n "s/.*\"$2\": \([0-9]*\).*/\1/p"
}

# bytes VOLUME
bytes() {
    run 0 --json vol-info "$1" --pool p
    "$JSON_GET" capacity <"$work/out"
}

clean() {
    run 0 pool-stop p || true
    vgremove -q -f -y vg >/dev/null 2>&1 || true
    wipefs -q -a -f "$disk"
}

partitions_are_counted_in_sectors() {
    for label in gpt dos; do
        run 0 pool-define-as p disk --source-dev "$disk" --source-format "$label" --target /dev
        run 0 pool-build p --overwrite
        run 0 pool-start p
        ask
        can vol-create '"support": "native"'
        can vol-thin '"support": "none"'
        can vol-clone '"support": "emulated"'
        grain=$(size vol-create granularity)
        [ "$grain" -eq 512 ]
        [ "$(size vol-grow maximum)" -le $((512 * 1024 * 1024)) ]
        run 0 vol-create-as p "${disk##*/}1" $((8 * 1024 * 1024 + 1))
        [ "$(bytes "${disk##*/}1")" -eq $((8 * 1024 * 1024 + grain)) ]
        clean
        run 0 pool-undefine p
    done
}

# logical [ELEMENT]
logical() {
    echo "<pool type='logical' xmlns:logical='urn:tarn:logical:1'><name>p</name><source>
<device path='$disk'/><name>vg</name></source>$*</pool>" >"$work/p.xml"
    run 0 pool-define "$work/p.xml"
    run 0 pool-build p
    run 0 pool-start p
    ask
}

volumes_are_counted_in_extents() {
    logical
    can vol-create '"support": "native"'
    [ "$(size vol-create granularity)" -eq $((4 * 1024 * 1024)) ]
    can vol-thin '"support": "emulated"'
    can vol-snapshot '"support": "native"'
    can vol-clone '"support": "emulated".*<logical:thin-pool>'
    run 0 vol-create-as p a $((4 * 1024 * 1024 + 1))
    [ "$(bytes a)" -eq $((8 * 1024 * 1024)) ]
    run 1 --json vol-clone a b --pool p --reflink
    says '"code":"unsupported"'
    run 0 vol-clone a b --pool p
    clean
}

thin_volumes_are_native() {
    logical "<logical:thin-pool name='thin' capacity='128 MiB'/>"
    can vol-thin '"support": "native"'
    can vol-clone '"support": "native"'
    run 0 vol-create-as p a 64M --allocation 0
    run 0 vol-clone a b --pool p --reflink
    clean
}

# mounted FORMAT
mounted() {
    run 0 pool-define-as p fs --source-dev "$disk" --source-format "$1" --target "$work/p"
    run 0 pool-build p --overwrite
    run 0 pool-start p
    run 0 vol-create-as p a 1M
    ask
}

sharing_is_tried() {
    mounted xfs
    can vol-clone '"support": "native"'
    run 0 vol-clone a b --pool p --reflink
    clean
    mounted ext4
    can vol-clone '"support": "emulated"'
    run 1 --json vol-clone a b --pool p --reflink
    says '"code":"unsupported"'
    [ "$(find "$work/p" -type f | wc -l)" -eq 1 ]
    clean
}

check "partitions are counted in sectors" partitions_are_counted_in_sectors
check "logical volumes are counted in extents" volumes_are_counted_in_extents
check "thin volumes are native where there is a thin pool" thin_volumes_are_native
check "whether bytes are shared is tried" sharing_is_tried
finish
