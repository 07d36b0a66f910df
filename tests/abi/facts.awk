# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What an ABI header promises, one fact a line, for layout-maker.c:
#
#   AT_LEAST(name)  CONSTANT(name)  TEXT(name)  STRUCT(name)  SEALED(name)
#   MEMBER(struct, name, type)  TYPE(name, type)  FUNCTION(name, type)
#
# One header at a time. -v module=1: it belongs to the module ABI, where fewer types may cross.
# -v sealed="NAME…": structures that never grow. What has no place in an ABI, or is written in a way
# that this does not understand, is told on standard error, and the exit status is 1.

{ text = text $0 "\n" }

END {
    gsub(/\\\n/, " ", text)
    count = split(without_comments(text), line, "\n")
    for (i = 1; i <= count; i++)
        take_line(line[i])
    while (trim_body() != "")
        take_declaration()
    exit failed
}

function refuse(what)
{
    print FILENAME ": " what > "/dev/stderr"
    failed = 1
}

function without_comments(from,    start, rest, out)
{
    while ((start = index(from, "/*")) > 0) {
        rest = substr(from, start + 2)
        out = out substr(from, 1, start - 1) " "
        from = substr(rest, index(rest, "*/") + 2)
    }
    return out from
}

function trim(text)
{
    gsub(/[ \t\n]+/, " ", text)
    sub(/^ /, "", text)
    sub(/ $/, "", text)
    return text
}

# --- directives -----------------------------------------------------------------------------------

# What is for C++ alone is left out; other conditions choose between spellings of the same.
function take_line(text)
{
    if (text ~ /^# *if.*__cplusplus/)
        skipping = 1
    else if (text ~ /^# *endif/)
        skipping = 0
    else if (text ~ /^# *define/ && !skipping)
        take_define(text)
    else if (text !~ /^#/ && !skipping)
        body = body " " text
}

# Constants: neither macros with arguments nor attributes, and what guards the header has no value.
# A count, and the version itself, may rise.
function take_define(text,    name)
{
    sub(/^# *define[ \t]+/, "", text)
    if (text !~ /^TARN_[A-Z0-9_]+[ \t]+[^ \t]/ || text ~ /__attribute__/)
        return
    name = text
    sub(/[ \t].*/, "", name)
    if (text ~ /^[A-Z0-9_]+[ \t]+"/)
        print "TEXT(" name ")"
    else if (name ~ /_COUNT$/ || name == "TARN_ABI_MINOR" || name == "TARN_ABI_VERSION")
        print "AT_LEAST(" name ")"
    else
        print "CONSTANT(" name ")"
}

# --- declarations ---------------------------------------------------------------------------------

function trim_body()
{
    return body = trim(body)
}

function take_declaration(    end, brace)
{
    if (body ~ /^struct tarn_[a-z0-9_]+ \{/) {
        take_structure()
        return
    }
    end = index(body, ";")
    brace = index(body, "{")
    if (brace > 0 && (end == 0 || brace < end)) {
        declare(trim(substr(body, 1, brace - 1)))
        body = substr(body, after_braces(brace))
    } else if (end > 0) {
        declare(trim(substr(body, 1, end - 1)))
        body = substr(body, end + 1)
    } else {
        refuse("this is not understood: " body)
        body = ""
    }
}

function after_braces(at,    depth, letter)
{
    do {
        letter = substr(body, at++, 1)
        depth += (letter == "{") - (letter == "}")
    } while (depth > 0 && letter != "")
    return at
}

function take_structure(    name, start, end, count, part, i)
{
    name = body
    sub(/^struct /, "", name)
    sub(/ .*/, "", name)
    start = index(body, "{")
    end = index(body, "};")
    print (index(" " sealed " ", " " name " ") ? "SEALED(" : "STRUCT(") name ")"
    count = split(substr(body, start + 1, end - start - 1), part, ";")
    for (i = 1; i < count; i++)
        take_member(name, trim(part[i]), i)
    body = substr(body, end + 2)
}

function take_member(structure, text, number,    name, type)
{
    if (text ~ /[\[{:]/) {
        refuse("struct " structure ": no array, bit-field or inner structure: " text)
        return
    }
    name = type = text
    if (match(text, /\(\*[a-z0-9_]+\)/)) {
        name = substr(text, RSTART + 2, RLENGTH - 3)
        type = substr(text, 1, RSTART - 1) "(*)" substr(text, RSTART + RLENGTH)
    } else {
        sub(/.*[ *]/, "", name)
        sub(/[a-z0-9_]+$/, "", type)
    }
    if (number == 1 && name != "struct_size")
        refuse("struct " structure ": the first member is " name ", not struct_size")
    check_type(structure "." name, type)
    print "MEMBER(" structure ", " name ", " trim(type) ")"
}

# A type whose size is the platform's, or whose meaning the compiler's, does not cross.
function check_type(what, type,    words)
{
    words = " (enum|union|bool|_Bool|off_t|ssize_t|time_t|long|short|float|double|FILE|va_list"
    if (module)
        words = words "|int|unsigned|size_t"
    gsub(/[^A-Za-z0-9_]/, " ", type)
    if (match(" " type " ", words ") "))
        refuse(what ": the type" substr(" " type " ", RSTART, RLENGTH) "does not cross")
    if (module)
        check_lent(what, type)
}

# Memory of one side that the other fills: it cannot be told how much it may fill.
function check_lent(what, type,    name)
{
    while (match(type, /struct tarn_[a-z0-9_]+  out/)) {
        name = substr(type, RSTART + 7, RLENGTH - 12)
        if (!index(" " sealed " ", " " name " "))
            refuse(what ": struct " name " is lent to be filled and is not sealed")
        type = substr(type, RSTART + RLENGTH)
    }
}

function declare(text,    name, type)
{
    gsub(/TARN_(API|EXPORT)|TARN_PRINTF\([^)]*\)|static inline/, "", text)
    text = trim(text)
    if (text ~ /^struct tarn_[a-z0-9_]+$/)
        return
    if (text ~ /^typedef .*\(\*tarn_[a-z0-9_]+\)/) {
        sub(/^typedef /, "", text)
        match(text, /\(\*tarn_[a-z0-9_]+\)/)
        name = substr(text, RSTART + 2, RLENGTH - 3)
        type = substr(text, 1, RSTART - 1) "(*)" substr(text, RSTART + RLENGTH)
        check_type(name, type)
        print "TYPE(" name ", " trim(type) ")"
    } else if (match(text, /tarn_[a-z0-9_]+\(/)) {
        name = substr(text, RSTART, RLENGTH - 1)
        type = substr(text, 1, RSTART - 1) "(*)" substr(text, RSTART + RLENGTH - 1)
        if (!seen[name]++)
            print "FUNCTION(" name ", " trim(type) ")"
    } else {
        refuse("this is not understood: " text)
    }
}
