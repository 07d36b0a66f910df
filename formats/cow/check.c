/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * check.c - the bits, and the base. Only what the file really holds of the bitmap is read: a bitmap
 * of holes costs nothing, however long it is.
 */
#include "cow.h"

#include <stdlib.h>

#include "helpers/io-data.h"

#define TOLD_AT_MOST 100u

struct checker {
    struct tarn_io *file;
    struct cow_head head;
    uint64_t file_size;
    uint64_t told;
    uint8_t *page;
    struct tarn_check_result result;
};

static int32_t tell(struct tarn_call *call, struct checker *checker, uint32_t kind,
                    uint64_t offset, uint64_t length, const char *text)
{
    struct tarn_finding finding = { .struct_size = sizeof(finding), .kind = kind,
                                    .offset = offset, .length = length, .text = text };

    if (kind == TARN_FINDING_ERROR)
        checker->result.errors++;
    else
        checker->result.corruptions++;
    return checker->told++ < TOLD_AT_MOST ? call->host->emit_finding(call, &finding) : TARN_OK;
}

static int32_t check_bit(struct tarn_call *call, struct checker *checker, uint64_t sector)
{
    const struct cow_head *head = &checker->head;
    uint64_t start = head->data_offset + sector * head->sector;
    uint64_t left = head->size - sector * head->sector;
    uint64_t end = start + (left < head->sector ? left : head->sector);
    char text[128];

    checker->result.allocated_clusters++;
    if (end > checker->result.image_end)
        checker->result.image_end = end;
    if (end <= checker->file_size)
        return TARN_OK;
    snprintf(text, sizeof(text), "sector %llu should be at %llu, behind the end of the file",
             (unsigned long long)sector, (unsigned long long)start);
    return tell(call, checker, TARN_FINDING_CORRUPTION, start, end - start, text);
}

static int32_t check_byte(struct tarn_call *call, struct checker *checker, uint64_t offset,
                          uint8_t byte)
{
    uint64_t first = (offset - checker->head.bitmap_offset) * 8;
    int32_t status = TARN_OK;
    char text[128];

    for (uint32_t i = 0; i < 8 && status == TARN_OK; i++) {
        if (!(byte >> i & 1))
            continue;
        if (first + i < checker->head.sectors) {
            status = check_bit(call, checker, first + i);
            continue;
        }
        snprintf(text, sizeof(text), "the bitmap has a bit for sector %llu, and the disk has %llu",
                 (unsigned long long)(first + i), (unsigned long long)checker->head.sectors);
        return tell(call, checker, TARN_FINDING_CORRUPTION, offset, 1, text);
    }
    return status;
}

static int32_t check_run(struct tarn_call *call, struct checker *checker, uint64_t start,
                         uint64_t end)
{
    int32_t status = TARN_OK;

    for (uint64_t at = start; at < end && status == TARN_OK; at += COW_PAGE) {
        uint64_t length = end - at < COW_PAGE ? end - at : COW_PAGE;

        status = tarn_interrupted(call);
        if (status == TARN_OK)
            status = tarn_io_pread(call, checker->file, checker->page, length, at);
        for (uint64_t i = 0; i < length && status == TARN_OK; i++)
            if (checker->page[i] != 0)
                status = check_byte(call, checker, at + i, checker->page[i]);
    }
    return status;
}

/* What is stored of the bitmap. */
static int32_t check_bitmap(struct tarn_call *call, struct checker *checker)
{
    struct io_data data = io_data_of(checker->head.bitmap_offset, checker->head.bitmap_length);
    int32_t status;

    do {
        status = io_data_next(call, checker->file, &data);
        if (status == TARN_OK)
            status = check_run(call, checker, data.start, data.end);
    } while (status == TARN_OK && data.start < data.end);
    return status;
}

static int32_t check_base(struct tarn_call *call, struct checker *checker)
{
    const struct cow_head *head = &checker->head;
    char change[COW_CHANGE_MAX];
    char text[256];
    uint64_t size;
    uint32_t mtime;
    int32_t status;

    if (head->name[0] == '\0')
        return TARN_OK;
    status = cow_base_look(call, head->name, &size, &mtime);
    if (status == TARN_E_CANCELLED || status == TARN_E_TIMEOUT)
        return status;
    if (status != TARN_OK) {
        call->host->forget(call);
        snprintf(text, sizeof(text), "the base %.200s cannot be looked at", head->name);
        return tell(call, checker, TARN_FINDING_ERROR, 0, 0, text);
    }
    if (!cow_base_changed(head, size, mtime, change))
        return TARN_OK;
    snprintf(text, sizeof(text), "the base %.100s is not what the image was made over: %s",
             head->name, change);
    return tell(call, checker, TARN_FINDING_CORRUPTION, 0, 0, text);
}

int32_t cow_check(struct tarn_call *call, struct tarn_io *file, uint32_t flags)
{
    struct checker checker = { .file = file };
    int32_t status = cow_head_read(call, file, &checker.head, &checker.file_size);

    if (status == TARN_OK && flags != 0)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "what is wrong with a cow image cannot be repaired: copy what can be "
                         "read");
    if (status != TARN_OK)
        return status;
    checker.page = malloc(COW_PAGE);
    if (checker.page == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to check a cow image");
    checker.result.struct_size = sizeof(checker.result);
    checker.result.total_clusters = checker.head.sectors;
    checker.result.image_end = checker.head.bitmap_offset + checker.head.bitmap_length;
    status = check_bitmap(call, &checker);
    if (status == TARN_OK)
        status = check_base(call, &checker);
    if (status == TARN_OK)
        status = call->host->emit_check(call, &checker.result);
    free(checker.page);
    return status;
}
