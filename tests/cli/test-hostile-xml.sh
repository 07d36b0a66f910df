#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# XML that is broken, huge, deep or full of entities, and definitions that must be refused: each with
# an error that says why, and nothing is defined or made.

# shellcheck source=tests/fault/lib.sh
. "$(dirname "$0")/../fault/lib.sh"

# refused CODE FILE [SAYS]: as a definition, with and without --validate; nothing of it stays.
refused() {
    for validate in '' --validate; do
        # An option more or none.
        # shellcheck disable=SC2086
        answers --json pool-define "$2" $validate
        [ "$status" -eq 1 ] || [ "$status" -eq 3 ] || { cat "$2"; return 1; }
        case " $1 " in
            *" $(error_code) "*) ;;
            *)
                head -c 1000 "$2"
                cat "$work/err"
                return 1
                ;;
        esac
        [ -z "${3:-}" ] || grep -qi -e "$3" "$work/err" || { cat "$2" "$work/err"; return 1; }
        [ -z "$(ls -A "$TARN_ROOT/etc/tarn/pools")" ]
    done
}

# document TEXT: $work/d.xml.
document() {
    printf '%s\n' "$1" >"$work/d.xml"
}

# pool [ELEMENTS [ATTRIBUTES]]: a dir pool with these besides its name and target.
pool() {
    document "<pool type='dir'${2:-}><name>p</name><target><path>$work/p</path></target>${1:-}</pool>"
}

# --- as XML -------------------------------------------------------------------------------------------

broken() {
    for text in '' ' ' '<' '<pool' '<pool>' "<pool type='dir'><name>p</name>" '<pool/><pool/>' \
        "<pool type='dir' type='dir'/>" '<pool>&nosuch;</pool>' '<pool>&#0;</pool>' \
        "<pool type='dir'><name>p</nam></pool>" 'name: p' '{"pool": {}}'; do
        document "$text"
        refused 'invalid schema' "$work/d.xml"
    done
    pool
    head -c 60 "$work/d.xml" >"$work/cut.xml"
    refused 'invalid schema' "$work/cut.xml"
    pool
    sed 's/<name>p/<name>p\x01/' "$work/d.xml" >"$work/control.xml"
    refused 'invalid schema' "$work/control.xml"
    sed 's/<name>p/<name>p\xff\xfe/' "$work/d.xml" >"$work/encoding.xml"
    refused 'invalid schema' "$work/encoding.xml"
}

line_is_told() {
    printf '<pool type="dir">\n<name>p</name>\n<target>\n<path>/p</pth>\n' >"$work/d.xml"
    refused 'invalid schema' "$work/d.xml" '4'
}

not_a_file() {
    answers --json pool-define "$work/nosuch"
    [ "$status" -ne 0 ]
    answers --json pool-define "$work"
    [ "$status" -ne 0 ]
    answers --json pool-define /dev/null
    [ "$status" -eq 1 ]
}

# One text after another: ten of ten of ten …, a file of the host, another document over the network.
entities() {
    {
        echo '<!DOCTYPE pool [<!ENTITY a0 "ha">'
        for n in 1 2 3 4 5 6 7 8 9; do
            m=$((n - 1))
            echo "<!ENTITY a$n \"&a$m;&a$m;&a$m;&a$m;&a$m;&a$m;&a$m;&a$m;&a$m;&a$m;\">"
        done
        echo "]><pool type='dir'><name>&a9;</name><target><path>$work/p</path></target></pool>"
    } >"$work/laughs.xml"
    refused 'invalid schema' "$work/laughs.xml"
    echo secret >"$work/secret"
    cat >"$work/file.xml" <<END
<!DOCTYPE pool [<!ENTITY x SYSTEM "file://$work/secret">]>
<pool type='dir'><name>&x;</name><target><path>$work/p</path></target></pool>
END
    refused 'invalid schema' "$work/file.xml"
    [ "$(grep -c secret-text "$work/err")" -eq 0 ]
    cat >"$work/dtd.xml" <<END
<!DOCTYPE pool SYSTEM "http://127.0.0.1:1/pool.dtd">
<pool type='dir'><name>p</name><target><path>$work/p</path></target></pool>
END
    refused 'invalid schema' "$work/dtd.xml"
}

