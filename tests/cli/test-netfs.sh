#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Definitions of pools of type netfs: what is printed back, and what is refused. No server is asked.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# same SOURCE [REST NAMESPACE]: a definition with this source, and this behind its target, is valid
# and printed back as it is.
same() {
    namespace=${3:+" xmlns:fs='$3'"}
    cat >"$work/p.xml" <<END
<pool type='netfs'$namespace>
  <name>p</name>
  <uuid>7641d5a8-af11-f730-a34c-0a7dfcede71f</uuid>
  <capacity unit='bytes'>0</capacity>
  <allocation unit='bytes'>0</allocation>
  <available unit='bytes'>0</available>
  <source>
$1
  </source>
  <target>
    <path>/mnt/p</path>
    <permissions>
      <mode>0700</mode>
      <owner>0</owner>
      <group>0</group>
    </permissions>
  </target>
${2:+$2
}</pool>
END
    run 0 pool-define --validate "$work/p.xml"
    run 0 -q pool-dumpxml p
    prints_like <"$work/p.xml"
}

host="    <host name='192.0.2.7'/>"

printed_back() {
    same "$host
    <dir path='/srv/nfs'/>
    <format type='nfs'/>"
    same "$host
    <dir path='/srv/nfs'/>
    <format type='auto'/>"
    same "$host
    <dir path='/srv/nfs'/>
    <format type='nfs'/>
    <protocol ver='4.1'/>"
    same "$host
    <dir path='testvol'/>
    <format type='glusterfs'/>"
    same "$host
    <dir path='samba_share'/>
    <format type='cifs'/>"
    same "    <host name='2001:db8::15' port='12049'/>
    <host name='b.example.com'/>
    <dir path='/srv/nfs'/>
    <format type='nfs'/>"
    same "$host
    <dir path='share'/>
    <format type='cifs'/>
    <auth type='cifs' username='DOMAIN\\u'>
      <secret usage='nas'/>
    </auth>"
    same "$host
    <dir path='/srv/nfs'/>
    <format type='nfs'/>
    <protocol ver='3'/>" "  <fs:mount_opts>
    <fs:option name='sync'/>
    <fs:option name='lazytime'/>
  </fs:mount_opts>" http://libvirt.org/schemas/storagepool/fs/1.0
}

# sample FILE SOURCE: a definition that was written for libvirt has, as libvirt prints it, this source.
sample() {
    file=${TARN_SHARED:-$TARN_SRC/../shared}/xml/$1
    [ -f "$file" ] || skip "there is no pool XML to read: set TARN_SHARED"
    run 0 pool-define --validate "$file"
    run 0 -q --json pool-list --all
    run 0 -q pool-dumpxml "$("$JSON_GET" 0/name <"$work/out")"
    sed -i -n '/<source>/,/<.source>/p' "$work/out"
    printf '  <source>\n%s\n  </source>\n' "$2" | prints_like
    rm -rf "${TARN_ROOT:?}/etc"
}

samples() {
    sample netfs.xml "    <host name='nfs.example.com'/>
    <dir path='/var/lib/virt/images'/>
    <format type='auto'/>"
    sample netfs-cifs.xml "    <host name='files.example.com'/>
    <dir path='images'/>
    <format type='cifs'/>"
    sample netfs-v4.xml "    <host name='192.0.2.7'/>
    <dir path='/export/images'/>
    <format type='nfs'/>
    <protocol ver='4.2'/>"
}

completed() {
    run 0 pool-define-as p netfs --source-host h --source-path /srv/nfs/ --target /mnt/p
    run 0 pool-dumpxml p
    shows "<dir path='/srv/nfs'/>"
    shows "<format type='auto'/>"
}

# refused PATTERN OPTION…
refused() {
    pattern=$1
    shift
    run 1 pool-define-as p netfs --target /mnt/p "$@"
    says "$pattern"
}

makes_no_sense() {
    refused 'host' --source-path /d
    refused 'dir' --source-host h
    refused 'begin it with /' --source-host h --source-path d --source-format nfs
    refused "no source format 'smb'" --source-host h --source-path d --source-format smb
    refused 'only NFS has one' --source-host h --source-path d --source-format cifs \
        --source-protocol-ver 3
    refused 'comma' --source-host h --source-path /d --source-protocol-ver 3,suid
    refused 'the host "-oexec"' --source-host=-oexec --source-path /d
    refused 'only the format cifs' --source-host h --source-path /d --auth-type cifs \
        --auth-username u --secret-usage s
    run 3 pool-info p
}

one_source_for_one_pool() {
    run 0 pool-define-as p netfs --source-host a --source-host b --source-path /d --target /mnt/p
    run 1 pool-define-as q netfs --source-host b --source-path /d --target /mnt/q
    says 'netfs:b:/d.*is that of the pool p'
    run 1 pool-define-as q netfs --source-host c --source-path /d --target /mnt/p
    says 'path:/mnt/p'
    run 0 pool-define-as q netfs --source-host b --source-path /e --target /mnt/q
}

build_and_delete() {
    run 0 pool-define-as p netfs --source-host h --source-path /d --target "$work/deep/p"
    run 1 pool-build p --overwrite
    [ ! -e "$work/deep" ]
    run 0 pool-build p
    [ "$(stat -c %a "$work/deep/p")" = 711 ]
    run 0 pool-delete p
    [ ! -e "$work/deep/p" ]
}

gluster_without_its_helper() {
    for each in /usr/sbin /usr/bin /sbin /bin; do
        [ ! -e "$each/mount.glusterfs" ] || skip "mount.glusterfs is installed"
    done
    run 0 pool-define-as p netfs --source-host 127.0.0.1 --source-path vol \
        --source-format glusterfs --target "$work/p" --mount-option transport=tcp
    run 0 pool-build p
    run 1 --json pool-start p
    [ "$("$JSON_GET" error/code <"$work/err")" = unsupported ]
    run 1 pool-start p
    says 'install the package glusterfs-client'
}

check "definitions are valid, and printed back as they were" printed_back
check "libvirt's samples are printed as libvirt prints them" samples
check "the default format is auto, and a slash at the end goes" completed
check "definitions that make no sense are refused" makes_no_sense
check "no two pools have one directory of one host" one_source_for_one_pool
check "building makes the directory to mount on, deleting removes it" build_and_delete
check "without mount.glusterfs the package to install is named" gluster_without_its_helper
finish
