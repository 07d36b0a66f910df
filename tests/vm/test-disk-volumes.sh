#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Partitions as volumes, by all that can be done with volumes: XML, names, places, images, copies,
# and who moves when another goes. parted, sfdisk, qemu-img and libvirt's schemas are the judges.
# shellcheck disable=SC2317  # inside comes back, in the machine
. "$(dirname "$0")/lib.sh"
inside --need sfdisk --need sgdisk --disk 512M --disk 512M --timeout 900
. "$(dirname "$0")/disk-lib.sh"

# volume ELEMENT…: makes a volume by XML with these elements; its name is in $made.
volume() {
    echo "<volume>$*</volume>" >"$work/v.xml"
    run 0 vol-create --validate p "$work/v.xml"
    made=$(sed -n 's/^Vol \(.*\) created.*/\1/p' "$work/out")
}

# bytes_of DEVICE
bytes_of() { blockdev --getsize64 "$1"; }

# --- libvirt's documents --------------------------------------------------------------------------

valid_by() {
    [ ! -e "/usr/share/libvirt/schemas/$1" ] ||
        xmllint --noout --relaxng "/usr/share/libvirt/schemas/$1" "$work/out"
}

pool_xml() {
    need xmllint
    disk_pool gpt
    run 0 vol-create-as p "${name}1" 10M
    run 0 vol-create-as p "${name}2" 10M
    run 0 vol-delete "${name}1" --pool p
    run 0 pool-dumpxml p
    valid_by storagepool.rng
    sed -i '/<uuid>/d' "$work/out"
    prints_like <<END
<pool type='disk'>
  <name>p</name>
  <capacity unit='bytes'>536854016</capacity>
  <allocation unit='bytes'>10485760</allocation>
  <available unit='bytes'>526350848</available>
  <source>
    <device path='$disk'>
      <freeExtent start='17408' end='11534336'/>
      <freeExtent start='22020096' end='536854016'/>
    </device>
    <format type='gpt'/>
  </source>
  <target>
    <path>/dev</path>
  </target>
</pool>

END
}

# What libvirt prints of a volume, it takes as the definition of another.
volume_xml() {
    need xmllint
    disk_pool gpt
    volume "<name>${name}1</name><capacity unit='MiB'>10</capacity><target>" \
        "<format type='linux-swap'/><permissions><mode>0640</mode></permissions></target>"
    run 0 vol-dumpxml "${name}1" --pool p
    valid_by storagevol.rng
    cp "$work/out" "$work/first.xml"
    # Mode and group are udev's as soon as it has handled the new device.
    sed -i "/<key>/d; /<owner>/d; /<group>/d; /<mode>/d" "$work/out"
    prints_like <<END
<volume type='block'>
  <name>${name}1</name>
  <source>
    <device path='$disk'>
      <extent start='1048576' end='11534336'/>
    </device>
  </source>
  <capacity unit='bytes'>10485760</capacity>
  <allocation unit='bytes'>10485760</allocation>
  <physical unit='bytes'>10485760</physical>
  <target>
    <path>${disk}1</path>
    <format type='linux-swap'/>
    <permissions>
    </permissions>
  </target>
</volume>

END
    sed "s/${name}1/${name}2/" "$work/first.xml" >"$work/second.xml"
    run 0 vol-create p "$work/second.xml"
    in_xml "${name}2" "<extent start='11534336' end='22020096'/>"
    shows "<format type='linux-swap'/>"
}

# free_extents: those of the pool's XML are those that parted sees, and their sum is what is
# available.
free_extents() {
    run 0 pool-dumpxml p
    sed -n "s/.*<freeExtent start='\(.*\)' end='\(.*\)'.*/\1 \2/p" "$work/out" | sort >"$work/ours"
    parted -sm "$disk" unit B print free |
        awk -F '[:B]+' '/:free;$/ { printf "%d %d\n", $2, $3 + 1 }' | sort >"$work/parteds"
    diff "$work/parteds" "$work/ours"
    [ -s "$work/ours" ]
    shows "<available unit='bytes'>$(awk '{ sum += $2 - $1 } END { printf "%d", sum }' \
        "$work/ours")</available>"
}

