#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What a module that failed stored in its out parameters is nothing: the fixture "garbage", whose
# garbage nobody can look at and live.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/own-lib.sh
. "$(dirname "$0")/own-lib.sh"

garbage_pool() {
    own_module
    own_add garbage 'pool:garbage pool:garbage-handle'
    run 0 pool-define-as p garbage
    run 0 pool-start p
}

create() {
    garbage_pool
    run 1 vol-create-as p w 4096
    says 'it was begun and cannot be ended'
}

clone() {
    garbage_pool
    run 1 vol-clone v w --pool p
    says 'it was begun and cannot be ended'
}

open_volume() {
    garbage_pool
    run 1 vol-download v "$work/bytes" --pool p
    says 'it was begun and cannot be ended'
}

open_handle() {
    garbage_pool
    run 1 pool-define-as q garbage-handle
    says 'it was begun and cannot be ended'
}

for OWN_ISOLATED in '' yes; do
    where=${OWN_ISOLATED:+, isolated}
    check "a container that could not be made$where" create
    check "a clone that could not be made$where" clone
    check "a volume that could not be opened$where" open_volume
    check "a pool that could not be opened$where" open_handle
done
finish
