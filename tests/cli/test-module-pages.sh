#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The page of each module and format, tarn-NAME(7), says what the module declares, and nothing else:
# its options with type, default and choices, the abilities of its types and formats, the formats of
# sources, and the elements of its own. All pages have their sections in one order.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

pages=${TARN_SRC:-.}/doc
modules='bochs cloop cow dir disk dmg fs iscsi iso logical netfs qcow qcow2 raw vmdk vpc'
elements=${TARN_BUILD:-build}/module-elements

# --- the page -------------------------------------------------------------------------------------

# html FOLDER MODULE: the page, as it is read by the others.
html() {
    mandoc -Thtml "$1/tarn-$2.7" >"$work/page.html"
}

# inside XPATH: what it finds in the page, each on a line of plain text.
inside() {
    xmllint --html --nowarning --xpath "$1" "$work/page.html" 2>/dev/null |
        tr '\n' ' ' |
        sed -e 's,<h1,\n<h1,g; s,</h1>,\n,g; s,<h2,\n<h2,g; s,</h2>,\n,g' \
            -e 's,<dt,\n<dt,g; s,</dt>,\n,g; s,<dd,\n<dd,g; s,</dd>,\n,g' |
        sed -e 's/<[^>]*>//g' -e 's/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g' \
            -e 's/[[:space:]]\{2,\}/ /g; s/^ //; s/ $//' | grep . || :
}

sections() {
    inside '//section[@class="Sh"]/h1'
}

