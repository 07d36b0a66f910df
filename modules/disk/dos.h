/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dos.h - the entries of an MBR and of the chain of logical partitions behind it, as they are in
 * the table: libparted tells no types.
 */
#ifndef DISK_DOS_H
#define DISK_DOS_H

#include "scratch.h"

struct dos_entry {
    uint64_t start; /* sectors, from the disk's beginning */
    uint8_t type;
    uint64_t at;    /* byte of the disk where the type is */
};

/* Copies the chain into the scratch. All that the MBR of a disk without one means is no entry. */
int32_t dos_examine(struct tarn_call *call, struct scratch *scratch);

/* The entries in use, and the disk's number. Freed with free(*out). */
int32_t dos_read(struct tarn_call *call, struct scratch *scratch, uint32_t *disk_id,
                 struct dos_entry **out, size_t *out_count);

/* Gives another type to the partition that begins at that sector. */
int32_t dos_mark(struct tarn_call *call, struct scratch *scratch, uint64_t start, uint8_t type);

#endif
