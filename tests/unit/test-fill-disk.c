/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test-fill-disk.c - a disk that is written once, in ascending order: what comes out of it is what
 * went in, each unit once and in order, however it was written and however many threads pack it.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake-host.h"
#include "helpers/fill-disk.h"
#include "memory-io.h"
#include "unit.h"

enum { UNIT = 64, FILLER = 0xee };

/* The image that the units are put into, as a plain array. */
struct image {
    uint64_t next; /* the index that must come */
    uint64_t calls;
    uint64_t packed_units;
    uint64_t end;
    enum fill_kind last;
    uint8_t *bytes; /* NULL = only counted */
    const uint8_t *below;
    uint64_t fail_at; /* the call of put, from 1, that fails */
    int finished;
    int closed;
    bool fail_finish;
    uint32_t slow; /* microseconds that packing takes */
};

static struct fake_host host;

/* "Packs" bytes that are all alike into one, and others not at all. */
static uint64_t pack_alike(const void *arg, const void *bytes, uint64_t length, void *out)
{
    const struct image *image = arg;
    const uint8_t *byte = bytes;

    if (image->slow > 0)
        usleep(image->slow * (byte[0] % 4u));
    for (uint64_t i = 1; i < length; i++)
        if (byte[i] != byte[0])
            return 0;
    *(uint8_t *)out = byte[0];
    return 1;
}

static void put_bytes(struct image *image, const struct fill_unit *unit)
{
    uint64_t start = unit->index * UNIT;

    switch (unit->kind) {
    case FILL_SKIPPED:
        for (uint64_t i = 0; i < unit->plain_length; i++)
            image->bytes[start + i] = image->below != NULL ? image->below[start + i] : 0;
        break;
    case FILL_ZERO:
        memset(image->bytes + start, 0, unit->plain_length);
        break;
    case FILL_PLAIN:
        memcpy(image->bytes + start, unit->plain, unit->plain_length);
        break;
    case FILL_PACKED:
        CU_ASSERT_EQUAL(unit->packed_length, 1);
        CU_ASSERT_EQUAL(memcmp(unit->plain, unit->plain + 1, unit->plain_length - 1), 0);
        memset(image->bytes + start, unit->packed[0], unit->plain_length);
        break;
    }
}

static int32_t put(struct tarn_call *call, void *arg, const struct fill_unit *unit)
{
    struct image *image = arg;
    bool run = unit->kind == FILL_SKIPPED || unit->kind == FILL_ZERO;

    CU_ASSERT_EQUAL(unit->index, image->next);
    CU_ASSERT(unit->count == 1 || (run && unit->count > 1));
    CU_ASSERT_EQUAL((unit->plain_length + UNIT - 1) / UNIT, unit->count);
    CU_ASSERT_EQUAL(unit->plain == NULL, run);
    CU_ASSERT(!run || image->calls == 0 || image->last != unit->kind);
    image->next = unit->index + unit->count;
    image->end = unit->index * UNIT + unit->plain_length;
    image->last = unit->kind;
    image->packed_units += unit->kind == FILL_PACKED;
    if (++image->calls == image->fail_at)
        return tarn_fail(call, TARN_E_NO_SPACE, 0, "the image is full");
    if (image->bytes != NULL)
        put_bytes(image, unit);
    return TARN_OK;
}

static int32_t finish(struct tarn_call *call, void *arg)
{
    struct image *image = arg;

    image->finished++;
    return image->fail_finish ? tarn_fail(call, TARN_E_IO, 0, "the end failed") : TARN_OK;
}

static int32_t close_image(struct tarn_call *call, void *arg)
{
    (void)call;
    ((struct image *)arg)->closed++;
    return TARN_OK;
}

static struct tarn_io *open_plan(struct image *image, uint64_t size, struct fill_plan plan)
{
    struct tarn_io *io;

    plan.arg = image;
    plan.size = size;
    plan.unit = UNIT;
    plan.packed_room = UNIT;
    plan.put = put;
    plan.finish = finish;
    plan.close = close_image;
    CU_ASSERT_EQUAL_FATAL(fill_disk_open(&host.call, &plan, &io), TARN_OK);
    return io;
}

