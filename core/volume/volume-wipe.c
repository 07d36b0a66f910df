/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Wiping a volume's container. What was an image is raw bytes afterwards.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/volume/record.h"
#include "core/registry/registry.h"
#include "core/volume/volume.h"

#define WIPE_CHUNK (1024u * 1024u)

/* A pass writes up to three bytes over and over, or random bytes. */
struct pass {
    unsigned char length; /* 0 = random */
    unsigned char bytes[3];
};

struct algorithm {
    const char *name;
    const struct pass *passes;
    unsigned count;
};

#define RANDOM { 0, { 0 } }
#define BYTE(value) { 1, { value } }
#define TRIPLE(a, b, c) { 3, { a, b, c } }

static const struct pass zero[] = { BYTE(0x00) };
static const struct pass random_once[] = { RANDOM };
/* NNSA NAP-14.1-C: two random passes, then a known one. */
static const struct pass nnsa[] = { RANDOM, RANDOM, BYTE(0x00) };
/* DoD 5220.22-M: random, a character, its complement. */
static const struct pass dod[] = { RANDOM, BYTE(0x00), BYTE(0xff) };
/* The German BSI's: each bit cleared in turn, then the middle. */
static const struct pass bsi[] = { BYTE(0xff), BYTE(0xfe), BYTE(0xfd), BYTE(0xfb), BYTE(0xf7),
                                   BYTE(0xef), BYTE(0xdf), BYTE(0xbf), BYTE(0x7f) };
/* B. Schneier, Applied Cryptography (1996). */
static const struct pass schneier[] = { BYTE(0x00), BYTE(0xff), RANDOM, RANDOM,
                                        RANDOM,     RANDOM,     RANDOM };
static const struct pass pfitzner7[] = { RANDOM, RANDOM, RANDOM, RANDOM, RANDOM, RANDOM, RANDOM };
static const struct pass pfitzner33[] = {
    RANDOM, RANDOM, RANDOM, RANDOM, RANDOM, RANDOM, RANDOM, RANDOM, RANDOM, RANDOM, RANDOM,
    RANDOM, RANDOM, RANDOM, RANDOM, RANDOM, RANDOM, RANDOM, RANDOM, RANDOM, RANDOM, RANDOM,
    RANDOM, RANDOM, RANDOM, RANDOM, RANDOM, RANDOM, RANDOM, RANDOM, RANDOM, RANDOM, RANDOM,
};
/* P. Gutmann, Secure Deletion of Data from Magnetic and Solid-State Memory (1996), table 1. */
static const struct pass gutmann[] = {
    RANDOM, RANDOM, RANDOM, RANDOM,
    BYTE(0x55), BYTE(0xaa), TRIPLE(0x92, 0x49, 0x24), TRIPLE(0x49, 0x24, 0x92),
    TRIPLE(0x24, 0x92, 0x49), BYTE(0x00), BYTE(0x11), BYTE(0x22), BYTE(0x33), BYTE(0x44),
    BYTE(0x55), BYTE(0x66), BYTE(0x77), BYTE(0x88), BYTE(0x99), BYTE(0xaa), BYTE(0xbb),
    BYTE(0xcc), BYTE(0xdd), BYTE(0xee), BYTE(0xff), TRIPLE(0x92, 0x49, 0x24),
    TRIPLE(0x49, 0x24, 0x92), TRIPLE(0x24, 0x92, 0x49), TRIPLE(0x6d, 0xb6, 0xdb),
    TRIPLE(0xb6, 0xdb, 0x6d), TRIPLE(0xdb, 0x6d, 0xb6),
    RANDOM, RANDOM, RANDOM, RANDOM,
};

#define ALGORITHM(name, passes) { name, passes, sizeof(passes) / sizeof((passes)[0]) }

