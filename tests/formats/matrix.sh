#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What every format can do: what was promised (the table below), what format-list declares, and what
# happens when it is tried on a real image, cell by cell, in both directions. What is not declared is refused
# as "unsupported" before anything is touched.
# shellcheck source=tests/formats/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/formats/samples.inc
. "$(dirname "$0")/samples.inc"
: "${TARN:?TARN names the command}" "${GUEST_WRITE:=${TARN_BUILD:-build}/guest-write}"
for program in jq genisoimage; do
    command -v $program >/dev/null || { echo "1..0 # SKIP $program is missing"; exit 77; }
done

# + is promised, - is promised to be refused, . was left to who builds it.
promised() {
    cat <<'END'
format  probe read write create grow shrink check repair map backing compress convert transparent
raw     -     +    +     +      +    +      -     -      +   -       -        +       +
qcow2   +     +    +     +      +    +      +     +      +   +       +        +       -
qcow    +     +    +     +      -    -      +     .      +   +       +        +       -
vmdk    +     +    +     +      +    -      +     .      +   .       .        +       -
vpc     +     +    +     +      +    -      +     .      +   +       -        +       -
cow     +     +    +     +      -    -      +     .      +   +       -        +       -
bochs   +     +    +     +      +    .      +     .      +   -       -        +       -
cloop   +     +    -     -      -    -      +     -      +   -       .        +       -
dmg     +     +    -     -      -    -      +     -      +   -       .        +       -
iso     +     +    -     +      -    -      +     -      +   -       -        +       +
END
}

TARN_ROOT=$dir/root
export TARN_ROOT
work=$dir/work
mkdir "$dir/root" "$dir/samples" "$work"

tarn() {
    "$TARN" --json "$@" >"$dir/out" 2>"$dir/log"
}

# declares FORMAT ABILITY
declares() {
    jq -e --arg format "$1" --arg ability "$2" \
        '.[] | select(.name == $format).abilities | index($ability)' "$dir/declared" >/dev/null
}

# The image has the content, and perhaps zeros behind it: some formats round sizes up.
holds() { # FORMAT FILE [CONTENT]
    rm -f "$work/raw"
    tarn --follow anywhere image-convert "$2" "$work/raw" --source-format "$1" --format raw || return 1
    length=$(stat -c %s "${3:-$content}")
    [ "$(stat -c %s "$work/raw")" -ge "$length" ] &&
        cmp -n "$length" "$work/raw" "${3:-$content}" >>"$dir/log" &&
        tail -c +$((length + 1)) "$work/raw" | tr -d '\0' | cmp - /dev/null >>"$dir/log"
}

capacity_of() { # FORMAT FILE
    tarn image-info "$2" --format "$1" && jq .capacity "$dir/out"
}

# --- the attempts: each answers 0 if it worked, in its own copy, $image ------------------------------

# raw is what remains when no format claims a file; the file of another format is not raw.
try_probe() {
    tarn image-info "$image" && [ "$(jq -r .format "$dir/out")" = "$format" ] && [ "$format" != raw ]
}

try_read() { holds "$format" "$image"; }

try_transparent() { holds "$format" "$image" && cmp "$work/raw" "$image"; }

try_write() {
    head -c 70000 /dev/urandom >"$work/piece"
    cp "$content" "$work/expected"
    dd if="$work/piece" of="$work/expected" bs=1000 seek=1234 conv=notrunc status=none
    "$GUEST_WRITE" "$image" "$format" 1234000 <"$work/piece" 2>"$dir/log" &&
        holds "$format" "$image" "$work/expected"
}

try_create() {
    options=
    [ "$format" != cow ] || options="--backing-vol cow-base.raw --backing-vol-format raw"
    # shellcheck disable=SC2086 # words
    tarn vol-create-as p new "$samples_size" --allocation 0 --format "$format" $options || return 1
    truncate -s "$samples_size" "$work/empty"
    holds "$format" "$work/pool/new" "$work/empty"
}

try_convert() {
    # shellcheck disable=SC2046,SC2086 # words
    tarn image-convert "$content" "$work/pool/new" --source-format raw --format "$format" \
        $(samples_options "$format" "$work/pool") && holds "$format" "$work/pool/new"
}

# Through a cylinder: a bochs disk has whole ones.
try_grow() {
    wanted=$((samples_size + 516096))
    tarn --follow pool vol-resize --pool p "${image##*/}" "$wanted" || return 1
    cp "$content" "$work/expected"
    truncate -s "$wanted" "$work/expected"
    [ "$(capacity_of "$format" "$image")" -ge "$wanted" ] && holds "$format" "$image" "$work/expected"
}

try_shrink() {
    wanted=5160960
    tarn --follow pool vol-resize --pool p "${image##*/}" "$wanted" --shrink || return 1
    head -c "$wanted" "$content" >"$work/expected"
    [ "$(capacity_of "$format" "$image")" -lt "$samples_size" ] && holds "$format" "$image" "$work/expected"
}

try_check() {
    tarn --follow anywhere image-check "$image" --format "$format" &&
        [ "$(jq '.corruptions + .leaks + .errors' "$dir/out")" -eq 0 ]
}

try_repair() {
    tarn --follow anywhere image-check "$image" --format "$format" --repair && holds "$format" "$image"
}

