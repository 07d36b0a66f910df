#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# SIGKILL at every system call of what changes definitions: afterwards each is the old one or the new
# one, whole, and the others and what is in the pools is untouched.

# shellcheck source=tests/fault/kill.sh
. "$(dirname "$0")/kill.sh"

# describe FOLDER: a definition of the pool p, as tarn prints it.
describe() {
    cat <<END
<pool type='dir'>
  <name>p</name>
  <uuid>6a6b6c6d-0000-4000-8000-000000000001</uuid>
  <source>
  </source>
  <target>
    <path>$work/$1</path>
  </target>
</pool>
END
}

# A pool "other" that runs and has a volume; old.xml and new.xml, which define p.
only_other() {
    mkdir -p "$work/p" "$work/q"
    describe p >"$work/old.xml"
    describe q >"$work/new.xml"
    run 0 -q pool-define-as other dir --target "$lane/other"
    run 0 -q pool-build other
    run 0 -q pool-start other
    run 0 -q vol-create-as other v 64KiB --format raw
}

# The same, and p, which doesn't run.
both() {
    only_other
    run 0 -q pool-define "$work/old.xml"
}

both_with_autostart() {
    both
    run 0 -q pool-autostart p
}

next_start() {
    "$PROGRAM" -q pool-destroy other
    "$PROGRAM" -q pool-start other
}

# other_untouched: the other pool, its volume and its record.
other_untouched() {
    "$PROGRAM" -q vol-info --pool other v
    cmp "$TARN_ROOT/etc/tarn/pools/other.xml" "$lane.before/root/etc/tarn/pools/other.xml"
    [ "$(sums "$lane/other")" = "$(sums "$lane.before/other")" ]
}

# is_pool FILE: p is defined by that text, and starts.
is_pool() {
    "$PROGRAM" -q pool-dumpxml p --inactive | grep -v -e 'unit=' -e '^$' >"$lane.dump"
    cmp "$lane.dump" "$1"
    "$PROGRAM" -q pool-start p
    "$PROGRAM" -q pool-destroy p
}

# is_absent: there is no pool p, and no file or link of one.
is_absent() {
    status=0
    "$PROGRAM" -q pool-info p >"$lane.info" 2>&1 || status=$?
    [ "$status" -eq 3 ]
    left=$(find "$lane/root" -name 'p.xml')
    [ -z "$left" ] || { echo "left: $left"; return 1; }
}

# is_defined: does the list have it?
is_defined() {
    "$PROGRAM" -q pool-list --all --name | grep -qx 'p *'
}

is_autostarted() {
    [ "$("$PROGRAM" --json pool-info p | jq .autostart)" = true ]
}

defined() {
    setup() { only_other; }
    after() {
        other_untouched
        if is_defined; then is_pool "$work/old.xml"; else is_absent; fi
    }
    sweep pool-define "$work/old.xml"
}

defined_anew() {
    setup() { both; }
    after() {
        other_untouched
        if grep -q "$work/q" "$TARN_ROOT/etc/tarn/pools/p.xml"; then
            is_pool "$work/new.xml"
        else
            is_pool "$work/old.xml"
        fi
    }
    sweep pool-define "$work/new.xml"
}

undefined() {
    setup() { both_with_autostart; }
    after() {
        other_untouched
        if is_defined; then is_pool "$work/old.xml"; else is_absent; fi
    }
    sweep pool-undefine p
}

marked() {
    need jq
    setup() { both; }
    after() {
        other_untouched
        is_pool "$work/old.xml"
        [ -L "$TARN_ROOT/etc/tarn/autostart/p.xml" ] || ! is_autostarted
    }
    sweep pool-autostart p
}

unmarked() {
    need jq
    setup() { both_with_autostart; }
    after() {
        other_untouched
        is_pool "$work/old.xml"
        [ ! -L "$TARN_ROOT/etc/tarn/autostart/p.xml" ] || is_autostarted
    }
    sweep pool-autostart p --disable
}

# A pool is active or it isn't; in either case it can be brought into the other state.
started() {
    need jq
    setup() { both; }
    after() {
        other_untouched
        [ "$("$PROGRAM" --json pool-info p | jq -r .state)" = inactive ] ||
            "$PROGRAM" -q pool-destroy p
        is_pool "$work/old.xml"
    }
    sweep pool-start p
}

stopped() {
    need jq
    setup() {
        both
        run 0 -q pool-start p
    }
    after() {
        other_untouched
        [ "$("$PROGRAM" --json pool-info p | jq -r .state)" = inactive ] ||
            "$PROGRAM" -q pool-destroy p
        is_pool "$work/old.xml"
    }
    sweep pool-destroy p
}

check "pool-define, killed at any call" defined
check "pool-define over an existing definition, killed at any call" defined_anew
check "pool-undefine, killed at any call" undefined
check "pool-autostart, killed at any call" marked
check "pool-autostart --disable, killed at any call" unmarked
check "pool-start, killed at any call" started
check "pool-destroy, killed at any call" stopped
finish_kills