no_file_is_included() {
    need_trace
    echo 'secret' >"$work/secret"
    cat >"$work/d.xml" <<END
<!DOCTYPE pool [<!ENTITY % x SYSTEM "file://$work/secret"> %x;]>
<pool type='dir' xmlns:xi='http://www.w3.org/2001/XInclude'><name>p</name>
<target><path><xi:include href='file://$work/secret' parse='text'/></path></target></pool>
END
    strace -f -qq -o "$work/trace" -e trace=open,openat,openat2,socket "$PROGRAM" pool-define \
        "$work/d.xml" >"$work/out" 2>"$work/err" || [ $? -eq 1 ]
    [ "$(grep -c -e secret -e 'socket(' "$work/trace")" -eq 0 ]
}

# deep COUNT: that many elements in each other.
deep() {
    {
        echo "<pool type='dir'><name>p</name><target><path>/p</path></target><x:a xmlns:x='urn:x'>"
        yes '<x:a>' | head -n "$1"
        yes '</x:a>' | head -n "$1"
        echo '</x:a></pool>'
    } >"$work/deep.xml"
}

deeply_nested() {
    for count in 1000 10000 100000; do
        deep "$count"
        refused 'invalid schema' "$work/deep.xml"
    done
}

huge() {
    {
        echo "<pool type='dir'><name>p</name><target><path>/p</path></target><!--"
        head -c 20000000 /dev/zero | tr '\0' x
        echo '--></pool>'
    } >"$work/comment.xml"
    refused 'invalid schema' "$work/comment.xml"
    {
        echo "<pool type='dir'><name>"
        head -c 12000000 /dev/zero | tr '\0' x
        echo '</name><target><path>/p</path></target></pool>'
    } >"$work/name.xml"
    refused 'invalid schema' "$work/name.xml"
    {
        echo "<pool type='dir'><name>p</name><target><path>/p</path></target>"
        seq 200000 | sed 's,.*,<x&/>,'
        echo '</pool>'
    } >"$work/elements.xml"
    answers --json pool-define "$work/elements.xml" --validate
    [ "$status" -eq 1 ]
}

endless_input() {
    status=0
    yes '<pool>' | timeout 20 prlimit --cpu=10 "$PROGRAM" pool-define - >"$work/out" \
        2>"$work/err" || status=$?
    [ "$status" -eq 1 ]
}

# --- as a pool ----------------------------------------------------------------------------------------

no_type() {
    document '<pool><name>p</name><target><path>/p</path></target></pool>'
    refused 'invalid schema' "$work/d.xml" type
    document "<pool type=''><name>p</name><target><path>/p</path></target></pool>"
    refused 'invalid schema no-module' "$work/d.xml"
}

unknown_type() {
    document "<pool type='nosuch'><name>p</name><target><path>/p</path></target></pool>"
    refused no-module "$work/d.xml" nosuch
}

other_root() {
    document "<volume><name>p</name><capacity>1</capacity></volume>"
    refused 'invalid schema' "$work/d.xml"
}

no_name() {
    document "<pool type='dir'><target><path>/p</path></target></pool>"
    refused 'invalid schema' "$work/d.xml" name
    document "<pool type='dir'><name></name><target><path>/p</path></target></pool>"
    refused 'invalid schema' "$work/d.xml" name
}

no_target() {
    document "<pool type='dir'><name>p</name></pool>"
    refused 'invalid schema' "$work/d.xml" target
    document "<pool type='dir'><name>p</name><target/></pool>"
    refused 'invalid schema' "$work/d.xml" path
    document "<pool type='dir'><name>p</name><target><path></path></target></pool>"
    refused 'invalid schema' "$work/d.xml" path
}

relative_target() {
    document "<pool type='dir'><name>p</name><target><path>images</path></target></pool>"
    refused 'invalid schema' "$work/d.xml" path
}

