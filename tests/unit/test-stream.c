/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading ahead: what comes out and in which order, how far ahead is read, and whose failure is
 * whose.
 */
#include "core/volume/stream.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/context/context.h"
#include "tests/unit/unit.h"

#define NEVER UINT64_MAX
#define BASE 4711u /* where the ranges begin: at no part's border of the store */

/* --- a byte store whose bytes tell where they are --------------------------------------------- */

struct source {
    struct tarn_io io; /* first */
    uint64_t end;      /* of the range: beyond it nothing is read */
    uint64_t fail_at;  /* the part that cannot be read, counted from 0 */
    long delay;        /* milliseconds of each reading */
    bool interruptible;
    _Atomic uint64_t begun; /* parts */
    _Atomic uint64_t ended; /* also in failure */
    _Atomic bool elsewhere; /* another thread than the first reads */
    pthread_t first;
};

static void wait_milliseconds(long milliseconds)
{
    struct timespec time = { milliseconds / 1000, milliseconds % 1000 * 1000000L };

    nanosleep(&time, NULL);
}

static unsigned char byte_at(uint64_t offset)
{
    return (unsigned char)((offset * UINT64_C(0x9e3779b97f4a7c15)) >> 56);
}

static bool is_right(const unsigned char *bytes, uint64_t length, uint64_t offset)
{
    uint64_t i;

    for (i = 0; i < length; i++)
        if (bytes[i] != byte_at(offset + i))
            return false;
    return true;
}

static int32_t read_source(struct tarn_call *call, struct source *source, unsigned char *to,
                           uint64_t length, uint64_t offset)
{
    uint64_t i;

    wait_milliseconds(source->delay);
    if (source->interruptible && tarn_interrupted(call) != TARN_OK)
        return TARN_E_CANCELLED;
    if ((offset - BASE) / STREAM_PART == source->fail_at)
        return tarn_fail(call, TARN_E_IO, EIO, "cannot read at %llu", (unsigned long long)offset);
    for (i = 0; i < length; i++)
        to[i] = byte_at(offset + i);
    return TARN_OK;
}

static int32_t source_pread(struct tarn_call *call, struct tarn_io *io, void *buffer,
                            uint64_t length, uint64_t offset)
{
    struct source *source = (struct source *)(void *)io;
    int32_t status;

    CU_ASSERT(length > 0 && length <= STREAM_PART && length <= source->end - offset);
    CU_ASSERT_EQUAL(offset, BASE + atomic_load(&source->begun) * STREAM_PART);
    if (!pthread_equal(pthread_self(), source->first))
        atomic_store(&source->elsewhere, true);
    atomic_fetch_add(&source->begun, 1);
    status = read_source(call, source, buffer, length, offset);
    atomic_fetch_add(&source->ended, 1);
    return status;
}

/* --- one stream ------------------------------------------------------------------------------- */

static struct tarn_context context;
static struct operation operation;
static struct call call;
static struct source source;
static struct stream *stream;

static void begin_with(struct tarn_job *job, uint64_t length)
{
    source.end = BASE + length;
    memset(&context, 0, sizeof(context));
    pthread_mutex_init(&context.operations_lock, NULL);
    operation_begin(&operation, &context, "vol-download", "p", "v", job);
    call_begin(&call, &operation, NULL);
    CU_ASSERT_EQUAL_FATAL(stream_begin(&stream, &call, &source.io, BASE, length), TARN_OK);
}

static void prepare(uint64_t fail_at, long delay)
{
    memset(&source, 0, sizeof(source));
    source.io.struct_size = sizeof(source.io);
    source.io.pread = source_pread;
    source.fail_at = fail_at;
    source.delay = delay;
    source.first = pthread_self();
}

static void begin(uint64_t length, uint64_t fail_at, long delay)
{
    prepare(fail_at, delay);
    begin_with(NULL, length);
}

static void end(void)
{
    stream_end(stream);
    call_end(&call, TARN_OK, NULL);
    operation_end(&operation);
    pthread_mutex_destroy(&context.operations_lock);
}

/* Takes the part that begins at *io_done, all there is between two parts' borders. */
static uint64_t take(uint64_t *io_done, uint64_t length)
{
    const void *part = NULL;
    uint64_t left = length - *io_done;
    uint64_t got = 0;

    CU_ASSERT_EQUAL_FATAL(stream_next(stream, &part, &got), TARN_OK);
    CU_ASSERT_EQUAL(got, left < STREAM_PART ? left : STREAM_PART);
    CU_ASSERT(got == 0 || is_right(part, got, BASE + *io_done));
    *io_done += got;
    return got;
}

