/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The partition tables that the pool type knows, and what each of them can hold.
 */
#ifndef DISK_LABEL_H
#define DISK_LABEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <parted/parted.h>

/* Where a table keeps a partition's type. */
enum label_code {
    LABEL_CODE_FIXED, /* at code_at + (number - 1) * code_stride */
    LABEL_CODE_DOS,   /* in the MBR and the chain behind it: dos.h */
    LABEL_CODE_GPT,   /* a GUID: gpt.h */
    LABEL_CODE_MAC,   /* a word in the partition's own sector */
};

/* What a partition is for. The names are those of volume formats. */
struct part_type {
    const char *name;      /* "linux-swap" */
    const char *fs;        /* libparted's name of the filesystem that stands for it, or NULL */
    PedPartitionFlag flag; /* libparted's flag that makes it so, or 0 */
    const char *code;      /* as the table has it: a number, a GUID in lower case, a word */
};

struct label {
    const char *name;   /* in <source><format type=> */
    const char *parted; /* libparted's */
    enum label_code code;
    uint32_t code_at; /* bytes */
    uint32_t code_stride;
    uint32_t code_width;
    bool code_second;  /* in the second sector, not in the first */
    bool code_big;     /* big-endian */
    bool cylinders;    /* partitions consist of whole cylinders */
    bool extended;     /* has extended and logical partitions */
    bool names;        /* tarn gives names to its partitions */
    uint32_t kept[3];  /* numbers that are the table's own; 0 = no more */
    uint64_t sectors_max; /* how far partitions may reach; 0 = as far as the disk */
    const struct part_type *types; /* the first of several with a code is what it is called;
                                      ends with a NULL name */
};

/* By tarn's name, or libparted's; NULL. */
const struct label *label_find(const char *name);
const struct label *label_find_parted(const char *name);

/* NULL: tables of this kind cannot say so. */
const struct part_type *label_type(const struct label *label, const char *name);
/* The name for what a table says; "none" if there is none. */
const char *label_type_of_code(const struct label *label, const char *code);
/* May partitions of the table have this number? */
bool label_may_number(const struct label *label, unsigned number);

#endif