bad_uuid() {
    for uuid in x 1c1f2d3e 1c1f2d3e-0b7a-4b7e-9a55-6d0a5b0c7f0 1c1f2d3e-0b7a-4b7e-9a55-6d0a5b0c7f011 \
        1c1f2d3g-0b7a-4b7e-9a55-6d0a5b0c7f01; do
        pool "<uuid>$uuid</uuid>"
        refused 'invalid schema' "$work/d.xml" uuid
    done
}

# permissions TEXT
permissions() {
    document "<pool type='dir'><name>p</name><target><path>/p</path><permissions>$1</permissions></target></pool>"
}

bad_mode() {
    for mode in 9 0789 1777 01000 -1 rwx 0x1ff ''; do
        permissions "<mode>$mode</mode>"
        refused 'invalid schema' "$work/d.xml" mode
    done
}

bad_owner() {
    for owner in root -2 4294967296 99999999999999999999 1.5 ''; do
        permissions "<owner>$owner</owner>"
        refused 'invalid schema' "$work/d.xml" owner
        permissions "<group>$owner</group>"
        refused 'invalid schema' "$work/d.xml" group
    done
}

bad_cow() {
    pool "<features><cow state='maybe'/></features>"
    refused 'invalid schema' "$work/d.xml" cow
}

bad_auth() {
    for auth in "<auth/>" "<auth type='chap'/>" "<auth username='u'><secret usage='s'/></auth>" \
        "<auth type='chap' username='u'/>" "<auth type='chap' username='u'><secret/></auth>" \
        "<auth type='chap' username='u'><secret usage='s' uuid='1c1f2d3e-0b7a-4b7e-9a55-6d0a5b0c7f01'/></auth>"; do
        pool "<source>$auth</source>"
        refused 'invalid schema' "$work/d.xml"
    done
}

unknown_element() {
    pool '<surprise/>'
    answers --json pool-define "$work/d.xml" --validate
    [ "$status" -eq 1 ]
    code schema
    grep -q surprise "$work/err"
}

# Twice the same pool: as another name or UUID, or with the storage of another.
duplicates() {
    pool '<uuid>1c1f2d3e-0b7a-4b7e-9a55-6d0a5b0c7f01</uuid>'
    run 0 pool-define "$work/d.xml"
    cp "$TARN_ROOT/etc/tarn/pools/p.xml" "$work/before"
    pool '<uuid>1c1f2d3e-0b7a-4b7e-9a55-6d0a5b0c7f02</uuid>'
    run 1 --json pool-define "$work/d.xml"
    code exists
    pool '<uuid>1c1f2d3e-0b7a-4b7e-9a55-6d0a5b0c7f01</uuid>'
    sed 's,<name>p,<name>q,' "$work/d.xml" >"$work/q.xml"
    run 1 --json pool-define "$work/q.xml"
    code exists
    run 1 --json pool-define-as q dir --target "$work/p"
    code exists
    run 1 --json pool-define-as q dir --target "$work//p/"
    code exists
    cmp "$TARN_ROOT/etc/tarn/pools/p.xml" "$work/before"
    [ "$(ls "$TARN_ROOT/etc/tarn/pools")" = p.xml ]
}

# --- as a volume --------------------------------------------------------------------------------------

# no_volume TEXT [SAYS]: it is refused, and nothing appears in the pool.
no_volume() {
    document "$1"
    for validate in '' --validate; do
        # An option more or none.
        # shellcheck disable=SC2086
        answers --json vol-create p "$work/d.xml" $validate
        [ "$status" -eq 1 ] || [ "$status" -eq 3 ] || { cat "$work/d.xml"; return 1; }
        case $(error_code) in invalid | schema | unsupported | access | no-module) ;; *)
            cat "$work/d.xml" "$work/err"
            return 1
            ;;
        esac
        [ -z "${2:-}" ] || grep -qi -e "$2" "$work/err" || { cat "$work/d.xml" "$work/err"; return 1; }
        [ -z "$(ls -A "$work/p")" ]
        [ -z "$(find "$TARN_ROOT/var/lib/tarn/volumes" -type f)" ]
    done
}

# image ELEMENTS: a volume of 1 MiB with these in its target.
image() {
    echo "<volume><name>v</name><capacity>1048576</capacity><target>$1</target></volume>"
}

