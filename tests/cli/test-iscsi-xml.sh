#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Definitions of iSCSI pools: libvirt's documents in, libvirt's documents out.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

uuid=0b8f1c2e-6a1d-4c0e-9f57-3d2b1a00000c

# comes_back TYPE: a definition with the source on standard input is printed as it is, but for blanks
# at its lines' begin.
comes_back() {
    {
        cat <<END
<pool type='$1'>
<name>p</name>
<uuid>$uuid</uuid>
<capacity unit='bytes'>0</capacity>
<allocation unit='bytes'>0</allocation>
<available unit='bytes'>0</available>
<source>
$(cat)
</source>
END
        [ "$1" != iscsi ] || printf '%s\n' '<target>' '<path>/dev/disk/by-path</path>' '</target>'
        echo '</pool>'
    } >"$work/pool.xml"
    run 0 pool-define "$work/pool.xml" --validate
    run 0 pool-dumpxml --inactive p
    sed -e 's/^ *//' -e '/^$/d' "$work/out" | diff -u "$work/pool.xml" -
}

plain() {
    comes_back iscsi <<END
<host name='iscsi.example.com'/>
<device path='demo-target'/>
END
}

with_everything() {
    comes_back iscsi <<END
<host name='2001:db8::15' port='3261'/>
<device path='iqn.2013-06.com.example:target1'/>
<initiator>
<iqn name='iqn.2013-06.com.example:host7'/>
</initiator>
<auth type='chap' username='host7'>
<secret usage='san-host7'/>
</auth>
<vendor name='Example'/>
<product name='Array 9'/>
END
}

# Elements in any order come out in libvirt's.
scrambled() {
    cat >"$work/in.xml" <<END
<pool type="iscsi"><target><path>/dev/disk/by-path</path></target>
<source><auth username='u' type='chap'><secret uuid='$uuid'/></auth>
<device path='demo-target'/><host name='iscsi.example.com'/></source><name>p</name></pool>
END
    run 0 pool-define "$work/in.xml" --validate
    run 0 pool-dumpxml --inactive p
    tr -d '\n' <"$work/out" | sed 's/>  *</></g' >"$work/line"
    grep -q "<source><host name='iscsi.example.com'/><device path='demo-target'/><auth type='chap' username='u'><secret uuid='$uuid'/></auth></source>" "$work/line"
}

direct() {
    comes_back iscsi-direct <<END
<host name='192.0.2.9' port='3260'/>
<device path='iqn.2013-06.com.example:target2'/>
<initiator>
<iqn name='iqn.2013-06.com.example:host7'/>
</initiator>
<auth type='chap' username='host7'>
<secret uuid='$uuid'/>
</auth>
END
}

# Several portals, a session through each, and a target that must prove who it is.
own_elements() {
    comes_back iscsi-direct <<END
<host name='192.0.2.9'/>
<host name='2001:db8::15' port='3261'/>
<device path='iqn.2013-06.com.example:target2'/>
<initiator>
<iqn name='iqn.2013-06.com.example:host7'/>
</initiator>
<auth type='chap' username='host7'>
<secret usage='san-host7'/>
</auth>
<iscsi:target-auth xmlns:iscsi="urn:tarn:iscsi" username="target2">
<iscsi:secret usage="san-target2"/>
</iscsi:target-auth>
<iscsi:sessions xmlns:iscsi="urn:tarn:iscsi" portals="all"/>
END
}

# refused TEXT SOURCE [TYPE]: a definition with this source.
refused() {
    cat >"$work/pool.xml" <<END
<pool type='${3:-iscsi-direct}'><name>p</name><source>$2</source>
<target><path>/dev/disk/by-path</path></target></pool>
END
    [ "${3:-iscsi-direct}" = iscsi ] || sed -i '/<target>/s/.*/<\/pool>/' "$work/pool.xml"
    run 1 pool-define "$work/pool.xml" --validate
    says "$1"
    run 3 pool-info p
}

host="<host name='h'/>"
device="<device path='iqn.2013-06.com.example:t'/>"
initiator="<initiator><iqn name='iqn.2013-06.com.example:i'/></initiator>"

incomplete() {
    refused host "$device$initiator"
    refused device "$host$initiator"
    refused initiator "$host$device"
    refused host "$device" iscsi
}

wrong_auth() {
    refused chap "$host$device$initiator<auth type='ceph' username='u'><secret usage='s'/></auth>"
    refused secret "$host$device$initiator<auth type='chap' username='u'/>"
}

wrong_elements_of_ours() {
    for element in "<iscsi:sessions xmlns:iscsi='urn:tarn:iscsi' portals='some'/>" \
        "<iscsi:sessions xmlns:iscsi='urn:tarn:iscsi'/>" \
        "<iscsi:target-auth xmlns:iscsi='urn:tarn:iscsi' username='t'/>" \
        "<iscsi:target-auth xmlns:iscsi='urn:tarn:iscsi'><iscsi:secret usage='s'/></iscsi:target-auth>" \
        "<iscsi:nonsense xmlns:iscsi='urn:tarn:iscsi'/>"; do
        refused 'sessions\|target-auth\|secret\|nonsense' "$host$device$initiator$element"
    done
}

# A target can only prove who it is to one who does so, too (RFC 7143, 12.1.3).
mutual_alone() {
    refused auth "$host$device$initiator<iscsi:target-auth xmlns:iscsi='urn:tarn:iscsi' username='t'><iscsi:secret usage='s'/></iscsi:target-auth>"
}

# Weak point 13: the name of a target is not enough to know it by, arrays of one make have the same.
same_target_twice() {
    set -- iscsi --source-dev iqn.2013-06.com.example:t --target /dev/disk/by-path --source-host
    run 0 pool-define-as a "$@" 192.0.2.1
    run 1 pool-define-as b "$@" 192.0.2.1
    says '"a"\|pool a'
    run 0 pool-define-as b "$@" 192.0.2.2
    run 1 pool-define-as c "$@" 192.0.2.3 --source-host 192.0.2.2
    says '"b"\|pool b'
}

check "a plain pool as libvirt prints it" plain
check "auth, initiator, vendor and product" with_everything
check "elements in any order" scrambled
check "a pool without the kernel" direct
check "several portals, and a target that proves who it is" own_elements
check "a host, a device and an initiator are needed" incomplete
check "auth is CHAP, with a secret" wrong_auth
check "elements of ours are checked" wrong_elements_of_ours
check "a target proves who it is to one who does so too" mutual_alone
check "one portal of one target is one pool's, and another one's another's" same_target_twice
finish
