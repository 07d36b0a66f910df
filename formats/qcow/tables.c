/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tables.c - where the tables are. In a damaged or a hostile image an L2 entry may point to the
 * header or to a table; writing the guest's data there would destroy the image, or let the guest
 * forge it. So whoever writes knows all these places.
 */
#include "qcow.h"

#include <stdlib.h>

#include "helpers/be.h"
#include "helpers/io-data.h"

#define CHUNK ((uint64_t)64 << 10)

static bool overlap(uint64_t a, uint64_t a_length, uint64_t b, uint64_t b_length)
{
    return a < b + b_length && b < a + a_length;
}

bool qcow_within(const struct qcow_image *image, uint64_t offset, uint64_t length)
{
    return offset <= image->file_size && length <= image->file_size - offset;
}

const char *qcow_hits_head(const struct qcow_image *image, uint64_t offset, uint64_t length)
{
    const struct qcow_header *header = &image->header;

    if (offset < QCOW_HEADER_SIZE)
        return "header";
    if (overlap(offset, length, image->l1.offset, image->l1.bytes))
        return "L1 table";
    if (header->backing_offset != 0 &&
        overlap(offset, length, header->backing_offset, header->backing_length))
        return "name of the backing file";
    return NULL;
}

const char *qcow_hits(const struct qcow_image *image, uint64_t offset, uint64_t length)
{
    const struct qcow_tables *tables = &image->tables;
    uint64_t bytes = qcow_l2_bytes(&image->header);
    uint64_t low = 0;
    uint64_t high = tables->count;

    /* The first table that ends behind `offset`. */
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;

        if (tables->offset[middle] + bytes <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < tables->count && overlap(offset, length, tables->offset[low], bytes))
        return "an L2 table";
    return qcow_hits_head(image, offset, length);
}

int32_t qcow_tables_add(struct tarn_call *call, struct qcow_tables *tables, uint64_t offset)
{
    uint64_t room = tables->room != 0 ? tables->room * 2 : 64;
    uint64_t *grown;

    if (tables->count == QCOW_MAX_TABLES)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "the image has more than %llu L2 tables: it can only be read; convert "
                         "it to another format", (unsigned long long)QCOW_MAX_TABLES);
    if (tables->count == tables->room) {
        grown = realloc(tables->offset, room * sizeof(*grown));
        if (grown == NULL)
            return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for the places of tables");
        tables->offset = grown;
        tables->room = room;
    }
    tables->offset[tables->count++] = offset;
    return TARN_OK;
}

static int ascending(const void *a, const void *b)
{
    uint64_t first = *(const uint64_t *)a;
    uint64_t second = *(const uint64_t *)b;

    return first < second ? -1 : first > second;
}

void qcow_tables_sort(struct qcow_tables *tables)
{
    if (tables->count > 0)
        qsort(tables->offset, tables->count, sizeof(*tables->offset), ascending);
}

void qcow_tables_free(struct qcow_tables *tables)
{
    free(tables->offset);
    *tables = (struct qcow_tables){ .offset = NULL };
}

/* --- all entries of the L1 table -------------------------------------------------------------- */

struct scan {
    const struct qcow_image *image;
    uint8_t *buffer;
    uint64_t next; /* all entries before it are visited */
    qcow_l1_visit visit;
    void *arg;
};

static int32_t scan_chunk(struct tarn_call *call, struct scan *scan, uint64_t count)
{
    const struct qcow_image *image = scan->image;
    int32_t status = tarn_interrupted(call);

    if (status == TARN_OK)
        status = tarn_io_pread(call, image->disk.container, scan->buffer, count * 8,
                               image->l1.offset + scan->next * 8);
    for (uint64_t i = 0; i < count && status == TARN_OK; i++) {
        uint64_t entry = be64_load(scan->buffer + i * 8);

        if (entry != 0)
            status = scan->visit(call, scan->arg, scan->next + i, entry);
    }
    scan->next += count;
    return status;
}

/* Runs of data may begin and end within an entry. */
static int32_t scan_run(struct tarn_call *call, struct scan *scan, const struct io_data *data)
{
    uint64_t l1 = scan->image->l1.offset;
    uint64_t end = qcow_min(qcow_divide_up(data->end - l1, 8), scan->image->l1.bytes / 8);
    int32_t status = TARN_OK;

    if (scan->next < (data->start - l1) / 8)
        scan->next = (data->start - l1) / 8;
    while (scan->next < end && status == TARN_OK)
        status = scan_chunk(call, scan, qcow_min(end - scan->next, CHUNK / 8));
    return status;
}

int32_t qcow_l1_each(struct tarn_call *call, const struct qcow_image *image, qcow_l1_visit visit,
                     void *arg)
{
    struct scan scan = { .image = image, .visit = visit, .arg = arg };
    struct io_data data = io_data_of(image->l1.offset, image->l1.bytes);
    int32_t status;

    scan.buffer = malloc(CHUNK);
    if (scan.buffer == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to read the L1 table");
    do {
        status = io_data_next(call, image->disk.container, &data);
        if (status == TARN_OK && data.start < data.end)
            status = scan_run(call, &scan, &data);
    } while (status == TARN_OK && data.start < data.end);
    free(scan.buffer);
    return status;
}

/* --- for writing ------------------------------------------------------------------------------ */

static int32_t collect(struct tarn_call *call, void *arg, uint64_t index, uint64_t entry)
{
    struct qcow_image *image = arg;
    uint64_t bytes = qcow_l2_bytes(&image->header);
    const char *hit;

    if (!qcow_within(image, entry, bytes))
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "L1 entry %llu points to %llu, behind the end of the file: the image is "
                         "damaged and can only be read; check it", (unsigned long long)index,
                         (unsigned long long)entry);
    hit = qcow_hits_head(image, entry, bytes);
    if (hit != NULL)
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "L1 entry %llu points into the %s: the image is damaged and can only be "
                         "read; check it", (unsigned long long)index, hit);
    return qcow_tables_add(call, &image->tables, entry);
}

int32_t qcow_tables_collect(struct tarn_call *call, struct qcow_image *image)
{
    struct qcow_tables *tables = &image->tables;
    int32_t status = qcow_l1_each(call, image, collect, image);

    if (status != TARN_OK)
        return status;
    qcow_tables_sort(tables);
    for (uint64_t i = 1; i < tables->count; i++)
        if (tables->offset[i] - tables->offset[i - 1] < qcow_l2_bytes(&image->header))
            return tarn_fail(call, TARN_E_CORRUPT, 0,
                             "two L2 tables share the bytes at %llu: the image is damaged and can "
                             "only be read; check it", (unsigned long long)tables->offset[i]);
    return TARN_OK;
}
