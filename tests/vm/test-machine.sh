#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The test machine itself: what tests/vm/run promises.
# shellcheck disable=SC2016 # what is in single quotes is for the shell in there
set -u
RUN=$(cd "$(dirname "$0")" && pwd)/run
unset TARN_TEST_WORD
base=$(mktemp -d "${TMPDIR:-/tmp}/tarn-vm-test.XXXXXX") || exit 99
# Where run has its folders: whatever is left there is too much.
export TMPDIR=$base/machines
mkdir "$TMPDIR"
trap 'end_kept; rm -rf "$base"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

tests=0 failures=0
kept=''
end_kept() {
    [ ! -e "$kept" ] || "$RUN" --end "$kept"
    kept=''
}

# check NAME FUNCTION: in the function every command must succeed; afterwards nothing may be left.
check() {
    tests=$((tests + 1))
    work=$base/$tests
    mkdir "$work"
    if (set -e; "$2") >"$base/log" 2>&1 </dev/null; then
        echo "ok $tests - $1"
    else
        failures=$((failures + 1))
        echo "not ok $tests - $1"
        head -n 60 "$base/log" | sed 's/^/# /'
    fi
    rm -rf "$work"
}

skip() {
    tests=$((tests + 1))
    echo "ok $tests - $1 # SKIP $2"
}

# run STATUS ARGUMENT…: a machine must end with that status; its output is in $work/out and
# $work/err.
run() {
    local expected=$1 status=0
    shift
    "$RUN" "$@" >"$work/out" 2>"$work/err" || status=$?
    cat "$work/out" "$work/err"
    [ "$status" -eq "$expected" ] || { echo "status $status, expected $expected"; return 1; }
    left_nothing
}

# No folder, and no process that knows one of the folders' names.
left_nothing() {
    [ -z "$(ls "$TMPDIR")" ] || { ls -l "$TMPDIR"; return 1; }
    [ -z "$(processes)" ] || { processes; return 1; }
}

processes() { grep -al "$TMPDIR/tarn-vm" /proc/[0-9]*/cmdline 2>/dev/null; }

# --- one machine for one script -------------------------------------------------------------------

status_passes() {
    run 3 -c 'echo out; echo err >&2; exit 3'
    [ "$(cat "$work/out")" = "$(printf 'out\nerr')" ]
    [ ! -s "$work/err" ]
}

arguments_pass() {
    printf '#!/bin/sh\nprintf "<%%s>" "$@" "$TARN_TEST_WORD"; pwd' >"$work/script"
    TARN_TEST_WORD="o'clock" run 0 "$work/script" 'a b' "it's" '$HOME'
    [ "$(cat "$work/out")" = "<a b><it's><\$HOME><o'clock>$(cd "$(dirname "$RUN")/../.." && pwd)" ]
}

output_streams() {
    mkfifo "$work/pipe"
    "$RUN" -c 'echo first; while [ ! -e "$VM_OUT/go" ]; do sleep 0.1; done; echo second' \
        --out "$work/files" >"$work/pipe" &
    exec 4<"$work/pipe"
    read -r line <&4
    [ "$line" = first ]
    # The script waits for that it was read, so this is no question of time.
    touch "$work/files/go"
    read -r line <&4
    [ "$line" = second ]
    wait $!
    left_nothing
}

# What was synchronised before the plug was pulled is there after the journal has been replayed.
disk_survives_a_kill() {
    truncate -s 64M "$work/disk"
    run 137 --disk "$work/disk" -c 'set -e
        mkfs.ext4 -q $VM_DISKS; mount $VM_DISKS /mnt; echo kept >/mnt/kept; sync -f /mnt
        for i in $(seq 50); do echo $i >/mnt/$i; done; sync -f /mnt; echo late >/mnt/late
        vm-kill; echo still here'
    [ ! -s "$work/out" ]
    run 0 --disk "$work/disk" -c 'set -e
        dmesg -C; mount $VM_DISKS /mnt; dmesg | grep "recovery complete"
        grep kept /mnt/kept; grep 50 /mnt/50; umount /mnt; e2fsck -fn $VM_DISKS'
}

what_stays_comes_out() {
    mkdir "$work/some folder"
    truncate -s 64M "$work/disk"
    run 0 --disk "$work/disk" --out "$work/some folder" -c 'set -e
        mkfs.ext2 -q $VM_DISKS; mount $VM_DISKS /mnt; echo x >/mnt/x
        mkdir "$VM_OUT/a"; seq 100000 >"$VM_OUT/a/b"'
    [ "$(debugfs -R 'cat x' "$work/disk" 2>/dev/null)" = x ]
    seq 100000 | cmp - "$work/some folder/a/b"
}

