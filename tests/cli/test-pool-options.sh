#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Options of a pool: <tarn:options>, checked by the table of its type's parameters.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/own-lib.sh
. "$(dirname "$0")/own-lib.sh"

# options LINE…: <tarn:options> with these in it.
options() {
    echo "<tarn:options>$*</tarn:options>"
}

# option NAME VALUE
option() {
    echo "<tarn:option name='$1' value='$2'/>"
}

# refused PATTERN ELEMENT…: a definition with these options is invalid, and says so.
refused() {
    pattern=$1
    shift
    echo "<pool type='${type:-own}'><name>p</name><target><path>/tmp</path></target>
<tarn:options xmlns:tarn='urn:tarn:options:1'>
$*</tarn:options></pool>" >"$work/bad.xml"
    run 1 --json pool-define "$work/bad.xml"
    says '"code":"invalid"'
    says "$pattern"
    run 3 pool-uuid p
}

every_type() {
    own_module
    own_pool "$(options "$(option label 'two words &amp; more')" "$(option folder /srv)" \
        "$(option block 4KiB)" "$(option retries 007)" "$(option sync no)" "$(option mode fast)")"
    fact label 'two words & more'
    fact folder /srv
    fact block 4096
    fact retries 7
    fact sync no
    fact mode fast
}

defaults() {
    own_module
    own_pool
    fact block 65536
    fact retries 3
    fact sync yes
    fact mode safe
    no_fact label
    no_fact folder
    no_fact token
}

# The pool's own, else the site's, else the default.
order() {
    own_module
    printf '[options]\nlabel = of the site\nregion = north\n' >>"$work/plugins.d/own.conf"
    own_pool
    fact label 'of the site'
    fact region north
    run 0 pool-stop p
    own_pool "$(options "$(option label 'of the pool')")"
    fact label 'of the pool'
    fact region north
}

bad_ones() {
    own_module
    refused 'line 2: the pool type own has no option .*colour.*, it knows: label folder block retries sync mode token pin' \
        "$(option colour red)"
    refused 'retries is .*eleven.*, not a decimal number' "$(option retries eleven)"
    refused 'retries is .*11.*, allowed is 0 to 10' "$(option retries 11)"
    refused 'block is .*1.*, allowed is 512 to 1048576' "$(option block 1)"
    refused 'sync is .*perhaps.*, not yes or no' "$(option sync perhaps)"
    refused 'mode is .*slow.*, not one of fast safe' "$(option mode slow)"
    refused 'folder is .*srv.*, not an absolute path' "$(option folder srv)"
    refused 'mode is given twice' "$(option mode fast)" "$(option mode fast)"
    refused "the option 'mode' has no value: add value=" "<tarn:option name='mode'/>"
    refused "<option> has no attribute 'size'" "<tarn:option name='mode' value='fast' size='1'/>"
    refused "<options> has no element <opt>" "<tarn:opt/>"
    refused "<option> has no attribute name: add name=" "<tarn:option value='fast'/>"
}

required_one() {
    own_module
    type=own-strict
    refused 'the pool type own-strict needs the option endpoint: Where the storage is served'
    refused 'has no option .*mode.*, it knows: endpoint' "$(option mode fast)"
    run 0 pool-define-as p own-strict --option endpoint=tcp:1
    run 0 pool-start p
    fact endpoint tcp:1
}

none_to_have() {
    type=dir
    refused 'the pool type dir has no option .*mode.*, nor any other' "$(option mode fast)"
}

printed_again() {
    own_module
    secret storage 'open sesame'
    own_pool "$(options "$(option block 4KiB)" "<tarn:option name='token' secret='storage'/>")"
    run 0 pool-dumpxml p
    sed -n '/<tarn:options/,/<.tarn:options/p' "$work/out" >"$work/printed"
    diff -u - "$work/printed" <<END
  <tarn:options xmlns:tarn='urn:tarn:options:1'>
    <tarn:option name='block' value='4KiB'/>
    <tarn:option name='token' secret='storage'/>
  </tarn:options>
END
    run 0 pool-dumpxml p --inactive
    cp "$work/out" "$work/again.xml"
    run 0 pool-define "$work/again.xml" --validate
    run 0 pool-dumpxml p --inactive
    prints_like <"$work/again.xml"
}

edited() {
    own_module
    own_pool "$(options "$(option mode fast)")"
    run 0 pool-stop p
    EDITOR="sed -i s/fast/safe/" run 0 pool-edit p
    run 0 pool-start p
    fact mode safe
    EDITOR="sed -i s/safe/slow/" run 1 pool-edit p
    fact mode safe
}

without_the_module() {
    own_module
    secret storage 'open sesame'
    own_pool "$(options "$(option mode fast)" "<tarn:option name='token' secret='storage'/>")"
    run 0 pool-stop p
    run 0 pool-dumpxml p
    cp "$work/out" "$work/before"
    mv "$work/modules/own.so" "$work/own.so"
    run 0 pool-dumpxml p
    shows "<tarn:option name='mode' value='fast'/>"
    shows "<tarn:option name='token' secret='storage'/>"
    mv "$work/own.so" "$work/modules/own.so"
    run 0 pool-dumpxml p
    prints_like <"$work/before"
}

