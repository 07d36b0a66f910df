# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What abidiff --leaf-changes-only --harmless reports, without what a minor may do: append members
# to structures, and add functions. What is left is told, and makes the exit status 1; so does
# whatever this does not know.

/^(Leaf changes|Changed leaf types|Removed\/Changed\/Added .*) summary: / || /^$/ { next }

/^'struct tarn_[a-z0-9_]+' changed:$/ { structure = $0; next }
/^  type size changed from [0-9]+ to [0-9]+ \(in bits\)$/ && $7 > $5 { end = $5; next }
/^  [0-9]+ data member insertions?:$/ { next }
/^    '.*', at offset [0-9]+ \(in bits\)$/ && $(NF - 2) >= end { next }

/^[0-9]+ Added functions?:$/ || /^  \[A\] / { next }

{
    if (structure != "")
        print structure
    structure = ""
    print
    harm = 1
}

END { exit harm }
