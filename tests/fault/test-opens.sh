#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Which files the command opens, seen with strace: no module that a command does without, and no file
# that an image names unless --follow says so.

# shellcheck source=tests/fault/lib.sh
. "$(dirname "$0")/lib.sh"

# opened ARGUMENT…: the paths of all files that the command opened, in $work/opened. Its status is in
# $status.
opened() {
    status=0
    timeout -k 1 20 strace -f -qq -y -s 4096 -o "$work/trace" -e trace=open,openat,openat2 \
        "$PROGRAM" "$@" >"$work/out" 2>"$work/err" || status=$?
    case $status in
        0 | 1 | 3) ;;
        *)
            echo "tarn $*: exit status $status"
            return 1
            ;;
    esac
    sed -n 's/.* = [0-9]*<\(.*\)>$/\1/p' "$work/trace" >"$work/opened"
    [ -s "$work/opened" ]
}

# --- modules --------------------------------------------------------------------------------------

# modules_are NAME…: of the modules just these were opened.
modules_are() {
    folder=$(readlink -f "$TARN_MODULE_DIR")
    sed -n "s,^$folder/\([a-z0-9-]*\.so\)\$,\1,p" "$work/opened" | sort -u >"$work/modules"
    printf '%s\n' "$@" | grep . | diff - "$work/modules"
}

# A pool that runs, one that doesn't, one of a type that nobody provides.
pools() {
    need_trace
    dir_pool p
    run 0 -q vol-create-as p v 1MiB --format qcow2
    run 0 -q pool-define-as q dir --target "$work/q"
    echo '<pool type="nosuch"><name>n</name></pool>' >"$TARN_ROOT/etc/tarn/pools/n.xml"
}

help() {
    pools
    opened help
    modules_are
    opened help pool-define
    modules_are
    opened version
    modules_are
}

pool_list() {
    pools
    opened pool-list
    modules_are
    opened --json pool-list --all
    modules_are
    [ "$("$JSON_GET" '#' <"$work/out")" -eq 3 ]
    opened pool-list --all --type dir
    modules_are
}

pool_info() {
    pools
    opened pool-info p
    modules_are dir.so
    opened pool-info q
    grep -qv 'qcow2.so' "$work/opened"
    opened pool-name "$("$PROGRAM" -q pool-uuid p)"
    modules_are
}

# --- what images name -------------------------------------------------------------------------------

# A pool beside a folder with a file that is nobody's business.
secret_pool() {
    need_trace
    need qemu-img
    dir_pool p
    mkdir "$work/outside"
    echo secret >"$work/outside/x"
    truncate -s 1M "$work/outside/x"
}

# image NAME BACKING [FORMAT]: an image in the pool that names this backing file.
image() {
    qemu-img create -q -u -f qcow2 -b "$2" -F "${3:-raw}" "$work/p/$1" 1M
}

# opens_nothing_else PATTERN: of the files that were opened none bears such a path.
opens_nothing_else() {
    if grep -E "$1" "$work/opened"; then
        echo "was opened"
        return 1
    fi
}

# commands NAME: those that look into the image $work/p/NAME, of the format $kind, one in a line.
kind=qcow2
commands() {
    cat <<END
image-info $work/p/$1
image-info $work/p/$1 --format $kind
image-check $work/p/$1 --format $kind
image-map $work/p/$1
image-map $work/p/$1 --format $kind
image-convert $work/p/$1 $work/raw --format raw
image-convert $work/p/$1 $work/raw --format raw --source-format $kind
pool-refresh p
vol-list p --details
vol-info $1 --pool p
vol-dumpxml $1 --pool p
vol-map $1 --pool p
vol-check $1 --pool p
vol-check $1 --pool p --repair
vol-clone $1 copy --pool p
vol-convert $1 copy --format raw --pool p
vol-resize $1 2MiB --pool p
END
}

