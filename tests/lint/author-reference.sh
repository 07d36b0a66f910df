#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The reference for authors of modules (doc/*.3 of the ABI) and the headers say the same: every
# member of every structure, every flag and every function is there, and nothing that the headers
# lack. In the pages a comment `.\" struct NAME` says whose members the .It Va, .It Fn and .Ss that
# follow are, until `.\" end`; `.\" each function of struct NAME` that the table which follows has
# them all.

# shellcheck source=tests/lint/frame.inc
. "$(dirname "$0")/frame.inc"

work=$(mktemp -d)
trap 'rm -rf "$work" "$faults"' EXIT

# --- the headers ----------------------------------------------------------------------------------

without_comments() {
    awk '{
        line = $0
        while (line != "") {
            if (inside) {
                end = index(line, "*/")
                if (end == 0) break
                line = substr(line, end + 2); inside = 0
            } else {
                start = index(line, "/*")
                if (start == 0) { printf "%s", line; break }
                printf "%s", substr(line, 1, start - 1)
                line = substr(line, start + 2); inside = 1
            }
        }
        print ""
    }' "$@"
}

# "struct.member" for each; the two that all have are explained once.
header_members() {
    awk -v functions="$work/functions" '
        /^struct [a-z_]+ \{/ { name = $2; declaration = ""; next }
        /^};/ { name = "" }
        name == "" { next }
        { declaration = declaration " " $0 }
        /;[ \t]*$/ {
            member = declaration
            declaration = ""
            if (match(member, /\(\*[a-z_0-9]+\)/)) {
                member = substr(member, RSTART + 2, RLENGTH - 3)
                print name "." member >functions
            } else {
                sub(/(\[[^]]*\])?;[ \t]*$/, "", member)
                sub(/.*[ *]/, "", member)
            }
            if (member != "struct_size" && member != "reserved")
                print name "." member
        }' "$work/headers"
}

header_words() {
    sed -n 's/^#define \(TARN_[A-Z0-9_]*\).*/\1/p' "$work/headers" | grep -v '_H$'
    tr -c 'A-Za-z0-9_\n' '\n' <"$work/headers" | grep '^tarn_[a-z0-9_]*$'
}

# What the pages must have of these words: flags and functions. Structures have their members there.
header_offers() {
    sed -n 's/^#define \(TARN_[A-Z0-9_]*\).*/\1/p' "$work/headers" | grep -v '_H$'
    sed -n -e 's/^static inline [a-z0-9_]* \**\(tarn_[a-z0-9_]*\)(.*/\1/p' \
        -e 's/^typedef .*(\*\(tarn_[a-z0-9_]*\))(.*/\1/p' \
        -e 's/^TARN_EXPORT .*[ *]\(tarn_[a-z0-9_]*\)(.*/\1/p' "$work/headers"
}

# --- the pages ------------------------------------------------------------------------------------

page_members() {
    awk '
        /^\.\\" struct / { name = $3 }
        /^\.\\" end/ { name = "" }
        FNR == 1 { name = "" }
        name != "" && /^\.It Fn / { print name "." $3 }
        name != "" && /^\.Ss [a-z_]+$/ { print name "." $2 }
        name != "" && /^\.It Va / {
            for (i = 3; i <= NF; i++)
                if ($i != ",")
                    print name "." $i
        }' "$@"
}

# What the tables name, whatever it is, as "struct.word".
page_tables() {
    awk '
        /^\.\\" each function of struct / { name = $6; next }
        /^\.\\" (end|struct )/ || FNR == 1 { name = "" }
        name != "" {
            gsub(/[^a-z_]+/, " ")
            for (i = 1; i <= NF; i++)
                print name "." $i
        }' "$@"
}

page_words() {
    grep -hv '^\.\\"' "$@" | tr -c 'A-Za-z0-9_\n' '\n' | grep -E '^(TARN_[A-Z0-9_]+|tarn_[a-z0-9_]+)$'
}

# --- compared -------------------------------------------------------------------------------------

# tell FILE WANTED TEXT: what the first has and the second lacks.
tell() {
    for word in $(comm -23 "$1" "$2"); do
        fault "$word $3"
    done
}

pages=$(sources '*.3' doc | while read -r file; do
    ! grep -q '^\.In tarn/\(module\|define\)\.h' "$SRC/$file" || echo "$SRC/$file"
done)
headers=$(sources '*.h' sdk/include/tarn | sed "s|^|$SRC/|")
if [ -z "$headers" ] || [ -z "$pages" ]; then
    fault "there are no headers, or no pages about them"
    finish
fi
# shellcheck disable=SC2086
without_comments $headers >"$work/headers"
header_members | sort -u >"$work/members"
header_words | sort -u >"$work/words"
header_offers | sort -u >"$work/offers"
# shellcheck disable=SC2086
page_members $pages | sort -u >"$work/page-members"
# shellcheck disable=SC2086
page_words $pages | sort -u >"$work/page-words"
tell "$work/members" "$work/page-members" 'is in the headers and in no page'
tell "$work/page-members" "$work/members" 'is in a page and not in the headers'
# shellcheck disable=SC2086
page_tables $pages | sort -u >"$work/tables"
cut -d . -f 1 "$work/tables" | sort -u | while read -r struct; do
    grep "^$struct\." "$work/functions" | sort -u >"$work/called"
    tell "$work/called" "$work/tables" 'is not in the table of them all'
done
tell "$work/offers" "$work/page-words" 'is in the headers and in no page'
tell "$work/page-words" "$work/words" 'is in a page and not in the headers'
finish
