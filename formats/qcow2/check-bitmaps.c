/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * check-bitmaps.c - the clusters of persistent dirty bitmaps: their directory, their tables, and
 * what these point to. The bitmaps themselves are not looked at.
 */
#include "check.h"

static int32_t count_table(struct tarn_call *call, const struct qcow2_bitmap *bitmap, void *arg)
{
    struct checker *checker = arg;
    struct qcow2_image *image = checker->image;
    uint64_t length = (uint64_t)bitmap->table_entries * 8;
    int32_t status = check_count(call, checker, bitmap->table_offset, length, "bitmap table");

    if (status == TARN_OK && (bitmap->table_offset & (image->cluster_size - 1)))
        return check_corruption(call, checker, false, bitmap->table_offset, length,
                                "the bitmap table at %llu is not at the start of a cluster",
                                (unsigned long long)bitmap->table_offset);
    if (length > checker->file_size || bitmap->table_offset > checker->file_size - length)
        return status;
    for (uint64_t i = 0; i < bitmap->table_entries && status == TARN_OK; i++) {
        uint64_t entry;
        uint64_t host;

        /* As an L1 table it may end in the middle of a page, where the file ends. */
        status = qcow2_load64(call, image, QCOW2_PAGE_L1, bitmap->table_offset + i * 8, &entry);
        if (status != TARN_OK)
            break;
        host = entry & QCOW2_OFFSET_MASK;
        if (host != 0)
            status = check_count(call, checker, host, image->cluster_size, "bitmap");
        if (status == TARN_OK && (i & 1023) == 0)
            status = tarn_interrupted(call);
    }
    return check_unreadable(call, checker, status, "bitmap table", bitmap->table_offset);
}

int32_t check_count_bitmaps(struct tarn_call *call, struct checker *checker)
{
    const struct qcow2_image *image = checker->image;
    struct qcow2_bitmaps bitmaps = {
        .file = image->file, .file_size = checker->file_size, .offset = image->bitmaps_offset,
        .length = image->bitmaps_length, .count = image->bitmap_count,
    };
    int32_t status = check_count(call, checker, bitmaps.offset, bitmaps.length,
                                 "bitmap directory");

    if (status == TARN_OK)
        status = qcow2_bitmaps_each(call, &bitmaps, bitmaps.count, count_table, checker);
    if (status == TARN_E_CORRUPT) {
        call->host->forget(call);
        return check_corruption(call, checker, false, bitmaps.offset, bitmaps.length,
                                "the bitmap directory is damaged");
    }
    return check_unreadable(call, checker, status, "bitmap directory", bitmaps.offset);
}
