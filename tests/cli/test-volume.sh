#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The life of a volume, and what the command says at each step.
. "$(dirname "$0")/lib.sh"

capacity_of() {
    run 0 --json vol-info "$1" --pool p
    json capacity "$2"
}

life() {
    dir_pool p
    run 0 vol-create-as p a.img 1M --allocation 0
    prints 'Vol a.img created' ''
    run 0 vol-resize a.img 2M --pool p
    prints "Size of volume 'a.img' successfully changed to 2M" ''
    capacity_of a.img 2097152
    run 0 vol-resize --vol a.img --pool p 1M --delta
    prints "Size of volume 'a.img' successfully changed by 1M" ''
    capacity_of a.img 3145728
    run 0 vol-resize a.img -1M p --shrink
    capacity_of a.img 2097152
    run 0 vol-wipe a.img p
    prints 'Vol a.img wiped' ''
    run 0 vol-clone a.img b.img --pool p
    prints 'Vol b.img cloned from a.img' ''
    run 0 vol-delete a.img p
    prints 'Vol a.img deleted' ''
    run 3 vol-info a.img p
    run 0 -q vol-list p --name
    prints b.img
}

from_a_file() {
    dir_pool p
    echo '<volume><name>v</name><capacity unit="KiB">4</capacity></volume>' >"$work/v.xml"
    run 0 vol-create p "$work/v.xml"
    prints "Vol v created from $work/v.xml" ''
    sed 's/>v</>w</' "$work/v.xml" >"$work/w.xml"
    run 0 vol-create-from p "$work/w.xml" v --inputpool p
    prints 'Vol w created from input vol v' ''
    "$TARN" vol-create p - --idempotent <"$work/v.xml"
    run 1 vol-create p "$work/v.xml"
}

names_and_keys() {
    dir_pool p
    run 0 vol-create-as p 'a b' 1K
    run 0 -q vol-path 'a b' p
    prints "$work/p/a b"
    run 0 -q vol-key 'a b' --pool p
    prints "$work/p/a b"
    run 0 -q vol-name "$work/p/a b"
    prints 'a b'
    run 0 -q vol-pool "$work/p/a b"
    prints p
    run 0 -q pool-uuid p
    cp "$work/out" "$work/uuid"
    run 0 -q vol-pool "$work/p/a b" --uuid
    prints_like <"$work/uuid"
    run 0 vol-info "$work/p/a b" --pool p
}

volume_of_another_pool() {
    dir_pool p
    dir_pool q
    run 0 vol-create-as p v 1K
    run 3 vol-info "$work/p/v" --pool q
    says "is in pool 'p', not in 'q'"
    run 3 vol-info v
    says 'give --pool'
}

backing_store() {
    dir_pool p
    run 0 vol-create-as p base.qcow2 8M --format qcow2
    run 0 vol-create-as p top.qcow2 8M --format qcow2 --backing-vol base.qcow2
    run 0 --json vol-info top.qcow2 p
    json backingStore/path "$work/p/base.qcow2"
    json backingStore/format qcow2
    run 1 --json vol-delete base.qcow2 p
    [ "$("$JSON_GET" error/code <"$work/err")" = busy ]
    run 3 vol-create-as p x 8M --format qcow2 --backing-vol nope
    run 0 vol-delete base.qcow2 p --force
    run 0 vol-list p --details
    shows ' Status$'
    shows 'broken-backing'
}

created_xml() {
    dir_pool p
    run 0 vol-create-as p base 1M
    run 0 vol-create-as p '<&>' 1G --allocation 2K --format qcow2 --backing-vol base --print-xml
    prints_like <<END
<volume>
  <name>&lt;&amp;&gt;</name>
  <capacity unit='bytes'>1073741824</capacity>
  <allocation unit='bytes'>2048</allocation>
  <target>
    <format type='qcow2'/>
  </target>
  <backingStore>
    <path>$work/p/base</path>
    <format type='raw'/>
  </backingStore>
</volume>

END
    run 0 -q vol-list p --name
    prints base
}

# The clone's XML is the volume's, but for what names the old one.
clone_xml() {
    dir_pool p
    run 0 vol-create-as p a 1M --format qcow2
    run 0 vol-dumpxml a p
    grep -v -e '<key>' -e '<physical' -e 'time>' -e 'timestamps>' -e '<path>' "$work/out" |
        sed 's/<name>a</<name>n\&lt;</' >"$work/expected"
    run 0 vol-clone a 'n<' --pool p --print-xml
    prints_like <"$work/expected"
}

# What a new image shall be like becomes libvirt's elements, and tarn's own for what those lack.
options_as_xml() {
    dir_pool p
    run 0 vol-create-as p v 1G --allocation 0 --format vmdk --subformat twoGbMaxExtentFlat --compat 0.10 \
        --cluster-size 128K --feature lazy_refcounts --feature extended_l2 --option 'a=<1>' --option b=c=d \
        --print-xml
    prints_like <<'END'
<volume>
  <name>v</name>
  <capacity unit='bytes'>1073741824</capacity>
  <allocation unit='bytes'>0</allocation>
  <target>
    <format type='vmdk'/>
    <compat>0.10</compat>
    <clusterSize unit='bytes'>131072</clusterSize>
    <features>
      <lazy_refcounts/>
      <extended_l2/>
    </features>
    <tarn:image xmlns:tarn='urn:tarn:image:1' subformat='twoGbMaxExtentFlat'>
      <tarn:option name='a' value='&lt;1&gt;'/>
      <tarn:option name='b' value='c=d'/>
    </tarn:image>
  </target>
</volume>

END
    run 2 vol-create-as p v 1G --format qcow2 --option =x
    says "no NAME=VALUE"
    run 2 vol-create-as p v 1G --format qcow2 --feature 'a/><b'
    says "no name of a feature"
}