# never_opens NAME PATTERN FOLLOW…: no command opens a file of such a path under these policies, nor
# makes an image of what it may not read. What is a volume by itself is opened as such: so the files
# that are named here lie elsewhere.
never_opens() {
    name=$1 pattern=$2
    shift 2
    cp "$work/p/$name" "$work/saved"
    commands "$name" >"$work/commands"
    for follow in "$@"; do
        while read -r line; do
            rm -f "$work/raw" "$work/p/copy"
            # shellcheck disable=SC2086
            opened --follow "$follow" $line
            opens_nothing_else "$pattern"
            [ ! -e "$work/raw" ] || { echo "$line --follow $follow: made an image"; return 1; }
            cp "$work/saved" "$work/p/$name"
        done <"$work/commands"
    done
}

# backing_is_opened NAME PATTERN FOLLOW: under this policy it is.
backing_is_opened() {
    rm -f "$work/raw"
    opened --follow "$3" image-convert "$work/p/$1" "$work/raw" --format raw --source-format "$kind"
    [ "$status" -eq 0 ]
    grep -qE "$2" "$work/opened"
}

absolute() {
    secret_pool
    image v /etc/passwd
    never_opens v '^/etc/passwd$' none recorded pool
    backing_is_opened v '^/etc/passwd$' anywhere
}

upwards() {
    secret_pool
    image v ../outside/x
    never_opens v '/outside/x$' none recorded pool
    backing_is_opened v '/outside/x$' anywhere
    image w ../../../../../../../../../etc/passwd
    never_opens w '^/etc/passwd$' recorded pool
}

through_a_link() {
    secret_pool
    mkdir "$work/p/links"
    ln -s ../../outside/x "$work/p/links/link"
    ln -s ../outside "$work/p/folder"
    image v links/link
    never_opens v '/outside/x$' none recorded pool
    image w folder/x
    never_opens w '/outside/x$' none recorded pool
}

# Names of other protocols are words: not even files that bear just that name are opened.
protocols() {
    secret_pool
    for name in 'json:{"driver":"file","filename":"/etc/passwd"}' \
        'json:{"driver":"raw","file":{"driver":"file","filename":"x"}}' \
        nbd://127.0.0.1:1/x nbd:unix:/nonexistent:exportname=x \
        nbd+unix:///x?socket=/nonexistent file:///etc/passwd "file:$work/outside/x" \
        fat:rw:/etc http://127.0.0.1:1/x host_device:/dev/null; do
        cp "$work/outside/x" "$work/p/$(basename "$name")"
        image v "$name"
        for follow in none recorded pool anywhere; do
            rm -f "$work/raw"
            opened --follow "$follow" image-convert "$work/p/v" "$work/raw" --format raw \
                --source-format qcow2
            [ "$status" -eq 1 ]
            opens_nothing_else '^/etc/passwd$|/outside/x$|^/etc$|/nonexistent'
            [ ! -e "$work/raw" ]
            opened --follow "$follow" vol-info v --pool p
            opens_nothing_else '^/etc/passwd$|/outside/x$|^/etc$|/nonexistent'
        done
    done
}

no_sockets() {
    secret_pool
    image v nbd://127.0.0.1:1/x
    strace -f -qq -o "$work/trace" -e trace=socket,connect,execve "$PROGRAM" --follow anywhere \
        image-convert "$work/p/v" "$work/raw" --format raw --source-format qcow2 \
        >"$work/out" 2>"$work/err" || [ $? -eq 1 ]
    [ "$(grep -c -e 'socket(' -e 'connect(' "$work/trace")" -eq 0 ]
    [ "$(grep -c 'execve(' "$work/trace")" -eq 1 ]
}

itself() {
    secret_pool
    image v v qcow2
    never_opens v nothing none recorded pool anywhere
    image a b qcow2
    image b a qcow2
    never_opens a nothing recorded pool anywhere
}

long_chain() {
    secret_pool
    image 0 1 qcow2
    for number in $(seq 1 220); do
        cp "$work/p/0" "$work/p/$number"
        # The name's length is in the header, the name at the end of it.
        qemu-img rebase -u -f qcow2 -F qcow2 -b $((number + 1)) "$work/p/$number"
    done
    opened --follow pool image-convert "$work/p/0" "$work/raw" --format raw --source-format qcow2
    [ "$status" -eq 1 ]
    [ ! -e "$work/raw" ]
    [ "$(grep -c "^$work/p/[0-9]*\$" "$work/opened")" -le 220 ]
}

fifo() {
    secret_pool
    mkfifo "$work/p/fifo"
    image v fifo
    never_opens v nothing none recorded pool anywhere
}

