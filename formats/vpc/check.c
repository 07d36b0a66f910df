/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * check.c - footers, checksums, the block table, and the parent. Checksums and copies of the footer
 * are repaired if everything that they stand for is sound; a damaged block table never is, since
 * nothing else knows where the blocks are.
 */
#include "vpc.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define TOLD_AT_MOST 100u

/* Between two blocks in a row there may be so much for the alignment of the second. */
#define ALIGNMENT_MOST 4096u

struct checker {
    struct vpc_disk *disk;
    uint32_t flags;
    uint64_t told;
    bool table_sound;
    struct tarn_check_result result;
};

static int32_t tell(struct tarn_call *call, struct checker *checker, uint32_t kind, bool repaired,
                    uint64_t offset, uint64_t length, const char *format, ...) TARN_PRINTF(7, 8);

static int32_t tell(struct tarn_call *call, struct checker *checker, uint32_t kind, bool repaired,
                    uint64_t offset, uint64_t length, const char *format, ...)
{
    struct tarn_finding finding = { .struct_size = sizeof(finding), .kind = kind,
                                    .repaired = repaired, .offset = offset, .length = length };
    char text[256];
    va_list arguments;

    if (checker->told++ >= TOLD_AT_MOST)
        return TARN_OK;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    finding.text = text;
    return call->host->emit_finding(call, &finding);
}

#define CORRUPTION(call, checker, offset, length, ...)                                             \
    (checker->result.corruptions++,                                                                \
     tell(call, checker, TARN_FINDING_CORRUPTION, false, offset, length, __VA_ARGS__))

/* --- blocks ----------------------------------------------------------------------------------- */

static int32_t check_places(struct tarn_call *call, struct checker *checker)
{
    const struct vpc_disk *disk = checker->disk;
    uint64_t stride = vpc_stride(&disk->head);
    uint64_t expected = 0;
    int32_t status = TARN_OK;

    for (uint64_t i = 0; i < disk->head.entries && status == TARN_OK; i++) {
        uint64_t start = (uint64_t)disk->bat[i] * VPC_SECTOR;

        if (disk->bat[i] == VPC_UNUSED_BLOCK)
            continue;
        checker->result.allocated_clusters++;
        checker->result.fragmented_clusters +=
            expected != 0 && (start < expected || start - expected >= ALIGNMENT_MOST);
        expected = start + stride;
        if (!vpc_place_is_free(&disk->head, start, stride)) {
            checker->table_sound = false;
            status = CORRUPTION(call, checker, start, stride,
                                "block %llu begins at %llu, where it passes the end of the file or "
                                "lies on its tables", (unsigned long long)i,
                                (unsigned long long)start);
        }
        if (status == TARN_OK)
            status = tarn_interrupted(call);
    }
    return status;
}

/* Space between blocks that would hold others: left by crashes, and by those who free blocks. */
static int32_t check_order(struct tarn_call *call, struct checker *checker)
{
    struct vpc_disk *disk = checker->disk;
    uint64_t stride = vpc_stride(&disk->head);
    uint64_t end = vpc_tables_end(&disk->head);
    uint64_t last = 0; /* the end of the block before */
    uint64_t count;
    uint32_t *places;
    int32_t status = vpc_table_sorted(call, disk, &places, &count);

    for (uint64_t i = 0; i < count && status == TARN_OK; i++) {
        uint64_t start = (uint64_t)places[i] * VPC_SECTOR;
        uint64_t gap = start > end ? start - end : 0;

        if (!vpc_place_is_free(&disk->head, start, stride))
            continue; /* told already */
        if (start < last) {
            checker->table_sound = false;
            status = CORRUPTION(call, checker, start, stride,
                                "two blocks lie on each other at %llu",
                                (unsigned long long)start);
        } else if (gap >= stride) {
            checker->result.leaks += gap / stride;
            status = tell(call, checker, TARN_FINDING_LEAK, false, end, gap,
                          "%llu bytes at %llu belong to no block", (unsigned long long)gap,
                          (unsigned long long)end);
        }
        last = start + stride;
        end = vpc_max(end, last);
    }
    free(places);
    disk->free = end;
    return status;
}