# A clone takes over what the volume has, but for what is asked for anew; a conversion nothing.
cloned_with_options() {
    dir_pool p
    run 0 vol-create-as p base 1M
    run 0 vol-create-as p a 1M --format qcow2 --cluster-size 4K --feature lazy_refcounts --backing-vol base
    run 0 vol-clone a b --pool p --cluster-size 8K --compress --print-xml
    shows '<clusterSize unit=.bytes.>8192</clusterSize>'
    shows_no '4096'
    shows '<lazy_refcounts/>'
    shows "<tarn:image xmlns:tarn='urn:tarn:image:1' compress='yes'/>"
    shows '<backingStore>'
    run 0 vol-convert a b --pool p --format raw --print-xml
    shows_no 'clusterSize\|lazy\|backingStore'
    run 0 vol-convert a b --pool p --format qcow --backing-vol base --print-xml
    shows "<path>$work/p/base</path>"
    shows "<format type='qcow'/>"
    shows "<format type='raw'/>"
    run 0 vol-clone a b --pool p --cluster-size 8K
    run 0 vol-dumpxml b p
    shows '>8192</clusterSize>'
    shows '<lazy_refcounts/>'
    run 0 --json vol-info b p
    json backingStore/path "$work/p/base"
}

cloned_elsewhere() {
    dir_pool p
    dir_pool q
    run 0 vol-create-as p a 1M
    run 0 vol-clone a b --pool p --newpool q
    run 0 vol-info b q
    run 3 vol-info b p
}

converted() {
    dir_pool p
    run 0 vol-create-as p a 1M
    yes | head -c 1048576 >"$work/bytes"
    run 0 vol-upload a "$work/bytes" p
    run 0 vol-convert a b --format qcow2 --pool p
    prints 'Vol b converted from a' ''
    run 0 --json vol-info b p
    json format qcow2
    json capacity 1048576
    run 0 vol-convert b c --pool p --format raw
    cmp "$work/bytes" "$work/p/c"
    run 0 vol-check b p
}

refused_format() {
    dir_pool p
    run 3 --json vol-create-as p a 1M --format nosuch
    run 0 -q vol-list p --name
    prints_nothing
}

# The big-endian number at this offset of the file.
number_at() {
    od -An -tu8 --endian=big -j "$2" -N 8 "$1" | tr -d ' '
}

# A cluster at the end of the file that has a reference and no owner. The table of refcounts is
# told in the header at 48; its first entry is the first block, of 16 bits for each cluster.
leak_a_cluster() {
    clusters=$(($(stat -c %s "$1") / 65536))
    block=$(number_at "$1" "$(number_at "$1" 48)")
    printf '\000\001' | dd of="$1" bs=1 seek=$((block + 2 * clusters)) conv=notrunc status=none
    truncate -s $(((clusters + 1) * 65536)) "$1"
}

checked() {
    dir_pool p
    run 0 vol-create-as p a 8M --format qcow2
    run 0 --json vol-check a p
    json findings/# 0
    json leaks 0
    leak_a_cluster "$work/p/a"
    run 1 --json vol-check a p
    json leaks 1
    json findings/0/kind leak
    run 1 vol-check a p
    shows '^leak at [0-9]*, .*: '
    run 1 image-check "$work/p/a"
    run 0 vol-check a p --repair
    run 0 vol-check a p
    shows 'no faults'
}

# What another name of the file still shows is nothing of it.
deleted_and_wiped() {
    dir_pool p
    head -c 65536 /dev/urandom >"$work/data"
    run 0 vol-create-as p a.img 64K
    run 0 vol-upload a.img "$work/data" p
    ln "$work/p/a.img" "$work/other"
    run 0 vol-delete a.img p --wipe
    [ ! -e "$work/p/a.img" ]
    cmp -n 65536 "$work/other" /dev/zero
}

check "created, resized, wiped, cloned, deleted" life
check "created from a file, and from another volume" from_a_file
check "path, key, name, pool" names_and_keys
check "a volume of another pool is not taken" volume_of_another_pool
check "a backing store by name, and what depends on it" backing_store
check "vol-create-as --print-xml" created_xml
check "vol-create-as: what the image shall be like" options_as_xml
check "vol-clone and vol-convert: what the new image shall be like" cloned_with_options
check "vol-clone --print-xml changes nothing but what is the volume's own" clone_xml
check "vol-clone into another pool" cloned_elsewhere
check "vol-convert there and back" converted
check "a format that does not exist" refused_format
check "vol-check finds a leak and mends it" checked
check "deleted with --wipe: its bytes are zeros before" deleted_and_wiped
finish
