/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * check-bitmaps.c - the clusters of persistent dirty bitmaps: their directory, their tables, and
 * what these point to. The bitmaps themselves are not looked at.
 */
#include "check.h"

#include "helpers/be.h"

#define ENTRY_FIXED 24u

static int32_t count_table(struct tarn_call *call, struct checker *checker, uint64_t offset,
                           uint64_t entries)
{
    const struct qcow2_image *image = checker->image;
    uint8_t bytes[8];
    int32_t status = check_count(call, checker, offset, entries * 8, "bitmap table");

    if (entries * 8 > image->file_size || offset > image->file_size - entries * 8)
        return status;
    for (uint64_t i = 0; i < entries && status == TARN_OK; i++) {
        uint64_t host;

        status = tarn_io_pread(call, image->file, bytes, sizeof(bytes), offset + i * 8);
        if (status != TARN_OK)
            break;
        host = be64_load(bytes) & QCOW2_OFFSET_MASK;
        if (host != 0)
            status = check_count(call, checker, host, image->cluster_size, "bitmap");
        if (status == TARN_OK && (i & 1023) == 0)
            status = tarn_interrupted(call);
    }
    return check_unreadable(call, checker, status, "bitmap table", offset);
}

int32_t check_count_bitmaps(struct tarn_call *call, struct checker *checker)
{
    const struct qcow2_image *image = checker->image;
    uint64_t at = image->bitmaps_offset;
    uint64_t end = at + image->bitmaps_length;
    int32_t status = check_count(call, checker, at, image->bitmaps_length, "bitmap directory");

    for (uint32_t i = 0; i < image->bitmap_count && status == TARN_OK; i++) {
        uint8_t entry[ENTRY_FIXED];

        if (end > image->file_size || at > end || end - at < ENTRY_FIXED)
            return check_corruption(call, checker, false, image->bitmaps_offset,
                                    image->bitmaps_length, "the bitmap directory is damaged");
        status = tarn_io_pread(call, image->file, entry, sizeof(entry), at);
        if (status != TARN_OK)
            break;
        status = count_table(call, checker, be64_load(entry), be32_load(entry + 8));
        at += qcow2_round_up((uint64_t)ENTRY_FIXED + be32_load(entry + 20) + be16_load(entry + 18),
                             8);
    }
    return check_unreadable(call, checker, status, "bitmap directory", image->bitmaps_offset);
}