# What gcc's --coverage counts in there is read by gcov out here.
coverage_comes_out() {
    cd "$work"
    echo 'int main(int argc, char **argv) { (void)argv; return argc > 1 ? 3 : 0; }' >program.c
    gcc --coverage -c program.c
    gcc --coverage -o program program.o
    GCOV_PREFIX=$work/counts run 3 --out "$work/counts" -c "$work/program x"
    cp "$work/counts$work/program.gcda" .
    gcov program.c | grep 'Lines executed:100.00% of 1'
}

# In a copy of the project as far as it takes.
example_works() {
    local project
    project=$(cd "$(dirname "$RUN")/../.." && pwd)
    mkdir -p "$work/project/tests"
    cp -r "$project/tests/vm" "$project/tests/cli" "$work/project/tests"
    ln -s "$project/plugins.d" "$work/project/plugins.d"
    sed -n '/^    #!\/bin\/sh$/,/^    finish$/s/^    //p' "$project/CONTRIBUTING.md" \
        >"$work/project/tests/vm/test-example.sh"
    TARN_BUILD=${TARN_BUILD:-$project/build} sh "$work/project/tests/vm/test-example.sh" \
        >"$work/out" || { cat "$work/out"; return 1; }
    grep '^ok 1 - an ext4 is mounted$' "$work/out"
}

killed_from_outside() {
    run 137 --kill-after 0.5 -c 'echo begun; sleep 60; echo not reached'
    [ "$(cat "$work/out")" = begun ]
}

times_out() {
    # The boot takes of it, however long it takes.
    run 124 --timeout 8 -c 'sleep 60'
    grep 'not done after 8 seconds' "$work/err"
}

panic_is_told() {
    run 125 -c 'echo begun; echo c >/proc/sysrq-trigger; sleep 60'
    grep '^begun$' "$work/out"
    grep 'Kernel panic - not syncing: sysrq triggered crash' "$work/err"
}

# Not even a chance to clean up.
run_is_killed() {
    "$RUN" -c 'touch "$VM_OUT/begun"; sleep 60' --out "$work/files" &
    while [ ! -e "$work/files/begun" ]; do sleep 0.1; done
    kill -KILL $!
    for _ in $(seq 100); do
        sleep 0.1
        left_nothing >/dev/null && return
    done
    left_nothing
}

usage_is_judged() {
    run 2
    run 2 --disk
    run 2 --disk 1X -c true
    run 2 --disk "$work/none" -c true
    run 2 --timeout soon -c true
    run 2 --machine none -c true
    run 2 --in "$work" -c true
    run 2 --keep "$work/a" --in "$work/b" -c true
    run 2 "$work/none"
    TARN_BUILD=$work run 126 -c true
    grep 'ptrace-xstate.so is missing' "$work/err"
}

what_is_not_there_is_named() {
    run 126 --need sh --need there-is-no-such-program -c true
    grep 'there-is-no-such-program is not installed' "$work/err"
}

# --- a machine that stays -------------------------------------------------------------------------

# job STATUS COMMANDS
job() {
    local status=0
    "$RUN" --in "$kept" -c "$2" >"$work/out" || status=$?
    cat "$work/out"
    [ "$status" -eq "$1" ] || { echo "status $status, expected $1"; return 1; }
}

# keep MACHINE: with three disks, the second one a file.
keep() {
    truncate -s 32M "$base/disk"
    "$RUN" --keep "$base/kept" --machine "$1" --disk 16M --disk "$base/disk" --disk 3G \
        2>"$base/reason" && kept=$base/kept
}

is_root_in_the_project() {
    job 0 '[ "$(id -u)" = 0 ] && [ -x tests/vm/run ] && ip link show lo | grep -q "LOOPBACK,UP"'
}

disks_in_order() {
    job 0 'lsblk -b -n -d -o SIZE -e 1,7,11'
    [ "$(tr -d ' ' <"$work/out" | tr '\n' ' ')" = "16777216 33554432 3221225472 " ]
    job 0 'lsblk -n -d -o PATH -e 1,7,11 | tr "\n" " "; echo; echo "$VM_DISKS"'
    [ "$(sort -u "$work/out" | wc -l)" -eq 1 ]
    job 0 'for disk in $VM_DISKS; do cmp -n 16777216 "$disk" /dev/zero || exit; done'
}

