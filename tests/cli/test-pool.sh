#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The life of a pool, and what the command says at each step.
. "$(dirname "$0")/lib.sh"

life() {
    run 0 pool-define-as images dir --target "$work/images"
    prints 'Pool images defined' ''
    run 0 pool-build images
    prints 'Pool images built' ''
    [ -d "$work/images" ]
    run 0 pool-start images
    prints 'Pool images started' ''
    run 0 pool-autostart images
    prints 'Pool images marked as autostarted' ''
    run 0 pool-autostart images --disable
    prints 'Pool images unmarked as autostarted' ''
    run 0 pool-refresh images
    prints 'Pool images refreshed' ''
    run 0 pool-destroy images
    prints 'Pool images destroyed' ''
    run 0 pool-delete images
    prints 'Pool images deleted' ''
    [ ! -e "$work/images" ]
    run 0 pool-undefine images
    prints 'Pool images has been undefined' ''
    run 3 pool-info images
}

stop_is_destroy() {
    dir_pool p
    run 0 pool-stop p
    run 0 pool-list
    prints ' Name   State   Autostart' '---------------------------' ''
}

from_a_file() {
    cat >"$work/pool.xml" <<END
<pool type='dir'><name>x</name><target><path>$work/x</path></target></pool>
END
    run 0 pool-define "$work/pool.xml"
    prints "Pool x defined from $work/pool.xml" ''
    run 0 pool-undefine x
    "$TARN" -q pool-define --file - --validate <"$work/pool.xml"
    run 0 pool-info --pool x
}

transient() {
    run 0 pool-create-as t dir --target "$work/t" --build
    prints 'Pool t created' ''
    run 0 pool-list --transient --name
    prints 't                   ' ''
    run 0 pool-destroy t
    run 3 pool-info t
}

transient_from_a_file() {
    mkdir "$work/t"
    echo "<pool type='dir'><name>t</name><target><path>$work/t</path></target></pool>" \
        >"$work/t.xml"
    run 0 pool-create "$work/t.xml"
    prints "Pool t created from $work/t.xml" ''
}

started_with_build() {
    run 0 pool-define-as p dir --target "$work/p"
    run 1 pool-start p
    run 0 pool-start p --build
    [ -d "$work/p" ]
}

autostart_starts_marked_ones() {
    dir_pool a
    dir_pool b
    run 0 pool-autostart a
    run 0 pool-destroy a
    run 0 pool-destroy b
    run 0 pool-start --autostart --json
    json started 1
    run 0 -q pool-list --name
    prints 'a                   '
}

dumped_xml_defines_the_same() {
    dir_pool p
    run 0 -q pool-dumpxml p --inactive
    cp "$work/out" "$work/p.xml"
    run 0 pool-destroy p
    run 0 pool-undefine p
    run 0 pool-define "$work/p.xml"
    run 0 -q pool-dumpxml p --inactive
    prints_like <"$work/p.xml"
}

name_and_uuid() {
    dir_pool p
    run 0 -q pool-uuid p
    uuid=$(cat "$work/out")
    run 0 -q pool-name "$uuid"
    prints p
    run 0 pool-info "$uuid"
    shows '^Name:           p$'
}

capabilities() {
    run 0 pool-capabilities
    shows '<storagepoolCapabilities>'
    shows "<pool type='dir' supported='yes'>"
}

sources_are_unsupported() {
    run 1 --json find-storage-pool-sources-as dir
    [ "$("$JSON_GET" error/code <"$work/err")" = unsupported ]
}

edited() {
    dir_pool p
    run 0 pool-destroy p
    EDITOR="sed -i 's,/p<,/other<,'" run 0 pool-edit p
    prints 'Pool p XML configuration edited.' ''
    run 0 pool-dumpxml p
    shows "<path>$work/other</path>"
    EDITOR=true run 0 pool-edit p
    prints 'Pool p XML configuration not changed.' ''
}

edited_badly() {
    dir_pool p
    mkdir "$work/tmp"
    TMPDIR=$work/tmp EDITOR="sed -i s,dir,nosuch," run 3 pool-edit p
    TMPDIR=$work/tmp EDITOR=false run 1 pool-edit p
    says "the editor 'false' failed"
    run 0 pool-dumpxml p
    shows "type='dir'"
    [ -z "$(ls -A "$work/tmp")" ]
}

unavailable_pools_can_be_edited() {
    dir_pool p
    run 0 pool-destroy p
    echo '<pool type="dir"><name>p</name>' >"$TARN_ROOT/etc/tarn/pools/p.xml"
    run 0 --json pool-info p
    json state unavailable
    run 0 pool-list --all --details
    shows ' Reason$'
    echo "<pool type='dir'><name>p</name><target><path>$work/p</path></target></pool>" \
        >"$work/good.xml"
    EDITOR="cp $work/good.xml" run 0 pool-edit p
    run 0 --json pool-info p
    json state inactive
}

check "defined, built, started, marked, refreshed, stopped, deleted, undefined" life
check "pool-stop is pool-destroy" stop_is_destroy
check "defined from a file, and from standard input" from_a_file
check "a transient pool is gone when it is stopped" transient
check "a transient pool from a file" transient_from_a_file
check "pool-start --build" started_with_build
check "pool-start --autostart" autostart_starts_marked_ones
check "the dumped XML defines the same pool" dumped_xml_defines_the_same
check "name by UUID, UUID by name, pool by UUID" name_and_uuid
check "capabilities" capabilities
check "sources of a type that has none to find" sources_are_unsupported
check "pool-edit changes a pool, or says that nothing changed" edited
check "what the editor made is refused without debris" edited_badly
check "an unavailable pool can be seen and edited" unavailable_pools_can_be_edited
finish
