/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * pages.c - the cache of table pages, and the order in which they are written.
 *
 * A process that dies leaves a prefix of its writes; a machine that loses power leaves, of the
 * writes since the last flush, any. Both may cost clusters that nothing points to, never a pointer
 * to something that is not there or is somebody else's. Therefore
 *
 *   1. refcount blocks are written before the refcount table that may point to new ones, that
 *      before L2 tables, these before L1; with a flush in between whenever anything was written
 *      since the last one. That flush also makes guest data durable before a pointer to them.
 *   2. a reference that is given up is counted down only after the pointer is gone from the
 *      storage: released clusters wait for the commit that writes all pointers, and for a flush.
 *   3. a refcount block may be written at any time: what it counts up has no pointer yet, what it
 *      counts down has none any more.
 *
 * So a flush by the guest costs two flushes of the container if clusters were allocated, else one.
 */
#include "qcow2.h"

#include <stdlib.h>
#include <string.h>

#include "helpers/be.h"

/* Where the page begins that holds the byte: its size is a power of two. */
static uint64_t page_of(const struct qcow2_image *image, uint64_t offset)
{
    return offset & ~((uint64_t)image->page_size - 1);
}

static struct qcow2_page *set_of(struct qcow2_image *image, uint64_t page_offset)
{
    /* Fibonacci hashing: tables lie at multiples of the cluster size, whose low bits are alike. */
    uint64_t hash = page_offset * 0x9e3779b97f4a7c15u;

    return image->pages.page[hash >> 58];
}

static struct qcow2_page *find(struct qcow2_image *image, uint64_t page_offset)
{
    struct qcow2_page *set = set_of(image, page_offset);

    _Static_assert(QCOW2_PAGE_SETS == 1u << (64 - 58), "the hash gives as many bits as there are "
                                                       "sets");
    for (uint32_t way = 0; way < QCOW2_PAGE_WAYS; way++)
        if (set[way].used != 0 && set[way].offset == page_offset)
            return &set[way];
    return NULL;
}

static void set_dirty(struct qcow2_image *image, struct qcow2_page *page, bool dirty)
{
    if (page->dirty == dirty)
        return;
    page->dirty = dirty;
    if (dirty)
        image->pages.dirty[page->kind]++;
    else
        image->pages.dirty[page->kind]--;
}

static int32_t write_page(struct tarn_call *call, struct qcow2_image *image,
                          struct qcow2_page *page)
{
    int32_t status = qcow2_file_write(call, image, page->bytes, image->page_size, page->offset);

    if (status == TARN_OK)
        set_dirty(image, page, false);
    return status;
}

static int32_t write_kind(struct tarn_call *call, struct qcow2_image *image, uint32_t kind)
{
    int32_t status = TARN_OK;

    for (uint32_t set = 0; set < QCOW2_PAGE_SETS && image->pages.dirty[kind] > 0; set++) {
        for (uint32_t way = 0; way < QCOW2_PAGE_WAYS && status == TARN_OK; way++) {
            struct qcow2_page *page = &image->pages.page[set][way];

            if (page->dirty && page->kind == kind)
                status = write_page(call, image, page);
        }
        if (status != TARN_OK)
            return status;
    }
    return TARN_OK;
}

/* Rule 1. Kinds are numbered in the order in which they must reach the storage. */
static int32_t write_up_to(struct tarn_call *call, struct qcow2_image *image, uint32_t last)
{
    int32_t status = TARN_OK;

    for (uint32_t kind = 0; kind <= last && status == TARN_OK; kind++) {
        if (image->pages.dirty[kind] == 0)
            continue;
        if (kind != QCOW2_PAGE_REFBLOCK)
            status = qcow2_barrier(call, image);
        if (status == TARN_OK)
            status = write_kind(call, image, kind);
    }
    return status;
}

int32_t qcow2_barrier(struct tarn_call *call, struct qcow2_image *image)
{
    int32_t status = TARN_OK;

    if (image->unordered)
        return TARN_OK;
    if (image->data_unsynced)
        status = tarn_io_flush(call, image->data);
    if (status != TARN_OK)
        return status;
    image->data_unsynced = false;
    if (image->unsynced)
        status = tarn_io_flush(call, image->file);
    if (status == TARN_OK)
        image->unsynced = false;
    return status;
}

int32_t qcow2_commit(struct tarn_call *call, struct qcow2_image *image)
{
    int32_t status = write_up_to(call, image, QCOW2_PAGE_L1);

    if (status != TARN_OK || image->releases.count == 0)
        return status;
    status = qcow2_barrier(call, image);
    return status == TARN_OK ? qcow2_releases_apply(call, image) : status;
}

