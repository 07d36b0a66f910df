#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The pool type logical with an lvm that is missing, hangs, lies or chatters. A fake one lies over the
# real one in a mount namespace of the command's own, so that nothing else sees it.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

command=$TARN
TARN=$base/with-fake
export command base
cat >"$TARN" <<'END'
#!/bin/sh
exec unshare -m sh -c 'mount --bind "$base/fake" /usr/sbin/lvm && exec "$command" "$@"' sh "$@"
END
chmod +x "$TARN"

# fake LINE…: an lvm of these lines of shell; none: there is no lvm.
fake() {
    [ -e /usr/sbin/lvm ] || skip "lvm2 is not installed"
    unshare -m true 2>/dev/null || skip "no mount namespace can be made here"
    umount "$base/fake" 2>/dev/null || :
    rm -f "$base/fake"
    {
        echo '#!/bin/sh'
        printf '%s\n' "$@"
    } >"$base/fake"
    [ $# -eq 0 ] || chmod +x "$base/fake"
    run 0 pool-define-as p logical --source-name vg --source-dev /dev/sdz
    run 0 pool-define-as d dir --target "$work"
}

# nothing_is_lost: the definition is there, and other pools work.
nothing_is_lost() {
    run 0 pool-list --all
    shows '^ p '
    run 0 pool-start d
    run 0 vol-list d
}

missing() {
    fake
    run 1 pool-start p
    says 'the program lvm is not installed'
    run 1 pool-build p
    says 'the program lvm is not installed'
    nothing_is_lost
}

answers_garbage() {
    fake "echo '{ \"report\": [ { \"vg\": ['"
    run 1 pool-start p
    says 'lvm answered no report'
    fake "echo '[]'"
    run 1 pool-start p
    says 'lvm answered no report: there is none in its JSON'
    fake "head -c 1000 /dev/urandom"
    run 1 pool-start p
    says 'lvm answered no report'
    nothing_is_lost
}

# answer SIZE: a report of an empty group, with that size.
answer() {
    cat <<END
echo '{"report":[{"vg":[{"vg_name":"vg","vg_uuid":"u","vg_seqno":"1","vg_size":"$1","vg_free":"0",
"vg_extent_size":"4194304","vg_missing_pv_count":"0","vg_exported":""}],
"pv":[],"lv":[],"seg":[],"pvseg":[]}]}'
END
}

answers_nonsense() {
    for size in 12x -1 99999999999999999999; do
        fake "$(answer "$size")"
        run 1 pool-start p
        says 'the report of lvm makes no sense at vg_size'
    done
    fake "$(answer 8388608)"
    run 0 pool-start p
    nothing_is_lost
    # Now it is another group.
    fake "$(answer 8388608 | sed 's/"vg_uuid":"u"/"vg_uuid":"other"/')"
    run 1 pool-refresh p
    says 'the volume-group u is recorded'
}

fails_with_words() {
    fake "echo 'cannot take the lock' >&2; exit 3"
    run 1 pool-start p
    says 'lvm failed with exit status 3: cannot take the lock'
    nothing_is_lost
}

knows_no_group() {
    fake "echo '{\"report\":[]}'; echo 'Volume group \"vg\" not found' >&2; exit 5"
    run 1 pool-start p
    says 'there is no volume group vg on the pool.s devices'
}

hangs() {
    mkdir -p "$work/root/etc/tarn/plugins.d"
    { cat "${TARN_PLUGINS_DIR:?}/logical.conf"; printf '[options]\ncommand-timeout = 1\n'; } \
        >"$work/root/etc/tarn/plugins.d/logical.conf"
    fake 'trap "" TERM' 'while :; do sleep 1000; done'
    run 1 pool-start p
    says 'lvm did not end within 1.0 seconds'
    nothing_is_lost
    ! grep -al "$base/fake" /proc/[0-9]*/cmdline
}

floods() {
    fake 'exec yes'
    run 1 pool-start p
    says 'lvm wrote more than was to be expected'
    nothing_is_lost
}

dies() {
    fake 'kill -SEGV $$'
    run 1 pool-start p
    says 'lvm was ended by signal 11'
}

check "lvm is missing: said, and nothing is lost" missing
check "lvm answers no JSON, or no report" answers_garbage
check "lvm answers numbers that are none, or another group" answers_nonsense
check "lvm fails: its words are told" fails_with_words
check "lvm knows no such group" knows_no_group
check "lvm hangs: it is ended in time" hangs
check "lvm writes without end: it is ended" floods
check "lvm dies: said" dies
finish
