/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * table.h - a partition table as tarn sees it: read from a scratch, and changed in it.
 */
#ifndef DISK_TABLE_H
#define DISK_TABLE_H

#include "gpt.h"
#include "label.h"
#include "scratch.h"

enum part_kind { PART_PRIMARY, PART_EXTENDED, PART_LOGICAL };

struct part {
    unsigned number;
    enum part_kind kind;
    uint64_t start;  /* sectors, as all here */
    uint64_t length;
    const char *type; /* the name of a volume format: "linux" */
    bool kept;        /* the table's own, such as the map of a mac's */
    char name[GPT_NAME_SIZE];
    char uuid[GPT_GUID_SIZE]; /* empty: none */
};

/* Free space. */
struct gap {
    uint64_t start;
    uint64_t end; /* exclusive */
    bool logical; /* in the extended partition */
};

struct table {
    const struct label *label;
    char id[GPT_GUID_SIZE]; /* of the disk; empty: none */
    struct gpt_state gpt;   /* of a GPT */
    uint32_t sector;        /* bytes */
    uint64_t cylinder;      /* sectors */
    unsigned number_max;    /* of partitions that are not logical */
    struct part *parts;
    size_t part_count;
    struct gap *gaps;
    size_t gap_count;
};

/* TARN_E_NOT_FOUND (recorded): there is none. TARN_E_CORRUPT: one that cannot be read. */
int32_t table_read(struct tarn_call *call, struct table *table, struct scratch *scratch);
void table_clear(struct table *table);

const struct part *table_part(const struct table *table, unsigned number);
const struct part *table_extended(const struct table *table);
/* How many of the numbers that are not logical are taken. */
unsigned table_primaries(const struct table *table);

/* --- changes, in the scratch; store.h brings them to the disk --------------------------------- */

int32_t table_create(struct tarn_call *call, struct scratch *scratch, const struct label *label);

struct part_request {
    unsigned number;  /* 0 = the lowest */
    enum part_kind kind;
    uint64_t start;
    uint64_t length;
    const struct part_type *type;
    const char *name; /* NULL = none */
};

/* *out_number is the number that it got. */
int32_t table_add(struct tarn_call *call, struct scratch *scratch, const struct table *table,
                  const struct part_request *request, unsigned *out_number);
int32_t table_remove(struct tarn_call *call, struct scratch *scratch, unsigned number);
int32_t table_resize(struct tarn_call *call, struct scratch *scratch, unsigned number,
                     uint64_t length);
/* As it is, all copies of it. */
int32_t table_rewrite(struct tarn_call *call, struct scratch *scratch);

#endif