/* The footer comes down to the last block, and only then the file ends there. */
static int32_t trim(struct tarn_call *call, struct vpc_disk *disk)
{
    struct vpc_head *head = &disk->head;
    uint64_t end = vpc_round_up(disk->free, VPC_SECTOR);
    int32_t status = tarn_io_pwrite(call, head->file, head->footer.bytes, VPC_FOOTER_SIZE, end);

    if (status == TARN_OK)
        status = tarn_io_flush(call, head->file);
    if (status == TARN_OK)
        status = tarn_io_truncate(call, head->file, end + VPC_FOOTER_SIZE, TARN_TRUNCATE_SHRINK);
    if (status == TARN_OK)
        status = tarn_io_flush(call, head->file);
    if (status == TARN_OK) {
        head->last_offset = end;
        head->file_size = end + VPC_FOOTER_SIZE;
    }
    return status;
}

static int32_t check_tail(struct tarn_call *call, struct checker *checker)
{
    struct vpc_disk *disk = checker->disk;
    const struct vpc_head *head = &disk->head;
    uint64_t stride = vpc_stride(head);
    uint64_t offset = disk->free;
    uint64_t end = head->last != VPC_COPY_NONE ? head->last_offset : head->file_size;
    uint64_t leaks = end > offset ? (end - offset) / stride : 0;
    bool repair = checker->flags != 0 && checker->table_sound && head->footer_sound &&
                  head->header_sound;

    if (leaks == 0 || (head->file->flags & TARN_IO_FIXED_SIZE))
        return TARN_OK;
    if (repair) {
        int32_t status = trim(call, disk);

        if (status != TARN_OK)
            return status;
        checker->result.leaks_fixed += leaks;
    } else {
        checker->result.leaks += leaks;
    }
    return tell(call, checker, TARN_FINDING_LEAK, repair, offset, end - offset,
                "%llu bytes at %llu, behind the last block, belong to none",
                (unsigned long long)(end - offset), (unsigned long long)offset);
}

/* --- footers and checksums -------------------------------------------------------------------- */

/* With a wrong checksum the fields of a footer need another witness: its copy, or, of a fixed
 * image, the size of the file. Two copies with the same wrong checksum were changed by hand, not by
 * chance. */
static bool may_repair(const struct checker *checker)
{
    const struct vpc_head *head = &checker->disk->head;
    bool witness = head->footer.type == VPC_FIXED
                       ? head->capacity == head->last_offset
                       : head->first == head->last && !head->copies_differ;

    return (checker->flags & TARN_CHECK_REPAIR_ALL) != 0 && checker->table_sound &&
           (head->footer_sound || witness);
}

static int32_t put_seals(struct tarn_call *call, struct vpc_disk *disk)
{
    struct vpc_head *head = &disk->head;
    int32_t status = TARN_OK;

    if (!head->header_sound) {
        vpc_header_seal(&head->header);
        status = tarn_io_pwrite(call, head->file, head->header.bytes, VPC_HEADER_SIZE,
                                head->footer.data_offset);
        head->header_sound = status == TARN_OK;
    }
    if (status == TARN_OK && !head->footer_sound) {
        vpc_footer_seal(&head->footer);
        if (head->footer.type == VPC_FIXED)
            status = tarn_io_pwrite(call, head->file, head->footer.bytes,
                                    head->file_size - head->last_offset, head->last_offset);
        head->first = VPC_COPY_NONE; /* both are written below */
        head->footer_sound = status == TARN_OK;
    }
    if (status == TARN_OK && head->footer.type != VPC_FIXED)
        status = vpc_footers_mend(call, disk);
    return status == TARN_OK ? tarn_io_flush(call, head->file) : status;
}

