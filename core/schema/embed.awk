# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Turns grammars into C strings: core/schema/pool.rng becomes schema_pool_rng.

BEGIN {
    print "/* Made by core/schema/embed.awk. */"
    print "#include \"core/schema/embedded.h\""
}

FNR == 1 {
    if (NR > 1)
        print "    ;"
    name = FILENAME
    sub(/^.*\//, "", name)
    gsub(/[^a-z]/, "_", name)
    print "\nconst char schema_" name "[] ="
}

{
    gsub(/\\/, "&&")
    gsub(/"/, "\\\\&")
    print "    \"" $0 "\\n\""
}

END {
    print "    ;"
}