static const struct algorithm algorithms[] = {
    ALGORITHM("zero", zero),           ALGORITHM("random", random_once),
    ALGORITHM("nnsa", nnsa),           ALGORITHM("dod", dod),
    ALGORITHM("bsi", bsi),             ALGORITHM("gutmann", gutmann),
    ALGORITHM("schneier", schneier),   ALGORITHM("pfitzner7", pfitzner7),
    ALGORITHM("pfitzner33", pfitzner33),
};

/* Gives the space back, which is a wipe where the storage promises zeros afterwards. */
static const struct algorithm trim = { "trim", NULL, 0 };

static const struct algorithm *find_algorithm(const char *name)
{
    size_t index;

    if (strcmp(name, trim.name) == 0)
        return &trim;
    for (index = 0; index < sizeof(algorithms) / sizeof(algorithms[0]); index++)
        if (strcmp(algorithms[index].name, name) == 0)
            return &algorithms[index];
    return NULL;
}

struct wipe {
    struct volume_visit *visit;
    struct call call;
    struct tarn_io *io;
    unsigned char *buffer;
    uint64_t size;
    uint64_t done;
    uint64_t total;
};

/* --- one pass --------------------------------------------------------------------------------- */

static int fill_random(struct wipe *wipe, size_t length)
{
    size_t filled = 0;

    while (filled < length) {
        ssize_t got = getrandom(wipe->buffer + filled, length - filled, 0);

        if (got < 0 && errno != EINTR)
            return tarn_fail(&wipe->call.abi, TARN_E_IO, errno, "no random bytes");
        filled += got > 0 ? (size_t)got : 0;
    }
    return TARN_OK;
}

/* The chunk is a multiple of three, so that triples go on from one to the next. */
static void fill_pattern(struct wipe *wipe, const struct pass *pass, size_t length)
{
    size_t index;

    for (index = 0; index < length; index++)
        wipe->buffer[index] = pass->bytes[index % pass->length];
}

static int run_pass(struct wipe *wipe, const struct pass *pass)
{
    const uint64_t chunk = WIPE_CHUNK / 3 * 3;
    uint64_t offset;
    int status = TARN_OK;

    if (pass->length != 0)
        fill_pattern(wipe, pass, chunk);
    for (offset = 0; status == TARN_OK && offset < wipe->size; offset += chunk) {
        uint64_t part = wipe->size - offset < chunk ? wipe->size - offset : chunk;

        operation_progress(&wipe->visit->pool.operation, wipe->done, wipe->total);
        status = tarn_interrupted(&wipe->call.abi);
        if (status == TARN_OK && pass->length == 0)
            status = fill_random(wipe, part);
        if (status == TARN_OK)
            status = tarn_io_pwrite(&wipe->call.abi, wipe->io, wipe->buffer, part, offset);
        wipe->done += part;
    }
    /* Each pass has to reach the storage before the next covers it. */
    return status == TARN_OK ? tarn_io_flush(&wipe->call.abi, wipe->io) : status;
}

/* --- the whole -------------------------------------------------------------------------------- */

/* Zeros need not take space: a sparse file stays one. */
static int wipe_with_zeros(struct wipe *wipe)
{
    int status = tarn_io_zero(&wipe->call.abi, wipe->io, 0, wipe->size, TARN_ZERO_MAY_UNMAP);

    if (status == TARN_E_UNSUPPORTED)
        return run_pass(wipe, zero);
    return status == TARN_OK ? tarn_io_flush(&wipe->call.abi, wipe->io) : status;
}

static int wipe_by_trim(struct wipe *wipe)
{
    int status = tarn_io_zero(&wipe->call.abi, wipe->io, 0, wipe->size,
                              TARN_ZERO_MAY_UNMAP | TARN_ZERO_FAST_ONLY);

    if (status == TARN_E_UNSUPPORTED)
        return tarn_fail(&wipe->call.abi, TARN_E_UNSUPPORTED, 0,
                         "the storage cannot give space back: wipe with zeros");
    return status == TARN_OK ? tarn_io_flush(&wipe->call.abi, wipe->io) : status;
}

