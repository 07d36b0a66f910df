# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
#
# What the tests of pools of type netfs share, inside the machine: a server of the kernel's own, and
# an address that can be taken from it.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"

server=10.77.0.1
exports=/srv/nfs

# nfs_server: serves $exports and what is mounted in it. What is exported may be no overlay: it is a
# tmpfs each. "data" is for everybody, "squash" and "closed" belong to uid 1234 and take root for
# nobody.
nfs_server() {
    ip addr add "$server/32" dev lo
    mkdir -p "$exports"
    mount -t tmpfs tmpfs "$exports"
    for each in data squash closed; do
        mkdir "$exports/$each"
        mount -t tmpfs tmpfs "$exports/$each"
    done
    chmod 777 "$exports/data"
    chown 1234:1234 "$exports/squash" "$exports/closed"
    chmod 755 "$exports/squash"
    chmod 700 "$exports/closed"
    cat >/etc/exports <<END
$exports *(rw,fsid=0,no_subtree_check,insecure,no_root_squash)
$exports/data *(rw,fsid=1,no_subtree_check,insecure,no_root_squash)
$exports/squash *(rw,fsid=2,no_subtree_check,insecure,root_squash)
$exports/closed *(rw,fsid=3,no_subtree_check,insecure,root_squash)
END
    modprobe nfsd
    # After its start a server waits for locks to be claimed again, up to 90 seconds: nobody has any.
    echo 1 >/sys/module/lockd/parameters/nlm_grace_period
    mount -t tmpfs tmpfs /var/lib/nfs
    mkdir -p /var/lib/nfs/sm /var/lib/nfs/sm.bak /var/lib/nfs/v4recovery /run/rpc_pipefs /run/rpcbind
    touch /var/lib/nfs/etab /var/lib/nfs/rmtab /var/lib/nfs/state
    mount -t rpc_pipefs rpc_pipefs /run/rpc_pipefs
    mount -t nfsd nfsd /proc/fs/nfsd
    rpcbind -w
    exportfs -ra
    echo 10 >/proc/fs/nfsd/nfsv4leasetime
    echo 10 >/proc/fs/nfsd/nfsv4gracetime
    rpc.statd --no-notify
    rpc.nfsd 4
    rpc.mountd
    echo Y >/proc/fs/nfsd/v4_end_grace
} >/run/nfs-server.log 2>&1

# The server's address goes, as when a route is dropped; and comes back.
unplug() { ip addr del "$server/32" dev lo; }
plug() { ip addr add "$server/32" dev lo; }

# path VERSION NAME: of the export, as that version calls it.
path() {
    case "$1" in
        3) echo "$exports/$2" ;;
        *) echo "/$2" ;;
    esac
}

# nfs_pool VERSION EXPORT OPTION…: a pool p of that, built and started.
nfs_pool() {
    nfs_defined "$@"
    run 0 pool-build p
    run 0 pool-start p
}

# nfs_defined VERSION EXPORT OPTION…: the same, but only defined.
nfs_defined() {
    version=$1 export=$2
    shift 2
    run 0 pool-define-as p netfs --source-host "$server" --source-path "$(path "$version" "$export")" \
        --source-format nfs --source-protocol-ver "$version" --target "$target" "$@"
}

# netfs_check NAME FUNCTION: check, where nothing is mounted on $target and the exports are empty.
target=/run/netfs/p
netfs_check() {
    mkdir -p /run/netfs
    ip addr add "$server/32" dev lo 2>/dev/null
    umount -f -l "$target" 2>/dev/null
    rm -rf "$target" "$exports"/data/* "$exports"/data/.tarn* "$exports"/squash/* "$exports"/closed/*
    check "$@"
}

nothing_mounted() { ! findmnt -n "$target"; }
mounted_from() { [ "$(findmnt -n -o SOURCE "$target")" = "$1" ]; }
# names EXPORT: of all that is in it, as the server sees it.
names() { find "$exports/$1" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | tr '\n' ' '; }