# Every byte is told once, and no data are told to be holes.
try_map() {
    tarn --follow anywhere image-map "$image" --format "$format" || return 1
    cp "$dir/out" "$work/map"
    [ "$(jq 'map(.length) | add' "$work/map")" = "$(capacity_of "$format" "$image")" ] || return 1
    truncate -s "$samples_size" "$work/expected"
    jq -r '.[] | select(.data) | [.start, .length] | @tsv' "$work/map" | while read -r start length; do
        [ "$start" -lt "$samples_size" ] || continue
        [ $((start + length)) -le "$samples_size" ] || length=$((samples_size - start))
        dd if="$content" of="$work/expected" bs=65536 iflag=skip_bytes,count_bytes oflag=seek_bytes \
            skip="$start" seek="$start" count="$length" conv=notrunc status=none
    done
    cmp "$work/expected" "$content" >>"$dir/log"
}

# The parent of a VHD is a VHD, that of a VMDK a VMDK. Who asks the pool learns the format of the parent
# also where the image cannot tell it.
try_backing() {
    below=raw
    case $format in vpc | vmdk) below=$format ;; esac
    cp "$dir/samples/$below" "$work/pool/base"
    tarn pool-refresh p
    tarn vol-create-as p new "$(capacity_of "$below" "$work/pool/base")" --allocation 0 --format "$format" \
        --backing-vol base --backing-vol-format "$below" && tarn vol-convert new flat --pool p --format raw &&
        holds raw "$work/pool/flat"
}

try_compress() {
    subformat=
    [ "$format" != vmdk ] || subformat="--subformat streamOptimized"
    yes 'tarn' 2>/dev/null | head -c "$samples_size" >"$work/pool/dull"
    # shellcheck disable=SC2046,SC2086 # words
    tarn image-convert "$work/pool/dull" "$work/pool/new" --source-format raw --format "$format" $subformat \
        --compress $(samples_options "$format" "$work/pool") &&
        holds "$format" "$work/pool/new" "$work/pool/dull" &&
        [ "$(du -B1 "$work/pool/new" | cut -f1)" -lt $((samples_size / 4)) ]
}

# --- a cell -----------------------------------------------------------------------------------------

# begin FORMAT: a pool with a copy of the sample.
begin() {
    "$TARN" -q pool-destroy p >/dev/null 2>&1
    rm -rf "$work" "$dir/root/etc"
    mkdir -p "$work/pool"
    image=$work/pool/image
    case $1 in
        cow) samples_make cow "$dir/content" "$image" ;;
        *) cp "$dir/samples/$1" "$image" ;;
    esac 2>/dev/null
    tarn pool-create-as p dir --target "$work/pool"
}

sums() {
    (cd "$work/pool" && sha256sum -- * | grep -v ' \(base\|dull\)$')
}

# The error's code: of the command in JSON, of guest-write as its first word.
code() {
    jq -r '.error.code // empty' "$dir/log" 2>/dev/null || sed -n 's/: .*//p' "$dir/log"
}

cell() { # FORMAT ABILITY PROMISE
    format=$1
    content=$(samples_of "$1" "$dir/content")
    is=0
    declares "$1" "$2" || is=1
    jq -c --arg format "$1" '.[] | select(.name == $format).abilities' "$dir/declared" >"$dir/log"
    case $3$is in
        +1 | -0) report "$1 $2: declared as promised" 1 ;;
        *) report "$1 $2: declared as promised" 0 ;;
    esac
    begin "$1"
    before=$(sums)
    "try_$2"
    outcome=$?
    if [ $is -eq 0 ]; then
        report "$1 $2: declared, works" $outcome
    elif [ "$2" = probe ] || [ "$2" = transparent ]; then
        [ $outcome -ne 0 ]
        report "$1 $2: not declared, and so it is" $?
    else
        [ $outcome -ne 0 ] && [ "$(code)" = unsupported ] && [ "$(sums)" = "$before" ]
        report "$1 $2: not declared, refused untouched" $?
    fi
}

# --- all of them ------------------------------------------------------------------------------------

tarn format-list
cp "$dir/out" "$dir/declared"
: >"$dir/log"
jq -r '.[].name' "$dir/declared" | sort >"$dir/names"
promised | awk 'NR > 1 { print $1 }' | sort | diff - "$dir/names" >"$dir/log"
report "the table has the formats of format-list, no more and no fewer" $?
promised | head -n 1 | tr -s ' ' '\n' >"$dir/known"
# The commands have nothing of snapshots yet.
jq -r '.[].abilities[]' "$dir/declared" | sort -u | grep -v -x snapshots |
    grep -v -x -F -f "$dir/known" >"$dir/log"
[ ! -s "$dir/log" ]
report "the table has every ability that is declared" $?

samples_content "$dir/content"
promised >"$dir/table"
read -r _ abilities <"$dir/table"
tail -n +2 "$dir/table" | while read -r format cells; do
    samples_make "$format" "$dir/content" "$dir/samples/$format" >"$dir/log" 2>&1
    echo "$format $? $cells"
done >"$dir/made"
while read -r format made cells; do
    report "$format: there is an image" "$made"
    # shellcheck disable=SC2086 # words
    set -- $cells
    for ability in $abilities; do
        cell "$format" "$ability" "$1"
        shift
    done
done <"$dir/made"
echo "1..$number"
exit $failed
