/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * check.c - the check of an image: one pass that counts and compares, by as many windows as memory
 * asks for; after a repair a second pass, which says what is left.
 */
#include "check.h"

#include <stdarg.h>

#include "helpers/be.h"

/* The first faults are told, all are counted. */
static int32_t tell(struct tarn_call *call, struct checker *checker, uint32_t kind,
                    bool repaired, uint64_t offset, uint64_t length, const char *text)
{
    struct tarn_finding finding = { .struct_size = sizeof(finding), .kind = kind,
                                    .repaired = repaired, .offset = offset, .length = length,
                                    .text = text };

    if (checker->silent || checker->told >= CHECK_FINDINGS_TOLD)
        return TARN_OK;
    checker->told++;
    return call->host->emit_finding(call, &finding);
}

int32_t check_leak(struct tarn_call *call, struct checker *checker, uint64_t offset,
                   uint64_t length)
{
    char text[128];

    checker->result.leaks += length >> checker->image->header.cluster_bits;
    snprintf(text, sizeof(text), "%llu bytes at %llu are counted as used more often than they are",
             (unsigned long long)length, (unsigned long long)offset);
    return tell(call, checker, TARN_FINDING_LEAK, checker->repair != 0, offset, length, text);
}

int32_t check_corruption(struct tarn_call *call, struct checker *checker, bool repaired,
                         uint64_t offset, uint64_t length, const char *format, ...)
{
    char text[256];
    va_list arguments;

    checker->result.corruptions++;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return tell(call, checker, TARN_FINDING_CORRUPTION, repaired, offset, length, text);
}

int32_t check_error(struct tarn_call *call, struct checker *checker, uint64_t offset,
                    const char *text)
{
    checker->result.errors++;
    return tell(call, checker, TARN_FINDING_ERROR, false, offset, 0, text);
}

int32_t check_unreadable(struct tarn_call *call, struct checker *checker, int32_t status,
                         const char *what, uint64_t offset)
{
    char text[128];

    if (status != TARN_E_IO && status != TARN_E_CORRUPT && status != TARN_E_INVALID)
        return status;
    call->host->forget(call);
    snprintf(text, sizeof(text), "the %s at %llu cannot be read", what,
             (unsigned long long)offset);
    return check_error(call, checker, offset, text);
}

/* --- windows ---------------------------------------------------------------------------------- */

static int32_t too_many(struct tarn_call *call, struct checker *checker)
{
    const struct qcow2_image *image = checker->image;

    checker->saturation_told = true;
    checker->result.errors++;
    return tell(call, checker, TARN_FINDING_ERROR, false,
                checker->saturated << image->header.cluster_bits, image->cluster_size,
                "a cluster has more references than can be counted");
}

int32_t check_count_window(struct tarn_call *call, struct checker *checker, uint64_t low,
                           bool first)
{
    struct tarn_check_result result = checker->result;
    bool silent = checker->silent;
    int32_t status;

    checker->silent |= !first;
    tally_start(&checker->tally, low);
    status = check_count_all(call, checker);
    if (status == TARN_OK && !checker->bare)
        status = check_structure(call, checker);
    checker->silent = silent;
    if (!first)
        checker->result = result;
    return status;
}

int32_t check_windows(struct tarn_call *call, struct checker *checker, check_window_fn visit,
                      void *arg)
{
    int32_t status = TARN_OK;

    if (checker->tally.low == 0 && checker->tally.next == TALLY_NONE)
        return visit(call, checker, arg);
    for (uint64_t low = 0; low != TALLY_NONE && status == TARN_OK; low = checker->tally.next) {
        status = check_count_window(call, checker, low, false);
        if (status == TARN_OK && !checker->bare)
            status = check_blocks(call, checker, false);
        if (status == TARN_OK)
            status = visit(call, checker, arg);
    }
    return status;
}

/* --- passes ----------------------------------------------------------------------------------- */

static int32_t judge_window(struct tarn_call *call, struct checker *checker, uint64_t low)
{
    int32_t status = check_count_window(call, checker, low, low == 0);

    if (status == TARN_OK && checker->saturated != TALLY_NONE && !checker->saturation_told)
        status = too_many(call, checker);
    if (status == TARN_OK)
        status = check_blocks(call, checker, true);
    return status == TARN_OK ? check_compare(call, checker) : status;
}

static void begin_pass(struct checker *checker)
{
    const struct qcow2_image *image = checker->image;

    checker->bare = checker->rebuild = checker->uncounted = checker->saturation_told = false;
    checker->saturated = TALLY_NONE;
    checker->references = 0;
    checker->file_size = image->file_size;
    checker->clusters = qcow2_divide_up(image->file_size, image->cluster_size);
    checker->result = (struct tarn_check_result){ .struct_size = sizeof(checker->result) };
    checker->result.total_clusters = qcow2_divide_up(image->header.size & ~(uint64_t)511,
                                                     image->cluster_size);
}

