#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Real images of others, every one that the corpus has: what is told of it is what the manifest says, what is
# read hashes to what the manifest says, and no byte is read of an image that is damaged, malicious or lacks
# its backing store. Nothing that an image names is opened. A copy that is written stays sound.
# TARN_SHARED is the folder with the corpus; without it, ../shared beside the checkout.
# shellcheck source=tests/formats/lib.sh
. "$(dirname "$0")/lib.sh"
: "${TARN:?TARN names the command}"

corpus=${TARN_SHARED:-$(dirname "$0")/../../../shared}/corpus
manifest=$corpus/manifest.json
[ -r "$manifest" ] || { echo "1..0 # SKIP there is no corpus of images: set TARN_SHARED"; exit 77; }
for program in xzcat jq strace; do
    command -v $program >/dev/null || { echo "1..0 # SKIP $program is missing"; exit 77; }
done
TARN_ROOT=$dir/root
export TARN_ROOT
mkdir "$dir/root" "$dir/images" "$dir/decoys"
for name in cirros.raw cirros-qcow2.img cirros-snapshot1.qcow2 image.vhd fat-parent.vhd; do
    truncate -s 1M "$dir/decoys/$name"
done

# The lines "FILE FORMAT CAPACITY HASH KIND". The kinds:
#   whole     its bytes have that hash; those of a raw disk and of an ISO are the file's own
#   overlay   it can be described; its bytes are nobody's without the backing store that is not here, whatever
#             others read: qemu-img takes zeros for what a differencing VHD does not hold
#   bad       nobody reads it: damaged on purpose or by hand
images() {
    jq -r '.[] | (.layout | test("backing=1") or (test("^type=4") and test("app="))) as $overlay
        | (.format == "raw" or .format == "iso") as $plain
        | [.file, .format, .capacity // .bytes, if $plain then .sha256 else ."content-sha256" // "-" end,
           if ."qemu-img-7.2".error then "bad" elif $overlay then "overlay"
           elif $plain or ."content-sha256" then "whole" else "bad" end] | @tsv' "$manifest"
}

# Whatever happens, it happens soon, and not by a signal.
soon() { # COMMAND…
    timeout -k 1 10 "$@"
    code=$?
    [ $code -lt 124 ] || echo "ended with status $code: $*" >&2
    return $code
}

tool() {
    soon "$TOOL" -f "$format" "$@"
}

hash_of() {
    soon "$TOOL" -f "$format" cat "$1" 2>>"$dir/log" | sha256sum | cut -d' ' -f1
}

described() {
    tool info "$image" >"$dir/log" 2>&1 && grep -qx "capacity=$capacity" "$dir/log"
}

# The command finds out the format by itself.
recognised() {
    soon "$TARN" --json image-info "$image" 2>"$dir/err" >"$dir/log" &&
        [ "$(jq -r '"\(.format) \(.capacity)"' "$dir/log")" = "$format $capacity" ]
}

# It ends by itself, in 1, says why, and gives not a byte.
refused() { # COMMAND…
    "$@" >"$dir/bytes" 2>"$dir/log"
    [ $? -eq 1 ] && [ -s "$dir/log" ] && [ ! -s "$dir/bytes" ]
}

converts() { # FORMAT-OPTION…
    rm -f "$dir/raw"
    soon "$TARN" -q image-convert "$image" "$dir/raw" --format raw "$@"
}

# Neither the tool nor the command gives any of its bytes, nor is a file left.
unread() {
    refused tool cat "$image" && refused converts --source-format "$format" && [ ! -e "$dir/raw" ] &&
        refused converts --source-format "$format" --follow anywhere && [ ! -e "$dir/raw" ]
}

# Whatever the command says of a bad image, it says in 10 s, and it does not crash.
harmless() {
    soon "$TARN" --json image-info "$image" >"$dir/log" 2>&1
    [ $? -le 1 ] || return 1
    for command in image-info image-check image-map; do
        soon "$TARN" --json "$command" "$image" --format "$format" >"$dir/log" 2>&1
        [ $? -le 1 ] || return 1
    done
}

# Beside files that bear the names which images name, just the image itself is opened.
opens_itself_only() {
    alone=$dir/decoys/${image##*/}
    ln -f "$image" "$alone"
    for command in image-info "image-info --format $format" image-map "image-check --format $format"; do
        # shellcheck disable=SC2086 # words
        soon strace -f -qq -y -o "$dir/trace" -e trace=open,openat,openat2 "$TARN" --json $command "$alone" \
            >"$dir/log" 2>&1
        sed -n 's/.* = [0-9]*<\(.*\)>$/\1/p' "$dir/trace" | sort -u >"$dir/opened"
        grep -q -x -F -e "$alone" "$dir/opened" || return 1
        grep -e /etc/passwd -e "^$dir/decoys/" "$dir/opened" |
            grep -v -x -F -e "$alone" >"$dir/log" && return 1
    done
    return 0
}

# The other tool reads what was written, and has nothing to say against it.
written() {
    other=0
    qemu-img check -q -f "$format" "$image" || other=$?
    tool write "$image" 1000 <"$dir/random" && qemu-img convert -f "$format" -O raw "$image" "$dir/theirs" &&
        tool cat "$image" | cmp - "$dir/theirs" &&
        head -c 101000 "$dir/theirs" | tail -c 100000 >"$dir/piece" &&
        cmp "$dir/random" "$dir/piece" || return 1
    now=0
    qemu-img check -q -f "$format" "$image" || now=$?
    [ $now -eq $other ]
}

head -c 100000 /dev/urandom >"$dir/random"
images >"$dir/list"
[ -s "$dir/list" ] || { echo "1..0 # SKIP the corpus has no images: set TARN_SHARED"; exit 77; }
while read -r file format capacity hash kind; do
    image=$dir/images/${file##*/}
    : >"$dir/log"
    if [ -r "$corpus/$file.xz" ]; then
        xzcat "$corpus/$file.xz" >"$image"
    else
        cp "$corpus/$file" "$image"
    fi
    sum=$(sha256sum <"$image")
    if [ "$kind" = bad ]; then
        unread
        report "$file: $format, bad: refused" $?
        harmless
        report "$file: $format, bad: told so at once" $?
    else
        described
        report "$file: $format, $capacity bytes" $?
        recognised
        report "$file: recognised" $?
    fi
    case $kind in
        whole)
            [ "$(hash_of "$image")" = "$hash" ]
            report "$file: its bytes" $? ;;
        overlay)
            unread
            report "$file: no bytes without its backing store" $? ;;
    esac
    case $file in
        *snapshot* | *differential* | *invalid* | *ext2.vmdk | *hfsplus_adc.dmg | *iso9660.raw)
            opens_itself_only
            report "$file: nothing else is opened" $? ;;
    esac
    [ "$(sha256sum <"$image")" = "$sum" ]
    report "$file: unchanged by all that" $?
    case $format.$kind in
        qcow2.whole | vpc.whole | vmdk.whole)
            if [ "$capacity" -gt 102000 ] && [ "$capacity" -le 134217728 ]; then
                written >"$dir/log" 2>&1
                report "$file: written" $?
            fi ;;
    esac
    rm -f "$image" "$dir/raw" "$dir/theirs"
done <"$dir/list"
echo "1..$number"
exit $failed
