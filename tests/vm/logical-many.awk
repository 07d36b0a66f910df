# SPDX-License-Identifier: LGPL-2.1-or-later
#
# From a backup (vgcfgbackup) of a group with the volume v0, of one extent and the first one, to one
# with v0, v1, … `many` of them, for vgcfgrestore: lvcreate would take minutes.
/^\t\tv0 \{/ { inside = 1 }
inside { text = text $0 "\n" }
!inside { print }
inside && /^\t\t\}/ {
    inside = 0
    printf "%s", text
    for (i = 1; i < many; i++) {
        copy = text
        sub(/v0 \{/, "v" i " {", copy)
        id = substr(copy, index(copy, "id = \"") + 6, 38)
        sub(id, sprintf("%06d", i) substr(id, 7), copy)
        sub(/"pv0", 0/, "\"pv0\", " i, copy)
        printf "\n%s", copy
    }
}