# tags SECTION [SUBSECTION]: the tags of the lists that stand in it, not in another list.
tags() {
    if [ $# -eq 2 ]; then
        inside "//section[h1='$1']/section[normalize-space(h2)='$2']/dl/dt"
    else
        inside "//section[h1='$1']/dl/dt"
    fi
}

# text SECTION TAG: what the page says to a tag that begins so.
text() {
    inside "//section[h1='$1']//dl/dt[starts-with(normalize-space(.), '$2')]/following-sibling::dd[1]"
}

# --- what they are compared by --------------------------------------------------------------------

# same FILE FILE: sets of lines.
same() {
    sort "$1" >"$work/left"
    sort "$2" | diff "$work/left" -
}

# The order that all pages keep; an own section is one that is named here nowhere.
in_order() {
    sections | awk '
        BEGIN {
            count = split("NAME,DESCRIPTION,CAPABILITIES,XML,OPTIONS,-,LIMITS,SECURITY," \
                          "DIFFERENCES FROM LIBVIRT,NOTES,FILES,SEE ALSO,STANDARDS", order, ",")
            for (i = 1; i <= count; i++)
                place[order[i]] = i
            must = "NAME DESCRIPTION CAPABILITIES XML OPTIONS LIMITS SECURITY FILES"
        }
        {
            here = $0 in place ? place[$0] : place["-"]
            if (here < last || (here == last && $0 in place)) {
                print "the section " $0 " is not where it belongs"
                wrong = 1
            }
            last = here
            seen[$0] = 1
        }
        END {
            for (i = split(must, wanted, " "); i > 0; i--)
                if (!(wanted[i] in seen)) {
                    print "there is no section " wanted[i]
                    wrong = 1
                }
            exit wrong
        }'
}

# The options of a module: where they are given, their name, and the line that says of which type they
# are, with tabs between.
declared_options() {
    run 0 --json module-info "$1" || return
    # shellcheck disable=SC2016 # for jq
    jq -r '
        def number: tostring;
        def said: if type == "boolean" then (if . then "yes" else "no" end) else number end;
        def kind:
            if .enum then "One of " + (.enum | map(tostring) | join(", "))
            elif .type == "boolean" then "Yes or no"
            elif .type == "integer" then
                "Integer" + (if .minimum == null then "" else ", \(.minimum) to \(.maximum)" end)
            elif .pattern == "^/" then "Absolute path"
            elif (.pattern // "") | startswith("^[0-9]") then
                "Size" + (if .["x-minimum"] == null then ""
                          else ", \(.["x-minimum"]) to \(.["x-maximum"])" end)
            else "String" end;
        (.options // {}) | to_entries[] | .key as $scope | .value.required as $required |
        .value.properties | to_entries[] |
        .key as $name | .value |
        [ (if $scope == "module" then "In plugins.d"
           elif $scope | startswith("pool:") then "Of a pool"
           else "Of a new image" end),
          $name,
          kind + "; " + (if $required | index($name) then "required"
                         elif .default == null then "no default"
                         else "default " + (.default | said) end) + "." ] | @tsv' "$work/out"
}

told_options() {
    for scope in 'In plugins.d' 'Of a pool' 'Of a new image'; do
        tags OPTIONS "$scope" | sed "s/^/$scope\t/"
    done
    tags OPTIONS
}

options_are_told() {
    declared_options "$1" >"$work/declared" || return
    cut -f 1,2 "$work/declared" >"$work/declared-names"
    told_options >"$work/told-names"
    same "$work/declared-names" "$work/told-names" || return
    while IFS='	' read -r _ name line; do
        case "$(text OPTIONS "$name")" in
            "$line"*) continue ;;
        esac
        echo "the page does not begin what it says of the option $name with: $line"
        return 1
    done <"$work/declared"
}

# What the module provides, as "type-list dir" or "format-list raw".
provided() {
    run 0 --json module-info "$1" || return
    jq -r '.provides[] | sub("^pool:"; "type-list ") | sub("^format:"; "format-list ")' "$work/out"
}

abilities_are_told() {
    provided "$1" >"$work/provided" || return
    several=$(sed -n 2p "$work/provided")
    while read -r list name; do
        run 0 --json "$list" || return
        jq -r --arg name "$name" '.[] | select(.name == $name) | .abilities[]' "$work/out" \
            >"$work/declared"
        [ -s "$work/declared" ] || {
            echo "$name can do nothing: is its module loaded?"
            return 1
        }
        if [ -n "$several" ]; then
            tags CAPABILITIES "$name" >"$work/told"
        else
            tags CAPABILITIES >"$work/told"
        fi
        same "$work/declared" "$work/told" || return
    done <"$work/provided"
}

# The line that says which formats the source of a pool type may be of; empty without any.
source_formats() {
    run 0 pool-capabilities || return
    sed -n 's/^type-list //p' "$work/provided" | while read -r name; do
        xmllint --xpath "//pool[@type='$name']/poolOptions/*" "$work/out" 2>/dev/null |
            sed -n -e "s,.*<defaultFormat type='*\"*\([^'\"]*\).*,default \1,p" \
                -e 's,.*<value>\(.*\)</value>.*,\1,p' | awk '
                /^default / { standard = "; " $0; next }
                { list = list (list == "" ? "" : ", ") $0 }
                END { if (list != "") print "One of " list standard "." }'
    done
}

source_formats_are_told() {
    provided "$1" >"$work/provided" || return
    line=$(source_formats) || return
    told=$(text XML source/format)
    [ -n "$line" ] || {
        [ -z "$told" ]
        return
    }
    case "$told" in
        "$line"*) return ;;
    esac
    echo "the page does not begin what it says of source/format with: $line"
    return 1
}

# A type with a namespace and without a fragment has elements, but does not say which.
own_elements_are_told() {
    "$elements" "$TARN_MODULE_DIR/$1.so" >"$work/elements" || return
    sed 's/.* //' "$work/elements" | sort -u >"$work/declared"
    inside "//section[h1='XML']//dt" | grep -o '[a-z][a-z-]*:[a-z][a-z-]*' | grep -v '^fs:' | sort -u >"$work/told" || :
    if grep -q ':$' "$work/declared"; then
        grep -q "^$(head -n 1 "$work/declared")" "$work/told"
    else
        diff "$work/declared" "$work/told"
    fi
}

# --- the tests ------------------------------------------------------------------------------------

need_readers() {
    need mandoc
    need xmllint
    need jq
    [ -x "$elements" ] || skip "module-elements is not built: make tests"
}

# each TEST: for all modules, and which failed.
each() {
    need_readers
    failed=
    for module in $modules; do
        html "$pages" "$module"
        "$1" "$module" || failed="$failed $module"
    done
    [ -z "$failed" ] || { echo "pages of:$failed"; return 1; }
}

every_module_has_one() {
    run 0 module-list --name
    grep . "$work/out" >"$work/found"
    echo "$modules" | tr ' ' '\n' >"$work/known"
    same "$work/found" "$work/known"
}

order() { each in_order; }
options() { each options_are_told; }
abilities() { each abilities_are_told; }
formats() { each source_formats_are_told; }
own_elements() { each own_elements_are_told; }

# refused TEST MODULE SED-SCRIPT: the page passes, and a copy that is changed so does not.
refused() {
    mkdir -p "$work/changed"
    html "$pages" "$2"
    "$1" "$2" || return
    sed "$3" "$pages/tarn-$2.7" >"$work/changed/tarn-$2.7"
    if cmp -s "$pages/tarn-$2.7" "$work/changed/tarn-$2.7"; then
        echo "nothing was changed: $3"
        return 1
    fi
    html "$work/changed" "$2"
    if "$1" "$2"; then
        echo "$1 does not see: $3"
        return 1
    fi
}

changed_pages() {
    need_readers
    refused in_order raw 's/^\.Sh LIMITS/.Sh BOUNDS/'
    refused in_order fs 's/^\.SH XML/.SH SECURITY/'
    refused options_are_told qcow2 's/^\.It Sy data-file-raw/.It Sy data-file-flat/'
    refused options_are_told qcow2 '/^\.It Sy data-file-raw/,/^\.El/{/^\.El/!d;}'
    refused options_are_told vmdk 's/buslogic, legacyESX/buslogic/'
    refused options_are_told fs 's/default 900/default 600/'
    refused options_are_told logical 's/^\.SS In plugins\.d/.SS Of a pool/'
    refused abilities_are_told raw 's/^\.It Sy shrink/.It Sy repair/'
    refused abilities_are_told iscsi '/^\.SS iscsi-direct/,/^\.SH/s/^\.B find.*sources/.B build/'
    refused source_formats_are_told netfs 's/nfs, glusterfs, cifs/nfs, glusterfs/'
    refused own_elements_are_told iscsi '/^\.SH XML/,/^\.SH OPT/s/^\.B source.iscsi:sessions.*/.B x/'
}

check "every installed module has a page here" every_module_has_one
check "sections in one order" order
check "options, with type, default and choices" options
check "the abilities of types and formats" abilities
check "the formats of sources" formats
check "the XML elements of the modules' own" own_elements
check "a page that is changed is refused" changed_pages
finish
