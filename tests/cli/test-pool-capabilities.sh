#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What a pool can do now: by its type, by what its module tells of this very pool, by what is done in
# its place, and by its state. What is told is compared with what happens.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/own-lib.sh
. "$(dirname "$0")/own-lib.sh"

# ask POOL: the document, one object a line, in $work/asked.
ask() {
    run 0 --json pool-capabilities "$1"
    tr -d '\n' <"$work/out" | sed 's/},/}\n/g' >"$work/asked"
}

# can OPERATION SUPPORT READY [PATTERN]: of the pool that was asked.
can() {
    grep -e "\"operation\": \"$1\"" "$work/asked" >"$work/out"
    shows "\"support\": \"$2\""
    shows "\"ready\": $3"
    [ $# -lt 4 ] || shows "$4"
}

of_all_types() {
    run 0 pool-capabilities
    shows '^<storagepoolCapabilities>'
}

inactive() {
    run 0 pool-define-as p dir --target "$work/p"
    ask p
    can build native true
    can vol-create native false 'the pool is not active: start it first'
    run 1 --json vol-create-as p v 1M
    says '"code":"state"'
}

active() {
    dir_pool p
    ask p
    can build native false 'the pool is active: stop it first'
    can delete native false
    can watch native true
    can vol-create native true
    can vol-thin native true
    can vol-snapshot emulated true 'keeps the difference'
    can vol-grow native true
    can vol-wipe emulated true
    can vol-delete native true
    run 1 --json pool-delete p
    says '"code":"state"'
}

# A clone is what it is said to be: --reflink asks for no less.
clones() {
    dir_pool p
    run 0 vol-create-as p a 1M
    ask p
    if grep -q '"operation": "vol-clone".*"native"' "$work/asked"; then
        run 0 vol-clone a b --pool p --reflink
    else
        can vol-clone emulated true 'share'
        run 1 --json vol-clone a b --pool p --reflink
        says '"code":"unsupported"'
        run 0 vol-clone a b --pool p
    fi
    run 0 pool-capabilities p
    [ "$(ls -A "$work/p")" = "a
b" ]
}

as_a_table() {
    own_module
    own_pool "<tarn:options><tarn:option name='block' value='1MiB'/></tarn:options>"
    run 0 pool-capabilities p
    shows '^ Operation  *Support  *Now  *Minimum  *Maximum  *Granularity  *Reason$'
    shows '^ vol-create  *native  *yes  *1.00 MiB  *100.00 MiB  *1.00 MiB  *-$'
    shows '^ vol-delete  *none  *no  *-  *-  *-  *volumes are deleted by other means$'
    run 0 -q pool-capabilities p
    shows_no Operation
}

# What the module tells narrows, and promises nothing that it has no function for.
narrowed() {
    own_module
    own_pool
    ask p
    can vol-create native true '"minimum": 65536,.*"maximum": 6553600,.*"granularity": 65536'
    can vol-clone emulated true 'nothing is shared here'
    can vol-delete none true
    can build none false
    can watch none true
    can vol-freeze emulated true 'of a later version'
    run 0 pool-stop p
    ask p
    can vol-create native false
    can build none true
    if grep vol-freeze "$work/asked"; then return 1; fi
    run 1 --json pool-build p
    says '"code":"unsupported"'
    run 1 --json pool-delete p
    says '"code":"unsupported"'
}

# Where no volume is made, nothing that makes one is done in its place either.
read_only() {
    own_module
    own_pool "<tarn:options><tarn:option name='label' value='read-only'/></tarn:options>"
    ask p
    can vol-create none true 'it is read-only'
    can vol-snapshot none true 'it is read-only'
    can vol-clone none true
    can vol-thin none true
    can vol-upload native true
    run 1 --json vol-create-as p v 1M
    says '"code":"unsupported"'
}

unavailable() {
    own_module
    own_pool
    run 0 pool-stop p
    rm "$work/modules/own.so"
    run 3 --json pool-capabilities p
    says '"code":"no-module"'
}

# iscsi-direct need not be reachable: what an inactive pool can do its type tells.
units() {
    run 0 pool-define-as p iscsi-direct --source-host 127.0.0.1 --source-dev iqn.2001-01.x:y \
        --source-initiator iqn.2001-01.x:z
    ask p
    for operation in build delete vol-create vol-grow vol-shrink vol-delete; do
        can "$operation" none true || can "$operation" none false
    done
    run 1 --json pool-build p
    says '"code":"unsupported"'
}

check "without a pool: all types" of_all_types
check "an inactive pool" inactive
check "an active pool" active
check "a clone is as native as it is said to be" clones
check "logical units are not made here" units
check "a pool without its module" unavailable
for OWN_ISOLATED in '' yes; do
    where=${OWN_ISOLATED:+, isolated}
    check "limits in a table$where" as_a_table
    check "what the module tells narrows$where" narrowed
    check "no volume is made in a pool that makes none$where" read_only
done
finish