static int32_t tell_seals(struct tarn_call *call, struct checker *checker, bool repaired,
                          uint64_t *out_count)
{
    const struct vpc_head *head = &checker->disk->head;
    bool sparse = head->footer.type != VPC_FIXED;
    int32_t status = TARN_OK;

    *out_count = 0;
    if (!head->footer_sound && ++*out_count > 0)
        status = tell(call, checker, TARN_FINDING_CORRUPTION, repaired,
                      sparse ? 0 : head->last_offset, VPC_FOOTER_SIZE,
                      "the checksum of the footer is wrong");
    if (status == TARN_OK && !head->header_sound && ++*out_count > 0)
        status = tell(call, checker, TARN_FINDING_CORRUPTION, repaired, head->footer.data_offset,
                      VPC_HEADER_SIZE, "the checksum of the dynamic header is wrong");
    if (!sparse || !head->footer_sound || status != TARN_OK)
        return status;
    if (head->first != VPC_COPY_SOUND && ++*out_count > 0)
        status = tell(call, checker, TARN_FINDING_CORRUPTION, repaired, 0, VPC_FOOTER_SIZE,
                      "the copy of the footer at the start is missing or damaged");
    else if (head->last != VPC_COPY_SOUND && ++*out_count > 0)
        status = tell(call, checker, TARN_FINDING_CORRUPTION, repaired, head->last_offset,
                      VPC_FOOTER_SIZE, "the footer at the end is missing or damaged");
    else if (head->copies_differ && ++*out_count > 0)
        status = tell(call, checker, TARN_FINDING_CORRUPTION, repaired, head->last_offset,
                      VPC_FOOTER_SIZE, "the footer at the end differs from its copy at the start");
    return status;
}

static int32_t check_seals(struct tarn_call *call, struct checker *checker)
{
    bool repair = may_repair(checker);
    uint64_t count;
    int32_t status = tell_seals(call, checker, repair, &count);

    if (status == TARN_OK && count > 0 && repair)
        status = put_seals(call, checker->disk);
    if (repair)
        checker->result.corruptions_fixed += count;
    else
        checker->result.corruptions += count;
    return status;
}

/* --- the parent ------------------------------------------------------------------------------- */

static int32_t check_parent(struct tarn_call *call, struct checker *checker)
{
    const struct vpc_head *head = &checker->disk->head;
    char name[VPC_NAME_MAX];
    struct tarn_identity identity;
    struct vpc_head parent;
    int32_t status = vpc_parent_name(call, head, name);

    if (status == TARN_E_CORRUPT) {
        call->host->forget(call);
        return CORRUPTION(call, checker, head->footer.data_offset, VPC_HEADER_SIZE,
                          "the image is differencing, and the name of its parent is damaged");
    }
    if (status == TARN_OK)
        status = vpc_parent_head(call, name, &parent, &identity);
    if (status == TARN_E_CANCELLED || status == TARN_E_TIMEOUT)
        return status;
    if (status != TARN_OK) {
        call->host->forget(call);
        checker->result.errors++;
        return tell(call, checker, TARN_FINDING_ERROR, false, 0, 0,
                    "the parent %.200s cannot be looked at", name);
    }
    if (vpc_parent_matches(head, &parent))
        return TARN_OK;
    return CORRUPTION(call, checker, 0, 0, "%.200s is not the parent that the image was made over",
                      name);
}

int32_t vpc_check(struct tarn_call *call, struct tarn_io *file, uint32_t flags)
{
    struct checker checker = { .flags = flags, .table_sound = true };
    bool sparse;
    struct vpc_head head;
    int32_t status = vpc_head_read(call, file, &head);

    if (status == TARN_OK)
        status = vpc_disk_new(call, &head, flags != 0, &checker.disk);
    if (status != TARN_OK)
        return status;
    checker.result.struct_size = sizeof(checker.result);
    checker.result.total_clusters = head.entries;
    sparse = head.footer.type != VPC_FIXED;
    if (sparse)
        status = check_places(call, &checker);
    if (status == TARN_OK && sparse)
        status = check_order(call, &checker);
    if (status == TARN_OK)
        status = check_seals(call, &checker);
    if (status == TARN_OK && sparse)
        status = check_tail(call, &checker);
    if (status == TARN_OK && head.footer.type == VPC_DIFFERENCING)
        status = check_parent(call, &checker);
    checker.result.image_end = sparse ? checker.disk->free + VPC_FOOTER_SIZE
                                      : checker.disk->head.file_size;
    if (status == TARN_OK)
        status = call->host->emit_check(call, &checker.result);
    vpc_disk_free(checker.disk);
    return status;
}
