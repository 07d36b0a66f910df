#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Pools of type netfs on a Samba server.
# shellcheck disable=SC2317  # inside comes back, in the machine
. "$(dirname "$0")/lib.sh"
inside --need smbd --timeout 600
. "$(dirname "$0")/netfs-lib.sh"

samba=/run/samba
secret='a,b"c\d =%e'
server=127.0.0.1

samba_server() {
    mkdir -p "$samba/private" "$samba/state" "$samba/ncalrpc" "$exports/data" "$exports/guest" \
        "$exports/squash" "$exports/closed"
    mount -t tmpfs tmpfs "$exports/data"
    mount -t tmpfs tmpfs "$exports/guest"
    useradd -M -s /usr/sbin/nologin smbuser
    chown smbuser "$exports/data"
    chmod 777 "$exports/guest"
    cat >"$samba/smb.conf" <<END
[global]
workgroup = TEST
server role = standalone server
map to guest = bad user
interfaces = lo
bind interfaces only = yes
disable netbios = yes
smb ports = 445
private dir = $samba/private
lock directory = $samba/state
state directory = $samba/state
cache directory = $samba/state
pid directory = $samba
ncalrpc dir = $samba/ncalrpc
log file = $samba/log
load printers = no
[data]
path = $exports/data
read only = no
[guest]
path = $exports/guest
read only = no
guest ok = yes
END
    printf '%s\n%s\n' "$secret" "$secret" | smbpasswd -c "$samba/smb.conf" -s -a smbuser
    smbd -D -s "$samba/smb.conf"
    timeout 20 sh -c 'until ss -ltn | grep -q ":445 "; do sleep 0.1; done'
} >/run/samba-server.log 2>&1
samba_server

# secret_file TEXT: a file that --secret-file takes.
secret_file() {
    (umask 077 && printf '%s\n' "$1" >"$work/secret")
}

# share SHARE OPTION…: a pool p of that, built.
share() {
    run 0 pool-define-as p netfs --source-host "$server" --source-path "$@" --source-format cifs \
        --target "$target"
    run 0 pool-build p
}
user_share() { share data --auth-type cifs --auth-username "${1:-smbuser}" --secret-usage nas; }

life() {
    user_share
    secret_file "$secret"
    run 0 pool-start p --secret-file "$work/secret"
    mounted_from "//$server/data"
    findmnt -n -t cifs -o OPTIONS "$target" | grep 'nosuid,nodev,noexec.*username=smbuser'
    run 0 vol-create-as p a.qcow2 20M --format qcow2
    run 0 vol-create-as p b.raw 3M
    run 0 vol-create-as p c 0 --format dir
    run 0 vol-clone a.qcow2 d.qcow2 --pool p
    run 0 vol-resize b.raw 4M --pool p
    run 0 vol-list p --details
    shows_no Status
    [ "$(names data)" = 'a.qcow2 b.raw c d.qcow2 ' ]
    [ "$(stat -c %s:%U "$exports/data/b.raw")" = 4194304:smbuser ]
    run 1 vol-create-as p b.raw 1M
    for each in a.qcow2 b.raw c d.qcow2; do run 0 vol-delete "$each" --pool p; done
    [ -z "$(ls -A "$exports/data")" ]
    run 0 pool-stop p
    nothing_mounted
    run 0 pool-delete p
}

definition() {
    user_share
    run 0 -q pool-dumpxml p
    shows "<auth type='cifs' username='smbuser'>"
    shows "<secret usage='nas'/>"
    cp "$work/out" "$work/p.xml"
    run 0 pool-define --validate "$work/p.xml"
    run 0 -q pool-dumpxml p
    prints_like <"$work/p.xml"
}

wrong_secret() {
    user_share
    run 1 pool-start p
    says 'there is no secret "nas": put it into'
    secret_file wrong
    run 1 pool-start p --secret-file "$work/secret"
    says "//$server/data: the server refuses the user smbuser: check the name and the secret"
    nothing_mounted
    secret_file "$secret"
    run 0 pool-start p --secret-file "$work/secret"
}

