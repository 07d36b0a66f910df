/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * check.c - the check of an image. A repair gives back what a crash may have left: extents behind
 * the last one that is used, and bits of sectors behind the end of the disk. Of anything else no
 * second copy says what would be right.
 */
#include "bochs.h"

#include <stdarg.h>
#include <stdlib.h>

#define MOST_TOLD 100u

struct checker {
    struct bochs_image *image;
    struct tarn_check_result result;
    uint8_t *used; /* a bit for each extent that the catalog can name */
    bool repair;
    uint64_t told;
};

static int32_t tell(struct tarn_call *call, struct checker *checker, uint32_t kind, bool repaired,
                    uint64_t offset, uint64_t length, const char *format, ...)
    TARN_PRINTF(7, 8);

static int32_t tell(struct tarn_call *call, struct checker *checker, uint32_t kind, bool repaired,
                    uint64_t offset, uint64_t length, const char *format, ...)
{
    char text[256];
    struct tarn_finding finding = { .struct_size = sizeof(finding), .kind = kind,
                                    .repaired = repaired, .offset = offset, .length = length,
                                    .text = text };
    va_list arguments;

    if (checker->told++ >= MOST_TOLD)
        return tarn_interrupted(call);
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return call->host->emit_finding(call, &finding);
}

static int32_t leak(struct tarn_call *call, struct checker *checker, bool repaired,
                    uint64_t offset, uint64_t length, uint64_t clusters, const char *what)
{
    if (repaired)
        checker->result.leaks_fixed += clusters;
    else
        checker->result.leaks += clusters;
    return tell(call, checker, TARN_FINDING_LEAK, repaired, offset, length,
                "%llu bytes at %llu are %s", (unsigned long long)length,
                (unsigned long long)offset, what);
}

/* --- extents that are used -------------------------------------------------------------------- */

/* Sectors behind the end of the disk, or of the extent itself: nobody reads them, but growing would
 * show them to others. */
static int32_t check_bits(struct tarn_call *call, struct checker *checker, uint32_t index,
                          uint32_t number)
{
    struct bochs_image *image = checker->image;
    const struct bochs_header *header = &image->header;
    uint64_t start = (uint64_t)index * header->extent;
    uint64_t there = header->size > start ? bochs_min(header->size - start, header->extent) : 0;
    uint64_t first = there / BOCHS_SECTOR;
    uint64_t count = (uint64_t)header->bitmap * 8 - first;
    uint8_t *bitmap;
    int32_t status = bochs_bitmap(call, image, number, false, &bitmap);

    if (status != TARN_OK || count == 0 ||
        (!bochs_bit(bitmap, first) && bochs_bits_run(bitmap, first, count) == count))
        return status;
    if (checker->repair) {
        status = bochs_bitmap(call, image, number, true, &bitmap);
        if (status == TARN_OK)
            bochs_bits_set(bitmap, first, count, false);
    }
    return status == TARN_OK
               ? leak(call, checker, checker->repair, bochs_extent_at(header, number),
                      header->bitmap, 1, "a bitmap with sectors behind the end of the disk")
               : status;
}

static int32_t bad_entry(struct tarn_call *call, struct checker *checker, uint32_t index,
                         uint32_t number, const char *fault)
{
    const struct bochs_header *header = &checker->image->header;

    checker->result.corruptions++;
    return tell(call, checker, TARN_FINDING_CORRUPTION, false,
                header->length + (uint64_t)index * 4, 4, "catalog entry %u names extent %u, %s",
                index, number, fault);
}

static int32_t check_entry(struct tarn_call *call, struct checker *checker, uint32_t index,
                           uint32_t *previous)
{
    struct bochs_image *image = checker->image;
    struct tarn_check_result *result = &checker->result;
    uint32_t number = image->catalog[index];
    uint64_t end;

    if (number == BOCHS_ABSENT)
        return TARN_OK;
    result->allocated_clusters += index < result->total_clusters; /* it may have shrunk */
    result->fragmented_clusters += *previous != BOCHS_ABSENT && number != *previous + 1;
    *previous = number;
    if (number >= image->header.catalog)
        return bad_entry(call, checker, index, number, "more than there can be");
    if (bochs_bit(checker->used, number))
        return bad_entry(call, checker, index, number, "which belongs to another entry, too");
    bochs_bits_set(checker->used, number, 1, true);
    end = bochs_extent_at(&image->header, number) + bochs_stride(&image->header);
    if (end > image->file_size)
        return bad_entry(call, checker, index, number, "which passes the end of the file");
    if (result->image_end < end)
        result->image_end = end;
    return check_bits(call, checker, index, number);
}