static void close_io(struct tarn_io *io, const struct image *image)
{
    CU_ASSERT_EQUAL(tarn_io_close(&host.call, io), TARN_OK);
    CU_ASSERT_EQUAL(image->closed, 1);
}

/* One seeded way through a disk: writes, zeros, gaps, discards, of all lengths. */
static void random_fill(struct tarn_io *io, uint64_t size, uint8_t *model, unsigned int seed)
{
    uint8_t *bytes = malloc(size + 1);
    uint64_t at = 0;

    srand(seed);
    while (at < size) {
        uint64_t most = rand() % 4 == 0 ? 10 * UNIT : 2 * UNIT;
        uint64_t length = 1 + (uint64_t)rand() % most;

        length = length < size - at ? length : size - at;
        switch (rand() % 6) {
        case 0: /* a gap: what lies below is in the model already */
            break;
        case 1:
            CU_ASSERT_EQUAL(tarn_io_zero(&host.call, io, at, length, 0), TARN_OK);
            memset(model + at, 0, length);
            break;
        case 2:
            CU_ASSERT_EQUAL(tarn_io_discard(&host.call, io, at, length), TARN_OK);
            break;
        default:
            memset(bytes, rand() % 3, length);
            if (rand() % 2 == 0)
                for (uint64_t i = 0; i < length; i++)
                    bytes[i] = (uint8_t)rand();
            CU_ASSERT_EQUAL(tarn_io_pwrite(&host.call, io, bytes, length, at), TARN_OK);
            memcpy(model + at, bytes, length);
        }
        at += length;
    }
    free(bytes);
}

static void try_random(unsigned int seed, struct fill_plan plan)
{
    uint64_t size = 1 + (seed * 977u) % (200 * UNIT);
    uint64_t whole = (size + UNIT - 1) / UNIT * UNIT;
    uint8_t *model = calloc(1, whole);
    struct memory_io *below = memory_io_new(size / 2); /* shorter than the disk: zeros after it */
    struct image image = { .bytes = malloc(whole), .slow = seed % 8 == 0 ? 50 : 0 };
    struct tarn_io *io;

    memset(image.bytes, FILLER, whole);
    memset(below->bytes, 0x77, below->size);
    if (seed % 2 == 0) {
        plan.base = &below->io;
        memcpy(model, below->bytes, below->size);
    }
    uint8_t *skipped = malloc(whole);
    memcpy(skipped, model, whole);
    image.below = skipped;
    io = open_plan(&image, size, plan);
    random_fill(io, size, model, seed);
    CU_ASSERT_EQUAL(tarn_io_flush(&host.call, io), TARN_OK);
    CU_ASSERT_EQUAL(image.end, plan.pad ? whole : size);
    CU_ASSERT_EQUAL(memcmp(image.bytes, model, image.end), 0);
    CU_ASSERT_EQUAL(image.finished, 1);
    CU_ASSERT_EQUAL(tarn_io_flush(&host.call, io), TARN_OK);
    CU_ASSERT_EQUAL(image.finished, 1);
    close_io(io, &image);
    CU_ASSERT_EQUAL(host.failures, 0);
    memory_io_free(below);
    free(skipped);
    free(model);
    free(image.bytes);
}

static void unpacked(void)
{
    for (unsigned int seed = 1; seed <= 60; seed++)
        try_random(seed, (struct fill_plan){ .pad = seed % 3 == 0 });
}

static void packed_by_one(void)
{
    for (unsigned int seed = 1; seed <= 60; seed++)
        try_random(seed, (struct fill_plan){ .pack = pack_alike, .threads = 1,
                                             .pad = seed % 3 == 0 });
}

static void packed_by_many(void)
{
    for (unsigned int seed = 1; seed <= 60; seed++)
        try_random(seed, (struct fill_plan){ .pack = pack_alike, .threads = seed % 10,
                                             .pad = seed % 3 == 0 });
}

