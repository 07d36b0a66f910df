/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * pages.c - the cache of table pages, and the order in which they are written.
 *
 * A process that dies leaves a prefix of its writes; a machine that loses power leaves, of the
 * writes since the last flush, any. Both may cost space that nothing points to, never a pointer to
 * something that is not there. So guest data are flushed before an L2 table that points to them is
 * written, and L2 tables before the L1 table.
 */
#include "qcow.h"

#include <stdlib.h>

#include "helpers/be.h"

/* Pages are counted from the start of their table, which may begin anywhere: QEMU's L1 table does
 * at 48. No two tables that are written share bytes, so no two pages do. */
static struct qcow_page *set_of(struct qcow_image *image, uint64_t page_offset)
{
    uint64_t hash = page_offset * 0x9e3779b97f4a7c15u; /* Fibonacci hashing */

    _Static_assert(QCOW_PAGE_SETS == 1u << (64 - 58), "as many sets as the hash has values");
    return image->pages.page[hash >> 58];
}

static struct qcow_page *find(struct qcow_image *image, uint64_t page_offset)
{
    struct qcow_page *set = set_of(image, page_offset);

    for (uint32_t way = 0; way < QCOW_PAGE_WAYS; way++)
        if (set[way].length != 0 && set[way].offset == page_offset)
            return &set[way];
    return NULL;
}

static void set_dirty(struct qcow_image *image, struct qcow_page *page, bool dirty)
{
    if (page->dirty == dirty)
        return;
    page->dirty = dirty;
    if (dirty)
        image->pages.dirty[page->kind]++;
    else
        image->pages.dirty[page->kind]--;
}

static int32_t barrier(struct tarn_call *call, struct qcow_image *image)
{
    int32_t status = image->unsynced ? tarn_io_flush(call, image->disk.container) : TARN_OK;

    if (status == TARN_OK)
        image->unsynced = false;
    return status;
}

static int32_t write_page(struct tarn_call *call, struct qcow_image *image,
                          struct qcow_page *page)
{
    int32_t status;

    image->unsynced = true;
    status = tarn_io_pwrite(call, image->disk.container, page->bytes, page->length, page->offset);
    if (status == TARN_OK)
        set_dirty(image, page, false);
    return status;
}

static int32_t write_kind(struct tarn_call *call, struct qcow_image *image, uint32_t kind)
{
    struct qcow_page *page = &image->pages.page[0][0];
    int32_t status = barrier(call, image);

    for (uint32_t i = 0; i < QCOW_PAGE_SETS * QCOW_PAGE_WAYS && status == TARN_OK; i++)
        if (page[i].dirty && page[i].kind == kind)
            status = write_page(call, image, &page[i]);
    return status;
}

int32_t qcow_commit(struct tarn_call *call, struct qcow_image *image)
{
    int32_t status = TARN_OK;

    for (uint32_t kind = 0; kind < QCOW_TABLE_KINDS && status == TARN_OK; kind++)
        if (image->pages.dirty[kind] > 0)
            status = write_kind(call, image, kind);
    return status;
}

/* The page of the set to use next: an empty one, else the clean one that was not used for longest,
 * else, after everything was written, the oldest of all. */
static int32_t choose(struct tarn_call *call, struct qcow_image *image, uint64_t page_offset,
                      struct qcow_page **out)
{
    struct qcow_page *set = set_of(image, page_offset);
    struct qcow_page *best = NULL;
    struct qcow_page *oldest = &set[0];
    int32_t status = TARN_OK;

    for (uint32_t way = 0; way < QCOW_PAGE_WAYS; way++) {
        if (!set[way].dirty && (best == NULL || set[way].used < best->used))
            best = &set[way];
        if (set[way].used < oldest->used)
            oldest = &set[way];
    }
    if (best == NULL) {
        status = qcow_commit(call, image);
        best = oldest;
    }
    *out = best;
    return status;
}

static int32_t fill(struct tarn_call *call, struct qcow_image *image, struct qcow_page *page,
                    const struct qcow_table *table, uint64_t page_offset)
{
    uint64_t length = qcow_min(QCOW_PAGE_SIZE, table->offset + table->bytes - page_offset);
    int32_t status;

    page->length = page->used = 0;
    if (page->bytes == NULL)
        page->bytes = malloc(QCOW_PAGE_SIZE);
    if (page->bytes == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for a table page");
    status = tarn_io_pread(call, image->disk.container, page->bytes, length, page_offset);
    if (status != TARN_OK)
        return status;
    page->offset = page_offset;
    page->length = length;
    page->kind = table->kind;
    return TARN_OK;
}

static int32_t page_of(struct tarn_call *call, struct qcow_image *image,
                       const struct qcow_table *table, uint64_t index, struct qcow_page **out)
{
    uint64_t page_offset = table->offset + index * 8 / QCOW_PAGE_SIZE * QCOW_PAGE_SIZE;
    struct qcow_page *page = find(image, page_offset);
    int32_t status = TARN_OK;

    if (page == NULL) {
        status = choose(call, image, page_offset, &page);
        if (status == TARN_OK)
            status = fill(call, image, page, table, page_offset);
    }
    if (status != TARN_OK)
        return status;
    /* In a damaged image two tables may begin in the same place and end in different ones. */
    if (table->offset + index * 8 + 8 > page->offset + page->length)
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "two tables share the bytes at %llu: the image is damaged; check it",
                         (unsigned long long)page_offset);
    page->used = ++image->pages.clock;
    *out = page;
    return TARN_OK;
}

int32_t qcow_entries(struct tarn_call *call, struct qcow_image *image,
                     const struct qcow_table *table, uint64_t index, const uint8_t **out,
                     uint64_t *out_count)
{
    struct qcow_page *page;
    int32_t status = page_of(call, image, table, index, &page);
    uint64_t within = table->offset + index * 8;

    if (status != TARN_OK)
        return status;
    within -= page->offset;
    *out = page->bytes + within;
    *out_count = (page->length - within) / 8;
    return TARN_OK;
}

int32_t qcow_entry_set(struct tarn_call *call, struct qcow_image *image,
                       const struct qcow_table *table, uint64_t index, uint64_t value)
{
    struct qcow_page *page;
    int32_t status = page_of(call, image, table, index, &page);

    if (status != TARN_OK)
        return status;
    be64_store(page->bytes + (table->offset + index * 8 - page->offset), value);
    set_dirty(image, page, true);
    return TARN_OK;
}

void qcow_pages_free(struct qcow_image *image)
{
    struct qcow_page *page = &image->pages.page[0][0];

    for (uint32_t i = 0; i < QCOW_PAGE_SETS * QCOW_PAGE_WAYS; i++)
        free(page[i].bytes);
}
