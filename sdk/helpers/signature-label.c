/* SPDX-License-Identifier: BSD-2-Clause
 *
 * signature-label.c - two partition tables by their magic.
 */
#include "helpers/signature-label.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SECTOR 512
#define AMIGA_SECTORS 16 /* a rigid disk block is in one of the first sixteen sectors */
#define MAGIC 4

/* <sys/disklabel.h> of the BSDs: DISKMAGIC, little-endian, and once more 132 bytes further. Many
 * keep it in the disk's first sector, at 64; libblkid knows that in the second. */
static const struct {
    unsigned char magic[MAGIC];
    unsigned offset, again;
} bsd = { { 0x57, 0x45, 0x56, 0x82 }, 64, 64 + 132 };

static bool take(struct signature *out, const char *type, uint64_t offset)
{
    *out = (struct signature){ .offset = offset };
    snprintf(out->type, sizeof(out->type), "%s", type);
    snprintf(out->usage, sizeof(out->usage), "partition-table");
    return true;
}

bool signature_label_find(int fd, struct signature *out)
{
    unsigned char head[AMIGA_SECTORS * SECTOR] = { 0 };
    size_t at;

    if (pread(fd, head, sizeof(head), 0) < SECTOR)
        return false;
    if (memcmp(head + bsd.offset, bsd.magic, MAGIC) == 0 &&
        memcmp(head + bsd.again, bsd.magic, MAGIC) == 0)
        return take(out, "bsd", bsd.offset);
    for (at = 0; at < sizeof(head); at += SECTOR)
        if (memcmp(head + at, "RDSK", MAGIC) == 0)
            return take(out, "amiga", at);
    return false;
}

bool signature_label_wipe(int fd, const struct signature *found)
{
    static const unsigned char zeros[MAGIC];

    return pwrite(fd, zeros, MAGIC, (off_t)found->offset) == MAGIC;
}