volumes() {
    dir_pool p
    no_volume '<volume/>' name
    no_volume '<volume><capacity>1</capacity></volume>' name
    no_volume '<volume><name/><capacity>1</capacity></volume>' name
    no_volume '<volume><name>v</name></volume>' capacity
    no_volume "$(image "<format type='nosuch'/>")" nosuch
    no_volume "$(image "<format type='none'/>")" none
    no_volume "$(image "<format/>")" format
    no_volume "$(image "<format type='qcow2'/><compat>1</compat>")" compat
    no_volume "$(image "<format type='qcow2'/><compat>1.2</compat>")" 1.2
    no_volume "$(image "<format type='qcow2'/><compat>x.y</compat>")" compat
    no_volume "$(image "<format type='qcow2'/><features><nosuch/></features>")" nosuch
    no_volume "$(image "<format type='qcow2'/><compat>0.10</compat><features><lazy_refcounts/></features>")" \
        lazy
    no_volume "$(image "<format type='qcow2'/><compat>0.10</compat><features><extended_l2/></features>")" \
        extended
    for size in 1 256 1000 4194304 18446744073709551616 -512 1Q; do
        no_volume "$(image "<format type='qcow2'/><clusterSize>$size</clusterSize>")"
    done
    no_volume "$(image "<permissions><mode>9</mode></permissions>")" mode
    no_volume "$(image "<permissions><owner>root</owner></permissions>")" owner
    no_volume "<volume type='nosuch'><name>v</name><capacity>1</capacity></volume>" nosuch
    no_volume '<pool type="dir"><name>v</name></pool>'
}

volume_upon_nothing() {
    dir_pool p
    no_volume "<volume><name>v</name><capacity>1048576</capacity>
        <target><format type='raw'/></target>
        <backingStore><path>$work/base</path><format type='raw'/></backingStore></volume>"
    no_volume "<volume><name>v</name>
        <target><format type='qcow2'/></target>
        <backingStore><path>$work/nosuch</path><format type='raw'/></backingStore></volume>"
}

# --- names and sizes --------------------------------------------------------------------------------

# name LENGTH
name() {
    head -c "$1" /dev/zero | tr '\0' n
}

pool_names() {
    newline=$(printf 'a\nb')
    for bad in a/b ../p . .. "$newline" "$(name 256)" "$(name 300)"; do
        answers --json pool-define-as "$bad" dir --target "$work/p"
        [ "$status" -eq 1 ] || [ "$status" -eq 2 ] || { echo "$bad"; return 1; }
        [ -z "$(find "$TARN_ROOT/etc/tarn/pools" -type f)" ]
    done
    # A pool's file is its name and .xml, a file's name has 255 bytes.
    run 0 pool-define-as "$(name 251)" dir --target "$work/p"
    run 0 pool-undefine "$(name 251)"
}

volume_names() {
    dir_pool p
    newline=$(printf 'a\nb')
    escape=$(printf 'a\033b')
    tab=$(printf 'a\tb')
    for bad in a/b ../v /v . .. '' "$newline" "$escape" "$tab" "$(name 256)" "$(name 4096)"; do
        status=0
        timeout 20 "$PROGRAM" --json vol-create-as p "$bad" 1K >"$work/out" 2>"$work/err" ||
            status=$?
        [ "$status" -eq 1 ] || [ "$status" -eq 2 ] || { echo "'$bad': $status"; return 1; }
        code invalid
        [ -z "$(ls -A "$work/p")" ]
        [ -z "$(find "$TARN_ROOT/var/lib/tarn/volumes" -type f)" ]
    done
    for good in "$(name 255)" '...' '-rf' 'a b' 'ü'; do
        run 0 vol-create-as --pool p "--name=$good" --capacity 1K
        [ -f "$work/p/$good" ]
        run 0 vol-delete --pool p "--vol=$good"
    done
    run 0 vol-create-as p v 1K
    for bad in a/b ../w "$(name 256)"; do
        answers --json vol-clone v "$bad" --pool p
        [ "$status" -eq 1 ]
        [ "$(ls -A "$work/p")" = v ]
    done
}

