#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Pools of type netfs on a real NFS server.
# shellcheck disable=SC2317  # inside comes back, in the machine
. "$(dirname "$0")/lib.sh"
inside --need exportfs --timeout 600
. "$(dirname "$0")/netfs-lib.sh"
nfs_server

# --- from build to removal ------------------------------------------------------------------------

# life VERSION TYPE
life() {
    nfs_defined "$1" data
    run 1 pool-start p
    says "the target $target does not exist: build the pool first"
    run 0 pool-build p
    run 0 pool-start p
    [ "$(findmnt -n -o FSTYPE "$target")" = "$2" ]
    findmnt -n -o OPTIONS "$target" | grep "nosuid,nodev,noexec,.*vers=$1,.*hard"
    run 0 vol-create-as p a.qcow2 20M --format qcow2
    run 0 vol-create-as p b.raw 3M
    run 0 vol-create-as p c 0 --format dir
    run 0 vol-clone a.qcow2 d.qcow2 --pool p
    run 0 vol-clone b.raw e.raw --pool p
    run 0 vol-resize b.raw 4M --pool p
    run 0 vol-list p
    prints ' Name      Path' '---------------------------------' " a.qcow2   $target/a.qcow2" \
        " b.raw     $target/b.raw" " c         $target/c" " d.qcow2   $target/d.qcow2" \
        " e.raw     $target/e.raw" ''
    [ "$(names data)" = 'a.qcow2 b.raw c d.qcow2 e.raw ' ]
    [ "$(stat -c %s "$exports/data/b.raw")" = 4194304 ]
    run 0 --json vol-info d.qcow2 --pool p
    json capacity 20971520
    for each in a.qcow2 b.raw c d.qcow2 e.raw; do run 0 vol-delete "$each" --pool p; done
    [ -z "$(ls -A "$exports/data")" ]
    run 0 pool-stop p
    nothing_mounted
    run 0 pool-delete p
    [ ! -e "$target" ]
    run 0 pool-undefine p
}
life_3() { life 3 nfs; }
life_4() { life 4.2 nfs4; }

definition() {
    cat >"$work/p.xml" <<END
<pool type='netfs' xmlns:fs='http://libvirt.org/schemas/storagepool/fs/1.0'>
  <name>p</name>
  <uuid>7641d5a8-af11-f730-a34c-0a7dfcede71f</uuid>
  <capacity unit='bytes'>0</capacity>
  <allocation unit='bytes'>0</allocation>
  <available unit='bytes'>0</available>
  <source>
    <host name='$server'/>
    <dir path='$exports/data'/>
    <format type='nfs'/>
    <protocol ver='3'/>
  </source>
  <target>
    <path>$target</path>
    <permissions>
      <mode>0755</mode>
      <owner>0</owner>
      <group>0</group>
    </permissions>
  </target>
  <fs:mount_opts>
    <fs:option name='sync'/>
    <fs:option name='soft'/>
  </fs:mount_opts>
</pool>
END
    run 0 pool-define --validate "$work/p.xml"
    run 0 -q pool-dumpxml p --inactive
    prints_like <"$work/p.xml"
    run 0 pool-build p
    run 0 pool-start p
    findmnt -n -o OPTIONS "$target" | grep 'sync.*vers=3,.*soft'
}

# --- which server ---------------------------------------------------------------------------------

auto() {
    run 0 pool-define-as p netfs --source-host "$server" --source-path /data --target "$target"
    run 0 pool-build p
    run 0 pool-start p
    findmnt -n -t nfs4 "$target"
    run 0 pool-dumpxml p
    shows "<format type='auto'/>"
    run 0 pool-stop p
    run 0 pool-undefine p
    run 0 pool-define-as p netfs --source-host 10.77.0.99 --source-path /data --target "$target"
    run 1 pool-start p
    says 'no nfs server at port 2049 of 10.77.0.99: .*unreachable'
    nothing_mounted
}

fallback() {
    run 0 pool-define-as p netfs --source-host 10.77.0.99 --source-host no-such-host.invalid \
        --source-host "$server" --source-path /data --source-format nfs --target "$target"
    run 0 pool-build p
    run 0 pool-start p
    says 'the pool p cannot be had from 10.77.0.99: trying no-such-host.invalid'
    says "the pool p cannot be had from no-such-host.invalid: trying $server"
    mounted_from "$server:/data"
    run 0 vol-create-as p v 1M
    run 0 vol-list p
    run 0 pool-start p || run 1 pool-start p
    run 0 pool-stop p
    nothing_mounted
}

nobody_answers() {
    run 0 pool-define-as p netfs --source-host 10.77.0.99 --source-host "$server" \
        --source-path /nothing --source-format nfs --target "$target"
    run 0 pool-build p
    run 1 pool-start p
    says '10.77.0.99'
    says "$server:/nothing"
    nothing_mounted
    run 0 pool-list --all
    shows ' p *inactive'
}

sources() {
    run 0 -q find-storage-pool-sources-as netfs "$server"
    for each in "$exports" "$exports/data" "$exports/squash" "$exports/closed"; do
        shows "<dir path='$each'/>"
    done
    [ "$(grep -c "<host name='$server'/>" "$work/out")" = 4 ]
    [ "$(grep -c "<format type='nfs'/>" "$work/out")" = 4 ]
}

# --- behind our back ------------------------------------------------------------------------------

unmounted() {
    nfs_pool 4.2 data
    umount "$target"
    run 1 vol-create-as p v 1M
    [ -z "$(ls -A "$target")" ]
    [ -z "$(ls -A "$exports/data")" ]
    run 0 pool-start p || run 0 pool-refresh p
}