free_extents_are_parteds() {
    disk_pool gpt
    free_extents
    for number in 1 2 3; do
        run 0 vol-create-as p "$name$number" "${number}000000"
    done
    run 0 vol-delete "${name}2" --pool p
    free_extents
    run 0 pool-destroy p
    run 0 pool-undefine p
    disk_pool dos
    run 0 vol-create-as p "${name}1" 10M
    run 0 vol-create-as p "${name}2" 100M --format extended
    run 0 vol-create-as p "${name}5" 10M
    run 0 vol-create-as p "${name}6" 10M
    run 0 vol-delete "${name}5" --pool p
    run 0 vol-delete "${name}1" --pool p
    free_extents
}

# --- names ----------------------------------------------------------------------------------------

no_guessing() {
    disk_pool gpt
    volume '<capacity>10485760</capacity>'
    [ "$made" = "${name}1" ]
    volume '<name>my data</name><capacity>10485760</capacity>'
    [ "$made" = "${name}2" ]
    [ "$(sfdisk --part-label "$disk" 2)" = "my data" ]
    run 0 vol-info 'my data' --pool p
    shows "Name: *${name}2"
    run 0 pool-info p
    shows "^${name}2: *my data"
    shows "^label-id: *$(blkid -p -s PTUUID -o value "$disk")"
    [ "$(key_of 'my data')" = "$(sfdisk --part-uuid "$disk" 2 | tr A-F a-f)" ]
    sfdisk --part-uuid "$disk" 2 0a0a0a0a-1b1b-4c4c-8d8d-0e0e0e0e0e0e >/dev/null
    [ "$(key_of 'my data')" = 0a0a0a0a-1b1b-4c4c-8d8d-0e0e0e0e0e0e ]
    run 0 vol-create-as p other 10M
    [ "$(sfdisk --part-label "$disk" 2)" = "my data" ]
    sound "$disk"
}

formats_are_kept() {
    disk_pool dos
    volume '<capacity>10485760</capacity>' '<target><format type="linux-raid"/></target>'
    volume '<capacity>104857600</capacity>' '<target><format type="extended"/></target>'
    for each in 3 4 5 6; do
        volume '<capacity>10485760</capacity>' '<target><format type="fat32"/></target>'
        [ "$made" = "$name$each" ]
    done
    run 0 pool-destroy p
    run 0 pool-start p
    run 0 pool-refresh p
    in_xml "${name}1" "<format type='linux-raid'/>"
    in_xml "${name}6" "<format type='fat32'/>"
    run 0 vol-clone "${name}6" --pool p "${name}7"
    in_xml "${name}7" "<format type='fat32'/>"
    [ "$(type_of 1)$(type_of 7)" = fdb ]
}

unnamed_at_once() {
    disk_pool gpt
    echo '<volume><capacity>20971520</capacity></volume>' >"$work/v.xml"
    for number in 1 2 3; do
        { "$TARN" vol-create p "$work/v.xml" >"$work/log$number" 2>&1 ||
            touch "$work/failed"; } &
    done
    wait
    [ ! -e "$work/failed" ] || { cat "$work"/log?; return 1; }
    [ "$(cat "$work"/log? | grep -c "^Vol ${name}[123] created")" = 3 ]
    sound "$disk"
}

# --- places ---------------------------------------------------------------------------------------

# Gaps of 60 and of 40 MiB; the smaller one that suffices is taken, and used up to its last sector.
best_fit() {
    disk_pool gpt
    for size in 60 4 40 4; do
        volume "<capacity unit='MiB'>$size</capacity>"
    done
    run 0 vol-delete "${name}1" --pool p
    run 0 vol-delete "${name}3" --pool p
    volume "<capacity unit='MiB'>40</capacity>"
    in_xml "$made" "<extent start='68157440' end='110100480'/>"
    volume "<capacity unit='MiB'>1</capacity>"
    in_xml "$made" "<extent start='1048576' end='2097152'/>"
    run 1 vol-create-as p "${name}9" 500M
    largest=$(sed -n 's/.*the largest holds //p' "$work/err")
    [ "$largest" = $((536854016 - 114294784)) ]
    run 0 vol-create-as p "${name}9" "$largest"
    sound "$disk"
}

# Of three tebibytes; only the table takes memory.
huge() {
    truncate -s 3T "$work/image"
    loop=$(losetup -f --show "$work/image")
    run 0 pool-define-as p disk --source-dev "$loop" --target /dev
    run 0 pool-build p
    run 0 pool-start p
    [ "$(blkid -p -s PTTYPE -o value "$loop")" = gpt ]
    volume "<capacity unit='GiB'>2500</capacity>"
    [ "$(bytes_of "/dev/$made")" = 2684354560000 ]
    run 0 vol-delete "$made" --pool p
    run 0 pool-destroy p
    run 0 pool-undefine p
    disk_pool dos "$loop"
    run 1 vol-create-as p "${loop##*/}p1" 2500G
    [ "$(sed -n 's/.*the largest holds //p' "$work/err")" -lt 2199023255552 ]
    run 0 vol-create-as p "${loop##*/}p1" 2000G
    run 0 pool-destroy p
    losetup -d "$loop"
}