/* The page of the set to use next: a free one, else the clean one that was not used for longest,
 * else, after writing, the oldest of all. */
static int32_t choose(struct tarn_call *call, struct qcow2_image *image, uint64_t page_offset,
                      struct qcow2_page **out)
{
    struct qcow2_page *set = set_of(image, page_offset);
    struct qcow2_page *best = NULL;
    struct qcow2_page *oldest = &set[0];
    int32_t status;

    for (uint32_t way = 0; way < QCOW2_PAGE_WAYS; way++) {
        if (!set[way].dirty && (best == NULL || set[way].used < best->used))
            best = &set[way];
        if (set[way].used < oldest->used)
            oldest = &set[way];
    }
    if (best == NULL) {
        status = write_up_to(call, image, oldest->kind);
        if (status != TARN_OK)
            return status;
        best = oldest;
    }
    best->used = 0;
    *out = best;
    return TARN_OK;
}

/* The L1 table alone may end where the file ends, in the middle of a page; that it is complete was
 * seen when the image was opened. */
static int32_t fill(struct tarn_call *call, struct qcow2_image *image, struct qcow2_page *page,
                    enum qcow2_page_kind kind, uint64_t page_offset)
{
    uint64_t length = image->page_size;
    int32_t status;

    if (page_offset >= image->file_size ||
        (kind != QCOW2_PAGE_L1 && length > image->file_size - page_offset))
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "a table at %llu passes the end of the file at %llu: the file was cut "
                         "off, or a table entry is damaged",
                         (unsigned long long)page_offset, (unsigned long long)image->file_size);
    length = qcow2_min(length, image->file_size - page_offset);
    if (page->bytes == NULL)
        page->bytes = malloc(image->page_size);
    if (page->bytes == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for a table page");
    memset(page->bytes + length, 0, image->page_size - length);
    status = tarn_io_pread(call, image->file, page->bytes, length, page_offset);
    if (status != TARN_OK)
        return status;
    page->offset = page_offset;
    page->kind = kind;
    return TARN_OK;
}

int32_t qcow2_page_at(struct tarn_call *call, struct qcow2_image *image,
                      enum qcow2_page_kind kind, uint64_t offset, bool write, uint8_t **out)
{
    uint64_t page_offset = page_of(image, offset);
    struct qcow2_page *page = find(image, page_offset);
    int32_t status;

    if (page != NULL && page->kind != kind && !image->checking)
        return qcow2_mark_corrupt(call, image, "two tables of different kinds share the cluster "
                                  "at %llu", (unsigned long long)page_offset);
    if (page == NULL) {
        status = choose(call, image, page_offset, &page);
        if (status == TARN_OK)
            status = fill(call, image, page, kind, page_offset);
        if (status != TARN_OK)
            return status;
    }
    page->used = ++image->pages.clock;
    if (write)
        set_dirty(image, page, true);
    *out = page->bytes + (offset - page_offset);
    return TARN_OK;
}

int32_t qcow2_load64(struct tarn_call *call, struct qcow2_image *image, enum qcow2_page_kind kind,
                     uint64_t offset, uint64_t *out)
{
    uint8_t *bytes;
    int32_t status = qcow2_page_at(call, image, kind, offset, false, &bytes);

    if (status == TARN_OK)
        *out = be64_load(bytes);
    return status;
}

int32_t qcow2_store64(struct tarn_call *call, struct qcow2_image *image,
                      enum qcow2_page_kind kind, uint64_t offset, uint64_t value)
{
    uint8_t *bytes;
    int32_t status = qcow2_page_at(call, image, kind, offset, true, &bytes);

    if (status == TARN_OK)
        be64_store(bytes, value);
    return status;
}

void qcow2_pages_forget(struct qcow2_image *image, uint64_t offset, uint64_t length)
{
    uint64_t end = offset + length;

    for (uint64_t at = page_of(image, offset); at < end;
         at += image->page_size) {
        struct qcow2_page *page = find(image, at);

        if (page != NULL) {
            set_dirty(image, page, false);
            page->used = 0;
        }
    }
}

bool qcow2_pages_hit(struct qcow2_image *image, uint64_t offset, uint64_t length)
{
    uint64_t end = offset + length;

    for (uint64_t at = page_of(image, offset); at < end;
         at += image->page_size)
        if (find(image, at) != NULL)
            return true;
    return false;
}

void qcow2_pages_free(struct qcow2_image *image)
{
    for (uint32_t set = 0; set < QCOW2_PAGE_SETS; set++)
        for (uint32_t way = 0; way < QCOW2_PAGE_WAYS; way++)
            free(image->pages.page[set][way].bytes);
}