static int run(struct wipe *wipe, const struct algorithm *algorithm)
{
    unsigned index;
    int status = tarn_io_size(&wipe->call.abi, wipe->io, &wipe->size);

    if (status != TARN_OK)
        return status;
    if (algorithm == &trim)
        return wipe_by_trim(wipe);
    if (algorithm->passes == zero)
        return wipe_with_zeros(wipe);
    wipe->total = wipe->size * algorithm->count;
    for (index = 0; status == TARN_OK && index < algorithm->count; index++)
        status = run_pass(wipe, &algorithm->passes[index]);
    return status;
}

/* The bytes are a guest's own now: without its record the next header somebody writes there would
 * make it an image again. The format is the one whose images are any bytes. */
static int record_as_bytes(struct wipe *wipe, struct tarn_error **error)
{
    const struct tarn_pool_type *type = wipe->visit->pool.session->type.type;
    struct tarn_context *context = wipe->visit->pool.pool->context;
    const struct format_ref *all = NULL;
    int status = registry_formats(&all, context->registry, error);

    if (!(type->flags & TARN_POOL_IMAGES))
        return TARN_OK;
    if (type->flags & TARN_POOL_BYTES) /* where that is what a volume without a record is */
        return record_remove(context, wipe->visit->pool.pool->name, wipe->visit->entry->info.name,
                             error);
    for (; status == TARN_OK && all->format != NULL; all++) {
        const struct volume_record record = { .format = (char *)(uintptr_t)all->format->name };

        if ((all->format->capabilities & TARN_FORMAT_TRANSPARENT) &&
            !(all->format->capabilities & TARN_FORMAT_PROBE))
            return record_write(context, wipe->visit->pool.pool->name,
                                wipe->visit->entry->info.name, &record, error);
    }
    return status;
}

int volume_wipe(struct volume_visit *visit, const char *algorithm_name, struct tarn_error **error)
{
    const char *name = visit->entry->info.name;
    const struct algorithm *algorithm = find_algorithm(algorithm_name);
    struct wipe wipe = { .visit = visit };
    int closed;
    int status = TARN_OK;

    if (algorithm == NULL)
        return error_set(error, TARN_E_INVALID, 0,
                         "there is no way to wipe called \"%s\": zero, random, trim, nnsa, dod, "
                         "bsi, gutmann, schneier, pfitzner7, pfitzner33", algorithm_name);
    if (visit->entry->files != NULL)
        status = error_set(error, TARN_E_UNSUPPORTED, 0,
                           "the bytes of the volume \"%s\" lie in other files, such as %s: wipe "
                           "those", name, visit->entry->files[0]);
    wipe.buffer = malloc(WIPE_CHUNK);
    if (status == TARN_OK && wipe.buffer == NULL)
        status = error_set(error, TARN_E_INTERNAL, 0, "no memory to wipe");
    if (status == TARN_OK)
        status = volume_container(&wipe.io, visit->pool.session, &visit->pool.operation, name,
                                  CONTAINER_WRITE, error);
    if (status == TARN_OK)
        status = record_as_bytes(&wipe, error);
    if (wipe.io != NULL) {
        call_begin(&wipe.call, &visit->pool.operation, NULL);
        if (status == TARN_OK)
            status = run(&wipe, algorithm);
        closed = tarn_io_close(&wipe.call.abi, wipe.io);
        status = call_end(&wipe.call, status != TARN_OK ? status : closed, error);
    }
    free(wipe.buffer);
    return status;
}

int tarn_volume_wipe(struct tarn_volume *volume, const char *algorithm_name, struct tarn_job *job,
                     struct tarn_error **error)
{
    struct volume_visit visit;
    int status = volume_enter(&visit, volume, "vol-wipe", LOCK_EXCLUSIVE, job, error);

    if (status != TARN_OK)
        return status;
    status = volume_wipe(&visit, algorithm_name, error);
    volume_changed(&visit);
    volume_leave(&visit);
    return status;
}