/* Everything that is found out about the image as it is now. */
static int32_t pass(struct tarn_call *call, struct checker *checker)
{
    uint64_t low = 0;
    int32_t status;

    begin_pass(checker);
    tally_end(&checker->tally); /* the file may have grown */
    status = tally_begin(call, &checker->tally, checker->clusters + 1, checker->chunks);
    for (; low != TALLY_NONE && status == TARN_OK; low = checker->tally.next)
        status = judge_window(call, checker, low);
    if (status == TARN_OK)
        status = check_compare_end(call, checker);
    return status == TARN_OK ? check_copied(call, checker) : status;
}

/* Nothing is wrong any more, so the image need not say so. */
static int32_t clear_marks(struct tarn_call *call, struct qcow2_image *image)
{
    uint64_t marks = QCOW2_DIRTY | QCOW2_CORRUPT;
    uint8_t bytes[8];
    int32_t status = TARN_OK;

    if (!(image->header.incompatible & marks))
        return TARN_OK;
    image->header.incompatible &= ~marks;
    be64_store(bytes, image->header.incompatible);
    status = qcow2_barrier(call, image);
    if (status == TARN_OK)
        status = qcow2_file_write(call, image, bytes, sizeof(bytes), QCOW2_AT_INCOMPATIBLE);
    return status == TARN_OK ? qcow2_barrier(call, image) : status;
}

static int32_t repair_and_look_again(struct tarn_call *call, struct checker *checker)
{
    uint64_t leaks = checker->result.leaks;
    uint64_t corruptions = checker->result.corruptions;
    struct tarn_check_result *result = &checker->result;
    int32_t status = TARN_OK;

    if (leaks + corruptions > 0) {
        status = check_repair(call, checker);
        checker->repair = 0; /* what is found from now on stays */
        if (status == TARN_OK)
            status = pass(call, checker);
        result->leaks_fixed = leaks - qcow2_min(leaks, result->leaks);
        result->corruptions_fixed = corruptions - qcow2_min(corruptions, result->corruptions);
    }
    if (status == TARN_OK && result->corruptions == 0 && result->errors == 0)
        status = clear_marks(call, checker->image);
    return status;
}

static int32_t run(struct tarn_call *call, struct tarn_io *file, uint32_t flags, bool silent,
                   uint32_t chunks, struct tarn_check_result *out)
{
    struct checker checker = { .repair = flags, .silent = silent, .chunks = chunks };
    struct qcow2_head head;
    int32_t status;

    if (flags != 0 && !(file->flags & TARN_IO_WRITABLE))
        return tarn_fail(call, TARN_E_ACCESS, 0, "a repair needs a container open for writing");
    status = qcow2_head_read(call, file, &head);
    if (status == TARN_OK)
        status = qcow2_image_new(call, &head, flags != 0, &checker.image);
    if (status != TARN_OK)
        return status;
    checker.image->checking = true;
    status = pass(call, &checker);
    if (status == TARN_OK && flags != 0)
        status = repair_and_look_again(call, &checker);
    if (status == TARN_OK && !silent)
        status = check_data_file(call, &checker, head.data_file, flags);
    *out = checker.result;
    tally_end(&checker.tally);
    qcow2_image_free(checker.image);
    return status;
}

int32_t qcow2_check_within(struct tarn_call *call, struct tarn_io *file, uint32_t flags,
                           uint32_t chunks)
{
    struct tarn_check_result result;
    int32_t status = run(call, file, flags & (TARN_CHECK_REPAIR_LEAKS | TARN_CHECK_REPAIR_ALL),
                         false, chunks, &result);

    return status == TARN_OK ? call->host->emit_check(call, &result) : status;
}

int32_t qcow2_check(struct tarn_call *call, struct tarn_io *file, uint32_t flags)
{
    return qcow2_check_within(call, file, flags, TALLY_CHUNKS_MAX);
}

int32_t qcow2_mend(struct tarn_call *call, struct tarn_io *file)
{
    struct tarn_check_result result;
    int32_t status = run(call, file, TARN_CHECK_REPAIR_ALL, true, TALLY_CHUNKS_MAX,
                         &result);

    if (status == TARN_OK && (result.corruptions != 0 || result.errors != 0))
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "the image was not closed cleanly and is damaged in %llu places that "
                         "cannot be repaired: check it",
                         (unsigned long long)(result.corruptions + result.errors));
    return status;
}
