/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * guard.c - what a write must never hit. In a damaged or a hostile image an L2 entry may point to
 * the header or to another table; writing the guest's data there would destroy the image, or let
 * the guest forge it. So each place that is written is compared with the tables whose place is
 * known: header, L1, refcount table, the tables of snapshots and bitmaps, and all pages of L2
 * tables and refcount blocks that are cached.
 */
#include "qcow2.h"

#include <stdlib.h>

#include "helpers/be.h"

static int32_t add(struct tarn_call *call, struct qcow2_image *image, uint64_t offset,
                   uint64_t length, const char *what)
{
    struct qcow2_guards *guards = &image->guards;

    if (length == 0)
        return TARN_OK;
    if (guards->count == guards->room) {
        uint64_t room = guards->room != 0 ? guards->room * 2 : 8;
        struct qcow2_guard *entries = realloc(guards->entries, room * sizeof(*entries));

        if (entries == NULL)
            return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for the places of tables");
        guards->entries = entries;
        guards->room = room;
    }
    guards->entries[guards->count++] = (struct qcow2_guard){ offset, length, what };
    return TARN_OK;
}

static int32_t add_snapshot(struct tarn_call *call, const struct qcow2_snapshot *snapshot,
                            void *arg)
{
    return add(call, arg, snapshot->l1_offset, (uint64_t)snapshot->l1_size * 8,
               "L1 table of a snapshot");
}

static int32_t add_snapshots(struct tarn_call *call, struct qcow2_image *image)
{
    uint64_t length;
    int32_t status;

    if (image->header.snapshot_count == 0)
        return TARN_OK;
    status = qcow2_snapshots_each(call, image->file, image->file_size, &image->header,
                                  add_snapshot, image, &length);
    if (status == TARN_OK)
        status = add(call, image, image->header.snapshots_offset, length, "snapshot table");
    return status;
}

static int by_offset(const void *a, const void *b)
{
    const struct qcow2_guard *first = a;
    const struct qcow2_guard *second = b;

    return first->offset < second->offset ? -1 : first->offset > second->offset;
}

static int32_t check_overlaps(struct tarn_call *call, struct qcow2_image *image)
{
    const struct qcow2_guard *guard = image->guards.entries;

    for (uint64_t i = 1; i < image->guards.count; i++)
        if (guard[i - 1].offset + guard[i - 1].length > guard[i].offset)
            return qcow2_mark_corrupt(call, image, "the %s overlaps the %s at %llu",
                                      guard[i].what, guard[i - 1].what,
                                      (unsigned long long)guard[i].offset);
    return TARN_OK;
}

int32_t qcow2_guards_build(struct tarn_call *call, struct qcow2_image *image)
{
    const struct qcow2_header *header = &image->header;
    int32_t status;

    image->guards.count = 0;
    if (image->checking) /* what a repair writes is new, or was counted just once */
        return TARN_OK;
    status = add(call, image, 0, image->cluster_size, "header");
    if (status == TARN_OK)
        status = add(call, image, header->l1_offset, (uint64_t)header->l1_size * 8, "L1 table");
    if (status == TARN_OK)
        status = add(call, image, header->reftable_offset,
                     (uint64_t)header->reftable_clusters << header->cluster_bits,
                     "refcount table");
    if (status == TARN_OK && image->writable && image->bitmap_count > 0 &&
        (header->autoclear & QCOW2_BITMAPS))
        status = add(call, image, image->bitmaps_offset, image->bitmaps_length,
                     "bitmap directory");
    if (status == TARN_OK && image->writable)
        status = add_snapshots(call, image);
    if (status != TARN_OK)
        return status;
    qsort(image->guards.entries, image->guards.count, sizeof(*image->guards.entries), by_offset);
    return check_overlaps(call, image);
}

const char *qcow2_guards_hit(const struct qcow2_image *image, uint64_t offset, uint64_t length)
{
    const struct qcow2_guard *guard = image->guards.entries;
    uint64_t low = 0;
    uint64_t high = image->guards.count;

    /* The first area that ends behind `offset`. */
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;

        if (guard[middle].offset + guard[middle].length <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low < image->guards.count && guard[low].offset < offset + length ? guard[low].what
                                                                             : NULL;
}

int32_t qcow2_guard_write(struct tarn_call *call, struct qcow2_image *image, uint64_t offset,
                          uint64_t length, bool data)
{
    const char *what = qcow2_guards_hit(image, offset, length);

    if (what == NULL && data && qcow2_pages_hit(image, offset, length))
        what = "table of another kind";
    if (what == NULL)
        return TARN_OK;
    return qcow2_mark_corrupt(call, image, "a write of %llu bytes at %llu would hit the %s",
                              (unsigned long long)length, (unsigned long long)offset, what);
}

int32_t qcow2_mark_corrupt(struct tarn_call *call, struct qcow2_image *image, const char *format,
                           ...)
{
    bool first = !image->broken;
    char text[512];
    uint8_t bytes[8];
    va_list arguments;
    int32_t status;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    status = tarn_fail(call, TARN_E_CORRUPT, 0, "%s: the image is damaged; check and repair it",
                       text);
    if (!image->writable || image->checking)
        return status;
    image->broken = true;
    /* Version 2 has nowhere to write it down. */
    if (first && image->header.version >= 3) {
        image->header.incompatible |= QCOW2_CORRUPT;
        be64_store(bytes, image->header.incompatible);
        qcow2_file_write(call, image, bytes, sizeof(bytes), QCOW2_AT_INCOMPATIBLE);
    }
    return status;
}