# Files that others gave such names are listed all the same.
odd_names_are_listed() {
    dir_pool p
    newline=$(printf 'a\nb')
    escape=$(printf 'a\033[31mb')
    : >"$work/p/$newline"
    : >"$work/p/$escape"
    : >"$work/p/$(printf 'a\377b')"
    : >"$work/p/$(name 255)"
    : >"$work/p/ok"
    run 0 pool-refresh p
    run 0 --json vol-list p
    json '#' 5
    run 0 vol-list p
    [ "$(grep -c "$(printf '\033')" "$work/out")" -eq 0 ]
    run 0 vol-info ok --pool p
}

sizes() {
    dir_pool p
    for size in 9223372036854775808 18446744073709551616 99999999999999999999999 8EiB \
        9223372036854776KB -1 -1K 1Q 1KiBB K '1 K B' 0x10 1e3 1.5G ''; do
        answers_or_usage --json vol-create-as p v "$size"
        [ -z "$(ls -A "$work/p")" ]
        no_volume "<volume><name>v</name><capacity>$size</capacity></volume>"
    done
    for unit in Q KiBs bytess 0 Kb/s; do
        no_volume "<volume><name>v</name><capacity unit='$unit'>1</capacity></volume>"
        no_volume "<volume><name>v</name><capacity>1</capacity><allocation unit='$unit'>1</allocation></volume>"
    done
    no_volume "<volume><name>v</name><capacity unit='EiB'>8</capacity></volume>"
    no_volume "<volume><name>v</name><capacity unit='TiB'>9223372036854775807</capacity></volume>"
    no_volume "<volume><name>v</name><capacity>1</capacity><allocation>-1</allocation></volume>"
}

# answers_or_usage ARGUMENT…: it fails, as a command or as a wrong command line.
answers_or_usage() {
    status=0
    timeout 20 "$PROGRAM" "$@" >"$work/out" 2>"$work/err" || status=$?
    [ "$status" -eq 1 ] || [ "$status" -eq 2 ]
    code invalid
}

# The largest that there is: no overflow, no endless work, nothing half made.
largest_sizes() {
    dir_pool p
    for format in raw qcow2; do
        for size in 9223372036854775807 9223372036854775296 7EiB; do
            answers --json vol-create-as p v "$size" --format "$format" --allocation 0
            if [ "$status" -eq 0 ]; then
                run 0 vol-delete v --pool p
            fi
            [ -z "$(ls -A "$work/p")" ]
        done
        run 0 vol-create-as p v 1MiB --format "$format" --allocation 0
        for size in 9223372036854775807 7EiB; do
            answers --json vol-resize v "$size" --pool p
            [ "$status" -ne 0 ] || run 0 vol-resize v 1MiB --pool p --shrink
        done
        run 1 vol-resize v 9223372036854775807 --delta --pool p
        run 0 --json vol-info v --pool p
        json capacity 1048576
        run 0 vol-delete v --pool p
    done
}

check "broken XML" broken
check "the line of the fault is told" line_is_told
check "what is no file with XML" not_a_file
check "entities: laughs, files, networks" entities
check "no other file is read and no network used" no_file_is_included
check "deeply nested elements" deeply_nested
check "huge documents" huge
check "a document without an end" endless_input
check "a pool without a type" no_type
check "a pool of an unknown type" unknown_type
check "a document that is no pool" other_root
check "a pool without a name" no_name
check "a pool without a target" no_target
check "a target with a relative path" relative_target
check "a malformed UUID" bad_uuid
check "a mode that is not octal, or more than 0777" bad_mode
check "an owner or group that is no number" bad_owner
check "a copy-on-write feature that is neither yes nor no" bad_cow
check "incomplete authentication" bad_auth
check "an unknown element, with --validate" unknown_element
check "a name, a UUID or a folder that another pool has" duplicates
check "volumes that lack something or ask for what there isn't" volumes
check "volumes upon what cannot be" volume_upon_nothing
check "pool names with slashes, newlines, too long" pool_names
check "volume names with slashes, control characters, too long" volume_names
check "such names that others made are listed" odd_names_are_listed
check "sizes over 2^63-1, negative, of unknown units" sizes
check "the largest sizes" largest_sizes
finish