udev_links() {
    job 0 'for disk in $VM_DISKS; do
            udevadm info -q symlink "$disk" | grep disk/by-id/ | grep disk/by-path/ || exit
        done'
    # What is made is found without being asked for.
    job 0 'set -- $VM_DISKS; mkfs.ext4 -q -L label "$1"
        udevadm wait --timeout 30 /dev/disk/by-label/label && [ /dev/disk/by-label/label -ef "$1" ]'
    job 0 'set -- $VM_DISKS; parted -s "$3" mklabel gpt mkpart part 1MiB 2MiB
        for link in $(udevadm info -q symlink "$3"); do
            case $link in
                */by-id/* | */by-path/*) udevadm wait --timeout 30 "/dev/$link-part1" || exit ;;
            esac
        done'
}

modules_load() {
    job 0 'for module in loop dm_mod dm_thin_pool dm_snapshot dm_mirror scsi_debug nfs nfsd cifs \
            iscsi_tcp ext4 xfs btrfs vfat; do
            modprobe "$module" || exit
        done
        udevadm settle; lsblk -S | grep scsi_debug && losetup -f | grep /dev/loop'
}

host_is_untouched() {
    touch "$work/own"
    job 0 "set -e
        echo new >$work/new; echo changed >$work/own; echo x >>/etc/passwd; mkdir /usr/new
        cat $work/own; ! grep -q ' /.host ' /proc/mounts"
    [ "$(cat "$work/out")" = changed ]
    [ ! -e "$work/new" ] && [ ! -s "$work/own" ] && [ ! -e /usr/new ] && ! grep -qx x /etc/passwd
}

# Ten jobs in one boot; what one leaves, the next one finds; their outputs do not mix.
takes_jobs() {
    for number in 1 2 3 4 5 6 7 8 9 10; do
        job "$number" "echo $number >>/run/jobs; cat /proc/sys/kernel/random/boot_id; exit $number"
        cat "$work/out" >>"$work/boots"
    done
    [ "$(sort -u "$work/boots" | wc -l)" -eq 1 ]
    job 0 'cat /run/jobs; sleep 1000 & echo done'
    [ "$(tr '\n' ' ' <"$work/out")" = "1 2 3 4 5 6 7 8 9 10 done " ]
}

file_is_written_at_the_end() {
    job 0 'set -- $VM_DISKS; printf tail | dd of="$2" bs=1M seek=31 status=none'
    "$RUN" --end "$kept"
    kept=''
    [ ! -e "$base/kept" ]
    [ "$(tail -c 1M "$base/disk" | head -c 4)" = tail ]
    ! grep -al "$base/kept" /proc/[0-9]*/cmdline
}

dies_in_a_job() {
    "$RUN" --keep "$work/kept"
    kept=$work/kept
    job 137 'echo begun; vm-kill'
    grep begun "$work/out"
    [ ! -e "$kept" ]
    job 2 true
}

# Whoever started it is gone: so is the machine.
goes_with_its_owner() {
    sh -c '"$1" --keep "$2"; "$1" --in "$2" -c "echo works"' sh "$RUN" "$work/kept" | grep works
    for _ in $(seq 100); do
        [ -e "$work/kept" ] || break
        sleep 0.1
    done
    [ ! -e "$work/kept" ]
    ! grep -al "$work/kept" /proc/[0-9]*/cmdline
}

kept_machine() {
    check "$1: the script is root in the project's folder" is_root_in_the_project
    check "$1: the disks are there in order and empty" disks_in_order
    check "$1: udev makes its links" udev_links
    check "$1: modules load" modules_load
    check "$1: all files are writable, and the host's stay as they are" host_is_untouched
    check "$1: a kept machine takes jobs" takes_jobs
    check "$1: what was written to a disk file is in it when a kept machine has ended" \
        file_is_written_at_the_end
    end_kept
}

reason=$("$RUN" -c true 2>&1)
status=$?
if [ $status -eq 126 ]; then
    echo "$reason"
    exit 77
fi

check "the script's status and output are the machine's" status_passes
check "arguments, and the variables that are passed on, arrive as they are" arguments_pass
check "output streams" output_streams
check "a disk file survives the pulled plug" disk_survives_a_kill
check "what was written to a disk file and to the folder that comes out is there" \
    what_stays_comes_out
if command -v gcc >/dev/null && command -v gcov >/dev/null; then
    check "counters of coverage come out, and gcov reads them" coverage_comes_out
else
    skip "counters of coverage come out, and gcov reads them" "gcc and its gcov are not installed"
fi
check "the example of CONTRIBUTING.md works as it stands" example_works
check "the plug is pulled from outside" killed_from_outside
check "a script that does not end times out" times_out
check "a panic is told from everything else, at once" panic_is_told
check "nothing is left when run itself is killed" run_is_killed
check "wrong usage is judged" usage_is_judged
check "what is needed and not there is named" what_is_not_there_is_named
check "a kept machine can be killed by its job" dies_in_a_job
check "a kept machine goes with the one who started it" goes_with_its_owner
for machine in uml qemu; do
    if keep $machine; then
        kept_machine $machine
    elif grep -q '^vm: .*\(missing\|no kernel\)' "$base/reason"; then
        skip "$machine: a kept machine" "$(tail -n 1 "$base/reason")"
    else
        check "$machine: boots" false
        cat "$base/reason"
    fi
done
echo "1..$tests"
[ $failures -eq 0 ]