device() {
    secret_pool
    image v /dev/zero
    never_opens v '^/dev/zero$' none recorded pool
    rm -f "$work/raw"
    opened --follow anywhere image-convert "$work/p/v" "$work/raw" --format raw \
        --source-format qcow2
    [ "$status" -eq 1 ]
    [ ! -e "$work/raw" ]
}

without_format() {
    secret_pool
    mkdir "$work/p/bases"
    qemu-img convert -f raw -O qcow2 "$work/outside/x" "$work/p/bases/base"
    image v bases/base qcow2
    # The header extension that holds the format becomes one that nobody knows.
    offset=$(grep -obUa 'qcow2' "$work/p/v" | head -n 1 | cut -d : -f 1)
    printf '\001\001\001\001' |
        dd of="$work/p/v" bs=1 seek=$((offset - 8)) conv=notrunc status=none
    [ "$(qemu-img info -U --output=json "$work/p/v" | grep -c backing-filename-format)" -eq 0 ]
    never_opens v '/p/base$' none recorded
}

data_file() {
    secret_pool
    qemu-img create -q -f qcow2 -o "data_file=$work/outside/data,data_file_raw=on" "$work/p/v" 1M
    never_opens v '/outside/data$' none recorded pool
}

# not_converted NAME PATTERN FOLLOW: nor is it followed by the one command that reads all of it.
not_converted() {
    rm -f "$work/raw"
    opened --follow "$3" image-convert "$work/p/$1" "$work/raw" --format raw --source-format "$kind"
    [ "$status" -eq 1 ]
    [ ! -e "$work/raw" ]
    opens_nothing_else "$2"
}

# over FORMAT NAME BACKING-FORMAT: $work/p/v becomes an image of that format over the one of that name.
over() {
    kind=$1
    rm -f "$work/p/v"
    "$IMAGE_TOOL" -f "$1" create "$work/p/v" 1048576 "backing=$2" "backing-format=$3"
}

# Disks of 1 MiB outside of the pool, of each format that can be below an image.
disks_outside() {
    secret_pool
    [ -x "${IMAGE_TOOL:-}" ] || skip "there is no image-tool"
    "$IMAGE_TOOL" -f vmdk create "$work/outside/x.vmdk" 1048576
    "$IMAGE_TOOL" -f vpc create "$work/outside/x.vpc" 1048576
}

parent_of_vmdk() {
    disks_outside
    over vmdk "$work/outside/x.vmdk" vmdk
    never_opens v '/outside/x' pool
    not_converted v '/outside/x' recorded
    backing_is_opened v '/outside/x.vmdk$' anywhere
    over vmdk ../outside/x.vmdk vmdk
    not_converted v '/outside/x' pool
}

parent_of_vpc() {
    disks_outside
    over vpc "$work/outside/x.vpc" vpc
    never_opens v '/outside/x' pool
    not_converted v '/outside/x' recorded
    backing_is_opened v '/outside/x.vpc$' anywhere
    over vpc ../outside/x.vpc vpc
    not_converted v '/outside/x' pool
}

base_of_cow() {
    disks_outside
    over cow "$work/outside/x" raw
    never_opens v '/outside/x' pool
    not_converted v '/outside/x' recorded
    backing_is_opened v '/outside/x$' anywhere
}

# It has no place for the format of what is below it.
base_of_qcow() {
    disks_outside
    over qcow "$work/outside/x" raw
    never_opens v '/outside/x' anywhere
    not_converted v '/outside/x' pool
    over qcow x raw
    cp "$work/outside/x" "$work/p/x"
    not_converted v '/p/x$' anywhere
}

# flat NAME…: $work/p/v becomes a descriptor of flat extents of these names.
flat() {
    kind=vmdk
    {
        printf '# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\n'
        echo 'createType="monolithicFlat"'
        printf 'RW 2 FLAT "%s" 0\n' "$@"
    } >"$work/p/v"
}