/* All of it; between two parts the taker sleeps. Each part is there once, and then nothing. */
static void take_all(uint64_t length, long delay)
{
    uint64_t done = 0;

    while (take(&done, length) > 0)
        wait_milliseconds(delay);
    CU_ASSERT_EQUAL(done, length);
    CU_ASSERT_EQUAL(take(&done, length), 0);
    CU_ASSERT_EQUAL(atomic_load(&source.ended), (length + STREAM_PART - 1) / STREAM_PART);
}

static void check_length(uint64_t length, bool thread)
{
    begin(length, NEVER, 0);
    take_all(length, 0);
    CU_ASSERT_EQUAL(atomic_load(&source.elsewhere), thread);
    end();
}

/* False: the reading did not get so far within 20 seconds. */
static bool wait_for_parts(const _Atomic uint64_t *parts, uint64_t count)
{
    int tries = 4000;

    while (atomic_load(parts) < count && tries-- > 0)
        wait_milliseconds(5);
    return atomic_load(parts) >= count;
}

/* The next part cannot be read, and nothing can after it. */
static void fails(int status, const char *text)
{
    const void *part = NULL;
    uint64_t got = 1;

    CU_ASSERT_EQUAL(stream_next(stream, &part, &got), status);
    CU_ASSERT_EQUAL(got, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(call.error);
    CU_ASSERT_EQUAL(tarn_error_status(call.error), status);
    CU_ASSERT_STRING_EQUAL(tarn_error_message(call.error), text);
    CU_ASSERT_EQUAL(stream_next(stream, &part, &got), status);
    CU_ASSERT_STRING_EQUAL(tarn_error_message(call.error), text);
}

/* --- what comes out --------------------------------------------------------------------------- */

static void whole_parts(void)
{
    check_length(2 * STREAM_PART, true);
    check_length(5 * STREAM_PART, true);
}

static void odd_lengths(void)
{
    check_length(STREAM_PART + 1, true);
    check_length(4 * STREAM_PART - 1, true);
    check_length(3 * STREAM_PART + 4099, true);
}

/* Nothing would be read ahead. */
static void at_most_one_part(void)
{
    check_length(STREAM_PART, false);
    check_length(STREAM_PART - 1, false);
    check_length(1, false);
}

static void nothing(void)
{
    check_length(0, false);
    CU_ASSERT_EQUAL(atomic_load(&source.begun), 0);
}

static void slow_reader(void)
{
    begin(4 * STREAM_PART + 7, NEVER, 20);
    take_all(4 * STREAM_PART + 7, 0);
    end();
}

static void slow_taker(void)
{
    begin(5 * STREAM_PART + 7, NEVER, 0);
    take_all(5 * STREAM_PART + 7, 20);
    end();
}

/* While a part is in use the next is read; the one after that has no room, and the part keeps. */
static void one_part_ahead(void)
{
    const uint64_t length = 6 * STREAM_PART;
    const void *part = NULL;
    uint64_t got = 1;
    uint64_t i;

    begin(length, NEVER, 0);
    for (i = 0; i < 6; i++) {
        CU_ASSERT_EQUAL_FATAL(stream_next(stream, &part, &got), TARN_OK);
        CU_ASSERT(wait_for_parts(&source.ended, i < 4 ? i + 2 : 6));
        wait_milliseconds(5);
        CU_ASSERT(atomic_load(&source.begun) <= i + 2);
        CU_ASSERT(is_right(part, got, BASE + i * STREAM_PART));
    }
    end();
}

/* A stack that nobody has room for: the next thread does not begin. */
static void limit_stack(size_t size)
{
    pthread_attr_t attributes;

    pthread_attr_init(&attributes);
    if (size != 0)
        pthread_attr_setstacksize(&attributes, size);
    CU_ASSERT_EQUAL_FATAL(pthread_setattr_default_np(&attributes), 0);
    pthread_attr_destroy(&attributes);
}

static void without_a_thread(void)
{
    pthread_attr_t before;
    size_t stack = 0;

    pthread_getattr_default_np(&before);
    pthread_attr_getstacksize(&before, &stack);
    pthread_attr_destroy(&before);
    limit_stack((size_t)1 << 60);
    check_length(3 * STREAM_PART + 4099, false);
    begin(4 * STREAM_PART, 2, 0);
    limit_stack(stack);
    take(&(uint64_t){ 0 }, 4 * STREAM_PART);
    take(&(uint64_t){ STREAM_PART }, 4 * STREAM_PART);
    fails(TARN_E_IO, "cannot read at 2101863: Input/output error");
    CU_ASSERT_EQUAL(atomic_load(&source.begun), 3);
    end();
}

/* --- failures --------------------------------------------------------------------------------- */

static void failure_in_a_part(void)
{
    const uint64_t length = 5 * STREAM_PART;
    uint64_t done = 0;

    begin(length, 2, 0);
    take(&done, length);
    CU_ASSERT(wait_for_parts(&source.ended, 2));
    take(&done, length);
    CU_ASSERT(wait_for_parts(&source.ended, 3));
    CU_ASSERT_PTR_NULL(call.error); /* it is not its turn */
    fails(TARN_E_IO, "cannot read at 2101863: Input/output error");
    end();
    CU_ASSERT_EQUAL(atomic_load(&source.begun), 3);
}

static void failure_at_once(void)
{
    begin(3 * STREAM_PART, 0, 0);
    fails(TARN_E_IO, "cannot read at 4711: Input/output error");
    end();
    begin(STREAM_PART, 0, 0);
    fails(TARN_E_IO, "cannot read at 4711: Input/output error");
    end();
}

static void failure_in_the_last_part(void)
{
    const uint64_t length = STREAM_PART + 1;
    uint64_t done = 0;

    begin(length, 1, 0);
    take(&done, length);
    fails(TARN_E_IO, "cannot read at 1053287: Input/output error");
    end();
}

static void takers_failure(void)
{
    uint64_t done = 0;

    begin(3 * STREAM_PART, 1, 0);
    take(&done, 3 * STREAM_PART);
    CU_ASSERT(wait_for_parts(&source.ended, 2));
    tarn_fail(&call.abi, TARN_E_NO_SPACE, 0, "the receiver is full");
    stream_end(stream);
    stream = NULL;
    CU_ASSERT_STRING_EQUAL(tarn_error_message(call.error), "the receiver is full");
    end();
}

static void early_end(void)
{
    uint64_t done = 0;

    begin(9 * STREAM_PART, NEVER, 0); /* before anything is taken */
    end();
    CU_ASSERT(atomic_load(&source.begun) <= 2);
    begin(9 * STREAM_PART, NEVER, 20); /* in the middle of reading */
    take(&done, 9 * STREAM_PART);
    end();
    CU_ASSERT(atomic_load(&source.begun) <= 3);
    CU_ASSERT_EQUAL(atomic_load(&source.begun), atomic_load(&source.ended));
    stream_end(NULL);
}

/* The thread's readings belong to the operation: its job ends them. */
static void cancelled(void)
{
    struct tarn_job *job = NULL;
    uint64_t done = 0;

    CU_ASSERT_EQUAL_FATAL(tarn_job_new(&job, NULL, NULL), TARN_OK);
    prepare(NEVER, 0);
    source.interruptible = true;
    begin_with(job, 9 * STREAM_PART);
    take(&done, 9 * STREAM_PART);
    CU_ASSERT(wait_for_parts(&source.ended, 2));
    tarn_job_cancel(job);
    take(&done, 9 * STREAM_PART);
    fails(TARN_E_CANCELLED, "vol-download was cancelled");
    end();
    tarn_job_unref(job);
}

static const struct unit_test tests[] = {
    { "whole parts come in order", whole_parts },
    { "the last part may have fewer bytes", odd_lengths },
    { "up to one part is read where it is taken", at_most_one_part },
    { "of no bytes no part comes, and nothing is read", nothing },
    { "a slow reader is waited for", slow_reader },
    { "a slow taker loses nothing", slow_taker },
    { "one part is read ahead, and the one in use is left alone", one_part_ahead },
    { "without a thread the same comes out", without_a_thread },
    { "a part that cannot be read is told once, when its turn comes", failure_in_a_part },
    { "the first part may fail", failure_at_once },
    { "the last part may fail", failure_in_the_last_part },
    { "who gives up tells why, not what failed ahead", takers_failure },
    { "what is not wanted any more ends", early_end },
    { "cancelling the operation ends the reading", cancelled },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("stream", tests);
}
