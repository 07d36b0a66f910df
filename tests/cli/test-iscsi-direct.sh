#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The logical units of a target as volumes, without the kernel's initiator.
# shellcheck source=tests/cli/iscsi-lib.sh
. "$(dirname "$0")/iscsi-lib.sh"

# started: a running pool p of the target 1 with one LUN of 64 MiB.
started() {
    serve 127.0.0.1:3260
    target 1 "$iqn"
    lun 1 1 64M
    direct p
    run 0 pool-start p
}

# volume NUMBER ELEMENT TEXT
volume() {
    run 0 vol-dumpxml "unit:0:0:$1" p
    shows "<$2[^>]*>$3</"
}

kinds() {
    serve 127.0.0.1:3260
    target 1 "$iqn"
    lun 1 1 64M
    lun 1 2 64M -Y cd
    lun 1 3 64M --blocksize 4096
    lun_is 1 3 readonly=1
    lun 1 4 33M
    lun_is 1 4 removable=1 thin_provisioning=1 vendor_id=ACME product_id=Anvil scsi_sn=A1
    lun 1 300 64M
    direct p
    run 0 pool-start p
    run 0 -q vol-list p
    [ "$(awk '{ printf "%s ", $1 }' "$work/out")" = \
        'unit:0:0:1 unit:0:0:2 unit:0:0:3 unit:0:0:300 unit:0:0:4 ' ]
    run 0 pool-info p
    shows '^unit:0:0:1: *IET VIRTUAL-DISK, serial number beaf11, block size 512$'
    shows '^unit:0:0:2: *IET VIRTUAL-CDROM, .*block size 2048, read-only, removable$'
    shows '^unit:0:0:3: *IET VIRTUAL-DISK, .*block size 4096, read-only$'
    shows '^unit:0:0:4: *ACME Anvil, serial number A1, block size 512, thin-provisioned, removable$'
    shows '^unit:0:0:300: *IET VIRTUAL-DISK'
}

xml() {
    started
    run 0 vol-dumpxml unit:0:0:1 p
    prints_like <<END
<volume type='network'>
  <name>unit:0:0:1</name>
  <key>360000000000000000e00000000010001</key>
  <capacity unit='bytes'>67108864</capacity>
  <allocation unit='bytes'>67108864</allocation>
  <physical unit='bytes'>67108864</physical>
  <target>
    <path>iscsi://127.0.0.1:3260/$iqn/1</path>
  </target>
</volume>

END
    run 0 pool-dumpxml p
    shows "<capacity unit='bytes'>67108864</capacity>"
    shows "<available unit='bytes'>0</available>"
    shows_no '<target>'
}

no_new_ones() {
    started
    run 1 vol-create-as p new 1M
    says "volumes cannot be created .*: add a logical unit to the target $iqn where it is served"
    run 1 vol-delete unit:0:0:1 p
    says 'cannot be deleted'
    run 1 vol-resize unit:0:0:1 32M p --shrink
    says 'cannot be resized'
    run 0 vol-info unit:0:0:1 p
    shows '64.00 MiB'
}

hundreds() {
    serve 127.0.0.1:3260
    target 1 "$iqn"
    for number in $(seq 256); do
        lun 1 "$number" 1M
    done
    direct p
    run 0 pool-start p
    run 0 -q vol-list p
    [ "$(grep -c '^ *unit:0:0:[0-9]* *iscsi://' "$work/out")" -eq 256 ]
    run 0 pool-dumpxml p
    shows "<capacity unit='bytes'>268435456</capacity>"
}

grown() {
    started
    truncate -s 96M "$work/bigger"
    adm --op delete --mode logicalunit --tid 1 --lun 1
    adm --op new --mode logicalunit --tid 1 --lun 1 -b "$work/bigger"
    run 0 pool-refresh p
    volume 1 capacity 100663296
}

added() {
    started
    lun 1 2 32M
    run 3 vol-info unit:0:0:3 p
    run 0 vol-info unit:0:0:2 p
    run 0 pool-refresh p
    run 0 -q vol-list p
    shows unit:0:0:2
    adm --op delete --mode logicalunit --tid 1 --lun 2
    run 0 pool-refresh p
    run 0 -q vol-list p
    shows_no unit:0:0:2
    run 3 vol-download unit:0:0:2 "$work/copy" p
}

reused() {
    started
    adm --op delete --mode logicalunit --tid 1 --lun 1
    adm --op new --mode logicalunit --tid 1 --lun 1 -b "$work/lun-1-1"
    lun_is 1 1 'scsi_id=ANOTHER DISK' scsi_sn=77
    head -c 4096 /dev/urandom >"$work/bytes"
    run 1 vol-upload unit:0:0:1 "$work/bytes" p
    cmp -n 4096 "$work/lun-1-1" /dev/zero
    run 1 vol-download unit:0:0:1 "$work/copy" p
    run 0 pool-refresh p
    run 0 vol-info unit:0:0:1 p
    shows 'it is another disk than the one that the pool had there'
    run 0 pool-destroy p
    run 0 pool-start p --adopt
    run 0 vol-upload unit:0:0:1 "$work/bytes" p
    cmp -n 4096 "$work/lun-1-1" "$work/bytes"
}

