#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A clone is made like its source: its subformat, compat level and cluster size, unless the request says
# otherwise, and as far as the format can make them.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"

pool_with_bytes() {
    dir_pool p
    run 0 vol-create-as p raw 5M
    seq 100000 >"$work/bytes"
    run 0 vol-upload raw "$work/bytes" --pool p
}

# told VOLUME NAME: what its image says of itself.
told() {
    run 0 --json image-info "$work/p/$1" --format "$format"
    "$JSON_GET" "$2" <"$work/out" 2>/dev/null
}

# cloned FORMAT OPTION…: into such an image, then into a clone of it, which is like it.
cloned() {
    format=$1
    shift
    run 0 vol-convert raw one --pool p --format "$format" "$@"
    run 0 vol-clone one two --pool p
    for fact in subformat compat clusterSize; do
        [ "$(told one "$fact")" = "$(told two "$fact")" ] && continue
        echo "$format $*: $fact is $(told two "$fact"), not $(told one "$fact")"
        return 1
    done
    run 0 vol-convert two back --pool p --format raw
    cmp -n 5242880 "$work/p/raw" "$work/p/back"
    run 0 vol-delete back --pool p
    run 0 vol-delete two --pool p
    run 0 vol-delete one --pool p
}

vmdk_kinds() {
    pool_with_bytes
    for kind in monolithicSparse monolithicFlat twoGbMaxExtentSparse twoGbMaxExtentFlat \
        streamOptimized vmfs; do
        cloned vmdk --subformat "$kind"
    done
    cloned vmdk --subformat monolithicSparse --cluster-size 16K
}

vpc_kinds() {
    pool_with_bytes
    cloned vpc --subformat fixed
    cloned vpc --subformat dynamic
    cloned vpc --subformat dynamic --cluster-size 512K
}

other_kinds() {
    pool_with_bytes
    cloned qcow2 --compat 0.10
    cloned qcow2 --cluster-size 4K
    cloned dmg --subformat UDBZ
    cloned dmg --subformat UDZO
    cloned cloop --cluster-size 128K
}

other_kinds_over_a_base() {
    dir_pool p
    run 0 vol-create-as p base 5M
    format=cow
    for kind in uml qemu; do
        run 0 vol-create-as p one 5M --format cow --subformat "$kind" --backing-vol base \
            --backing-vol-format raw
        run 0 vol-clone one two --pool p
        [ "$(told two subformat)" = "$kind" ]
        run 0 vol-delete two --pool p
        run 0 vol-delete one --pool p
    done
}

# A request of one's own that names nothing but the format.
short_request() {
    pool_with_bytes
    format=vmdk
    run 0 vol-convert raw one --pool p --format vmdk --subformat streamOptimized
    cat >"$work/xml" <<END
<volume><name>two</name><target><format type='vmdk'/></target></volume>
END
    run 0 vol-create-from p "$work/xml" one --inputpool p
    [ "$(told two subformat)" = streamOptimized ]
    format=qcow2
    run 0 vol-convert raw three --pool p --format qcow2 --compat 0.10 --cluster-size 8K
    sed 's/two/four/; s/vmdk/qcow2/' "$work/xml" >"$work/xml2"
    run 0 vol-create-from p "$work/xml2" three --inputpool p
    [ "$(told four compat) $(told four clusterSize)" = '0.10 8192' ]
}

what_is_asked_for_wins() {
    pool_with_bytes
    format=vmdk
    run 0 vol-convert raw one --pool p --format vmdk --subformat streamOptimized
    run 0 vol-clone one two --pool p --subformat twoGbMaxExtentSparse
    [ "$(told two subformat)" = twoGbMaxExtentSparse ]
    run 0 vol-clone one flat --pool p --subformat monolithicFlat
    [ "$(told flat subformat)" = monolithicFlat ]
    format=vpc
    run 0 vol-convert raw three --pool p --format vpc
    run 0 vol-clone three four --pool p --subformat fixed
    [ "$(told four subformat)" = fixed ]
    format=qcow2
    run 0 vol-convert raw five --pool p --format qcow2 --compat 0.10 --cluster-size 8K
    run 0 vol-clone five six --pool p --cluster-size 16K
    [ "$(told six compat) $(told six clusterSize)" = '0.10 16384' ]
    run 0 vol-convert five seven --pool p --format vmdk
    format=vmdk
    [ "$(told seven subformat)" = monolithicSparse ]
}

# A differencing VHD that is to rest on nothing, and a kind that is only read.
what_cannot_be_made_alike() {
    pool_with_bytes
    format=vpc
    run 0 vol-convert raw base --pool p --format vpc
    run 0 vol-create-as p over 5M --format vpc --backing-vol base --backing-vol-format vpc
    [ "$(told over subformat)" = differencing ]
    echo "<volume><name>alone</name><target><format type='vpc'/></target></volume>" >"$work/xml"
    run 0 vol-create-from p "$work/xml" over --inputpool p
    says 'the volume "alone" is not made like "over": a differencing VHD needs a parent'
    [ "$(told alone subformat)" = dynamic ]
    cmp -n 100000 "$work/p/raw" "$work/bytes"
    run 0 vol-convert alone back --pool p --format raw
    cmp -n 5242880 "$work/p/raw" "$work/p/back"
}

check "a vmdk is cloned in its subformat" vmdk_kinds
check "a vpc is cloned in its subformat" vpc_kinds
check "so are the others that have several" other_kinds
check "and those that rest on a base" other_kinds_over_a_base
check "a request that names the format alone gets the like" short_request
check "what is asked for goes before" what_is_asked_for_wins
check "what cannot be made alike is made as usual, and told" what_cannot_be_made_alike
finish
