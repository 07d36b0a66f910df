#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Every command that reports something gives one JSON document; failures are one on stderr.
. "$(dirname "$0")/lib.sh"

is_json() {
    "$JSON_GET" <"$work/out"
}

reports() {
    dir_pool p
    run 0 vol-create-as p v 8M --format qcow2
    while read -r line; do
        # shellcheck disable=SC2086 # words
        run 0 --json $line
        is_json || { echo "of: $line"; return 1; }
    done <<END
pool-list --all --details
pool-list --name
pool-list --uuid
pool-info p
pool-dumpxml p
pool-uuid p
pool-name p
pool-capabilities
pool-event --list
vol-list p
vol-list p --name
vol-info v p
vol-dumpxml v p
vol-path v p
vol-key v p
vol-name v p
vol-pool $work/p/v
vol-map v p
vol-check v p
module-list --all
module-info dir
type-list
format-list
type-list --name
image-info $work/p/v
image-map $work/p/v
image-check $work/p/v
version
help
help vol-info
pool-define-as q dir --target $work/q --print-xml
vol-create-as p w 1M --print-xml
vol-clone v w --pool p --print-xml
END
}

deeds() {
    dir_pool p
    while read -r line; do
        # shellcheck disable=SC2086 # words
        run 0 --json $line
        is_json || { echo "of: $line"; return 1; }
        json result "$("$JSON_GET" result <"$work/out")"
    done <<END
pool-define-as q dir --target $work/q
pool-build q
pool-start q
pool-autostart q
pool-refresh q
pool-destroy q
pool-delete q
pool-undefine q
vol-create-as p v 1M
vol-resize v 2M p
vol-wipe v p
vol-clone v w --pool p
vol-convert v c --pool p --format qcow2
vol-download v $work/file p
vol-upload v $work/file p
vol-delete v p
image-convert $work/file $work/file.qcow2 --source-format raw --format qcow2
module-disable qcow2
module-enable qcow2
END
}

sizes_are_bytes() {
    dir_pool p
    run 0 vol-create-as p v 1G --allocation 0
    run 0 --json vol-info v p
    json name v
    json type file
    json format raw
    json status ok
    json capacity 1073741824
    json allocation 0
    run 0 --json pool-info p
    json state running
    json type dir
    json persistent true
    json autostart false
    [ "$("$JSON_GET" capacity <"$work/out")" -gt 0 ]
}

failures_have_codes() {
    run 3 --json pool-info nope
    prints_nothing
    [ "$("$JSON_GET" error/code <"$work/err")" = not-found ]
    dir_pool p
    run 1 --json pool-start p
    [ "$("$JSON_GET" error/code <"$work/err")" = state ]
    run 0 vol-create-as p v 1M
    run 1 --json vol-create-as p v 2M
    [ "$("$JSON_GET" error/code <"$work/err")" = exists ]
    echo '<pool' >"$work/x.xml"
    run 1 --json pool-define "$work/x.xml"
    "$JSON_GET" error/message <"$work/err" | grep -q 'line 1'
    run 1 --json pool-define "$work/nope.xml"
    [ "$("$JSON_GET" error/errno <"$work/err")" = 2 ]
}

missing_things_are_3() {
    dir_pool p
    for command in pool-info pool-start pool-destroy pool-build pool-delete pool-undefine \
        pool-refresh pool-autostart pool-dumpxml pool-edit pool-uuid pool-name vol-list \
        module-info module-enable module-disable; do
        run 3 "$command" nope
    done
    for command in vol-info vol-dumpxml vol-path vol-key vol-delete vol-wipe vol-map vol-check; do
        run 3 "$command" nope
        run 3 "$command" nope --pool p
        run 3 "$command" nope --pool nope
    done
    run 3 pool-define-as x nosuch --target "$work/x"
    run 3 find-storage-pool-sources-as nosuch
    run 3 image-info --format nosuch "$0"
}

check "reports" reports
check "deeds" deeds
check "sizes are integers, names the XML's" sizes_are_bytes
check "failures have codes" failures_have_codes
check "what does not exist ends with 3" missing_things_are_3
finish