static void sizes(void)
{
    static const uint64_t all[] = { 0, 1, UNIT - 1, UNIT, UNIT + 1, 3 * UNIT };

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct image image = { .calls = 0 };
        struct tarn_io *io = open_plan(&image, all[i], (struct fill_plan){ .pack = pack_alike });
        uint64_t size = 0;

        CU_ASSERT_EQUAL(tarn_io_size(&host.call, io, &size), TARN_OK);
        CU_ASSERT_EQUAL(size, all[i]);
        CU_ASSERT_EQUAL(tarn_io_flush(&host.call, io), TARN_OK);
        CU_ASSERT_EQUAL(image.end, all[i]);
        CU_ASSERT_EQUAL(image.calls, all[i] > 0);
        close_io(io, &image);
    }
}

/* 4 EiB with two bytes: neither time nor calls for what is not there. */
static void sparse(void)
{
    uint64_t size = (uint64_t)1 << 62;
    struct image image = { .calls = 0 };
    struct tarn_io *io = open_plan(&image, size, (struct fill_plan){ .pack = pack_alike });

    CU_ASSERT_EQUAL(tarn_io_pwrite(&host.call, io, "x", 1, size / 2 + 3), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_zero(&host.call, io, size / 2 + 4, size / 4, 0), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pwrite(&host.call, io, "y", 1, size - 1), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_flush(&host.call, io), TARN_OK);
    /* a gap, x, zeros (and their last unit, which is all zeros too), a gap, y */
    CU_ASSERT_EQUAL(image.calls, 5);
    CU_ASSERT_EQUAL(image.end, size);
    close_io(io, &image);
}