other_server_mounted() {
    nfs_defined 4.2 data
    run 0 pool-build p
    mount -t nfs -o vers=4.2 "$server:/squash" "$target"
    run 1 pool-start p
    says "$server:/squash .* is mounted on $target"
    umount "$target"
    run 0 pool-start p
}

already_mounted() {
    nfs_defined 4.2 data
    run 0 pool-build p
    mount -t nfs -o vers=4.2 "$server:/data" "$target"
    run 0 pool-list --all
    run 0 pool-start p || run 0 pool-refresh p
    run 0 vol-create-as p v 1M
    [ -f "$exports/data/v" ]
}

# The directory is made anew: what the client holds of the old one means nothing there.
stale() {
    mkdir "$exports/data/sub"
    nfs_pool 3 data/sub --mount-option noac
    rmdir "$exports/data/sub"
    mkdir "$exports/data/sub"
    run 1 vol-create-as p v 1M
    says "the server no longer has the directory that is mounted on $target"
    run 0 pool-stop p --force
    nothing_mounted
    run 0 pool-start p
    run 0 vol-create-as p v 1M
}

# --- debris ---------------------------------------------------------------------------------------

# parts: the files that are being made, as the server sees them.
parts() { find "$exports/data" -name '.tarn-*.part'; }

# Version 3 reserves space by writing it, so there is time to kill. NFS has no files without a name.
killed_creation() {
    nfs_pool 3 data
    "$TARN" vol-create-as p big 150M >"$work/killed" 2>&1 &
    maker=$!
    tries=0
    while [ -z "$(parts)" ] && [ "$tries" -lt 200 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
    [ -n "$(parts)" ]
    kill -KILL "$maker"
    wait "$maker" || true
    run 0 vol-list p
    shows_no 'big\|part'
    run 0 pool-stop p
    run 0 pool-start p
    parts
    [ -z "$(parts)" ]
    [ -z "$(ls -A "$exports/data")" ]
}

taken_name() {
    nfs_pool 4.2 data
    run 0 vol-create-as p v 1M
    run 1 vol-create-as p v 2M
    echo x >"$exports/data/w"
    run 1 vol-create-as p w 1M
    [ "$(cat "$exports/data/w")" = x ]
    [ "$(names data)" = 'v w ' ]
}

# --- root is nobody there -------------------------------------------------------------------------

# owner FILE: as the server sees it.
owner() { stat -c %u:%g:%a "$exports/$1"; }

# permissions NAME OWNER GROUP
permissions() {
    cat >"$work/v.xml" <<END
<volume><name>$1</name><capacity>1048576</capacity>
<target><permissions><mode>0640</mode><owner>$2</owner><group>$3</group></permissions></target></volume>
END
}

# squashed EXPORT
squashed() {
    echo foreign >"$exports/$1/foreign"
    chown 4321:4321 "$exports/$1/foreign"
    chmod 600 "$exports/$1/foreign"
    nfs_pool 3 "$1"
    run 0 vol-list p --details
    shows_no Status
    run 0 vol-download foreign "$work/foreign" --pool p
    [ "$(cat "$work/foreign")" = foreign ]
    run 0 vol-create-as p own.qcow2 5M --format qcow2
    [ "$(owner "$1/own.qcow2")" = 1234:1234:600 ]
    permissions given 1234 77
    chmod g+rwx "$exports/$1"
    run 0 vol-create p "$work/v.xml" || return 1
    [ "$(owner "$1/given")" = 1234:77:640 ]
    chmod g-w "$exports/$1"
    run 0 vol-resize given 2M --pool p
    run 0 vol-clone own.qcow2 two.qcow2 --pool p
    permissions away 5555 5555
    run 1 vol-create p "$work/v.xml"
    run 0 vol-delete foreign --pool p
    run 0 vol-delete given --pool p
    run 0 vol-list p --details
    shows_no Status
    [ "$(names "$1")" = 'own.qcow2 two.qcow2 ' ]
}
squashed_open() { squashed squash; }
squashed_closed() {
    chmod 700 "$exports/closed"
    squashed closed
}

# Where anybody may make files, root is nobody; so it is made by whom it shall belong to.
squashed_for_anybody() {
    chmod 777 "$exports/squash"
    nfs_pool 4.2 squash
    permissions given 5555 5555
    run 0 vol-create p "$work/v.xml"
    [ "$(owner squash/given)" = 5555:5555:640 ]
    run 0 vol-resize given 2M --pool p
    chmod 755 "$exports/squash"
}

netfs_check "NFS 3: from build to removal" life_3
netfs_check "NFS 4.2: from build to removal" life_4
netfs_check "a definition is printed as it was, and its options are those of the mount" definition
netfs_check "auto finds out what answers, and says when nothing does" auto
netfs_check "of several hosts the first that answers serves" fallback
netfs_check "if no host serves, each is named and nothing is mounted" nobody_answers
netfs_check "the exports of a server are found" sources
netfs_check "nothing is written beneath a mount point that was unmounted" unmounted
netfs_check "a mount point that something else took is refused" other_server_mounted
netfs_check "what is mounted already is taken" already_mounted
netfs_check "a stale handle is told as such, and let go by force" stale
netfs_check "a killed creation leaves nothing after the next start" killed_creation
netfs_check "a name that is taken stays what it is" taken_name
netfs_check "root is squashed: the owner's files are made, read and deleted" squashed_open
netfs_check "root is squashed and may not even look: the owner may" squashed_closed
netfs_check "root is squashed: a volume is made by whom it shall belong to" squashed_for_anybody
finish