# --- bytes ----------------------------------------------------------------------------------------

image_in_a_partition() {
    disk_pool gpt
    run 0 vol-create-as p "${name}1" 32M --format qcow2
    size=$(bytes_of "${disk}1")
    [ "$size" -gt 33554432 ]
    in_xml "${name}1" "<capacity unit='bytes'>33554432</capacity>"
    shows "<allocation unit='bytes'>$size</allocation>"
    shows "<format type='qcow2'/>"
    qemu-img check -f qcow2 "${disk}1"
    run 0 vol-resize "${name}1" 48M --pool p
    in_xml "${name}1" "<capacity unit='bytes'>50331648</capacity>"
    [ "$(bytes_of "${disk}1")" -gt 50331648 ]
    qemu-io -f qcow2 -c 'write -P 7 47M 64k' "${disk}1" >/dev/null
    run 0 vol-clone "${name}1" "${name}2" --pool p
    run 0 pool-destroy p
    run 0 pool-start p
    in_xml "${name}2" "<format type='qcow2'/>"
    shows "<capacity unit='bytes'>50331648</capacity>"
    qemu-img compare -f qcow2 -F qcow2 "${disk}1" "${disk}2"
    run 0 vol-download "${name}2" "$work/image" --pool p
    qemu-img compare -f qcow2 -F qcow2 "${disk}1" "$work/image"
    qemu-img create -q -f qcow2 "$work/small" 16M
    qemu-io -f qcow2 -c 'write -P 9 1M 64k' "$work/small" >/dev/null
    run 0 vol-upload "${name}2" "$work/small" --pool p
    in_xml "${name}2" "<capacity unit='bytes'>16777216</capacity>"
    qemu-img compare -f qcow2 -F qcow2 "${disk}2" "$work/small"
}

# Nobody looks what the bytes are: a guest may have written a header there.
no_image_by_itself() {
    disk_pool gpt
    run 0 vol-create-as p "${name}1" 16M --format qcow2
    run 0 vol-wipe "${name}1" --pool p
    in_xml "${name}1" "<format type='none'/>"
    qemu-img create -q -f qcow2 -b /etc/passwd -F raw "$work/evil" 8M
    run 0 vol-upload "${name}1" "$work/evil" --pool p
    in_xml "${name}1" "<format type='none'/>"
    shows_no backingStore
    run 0 vol-delete "${name}1" --pool p
    run 0 vol-create-as p "${name}1" 16M --format qcow2
    sfdisk -q --delete "$disk" 1
    printf 'start=2048, size=40960\n' | sfdisk -q --append "$disk"
    udevadm settle
    in_xml "${name}1" "<format type='linux'/>"
}

copies() {
    disk_pool gpt
    dir_pool q
    head -c 8M /dev/urandom >"$work/bytes"
    run 0 vol-create-as q file 8M
    run 0 vol-upload file "$work/bytes" --pool q
    echo '<volume><capacity>8388608</capacity></volume>' >"$work/v.xml"
    run 0 vol-create-from p "$work/v.xml" file --inputpool q
    shows "^Vol ${name}1 created"
    cmp "$work/bytes" "${disk}1"
    run 0 vol-clone "${name}1" "${name}2" --pool p
    cmp "${disk}1" "${disk}2"
    echo '<volume><name>image</name><target><format type="qcow2"/></target></volume>' >"$work/v.xml"
    run 0 vol-create-from q "$work/v.xml" "${name}2" --inputpool p
    qemu-img compare -f raw -F qcow2 "${disk}2" "$work/q/image"
    head -c 1M /dev/zero | tr '\0' x >"$work/part"
    run 0 vol-upload "${name}2" "$work/part" --pool p --offset 3145728
    run 0 vol-download "${name}2" "$work/back" --pool p --offset 3145728 --length 1048576
    cmp "$work/part" "$work/back"
    cmp -n 3145728 "$work/bytes" "${disk}2"
    run 1 vol-upload "${name}2" "$work/bytes" --pool p --offset 1
}