static void refused(void)
{
    struct image image = { .calls = 0 };
    struct tarn_io *io = open_plan(&image, 10 * UNIT, (struct fill_plan){ .pack = pack_alike });
    char bytes[2 * UNIT] = { 1 };

    CU_ASSERT_EQUAL(tarn_io_pwrite(&host.call, io, bytes, UNIT, UNIT), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pwrite(&host.call, io, bytes, 1, 2 * UNIT - 1), TARN_E_UNSUPPORTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(host.error, "ascending order"));
    CU_ASSERT_EQUAL(tarn_io_zero(&host.call, io, 0, 1, 0), TARN_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(tarn_io_pwrite(&host.call, io, bytes, 2, 10 * UNIT - 1), TARN_E_NO_SPACE);
    CU_ASSERT_EQUAL(tarn_io_pwrite(&host.call, io, bytes, 2, UINT64_MAX), TARN_E_NO_SPACE);
    CU_ASSERT_EQUAL(tarn_io_discard(&host.call, io, 1, 10 * UNIT), TARN_E_NO_SPACE);
    fake_host_reset(&host);
    /* None of that did any harm. */
    CU_ASSERT_EQUAL(tarn_io_pwrite(&host.call, io, bytes, 0, 0), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_discard(&host.call, io, 0, UNIT), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pwrite(&host.call, io, bytes, UNIT, 2 * UNIT), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_flush(&host.call, io), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pwrite(&host.call, io, bytes, 1, 9 * UNIT), TARN_E_UNSUPPORTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(host.error, "only be written once"));
    CU_ASSERT_EQUAL(image.finished, 1);
    close_io(io, &image);
    fake_host_reset(&host);
}

static void unfinished(void)
{
    struct image image = { .calls = 0 };
    struct tarn_io *io = open_plan(&image, 100 * UNIT, (struct fill_plan){ .pack = pack_alike,
                                                                           .threads = 4 });
    char bytes[20 * UNIT];

    memset(bytes, 5, sizeof(bytes));
    CU_ASSERT_EQUAL(tarn_io_pwrite(&host.call, io, bytes, sizeof(bytes), 0), TARN_OK);
    close_io(io, &image);
    CU_ASSERT_EQUAL(image.finished, 0);
}

static void failing_put(void)
{
    char bytes[20 * UNIT];

    memset(bytes, 5, sizeof(bytes));
    for (uint64_t at = 1; at <= 20; at++) {
        for (uint32_t threads = 1; threads <= 3; threads++) {
            struct image image = { .fail_at = at };
            struct tarn_io *io = open_plan(&image, sizeof(bytes), (struct fill_plan){
                                               .pack = pack_alike, .threads = threads });
            int32_t written = tarn_io_pwrite(&host.call, io, bytes, sizeof(bytes), 0);

            CU_ASSERT(written == TARN_OK || written == TARN_E_NO_SPACE);
            CU_ASSERT_EQUAL(tarn_io_flush(&host.call, io), TARN_E_NO_SPACE);
            CU_ASSERT_STRING_EQUAL(host.error, "the image is full");
            CU_ASSERT_EQUAL(tarn_io_flush(&host.call, io), TARN_E_NO_SPACE);
            CU_ASSERT_PTR_NOT_NULL(strstr(host.context, "earlier write"));
            CU_ASSERT_EQUAL(image.calls, at);
            CU_ASSERT_EQUAL(image.finished, 0);
            close_io(io, &image);
            fake_host_reset(&host);
        }
    }
}

static void failing_finish(void)
{
    struct image image = { .fail_finish = true };
    struct tarn_io *io = open_plan(&image, UNIT, (struct fill_plan){ .threads = 0 });

    CU_ASSERT_EQUAL(tarn_io_flush(&host.call, io), TARN_E_IO);
    CU_ASSERT_EQUAL(tarn_io_flush(&host.call, io), TARN_E_IO);
    CU_ASSERT_EQUAL(image.finished, 1);
    close_io(io, &image);
    fake_host_reset(&host);
}

static void failing_base(void)
{
    struct memory_io *below = memory_io_new(10 * UNIT);
    struct image image = { .calls = 0 };
    struct tarn_io *io = open_plan(&image, 10 * UNIT, (struct fill_plan){ .base = &below->io });

    below->fail_at = below->operations + 1;
    CU_ASSERT_EQUAL(tarn_io_pwrite(&host.call, io, "x", 1, 3), TARN_E_IO);
    CU_ASSERT_EQUAL(tarn_io_flush(&host.call, io), TARN_E_IO);
    close_io(io, &image);
    memory_io_free(below);
    fake_host_reset(&host);
}

static void cancelled(void)
{
    char bytes[20 * UNIT];

    memset(bytes, 5, sizeof(bytes));
    for (uint64_t at = 1; at <= 21; at++) {
        struct image image = { .calls = 0 };
        struct tarn_io *io = open_plan(&image, sizeof(bytes), (struct fill_plan){
                                           .pack = pack_alike, .threads = 3 });

        host.cancel_at = at;
        if (tarn_io_pwrite(&host.call, io, bytes, sizeof(bytes), 0) == TARN_OK)
            CU_ASSERT_EQUAL(tarn_io_flush(&host.call, io), TARN_E_CANCELLED);
        CU_ASSERT_EQUAL(host.status, TARN_E_CANCELLED);
        CU_ASSERT(image.calls < at);
        CU_ASSERT_EQUAL(image.finished, 0);
        host.cancel_at = 0;
        close_io(io, &image);
        fake_host_reset(&host);
    }
}

static atomic_uint packs;

static uint64_t pack_counted(const void *arg, const void *bytes, uint64_t length, void *out)
{
    atomic_fetch_add(&packs, 1);
    return pack_alike(arg, bytes, length, out);
}

/* Each unit is packed once, also behind many runs that no thread has ever seen. */
static void packed_once(void)
{
    struct image image = { .bytes = malloc(1000 * UNIT), .slow = 20 };
    struct tarn_io *io = open_plan(&image, 1000 * UNIT, (struct fill_plan){
                                       .pack = pack_counted, .threads = 4 });
    char bytes[UNIT];

    for (uint64_t unit = 0; unit < 1000; unit += 2) { /* a gap, then zeros or bytes */
        uint64_t at = (unit + 1) * UNIT;

        memset(bytes, (int)(unit % 100) + 1, sizeof(bytes));
        CU_ASSERT_EQUAL(unit % 400 < 200 ? tarn_io_zero(&host.call, io, at, UNIT, 0)
                                         : tarn_io_pwrite(&host.call, io, bytes, UNIT, at),
                        TARN_OK);
    }
    CU_ASSERT_EQUAL(tarn_io_flush(&host.call, io), TARN_OK);
    CU_ASSERT_EQUAL(image.packed_units, 200);
    CU_ASSERT_EQUAL(atomic_load(&packs), 200);
    close_io(io, &image);
    free(image.bytes);
}

static uint64_t pack_where(const void *arg, const void *bytes, uint64_t length, void *out)
{
    sigset_t set;

    (void)arg;
    (void)bytes;
    (void)length;
    pthread_sigmask(SIG_SETMASK, NULL, &set);
    *(uint8_t *)out = (uint8_t)sigismember(&set, SIGTERM);
    usleep(100);
    return 1;
}

/* The threads take no signal, and the caller's mask is as it was. */
static void signals(void)
{
    struct image image = { .bytes = malloc(40 * UNIT) };
    struct tarn_io *io;
    struct fill_plan plan = { .arg = &image, .size = 40 * UNIT, .unit = UNIT, .packed_room = 1,
                              .threads = 4, .pack = pack_where, .put = put, .finish = finish,
                              .close = close_image };
    char bytes[40 * UNIT];
    sigset_t set;

    memset(bytes, 5, sizeof(bytes));
    CU_ASSERT_EQUAL_FATAL(fill_disk_open(&host.call, &plan, &io), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pwrite(&host.call, io, bytes, sizeof(bytes), 0), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_flush(&host.call, io), TARN_OK);
    for (size_t i = 0; i < sizeof(bytes); i++)
        CU_ASSERT_EQUAL(image.bytes[i], 1);
    pthread_sigmask(SIG_SETMASK, NULL, &set);
    CU_ASSERT_EQUAL(sigismember(&set, SIGTERM), 0);
    close_io(io, &image);
    free(image.bytes);
}

static void senseless_plans(void)
{
    struct image image = { .calls = 0 };
    struct fill_plan plan = { .arg = &image, .put = put, .finish = finish, .close = close_image };
    struct tarn_io *io;

    plan.size = 1;
    CU_ASSERT_EQUAL(fill_disk_open(&host.call, &plan, &io), TARN_E_INVALID);
    plan.unit = (uint64_t)1 << 32;
    CU_ASSERT_EQUAL(fill_disk_open(&host.call, &plan, &io), TARN_E_INVALID);
    plan.unit = 512;
    plan.size = UINT64_MAX;
    CU_ASSERT_EQUAL(fill_disk_open(&host.call, &plan, &io), TARN_E_INVALID);
    CU_ASSERT_PTR_NULL(io);
    CU_ASSERT_EQUAL(image.closed, 0);
    fake_host_reset(&host);
}

static const struct unit_test tests[] = {
    { "random fills, nothing packed", unpacked },
    { "random fills, packed in the caller's thread", packed_by_one },
    { "random fills, packed by several threads", packed_by_many },
    { "every unit is packed once", packed_once },
    { "a disk of any size that is only flushed", sizes },
    { "a sparse disk costs what was written", sparse },
    { "writes out of order, beyond the end, and after the end are refused", refused },
    { "without a flush nothing is finished", unfinished },
    { "a put that fails fails everything after it", failing_put },
    { "a finish that fails is not tried again", failing_finish },
    { "a base that cannot be read fails the write", failing_base },
    { "cancelled at every question", cancelled },
    { "threads take no signals", signals },
    { "plans without sense are refused", senseless_plans },
    { NULL, NULL },
};

int main(int argc, char **argv)
{
    int status;

    (void)argc;
    (void)argv;
    fake_host_init(&host);
    status = unit_main("fill-disk", tests);
    fake_host_clear(&host);
    return status;
}
