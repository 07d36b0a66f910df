#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Names that break other programs: quotes, blanks, markup, control characters, bytes that are no
# UTF-8.
. "$(dirname "$0")/lib.sh"

pool_survives() {
    dir_pool "$1"
    run 0 --json pool-info "$1"
    json name "$1"
    run 0 vol-create-as "$1" "$1" 1K
    run 0 --json vol-info "$1" --pool "$1"
    json name "$1"
    json path "$work/$1/$1"
    run 0 vol-delete "$1" "$1"
    run 0 pool-destroy "$1"
    run 0 pool-undefine "$1"
}

blanks() { pool_survives ' a  b '; }
quotes() { pool_survives "'\"\`\\"; }
markup() { pool_survives '<&amp;>]]>'; }
dashes() {
    run 0 pool-define-as --name=--all --type dir --target "$work/p"
    run 0 pool-info -- --all
    run 0 pool-info --pool=--all
}
letters() { pool_survives 'прÿ日本語'; }
percent() { pool_survives '%s%n%d'; }

escaped_xml() {
    run 0 pool-define-as '<&>"' fs "h'1" --source-host h2 --source-path '/a&b' --source-dev /d1 \
        --source-dev '/d<2' --source-name n --source-format auto --source-initiator 'iqn"' \
        --auth-type chap --auth-username 'u<' --secret-usage "s'" --source-protocol-ver 4.2 \
        --target '/t>' --mount-option noatime --mount-option 'a="b"' --print-xml
    prints_like <<'END'
<pool type='fs' xmlns:fs='http://libvirt.org/schemas/storagepool/fs/1.0'>
  <name>&lt;&amp;&gt;&quot;</name>
  <source>
    <host name='h&apos;1'/>
    <host name='h2'/>
    <device path='/d1'/>
    <device path='/d&lt;2'/>
    <dir path='/a&amp;b'/>
    <name>n</name>
    <initiator>
      <iqn name='iqn&quot;'/>
    </initiator>
    <format type='auto'/>
    <auth type='chap' username='u&lt;'>
      <secret usage='s&apos;'/>
    </auth>
    <protocol ver='4.2'/>
  </source>
  <target>
    <path>/t&gt;</path>
  </target>
  <fs:mount_opts>
    <fs:option name='noatime'/>
    <fs:option name='a=&quot;b&quot;'/>
  </fs:mount_opts>
</pool>

END
}

virshs_order() {
    run 0 pool-define-as n fs h /p /d s /t --print-xml
    shows "<host name='h'/>"
    shows "<dir path='/p'/>"
    shows "<device path='/d'/>"
    shows '<name>s</name>'
    shows '<path>/t</path>'
}

newline_in_pool_name() {
    run 1 pool-define-as 'a
b' dir --target "$work/p"
    [ "$(wc -l <"$work/err")" -eq 1 ]
    run 0 -q pool-list --all
    prints_nothing
}

# Files that others made: they are listed, and their names do not reach the terminal as they are.
odd_files() {
    dir_pool p
    : >"$work/p/$(printf 'new\nline')"
    : >"$work/p/$(printf 'esc\033[31m')"
    : >"$work/p/$(printf 'bad\377')"
    : >"$work/p/$(printf 'bidi\342\200\256')"
    run 0 -q vol-list p --name
    LC_ALL=C sort "$work/out" >"$work/sorted"
    printf '%s\n' 'bad\xff' 'bidi\u202e' 'esc\x1b[31m' 'new\nline' | diff -u - "$work/sorted"
    run 0 -q vol-list p
    [ "$(wc -l <"$work/out")" -eq 4 ]
    run 0 --json vol-list p
    json '#' 4
    run 0 -q vol-name "$(printf 'new\nline')" --pool p
    printf 'new\nline\n' | cmp - "$work/out"
    run 0 -q vol-name "$(printf 'bad\377')" --pool p
    printf 'bad\377\n' | cmp - "$work/out"
}

slashes() {
    dir_pool p
    for name in a/b ../a . ..; do
        run 1 vol-create-as p "$name" 1K
    done
    [ -z "$(ls -A "$work/p")" ]
}

check "blanks" blanks
check "quotes and backslashes" quotes
check "markup" markup
check "a name that looks like an option" dashes
check "letters of other scripts" letters
check "conversion specifications" percent
check "the XML of options is escaped" escaped_xml
check "options without names, in virsh's order" virshs_order
check "a newline in the name of a pool" newline_in_pool_name
check "names of files that steer terminals, or are no text" odd_files
check "volumes stay in the pool" slashes
finish