static int32_t check_entries(struct tarn_call *call, struct checker *checker)
{
    uint32_t entries = checker->image->header.catalog;
    uint32_t previous = BOCHS_ABSENT;
    int32_t status = TARN_OK;

    checker->result.image_end = bochs_data_offset(&checker->image->header);
    for (uint32_t i = 0; i < entries && status == TARN_OK; i++) {
        status = tarn_interrupted(call);
        if (status == TARN_OK)
            status = check_entry(call, checker, i, &previous);
        call->host->progress(call, (uint64_t)i + 1, entries);
    }
    return status == TARN_OK ? bochs_commit(call, checker->image) : status;
}

/* --- extents that are not --------------------------------------------------------------------- */

/* Between others: only a writer that numbers extents in another way would use them again. */
static int32_t check_gaps(struct tarn_call *call, struct checker *checker)
{
    const struct bochs_header *header = &checker->image->header;
    uint64_t there = (checker->image->file_size - bochs_data_offset(header)) /
                     bochs_stride(header);
    uint64_t last = bochs_min(there, bochs_min(checker->image->next, header->catalog));
    uint64_t i = 0;
    int32_t status = TARN_OK;

    while (i < last && status == TARN_OK) {
        uint64_t run = bochs_bits_run(checker->used, i, last - i);

        if (!bochs_bit(checker->used, i))
            status = leak(call, checker, false, bochs_extent_at(header, (uint32_t)i),
                          run * bochs_stride(header), run, "extents that no catalog entry names");
        i += run;
    }
    return status;
}

/* Behind the last one. That of a container whose size is fixed is no loss. */
static int32_t check_tail(struct tarn_call *call, struct checker *checker)
{
    struct bochs_image *image = checker->image;
    struct tarn_io *file = image->disk.container;
    uint64_t start = bochs_extent_at(&image->header, image->next);
    uint64_t length = image->file_size - bochs_min(image->file_size, start);
    bool repair = checker->repair && checker->result.corruptions == 0;
    int32_t status = TARN_OK;

    if (length == 0 || (file->flags & TARN_IO_FIXED_SIZE))
        return TARN_OK;
    if (repair) /* what does not point there any more must be on the storage first */
        status = tarn_io_flush(call, file);
    if (status == TARN_OK && repair)
        status = tarn_io_truncate(call, file, start, TARN_TRUNCATE_SHRINK);
    return status == TARN_OK
               ? leak(call, checker, repair, start, length,
                      bochs_round_up(length, bochs_stride(&image->header)) /
                          bochs_stride(&image->header),
                      "behind the last extent that is used")
               : status;
}

/* --- all of it -------------------------------------------------------------------------------- */

static int32_t run(struct tarn_call *call, struct checker *checker)
{
    const struct bochs_header *header = &checker->image->header;
    int32_t status;

    checker->used = calloc(1, header->catalog / 8 + 1);
    if (checker->used == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to check the catalog");
    checker->result.total_clusters = bochs_round_up(header->size, header->extent) / header->extent;
    status = check_entries(call, checker);
    if (status == TARN_OK)
        status = check_gaps(call, checker);
    if (status == TARN_OK)
        status = check_tail(call, checker);
    return status == TARN_OK ? call->host->emit_check(call, &checker->result) : status;
}

/* Without a whole catalog there is nothing to go by. */
static int32_t check_catalog(struct tarn_call *call, struct checker *checker,
                             const struct bochs_header *header, uint64_t file_size)
{
    checker->result.corruptions = 1;
    checker->result.image_end = file_size;
    tell(call, checker, TARN_FINDING_CORRUPTION, false, header->length,
         bochs_catalog_bytes(header), "the catalog of %llu bytes passes the end of the file",
         (unsigned long long)bochs_catalog_bytes(header));
    return call->host->emit_check(call, &checker->result);
}

int32_t bochs_check(struct tarn_call *call, struct tarn_io *file, uint32_t flags)
{
    struct checker checker = { .repair = flags != 0,
                               .result = { .struct_size = sizeof(checker.result) } };
    struct bochs_header header;
    uint64_t file_size;
    int32_t status;

    if (flags != 0 && !(file->flags & TARN_IO_WRITABLE))
        return tarn_fail(call, TARN_E_ACCESS, 0, "a repair needs a container open for writing");
    status = bochs_header_read(call, file, &header, &file_size);
    if (status == TARN_OK && bochs_data_offset(&header) > file_size)
        return check_catalog(call, &checker, &header, file_size);
    if (status == TARN_OK)
        status = bochs_image_new(call, file, &header, file_size, &checker.image);
    if (status == TARN_OK)
        status = run(call, &checker);
    free(checker.used);
    bochs_image_free(checker.image);
    return status;
}
