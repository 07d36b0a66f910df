/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gpt.h - what libparted 3.5 keeps to itself about a GPT: which of its two copies is whole, the
 * GUIDs of its partitions, their names in UTF-8 whatever the locale, and an attribute.
 */
#ifndef DISK_GPT_H
#define DISK_GPT_H

#include "scratch.h"

#define GPT_GUID_SIZE 37        /* as text, lower case, with its NUL */
#define GPT_NAME_SIZE (36 * 3 + 1) /* 36 units of UTF-16 as UTF-8 */

struct gpt_state {
    bool protective; /* the MBR says that there is a GPT */
    bool primary;    /* this copy is whole */
    bool backup;
    bool at_end;     /* the backup is where the disk ends */
};

struct gpt_entry {
    uint64_t start; /* sectors */
    char type[GPT_GUID_SIZE];
    char uuid[GPT_GUID_SIZE];
    char name[GPT_NAME_SIZE];
    bool unmounted; /* "not to be mounted by itself" */
};

/* Looks at both copies. Where only the backup is whole the primary is mended, in the scratch, so
 * that libparted finds one. */
int32_t gpt_examine(struct tarn_call *call, struct scratch *scratch, struct gpt_state *out);

/* The entries of the primary that are in use, and the disk's GUID. Freed with free(*out). */
int32_t gpt_read(struct tarn_call *call, struct scratch *scratch, char disk_id[GPT_GUID_SIZE],
                 struct gpt_entry **out, size_t *out_count);

/* TARN_E_INVALID for a name that has no room in an entry, or is no UTF-8. */
int32_t gpt_check_name(struct tarn_call *call, const char *name);

/* Sets the attribute, and the name unless it is NULL, of the entry that begins at that sector, in
 * both copies. */
int32_t gpt_mark(struct tarn_call *call, struct scratch *scratch, uint64_t start, bool unmounted,
                 const char *name);

#endif