schema() {
    own_module
    echo "<pool type='own'><name>p</name>
<tarn:options xmlns:tarn='urn:tarn:options:1'><q:other xmlns:q='u'/></tarn:options></pool>" \
        >"$work/bad.xml"
    run 1 pool-define --validate "$work/bad.xml"
    says 'line 2: <options> has no element <other>'
    echo "<pool type='dir'><name>p</name><target><path>/tmp</path></target>
<tarn:options xmlns:tarn='urn:tarn:options:1'/></pool>" >"$work/bad.xml"
    unset TARN_MODULE_DIR TARN_PLUGINS_DIR
    run 1 pool-define --validate "$work/bad.xml"
    says 'line 2: <options> is not expected in <pool>'
}

# --- secrets ---------------------------------------------------------------------------------------

a_secret() {
    own_module
    secret storage 'open sesame'
    secret number 0042
    own_pool "$(options "<tarn:option name='token' secret='storage'/>" \
        "<tarn:option name='pin' secret='number'/>")"
    fact token 'open sesame'
    fact pin 42
    secret storage 'another one'
    fact token 'another one'
}

in_the_clear() {
    own_module
    refused "the option 'token' is a secret, and others may read this: name it, as secret=" \
        "$(option token never-told)"
    if grep never-told "$work/err"; then return 1; fi
    refused "the option 'mode' is no secret: write value=" "<tarn:option name='mode' secret='x'/>"
    refused "the option 'token' has no secret: add secret=" "<tarn:option name='token'/>"
}

missing_secret() {
    own_module
    run 0 pool-define-as p own --option-secret token=storage
    run 1 pool-start p
    says 'there is no secret "storage": put it into .*/secrets/storage, with mode 0600'
    secret storage found
    run 0 pool-start p
    fact token found
}

bad_secret() {
    own_module
    secret number 77777
    own_pool "$(options "<tarn:option name='pin' secret='number'/>")"
    run 0 pool-info p
    shows_no '^pin:'
    run 0 pool-dumpxml p
    shows_no 77777
}

# --- the command -----------------------------------------------------------------------------------

by_options() {
    own_module
    secret storage 'open sesame'
    run 0 pool-define-as p own --option mode=fast --option 'label=a=b <c>' \
        --option-secret token=storage
    run 0 pool-start p
    fact mode fast
    fact label 'a=b <c>'
    fact token 'open sesame'
    run 0 pool-define-as q own --option retries= --print-xml
    shows "<tarn:option name='retries' value=''/>"
    run 2 pool-define-as q own --option mode
    says "option 'mode' is no NAME=VALUE"
    run 2 pool-define-as q own --option-secret =x
    says "option-secret '=x' is no NAME=VALUE"
    run 1 pool-define-as q own --option retries=many
    says 'retries is "many", not a decimal number'
}

from_a_file() {
    own_module
    (umask 077 && echo 'from a file' >"$work/secret")
    run 0 pool-create-as p own --option-secret token=any --secret-file "$work/secret"
    run 0 pool-info p
    shows 'there is no secret "any"'
    if grep -r 'from a file' "$work/root"; then return 1; fi
}

# completes EXPECTED WORD…: what bash would offer.
completes() {
    expected=$1
    shift
    bash -c '
        . "$1/tools/completion/tarn"
        shift
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _tarn
        printf "%s\n" "${COMPREPLY[@]}"' bash "${TARN_SRC:-.}" "$TARN" "$@" >"$work/offered"
    echo "$expected" | diff -u - "$work/offered"
}

completed() {
    need bash
    own_module
    completes 'label=
folder=
block=
retries=
sync=
mode=' pool-define-as p own --option ''
    completes 'token=' pool-define-as p own --option-secret t
    completes 'endpoint=' pool-create-as p own-strict --option e
}

described() {
    own_module
    run 0 --json module-info own
    json options/pool:own/properties/retries/minimum 0
    json options/pool:own/properties/retries/maximum 10
    json options/pool:own/properties/mode/enum/1 safe
    json options/pool:own/properties/mode/default safe
    json options/pool:own/properties/folder/pattern ^/
    json options/pool:own/properties/sync/type boolean
    json options/pool:own/properties/block/x-maximum 1048576
    json options/pool:own/additionalProperties false
    json options/pool:own/required '[]'
    json options/pool:own-strict/required/0 endpoint
    json options/module/properties/region/description 'Of no pool type'
}

sources() {
    own_module
    run 0 find-storage-pool-sources own
    shows '<name>safe</name>'
}

for OWN_ISOLATED in '' yes; do
    where=${OWN_ISOLATED:+, isolated}
    check "an option of every type$where" every_type
    check "what is not given has the default$where" defaults
    check "the pool's option counts before that of the .conf$where" order
    check "the text of a secret that the XML names$where" a_secret
    check "a secret that is not there says where to put it$where" missing_secret
    check "a secret of the wrong type is not given$where" bad_secret
    check "who looks for sources has the defaults$where" sources
done
OWN_ISOLATED=
check "a mistake is refused, and what is right is told" bad_ones
check "a required option" required_one
check "a type without parameters takes no option" none_to_have
check "options are printed as they were given" printed_again
check "options are edited, and checked" edited
check "options stay while the module is away" without_the_module
check "the schema knows their names, and of which types they are" schema
check "a secret does not stand in the XML" in_the_clear
check "pool-define-as --option and --option-secret" by_options
check "the secret of a file is not stored" from_a_file
check "completion offers the names of options" completed
check "the options of pools as JSON Schema" described
finish