# Everywhere where others could read it while the pool is mounted, and in what is left of it; all
# commands that were run are still in the log of the machine's processes, which strace keeps.
secret_stays_secret() {
    user_share 'TEST\smbuser'
    secret_file "$secret"
    run 0 pool-start p --secret-file "$work/secret"
    strace -f -qq -s 4096 -e trace=execve -o "$work/programs" \
        "$TARN" pool-refresh p
    run 0 pool-stop p
    strace -f -qq -s 4096 -v -e trace=execve -o "$work/programs" \
        "$TARN" pool-start p --secret-file "$work/secret"
    rm "$work/secret"
    grep -F TEST /proc/mounts || true
    for each in /proc/mounts /proc/[0-9]*/cmdline /proc/[0-9]*/environ "$work/programs"; do
        if grep -q -a -F 'b"c' "$each" 2>/dev/null; then
            echo "the secret is in $each"
            return 1
        fi
    done
    # Not among the disks of other machines, which hold anything.
    if grep -r -l -a -F --exclude-dir='tarn-vm.*' 'b"c' /run /tmp/tarn* /var/log 2>/dev/null |
        grep -v "^$samba/"; then
        return 1
    fi
    run 0 vol-list p
}

guest() {
    share guest --mount-option uid=77 --mount-option noatime --mount-option ro
    run 0 pool-start p
    findmnt -n -o OPTIONS "$target" | grep '^ro,nosuid,nodev,noexec,noatime.*sec=none.*uid=77'
    run 0 vol-list p
    run 1 vol-create-as p v 1M
    run 0 pool-stop p
    run 0 pool-undefine p
    share data
    run 1 pool-start p
    says "the server lets no guest in: add <auth type='cifs'>"
}

refused() {
    share no-such-share
    run 1 pool-start p
    says "//$server/no-such-share: the server has no such share"
    run 0 pool-undefine p
    share guest --mount-option no-such-option=1
    run 1 pool-start p
    says 'the option no-such-option is refused: .*Unknown parameter'
    run 0 pool-undefine p
    run 1 pool-define-as p netfs --source-host "$server" --source-path guest --source-format cifs \
        --target "$target" --mount-option password=x
    says 'tells a secret to whoever reads the definition'
}

# A share has no owners: one that is asked for is refused rather than forgotten.
permissions_are_kept_or_refused() {
    share guest
    run 0 pool-start p
    cat >"$work/v.xml" <<END
<volume><name>v</name><capacity>1048576</capacity>
<target><permissions><mode>0755</mode><owner>5555</owner></permissions></target></volume>
END
    run 1 vol-create p "$work/v.xml"
    says 'the owner or group .* cannot be set'
    sed -i -e 's/0755/0640/' -e 's/5555/0/' "$work/v.xml"
    run 1 vol-create p "$work/v.xml"
    says 'the mode .* cannot be set'
    [ -z "$(ls -A "$exports/guest")" ]
    sed -i 's/0640/0755/' "$work/v.xml"
    run 0 vol-create p "$work/v.xml"
    run 0 vol-delete v --pool p
}

auto() {
    run 0 pool-define-as p netfs --source-host 127.0.0.1 --source-path guest --target "$target"
    run 0 pool-build p
    run 0 pool-start p
    findmnt -n -t cifs "$target"
}

netfs_check "a share: from build to removal" life
netfs_check "credentials are printed as they were, but for the secret" definition
netfs_check "without the right secret nothing is mounted, and it is said why" wrong_secret
netfs_check "the secret is on no command line, in no file and in no table" secret_stays_secret
netfs_check "without credentials a share is had as a guest, or not" guest
netfs_check "what a share cannot have is refused by name" refused
netfs_check "permissions that a share does not keep are refused" permissions_are_kept_or_refused
netfs_check "auto finds a share where there is no NFS" auto
finish
