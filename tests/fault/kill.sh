# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
#
# SIGKILL at every system call of a command. The command runs once to learn its calls; then, for each
# of those that change something and for a sample of the others, in a fresh copy of the same state,
# strace kills it as it enters that call. What a call changed is seen at the next one that is killed.
#
#     a_command() {
#         setup() { …; }            once: makes the state, in $lane
#         after() { …; }            after each kill and the next start: is everything as it may be?
#         sweep vol-create-as …     the command
#     }

# shellcheck source=tests/fault/lib.sh
. "$(dirname "$0")/lib.sh"

# Calls that change files. The last is how the state after all of them is seen.
changing='write|pwrite64|pwritev|ftruncate|fallocate|fsync|fdatasync|sync_file_range|copy_file_range'
changing="$changing|link|linkat|rename|renameat|renameat2|unlink|unlinkat|rmdir|mkdir|mkdirat"
changing="$changing|symlink|symlinkat|fchmod|fchmodat|fchown|fchownat|fsetxattr|exit_group"
# Of the others, one in so many.
: "${KILL_SAMPLE:=15}"

# points TRACE: a line "CALL N" for each call to be killed at, N counting those of its name. Until the
# command first looks at its folders there is only the dynamic linker.
points() {
    sed -n 's/^[0-9]* *\([a-z0-9_]*\)(\(.*\)/\1 \2/p' "$1" |
        awk -v changing="^($changing)\$" -v sample="$KILL_SAMPLE" -v root="$TARN_ROOT" '
            { n[$1]++ }
            index($0, root) { begun = 1 }
            !begun || $1 == "execve" { next }
            $1 == "write" && $2 ~ /^[12],/ { next }
            $1 ~ changing || ++others % sample == 0 { print $1, n[$1] }'
}

# is_changing CALL
is_changing() {
    echo "$1" | grep -qxE "$changing"
}

# each_point POINTS COMMAND…: kills at every one of them in $lane; tells what is wrong afterwards. How
# often a call that changes nothing is made may depend on the time that others take: such a one may be
# missed.
each_point() {
    list=$1
    shift
    set +e
    while read -r call ordinal; do
        rm -rf "$lane"
        cp -a "$lane.before" "$lane"
        strace -f -qq -o /dev/null -e trace="$call" \
            -e inject="$call:signal=KILL:when=$ordinal" "$PROGRAM" "$@" >"$lane.out" 2>&1
        status=$?
        if [ "$status" -eq 137 ]; then
            echo "$call $ordinal" >>"$lane.kills"
            after_kill >"$lane.out" 2>&1
            status=$?
            [ "$status" -ne 0 ] || continue
        elif [ "$status" -eq 0 ] && ! is_changing "$call"; then
            continue
        fi
        echo "killed at $call $ordinal: status $status"
        cat "$lane.out"
    done <"$list"
}

# after_kill: the next start, then what every test asks and what this one asks. Its status is not asked
# for by && or if, in which the shell would go on after a failure.
after_kill() (
    set -e
    next_start
    no_debris "$lane"
    after
)

# A pool that was active is stopped and started; a test about definitions has another way.
next_start() {
    "$PROGRAM" -q pool-destroy p
    "$PROGRAM" -q pool-start p
}

# in_lane N: where the state of one of the two processes is.
in_lane() {
    lane=$work/$1
    TARN_ROOT=$lane/root
    export TARN_ROOT
}

# sweep COMMAND…
sweep() {
    need_trace
    for number in 1 2; do
        in_lane $number
        mkdir -p "$lane/root"
        setup
        cp -a "$lane" "$lane.before"
    done
    strace -f -qq -o "$work/trace" "$PROGRAM" "$@" >"$work/out" 2>&1 || {
        cat "$work/out"
        return 1
    }
    points "$work/trace" >"$work/points"
    for number in 1 2; do
        in_lane $number
        awk -v lane=$number 'NR % 2 == lane % 2' "$work/points" >"$lane.points"
        each_point "$lane.points" "$@" >"$lane.wrong" &
    done
    wait
    cat "$work/1.kills" "$work/2.kills" >>"$base/kills"
    cat "$work/1.wrong" "$work/2.wrong"
    [ ! -s "$work/1.wrong" ] && [ ! -s "$work/2.wrong" ]
}

# The end of the script, with how much was done.
finish_kills() {
    [ ! -s "$base/kills" ] || echo "# killed at $(wc -l <"$base/kills") system calls"
    finish
}
