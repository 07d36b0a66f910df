#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Elements that a module adds to the XML: in all five places, whose they are, and how they survive.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/own-lib.sh
. "$(dirname "$0")/own-lib.sh"

# pool: a definition with the module's element in each place.
pool() {
    cat <<END
<pool type='own' xmlns:own='http://own.example/1'>
  <name>p</name>
  <source><own:source says='a source'/></source>
  <target><path>/tmp</path><own:target says='a target'/></target>
  <own:pool says='a pool'/>
</pool>
END
}

define() {
    cat >"$work/p.xml"
    run 0 pool-define "$work/p.xml" "$@"
}

volume() {
    cat >"$work/v.xml" <<END
<volume xmlns:own='http://own.example/1'><name>v</name><capacity>4096</capacity>
<own:volume says='a volume'/><target><own:volume-target says='its target'/></target></volume>
END
}

read_back() {
    own_module
    pool | define --validate
    run 0 pool-start p
    fact in-pool 'a pool'
    fact in-source 'a source'
    fact in-target 'a target'
    volume
    run 1 vol-create p "$work/v.xml" --validate
    says 'in-volume: a volume$'
    says 'in-volume-target: its target$'
}

# In another place, or another of that namespace, they are mistakes.
out_of_place() {
    own_module
    for swap in 's/<own:pool/<own:source/' 's/<own:source/<own:target/' 's/<own:target/<own:pool/' \
        's/<own:pool/<own:colour/'; do
        pool | sed "$swap" >"$work/bad.xml"
        run 1 --json pool-define --validate "$work/bad.xml"
        says '"code":"schema"'
        says 'line [3-5]: '
    done
    volume
    pool | define
    run 0 pool-start p
    sed 's/own:volume-target/own:volume/' "$work/v.xml" >"$work/bad.xml"
    run 1 --json vol-create p "$work/bad.xml" --validate
    says '"code":"schema"'
}

others='<other:thing xmlns:other="urn:example:other"><other:deep a="1">text</other:deep></other:thing>'

# survives: the elements of the module and of nobody are in what is printed.
survives() {
    run 0 pool-dumpxml p --inactive
    for place in pool source target; do
        shows "<own:$place .*says=\"$1 $place\"/>"
    done
    [ "$(grep -c '<other:deep a="1">text</other:deep>' "$work/out")" -eq 3 ]
}

round_trip() {
    own_module
    pool | sed "s|<own:[a-z]* .*/>|&$others|" | define --validate
    survives a
    cp "$work/out" "$work/first"
    cp "$work/out" "$work/again.xml"
    run 0 pool-define "$work/again.xml" --validate
    survives a
    prints_like <"$work/first"
    EDITOR="sed -i s/a.pool/another\ pool/" run 0 pool-edit p
    sed -i 's/a pool/another pool/' "$work/first"
    run 0 pool-start p
    fact in-pool 'another pool'
    run 0 pool-stop p
    run 0 pool-dumpxml p
    prints_like <"$work/first"
}

# What the file holds stays, byte for byte; it can be edited, and is judged when the module is back.
absent_module() {
    own_module
    pool | sed "s|<own:[a-z]* .*/>|&$others|" | define
    run 0 pool-dumpxml p
    cp "$work/out" "$work/before"
    mv "$work/modules/own.so" "$work/own.so"
    survives a
    run 0 pool-autostart p
    EDITOR="sed -i s/a.pool/another\ pool/" run 3 pool-edit p
    survives a
    mv "$work/own.so" "$work/modules/own.so"
    run 0 pool-dumpxml p
    prints_like <"$work/before"
    run 0 pool-start p
    fact in-target 'a target'
}

# --- whose they are --------------------------------------------------------------------------------

# refused NAME PATTERN: the module is, when it is loaded after "own"; which is none the worse.
refused() {
    own_module
    own_add "$1" "pool:$1"
    in_shell type-list 'module-list --all' "module-info $1" 'pool-define-as p own'
    shows "the module $1 cannot be used: $2"
    shows "State: *$2"
    shows "^ $1 .*$2"
    shows '^Pool p defined'
}

same_namespace() {
    refused rival-namespace 'the XML namespace "http://own.example/1" of the pool type rival-namespace of the module rival-namespace is that of the pool type own of the module own'
}

same_prefix() {
    refused rival-prefix 'the XML prefix "own" of the pool type rival-prefix of the module rival-prefix is that of the pool type own of the module own'
}

# Who is loaded first has it: alone, each works.
alone() {
    own_module
    own_add rival-namespace pool:rival-namespace
    rm "$work/plugins.d/own.conf"
    run 0 pool-define-as q rival-namespace
}

foreign_element() {
    refused rival-schema 'the schema fragment of the pool type rival-schema has <element> in line 3 that is not of its xml_namespace'
}

for OWN_ISOLATED in '' yes; do
    where=${OWN_ISOLATED:+, isolated}
    check "the module reads its elements in all five places$where" read_back
    check "what is of its namespace and elsewhere is refused$where" out_of_place
    check "elements survive printing, editing and defining anew$where" round_trip
    check "elements survive without the module$where" absent_module
    check "a second module cannot have the same namespace$where" same_namespace
    check "a second module cannot have the same prefix$where" same_prefix
    check "the second works without the first$where" alone
    check "a fragment with another's element is refused at load$where" foreign_element
done
finish