vanished() {
    started
    unserve
    run 1 pool-refresh p
    says "$iqn cannot be reached: 127.0.0.1:3260 (nothing listens there"
    run 0 pool-info p
    shows '^State: *unresponsive'
    run 0 -q vol-list p
    shows unit:0:0:1
    run 1 vol-download unit:0:0:1 "$work/copy" p
    serve 127.0.0.1:3260
    target 1 "$iqn"
    lun 1 1 64M
    # shellcheck disable=SC2016 # for that shell to expand
    timeout 60 sh -c 'until "$TARN" pool-info p | grep -q "^State: *running"; do sleep 0.2; done'
    run 0 vol-download unit:0:0:1 "$work/copy" p
    cmp "$work/copy" "$work/lun-1-1"
}

removed() {
    started
    adm --op unbind --mode target --tid 1 -I ALL
    run 1 pool-refresh p
    says "$iqn is not there: .*it knows no such target"
}

read_only() {
    started
    lun_is 1 1 readonly=1
    head -c 4096 /dev/urandom >"$work/bytes"
    run 1 vol-upload unit:0:0:1 "$work/bytes" p
    says 'unit:0:0:1 cannot be written: the target lets it be read only'
    run 0 vol-download unit:0:0:1 "$work/copy" p
}

# A drive with nothing in it is there, and has no bytes.
no_medium() {
    started
    lun 1 2 16M -Y cd
    lun_is 1 2 online=No
    run 0 pool-refresh p
    run 0 vol-info unit:0:0:2 p
    shows 'there is no medium in it'
    run 1 vol-download unit:0:0:2 "$work/copy" p
    lun_is 1 2 "path=$work/lun-1-2"
    run 0 pool-refresh p
    run 0 vol-download unit:0:0:2 "$work/copy" p
}

long_names() {
    serve 127.0.0.1:3260
    iqn=iqn.2024-01.org.example:$(printf '%0199d' 7)
    [ ${#iqn} -eq 223 ]
    target 1 "$iqn"
    lun 1 1 1M
    direct p
    run 0 pool-start p
    run 0 -q vol-list p
    shows "$iqn"
    sed -e "s/$iqn/${iqn}8/" -e 's/>p</>q</' "$work/p.xml" >"$work/q.xml"
    run 1 pool-define "$work/q.xml"
    says 'a target whose name has 224 bytes: the names of targets have up to 223'
}

# definition SED: the definition of p, changed, as q.
definition() {
    sed -e 's/>p</>q</' -e "$1" "$work/p.xml" >"$work/q.xml"
}

definitions() {
    direct p
    definition 's/iqn.2024-01.org.example:disk/demo-target/'
    run 1 pool-define "$work/q.xml"
    says 'name it as it names itself'
    definition '/initiator/s/iqn.2024-01.org.example:host/me/'
    run 1 pool-define "$work/q.xml"
    says 'the initiator "me": it needs a name such as'
    definition "s/<initiator>.*<.initiator>//"
    run 1 pool-define "$work/q.xml"
    says initiator
    definition "s/<host [^>]*>//"
    run 1 pool-define "$work/q.xml"
    says host
}

conflicts() {
    direct p
    definition ''
    run 1 pool-define "$work/q.xml"
    says 'pool p'
    definition "s/127.0.0.1/127.0.0.2/"
    run 0 pool-define "$work/q.xml"
}

unprivileged() {
    need setpriv
    serve 127.0.0.1:3260
    target 1 "$iqn"
    lun 1 1 64M
    direct p
    chmod -R a+rwX "$work" "$base"
    cat >"$work/as" <<'END'
set -e
"$TARN" pool-start p
"$TARN" vol-download unit:0:0:1 "$1/copy" p
"$TARN" pool-destroy p
END
    setpriv --reuid 65534 --regid 65534 --clear-groups test -x "$TARN" ||
        skip "the command is not for everybody here"
    setpriv --reuid 65534 --regid 65534 --clear-groups sh "$work/as" "$work"
    cmp "$work/copy" "$work/lun-1-1"
}

check "disks and CDs of all kinds are volumes, with what the target says of them" kinds
check "name, key, path and every last byte of a volume's size are told" xml
check "volumes are not created, deleted or resized here, and it is said who adds one" no_new_ones
check "256 logical units are listed" hundreds
check "a logical unit that grew is seen at the next refresh" grown
check "logical units that come and go are seen" added
check "a number that another disk has now is refused until that is wanted" reused
check "a target that vanishes leaves an unresponsive pool, and comes back by itself" vanished
check "a portal that knows no such target says so" removed
check "a write-protected logical unit is read and not written" read_only
check "a drive without a medium is there, and is read once it has one" no_medium
check "a target's name of 223 bytes works, and one of 224 is refused" long_names
check "a definition that can never work is refused" definitions
check "two pools cannot have one portal of a target, and can have two" conflicts
check "nothing of it needs root" unprivileged
finish
