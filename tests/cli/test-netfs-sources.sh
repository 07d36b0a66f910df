#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Finding what an NFS server exports: a server in user space, in a network of its own.
# shellcheck source=tests/cli/network-lib.sh
. "$(dirname "$0")/network-lib.sh"
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
mkdir -p /run/rpcbind

# listens PORT: until something does.
listens() { timeout 20 sh -c "until ss -ltn | grep -q ':$1 '; do sleep 0.05; done"; }

# serve PROTOCOLS: ganesha with two exports, as $ganesha.
serve() {
    need ganesha.nfsd
    need rpcbind
    find /usr/lib -name libfsalvfs.so | grep -q . ||
        skip "nfs-ganesha-vfs is not installed"
    mkdir -p "$work/state" "$work/images" "$work/with two blanks"
    cat >"$work/ganesha.conf" <<END
NFS_CORE_PARAM { Protocols = $1; Enable_NLM = false; Enable_RQUOTA = false; MNT_Port = 20048; }
NFSV4 { RecoveryBackend = fs; RecoveryRoot = $work/state; Graceless = true; }
EXPORT { Export_Id = 1; Path = "$work/images"; Pseudo = /images; Access_Type = RW;
         FSAL { Name = VFS; } }
EXPORT { Export_Id = 2; Path = "$work/with two blanks"; Pseudo = /blanks; Access_Type = RW;
         FSAL { Name = VFS; } }
END
    pidof rpcbind >/dev/null || rpcbind -w
    ganesha.nfsd -F -L "$work/log" -f "$work/ganesha.conf" -p "$work/pid" &
    ganesha=$!
    listens 2049
}

stop() {
    kill -KILL "$ganesha"
    wait "$ganesha" || true
    # What it registered is still there; another test wants a clean slate.
    kill -KILL "$(pidof rpcbind)"
    timeout 20 sh -c "while ss -ltn | grep -q ':\\(111\\|2049\\) '; do sleep 0.05; done"
    rm -f /run/rpcbind/* /run/rpcbind.*
} 2>/dev/null

# sources HOST: what the two exports look like.
sources() {
    cat <<END
<sources>
  <source>
    <host name='$1'/>
    <dir path='$work/images'/>
    <format type='nfs'/>
  </source>
  <source>
    <host name='$1'/>
    <dir path='$work/with two blanks'/>
    <format type='nfs'/>
  </source>
</sources>
END
}

found() {
    serve 3,4
    listens 20048
    run 0 -q find-storage-pool-sources-as netfs 127.0.0.1
    sources 127.0.0.1 | prints_like
    run 0 -q find-storage-pool-sources-as netfs ::1
    sources ::1 | prints_like
    run 0 -q find-storage-pool-sources-as netfs 127.0.0.1 20048
    sources 127.0.0.1 | prints_like
    echo "<source><host name='localhost'/><format type='nfs'/></source>" >"$work/narrow.xml"
    run 0 -q find-storage-pool-sources netfs "$work/narrow.xml"
    sources localhost | prints_like
    stop
}

only_version_4() {
    serve 4
    run 1 find-storage-pool-sources-as netfs 127.0.0.1
    says '127.0.0.1 answers by NFS version 4 alone, which has no list of exports'
    stop
}

stopped() {
    serve 3,4
    listens 20048
    kill -STOP "$ganesha"
    before=$(date +%s)
    run 1 --deadline 2 find-storage-pool-sources-as netfs 127.0.0.1
    [ $(($(date +%s) - before)) -le 20 ]
    kill -CONT "$ganesha"
    run 0 find-storage-pool-sources-as netfs 127.0.0.1
    stop
}

nobody() {
    run 1 find-storage-pool-sources-as netfs 127.0.0.1
    says '127.0.0.1 does not tell its NFS exports (nothing listens there: Connection refused)'
    run 1 find-storage-pool-sources-as netfs no-such-host.invalid
    says 'no-such-host.invalid does not tell its NFS exports (its name has no address'
}

narrowing() {
    run 1 find-storage-pool-sources-as netfs
    says 'name exactly one host'
    echo "<source><host name='a'/><host name='b'/></source>" >"$work/narrow.xml"
    run 1 find-storage-pool-sources netfs "$work/narrow.xml"
    says 'name exactly one host'
    echo "<source><host name='a'/><format type='cifs'/></source>" >"$work/narrow.xml"
    run 1 find-storage-pool-sources netfs "$work/narrow.xml"
    says 'only NFS servers can be asked'
}

check "the exports are told as libvirt tells them, blanks and all" found
check "a server of version 4 alone has no list, and it is said so" only_version_4
check "a stopped server is waited for as long as the deadline allows" stopped
check "a host without a server, and a name without a host, are told" nobody
check "exactly one host is asked, and only for NFS" narrowing
finish