extents() {
    secret_pool
    flat /etc/passwd
    never_opens v '^/etc/passwd$' pool
    not_converted v '^/etc/passwd$' none
    not_converted v '^/etc/passwd$' recorded
    backing_is_opened v '^/etc/passwd$' anywhere
    for name in ../../../../../../../../../etc/passwd ../outside/x; do
        flat "$name"
        not_converted v '^/etc/passwd$|/outside/x$' pool
    done
    for name in 'json:{}' nbd://127.0.0.1:1/x fat:/etc file:/etc/passwd file:///etc/passwd; do
        flat "$name"
        not_converted v '^/etc/passwd$|^/etc$' anywhere
    done
}

# images_with_others: in the pool, an image of every format that has other files, all of them there.
images_with_others() {
    disks_outside
    for format in vmdk vpc; do
        "$IMAGE_TOOL" -f "$format" create "$work/p/base.$format" 1048576
        over "$format" "base.$format" "$format"
        mv "$work/p/v" "$work/p/v.$format"
    done
    cp "$work/outside/x" "$work/p/base"
    over cow "$work/p/base" raw
    mv "$work/p/v" "$work/p/v.cow"
    over qcow base raw
    mv "$work/p/v" "$work/p/v.qcow"
    image v.qcow2 base
    qemu-img create -q -f qcow2 -o "data_file=$work/p/data,data_file_raw=on" "$work/p/data.qcow2" 1M
    flat base
    mv "$work/p/v" "$work/p/flat.vmdk"
}

# looked_at_only FILE: of the files in the pool just this was opened.
looked_at_only() {
    grep "^$work/p/" "$work/opened" | sort -u >"$work/seen"
    echo "$1" | diff - "$work/seen"
}

what_it_is_made_of() {
    images_with_others
    for file in "$work"/p/*; do
        opened --follow anywhere image-info "$file"
        [ "$status" -eq 0 ]
        looked_at_only "$file"
    done
    for file in v.vmdk v.vpc v.cow v.qcow v.qcow2 data.qcow2 flat.vmdk; do
        opened --follow anywhere vol-info "$file" --pool p
        [ "$status" -eq 0 ]
        looked_at_only "$work/p/$file"
    done
}

each_file_once() {
    images_with_others
    opened --follow anywhere pool-refresh p
    [ "$status" -eq 0 ]
    [ -z "$(grep "^$work/p/" "$work/opened" | sort | uniq -d)" ]
}

# A guest that writes a qcow2 header into its raw disk gets no file of the host's for it.
guest_writes_a_header() {
    secret_pool
    run 0 -q vol-create-as p disk 1MiB --format raw
    image trap /etc/passwd
    dd if="$work/p/trap" of="$work/p/disk" conv=notrunc status=none
    rm "$work/p/trap"
    truncate -s 1M "$work/p/disk"
    cp "$work/p/disk" "$work/content"
    for follow in none recorded pool anywhere; do
        rm -f "$work/p/copy"
        opened --follow "$follow" vol-clone disk copy --pool p
        [ "$status" -eq 0 ]
        opens_nothing_else '^/etc/passwd$'
        cmp "$work/p/copy" "$work/content"
    done
    run 0 --json vol-info disk --pool p
    json format raw
    json capacity 1048576
    run 0 -q vol-resize disk 2MiB --pool p
    [ "$(stat -c %s "$work/p/disk")" -eq 2097152 ]
    head -c 1048576 "$work/p/disk" | cmp - "$work/content"
}

check "help and version open no module" help
check "pool-list opens no module" pool_list
check "pool-info opens that of the pool's type" pool_info
check "a backing file with an absolute path" absolute
check "a backing file further up" upwards
check "a backing file behind a symbolic link" through_a_link
check "a backing file of another protocol" protocols
check "no backing file makes the command use the network or start a program" no_sockets
check "a backing file that is the image itself, or leads back to it" itself
check "a chain of more than 200 backing files" long_chain
check "a backing file that is a FIFO" fifo
check "a backing file that is a device" device
check "a backing file of which no format is recorded" without_format
check "an external data file" data_file
check "a vmdk's parent" parent_of_vmdk
check "a vhd's parent" parent_of_vpc
check "a cow's base" base_of_cow
check "a qcow's backing file" base_of_qcow
check "a vmdk's extents" extents
check "what an image is, is told without its other files" what_it_is_made_of
check "a refresh opens no file twice" each_file_once
check "a header that a guest wrote into its raw disk" guest_writes_a_header
finish
