/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * bitmaps.c - the directory of persistent dirty bitmaps: entries of different lengths, one after
 * another.
 */
#include "qcow2.h"

#include "helpers/be.h"

#define ENTRY_FIXED 24u
#define NAME_MAX_LENGTH 1023u
#define MIN_GRANULARITY_BITS 9u
#define MAX_GRANULARITY_BITS 31u
#define KNOWN_FLAGS 7u
#define TYPE_DIRTY_TRACKING 1u

static int32_t damaged(struct tarn_call *call, uint32_t index)
{
    return tarn_fail(call, TARN_E_CORRUPT, 0,
                     "entry %u of the bitmap directory is damaged: check the image", index);
}

/* Reads the entry at `at`, its name too, and says how long it is. */
static int32_t read_entry(struct tarn_call *call, const struct qcow2_bitmaps *bitmaps,
                          uint32_t index, uint64_t at, char *name, struct qcow2_bitmap *out,
                          uint64_t *out_length)
{
    uint64_t left = bitmaps->offset + bitmaps->length - at;
    uint8_t entry[ENTRY_FIXED];
    uint64_t name_length;
    uint64_t extra;
    int32_t status;

    if (left < ENTRY_FIXED)
        return damaged(call, index);
    status = tarn_io_pread(call, bitmaps->file, entry, sizeof(entry), at);
    if (status != TARN_OK)
        return status;
    name_length = be16_load(entry + 18);
    extra = be32_load(entry + 20);
    *out_length = qcow2_round_up(ENTRY_FIXED + extra + name_length, 8);
    if (*out_length > left || name_length == 0 || name_length > NAME_MAX_LENGTH ||
        (be32_load(entry + 12) & ~KNOWN_FLAGS) || entry[16] != TYPE_DIRTY_TRACKING ||
        entry[17] < MIN_GRANULARITY_BITS || entry[17] > MAX_GRANULARITY_BITS)
        return damaged(call, index);
    *out = (struct qcow2_bitmap){
        .name = name, .table_offset = be64_load(entry), .table_entries = be32_load(entry + 8),
        .flags = be32_load(entry + 12), .granularity = (uint64_t)1 << entry[17],
    };
    name[name_length] = '\0';
    return tarn_io_pread(call, bitmaps->file, name, name_length, at + ENTRY_FIXED + extra);
}

int32_t qcow2_bitmaps_each(struct tarn_call *call, const struct qcow2_bitmaps *bitmaps,
                           uint32_t most, qcow2_bitmap_fn visit, void *arg)
{
    uint64_t at = bitmaps->offset;
    int32_t status = TARN_OK;

    if (bitmaps->count > 0 && (bitmaps->length > bitmaps->file_size ||
                               bitmaps->offset > bitmaps->file_size - bitmaps->length))
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "the bitmap directory passes the end of the file at %llu: it was cut off, "
                         "or its header is damaged", (unsigned long long)bitmaps->file_size);
    for (uint32_t i = 0; i < bitmaps->count && i < most && status == TARN_OK; i++) {
        char name[NAME_MAX_LENGTH + 1];
        struct qcow2_bitmap bitmap;
        uint64_t length = 0;

        status = tarn_interrupted(call);
        if (status == TARN_OK)
            status = read_entry(call, bitmaps, i, at, name, &bitmap, &length);
        if (status == TARN_OK)
            status = visit(call, &bitmap, arg);
        if (status == TARN_OK)
            at += length;
    }
    return status;
}
