#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What images of others say of themselves: features, header extensions, bitmaps, encryption, by
# name; without opening any other file, and without much work, whatever they claim.
# shellcheck source=tests/formats/lib.sh
. "$(dirname "$0")/lib.sh"

poke() { # IMAGE OFFSET HEX
    # shellcheck disable=SC2046,SC2059 # a number for each byte, and the format is made of them
    printf "$(printf '\\%03o' $(echo "$3" | sed 's/../0x& /g'))" |
        dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

tells() { # NAME LINE…: info has all of these
    name=$1
    shift
    "$TOOL" info "$dir/image" >"$dir/log" 2>&1
    status=$?
    for line in "$@"; do
        grep -qxF "$line" "$dir/log" || { status=1; echo "missing: $line" >>"$dir/log"; }
    done
    report "$name" $status
}

create() { # OPTION…
    rm -f "$dir/image"
    qemu-img create -q -f qcow2 "$@" "$dir/image" 10M
}

create -o compat=0.10
tells "version 2" compat=0.10 capacity=10485760 compression=zlib refcount-bits=16
! grep -q features "$dir/log"
report "it has no features" $?
create -o lazy_refcounts=on,extended_l2=on,compression_type=zstd,refcount_bits=1
tells "every feature of an image without other files" compat=1.1 compression=zstd refcount-bits=1 \
    feature=lazy_refcounts feature=extended_l2 compatible-features=lazy-refcounts \
    "incompatible-features=compression-type, extended-l2" header-extensions=feature-names
poke "$dir/image" 79 1b
tells "the marks" flags=3 "incompatible-features=dirty, corrupt, compression-type, extended-l2"
create
poke "$dir/image" 80 8000000000000012
poke "$dir/image" 88 4000000000000003
tells "unknown features that harm nobody" "compatible-features=bit 1, bit 4, bit 63" \
    "autoclear-features=bitmaps, data-file-raw, bit 62"
poke "$dir/image" 72 8000000000000060
"$TOOL" info "$dir/image" >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -q 'unknown here: bit 5, bit 6, bit 63' "$dir/log"
report "unknown features that are needed are refused, each named" $?

create -o data_file="$dir/data",data_file_raw=on
rm "$dir/data"
tells "a data file that is not there" "data-file=$dir/data" data-file-raw=yes \
    incompatible-features=data-file autoclear-features=data-file-raw \
    "header-extensions=data-file, feature-names"
"$TOOL" create "$dir/image" 10485760 backing=/nowhere/base backing-format=qcow2
tells "a backing store that is not there" backing=/nowhere/base backing-format=qcow2 \
    "header-extensions=backing-format, feature-names"

# Bitmaps: all counted, the first sixteen by name.
create
qemu-img bitmap --add "$dir/image" first
qemu-img bitmap --add -g 4096 "$dir/image" "second one"
qemu-img bitmap --disable "$dir/image" "second one"
tells "bitmaps" bitmaps=2 bitmaps-consistent=yes "bitmap-1=first (granularity 65536, recording)" \
    "bitmap-2=second one (granularity 4096)" autoclear-features=bitmaps \
    "header-extensions=feature-names, bitmaps"
for i in 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    qemu-img bitmap --add "$dir/image" "b$i"
done
tells "many bitmaps" bitmaps=20 "bitmap-16=b16 (granularity 65536, recording)"
! grep -q '^bitmap-17' "$dir/log"
report "no more than 16 are named" $?
directory=$(od -An -tx1 -v -N 4096 "$dir/image" | tr -d ' \n' |
    sed 's/.*2385287500000018.\{32\}\(.\{16\}\).*/\1/')
poke "$dir/image" $((0x$directory + 16)) 07
tells "a damaged bitmap directory" bitmaps=damaged
"$TOOL" read "$dir/image" 0 512 >"$dir/log" 2>&1
report "it keeps nobody from the disk" $?

# Encryption is named, and never misread as data.
# qemu-img measures how fast the machine is, which fails now and then on a busy one.
encrypted() { # METHOD
    options=encrypt.format=$1,encrypt.key-secret=key
    for time in 10 100 500 2000; do
        [ "$1" = aes ] || options=$options,encrypt.iter-time=$time
        create --object secret,id=key,data=geheim -o "$options" 2>"$dir/errors" && return
    done
    cat "$dir/errors"
    exit 99
}

for method in aes luks; do
    encrypted $method
    tells "encryption with $method" encryption=$method
    "$TOOL" cat "$dir/image" >"$dir/out" 2>"$dir/log"
    [ $? -eq 1 ] && [ ! -s "$dir/out" ] && grep -qi "encrypted ($method)" "$dir/log"
    report "an image encrypted with $method is not read" $?
    "$TOOL" write "$dir/image" 0 <"$0" >"$dir/log" 2>&1
    [ $? -eq 1 ]
    report "and not written" $?
    "$TOOL" check "$dir/image" 2>"$dir/log" | grep -q '"corruptions": 0, "leaks": 0'
    report "but checked: its tables are as any other's" $?
done

# Snapshots without end, each of 40 zero bytes: bounded memory, and far less time than qemu-img
# takes.
rm -f "$dir/image"
"$TOOL" create "$dir/image" 1000000
truncate -s $((262144 + 65536 * 40)) "$dir/image"
poke "$dir/image" 60 00010000
poke "$dir/image" 64 0000000000040000
timeout 4 "$TOOL" info "$dir/image" >"$dir/out" 2>"$dir/log" &&
    [ "$(grep -c '^snapshot=' "$dir/out")" -eq 65536 ]
report "65536 snapshots are listed" $?
if ! grep -q __asan_init "$TOOL"; then
    # shellcheck disable=SC3045 # dash and bash know it
    (ulimit -v 65536 && "$TOOL" info "$dir/image") >"$dir/out" 2>"$dir/log"
    report "in less than 64 MiB" $?
fi
echo "1..$number"
exit $failed