# Stopped while it is being filled: the table knows nothing of it, and others find another place.
two_phases() {
    disk_pool gpt
    dir_pool q
    run 0 vol-create-as q file 8M
    echo '<volume><capacity>8388608</capacity></volume>' >"$work/v.xml"
    strace -f -qq -o "$work/trace" -P "$disk" -e trace=pwrite64 \
        -e inject=pwrite64:delay_enter=6s:when=2 \
        "$TARN" vol-create-from p "$work/v.xml" file --inputpool q >"$work/slow" 2>&1 &
    slow=$!
    until grep -qs pwrite64 "$work/trace"; do sleep 0.1; done
    sfdisk -d "$disk" | grep start && return 1
    run 0 vol-create-as p "${name}4" 8M
    wait "$slow" || { cat "$work/slow"; return 1; }
    run 0 vol-list p
    shows "${name}1"
    shows "${name}4"
    [ "$(sfdisk -d "$disk" | grep -c 'size= *16384')" = 2 ]
    sound "$disk"
}

# --- who moves ------------------------------------------------------------------------------------

moves_are_told() {
    disk_pool dos
    run 0 vol-create-as p "${name}1" 200M --format extended
    run 0 vol-create-as p "${name}5" 10M
    run 0 vol-create-as p "${name}6" 10M --format qcow2
    run 0 vol-create-as p "${name}7" 10M
    key=$(key_of "${name}6")
    "$TARN" pool-event p --loop --timeout 300 >"$work/heard" &
    listener=$!
    until grep -qs inotify "/proc/$listener/fdinfo"/*; do kill -0 "$listener"; done
    sleep 2 # for its first look
    run 0 vol-delete "${name}5" --pool p
    says "warning: pool p: ${name}5 is what was ${name}6"
    says "warning: pool p: ${name}6 is what was ${name}7"
    until grep -q "Moved ${name}6 (was ${name}7)" "$work/heard"; do kill -0 "$listener"; done
    kill "$listener"
    wait "$listener" || :
    grep -e 'Removed' -e 'Moved' "$work/heard" | sed "s/.*: //" | tr '\n' ';' >"$work/order"
    grep -x "Removed ${name}5;Moved ${name}5 (was ${name}6);Moved ${name}6 (was ${name}7);" "$work/order"
    [ "$(key_of "${name}5")" = "$key" ]
    in_xml "${name}5" "<format type='qcow2'/>"
    in_xml "${name}6" "<format type='none'/>"
}

# --- without anybody's help -----------------------------------------------------------------------

no_programs() {
    run 0 pool-define-as p disk --source-dev "$disk" --source-format gpt --target /dev
    for each in 'pool-build p --overwrite' 'pool-start p' "vol-create-as p ${name}1 10M" \
        "vol-resize ${name}1 20M --pool p" "vol-wipe ${name}1 --pool p" 'pool-refresh p' \
        "vol-delete ${name}1 --pool p" 'pool-destroy p'; do
        # shellcheck disable=SC2086  # words
        strace -f -qq -e trace=execve -o "$work/trace" "$TARN" $each >"$work/out" 2>"$work/err"
        grep 'execve(.*= 0' "$work/trace" | grep -v -e '/tarn"' -e '/tarn-module-host"' && return 1
        [ ! -s "$work/err" ]
    done
}

disk_check "the pool's XML is what libvirt would print" pool_xml
disk_check "a volume's XML is what libvirt would print, and makes another" volume_xml
disk_check "free extents are exactly what parted finds" free_extents_are_parteds
disk_check "weak point 16: no name need be guessed: the answer tells it, and GPT names are kept" \
    no_guessing
disk_check "weak point 16: the format of a volume outlives refresh and restart" formats_are_kept
disk_check "volumes without a name, made at once, get one each" unnamed_at_once
disk_check "weak point 28: the smallest extent that suffices is taken, and used up exactly" best_fit
disk_check "over 2 TiB: gpt by itself, and dos as far as it reaches" huge
disk_check "an image in a partition: guest's capacity, partition's allocation, filled and copied" \
    image_in_a_partition
disk_check "bytes that look like an image make none" no_image_by_itself
disk_check "copies from and to files and partitions" copies
disk_check "a volume that is being filled is in no table, and in nobody's way" two_phases
disk_check "weak point 29: who moves when a logical partition goes is told" \
    moves_are_told
disk_check "no other program is started" no_programs
finish
