/* SPDX-License-Identifier: BSD-2-Clause
 *
 * threads.c - the group threads: as many calls at once as the module's declared model allows, and
 * no result is another than when they come one by one.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "conform/format-image.h"
#include "conform/pool.h"

#define THREADS 4u
#define ROUNDS  24u
#define BLOCK   ((uint64_t)16384)
#define CAPACITY (BLOCK * THREADS * 4)

#define POOL_ROUNDS 4u

/* --- several at once -------------------------------------------------------------------------- */

struct crew {
    struct trial *trial;
    pthread_barrier_t start;
    void (*work)(struct trial *trial, unsigned number, void *arg);
    void *arg;
    atomic_uint next;
};

static void *member(void *arg)
{
    struct crew *crew = arg;
    unsigned number = atomic_fetch_add(&crew->next, 1);

    pthread_barrier_wait(&crew->start);
    crew->work(crew->trial, number, crew->arg);
    return NULL;
}

/* Calls `work` in THREADS threads at once, with 0, 1, … */
static void at_once(struct trial *trial, void (*work)(struct trial *, unsigned, void *), void *arg)
{
    struct crew crew = { .trial = trial, .work = work, .arg = arg };
    pthread_t threads[THREADS];

    pthread_barrier_init(&crew.start, NULL, THREADS);
    for (unsigned index = 0; index < THREADS; index++)
        trial_require(trial, pthread_create(&threads[index], NULL, member, &crew) == 0,
                      "the kit can make no thread");
    for (unsigned index = 0; index < THREADS; index++)
        pthread_join(threads[index], NULL);
    pthread_barrier_destroy(&crew.start);
}

/* --- images ----------------------------------------------------------------------------------- */

/* A byte of the pattern that one thread writes in one round. */
static uint8_t pattern(unsigned thread, unsigned round, uint64_t offset)
{
    return (uint8_t)(thread * 61u + round * 7u + (unsigned)(offset % 251u) + 1u);
}

static void fill(uint8_t *bytes, unsigned thread, unsigned round)
{
    for (uint64_t offset = 0; offset < BLOCK; offset++)
        bytes[offset] = pattern(thread, round, offset);
}

struct open_image {
    struct host *host; /* of the call that opened it */
    struct memory_store *store;
    struct tarn_io *io;
};

static void make_image(struct trial *trial, struct open_image *out)
{
    const struct tarn_format *format = trial->format;
    const struct tarn_image_spec *spec = &image_plan(trial, out->host)->spec;
    struct tarn_image_open how = { .struct_size = sizeof(how), .flags = TARN_IMAGE_OPEN_WRITE };

    if (spec->capacity < CAPACITY)
        trial_skip(trial, "images of its configuration have fewer than %llu bytes",
                   (unsigned long long)CAPACITY);
    out->store = memory_store_new(trial);
    out->store->io.flags |= TARN_IO_PARALLEL;
    host_begin(out->host, "create", HOST_MAY_RELATE);
    host_must(out->host, format->create(&out->host->call, &out->store->io, spec));
    host_begin(out->host, "open", HOST_MAY_RELATE);
    host_must(out->host, format->open(&out->host->call, &out->store->io, &how, &out->io));
    host_begin(out->host, "an operation of an open image", HOST_MAY_RELATE);
}

static void end_image(struct trial *trial, struct open_image *image)
{
    trial_require(trial, tarn_io_flush(&image->host->call, image->io) == TARN_OK,
                  "flush failed: %s", image->host->text);
    tarn_io_close(&image->host->call, image->io);
    host_end(image->host, TARN_OK);
    memory_store_free(image->store);
}

/* Writes and reads a part of an image that is this thread's alone. */
static void use_part(struct trial *trial, const struct open_image *image, unsigned number,
                     unsigned part)
{
    uint8_t *wrote = trial_alloc(trial, BLOCK);
    uint8_t *read = trial_alloc(trial, BLOCK);
    struct tarn_call *call = &image->host->call;

    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t offset = (part * 4u + round % 4u) * BLOCK;

        fill(wrote, number, round);
        trial_require(trial, tarn_io_pwrite(call, image->io, wrote, BLOCK, offset) == TARN_OK,
                      "a write at %llu failed beside others: %s", (unsigned long long)offset,
                      image->host->text);
        sched_yield();
        trial_require(trial, tarn_io_pread(call, image->io, read, BLOCK, offset) == TARN_OK,
                      "a read at %llu failed beside others: %s", (unsigned long long)offset,
                      image->host->text);
        trial_require(trial, memcmp(wrote, read, BLOCK) == 0,
                      "what one thread wrote at %llu was not what it read there, while others used "
                      "other parts", (unsigned long long)offset);
    }
}

static bool can_be_written(const struct trial *trial)
{
    const uint32_t all = TARN_FORMAT_CREATE | TARN_FORMAT_READ | TARN_FORMAT_WRITE;

    return (trial->format->capabilities & all) == all;
}

static void own_image(struct trial *trial, unsigned number, void *arg)
{
    struct open_image *images = arg;

    use_part(trial, &images[number], number, number % THREADS);
}

/* An image each: allowed by every model but domain and module. */
static void images_at_once(struct trial *trial)
{
    static struct open_image images[THREADS];

    if (!can_be_written(trial))
        trial_skip(trial, "images of the format %s are not written", trial->format->name);
    if (trial->module->threads < TARN_THREADS_POOL)
        trial_skip(trial, "the module allows one call at a time");
    for (unsigned index = 0; index < THREADS; index++) {
        images[index].host = index == 0 ? host_new(trial) : host_beside(images[0].host);
        make_image(trial, &images[index]);
    }
    at_once(trial, own_image, images);
    for (unsigned index = 0; index < THREADS; index++)
        end_image(trial, &images[index]);
}

static void part_of_image(struct trial *trial, unsigned number, void *arg)
{
    const struct open_image *image = arg;
    struct open_image beside = { host_beside(image->host), image->store, image->io };

    host_begin(beside.host, "an operation of an open image", HOST_MAY_RELATE);
    use_part(trial, &beside, number, number);
    host_end(beside.host, TARN_OK);
}

static void one_image_at_once(struct trial *trial)
{
    static struct open_image image;

    if (!can_be_written(trial))
        trial_skip(trial, "images of the format %s are not written", trial->format->name);
    image.host = host_new(trial);
    make_image(trial, &image);
    if (!(image.io->flags & TARN_IO_PARALLEL) ||
        trial->module->threads < TARN_THREADS_PARALLEL)
        trial_skip(trial, "an open image takes one call at a time");
    at_once(trial, part_of_image, &image);
    end_image(trial, &image);
}

/* --- pools ------------------------------------------------------------------------------------ */

/* The same handle, and a call structure of one thread's own. */
static struct pool *pool_beside(const struct pool *pool)
{
    struct pool *beside = trial_alloc(pool->trial, sizeof(*beside));

    *beside = *pool;
    beside->host = host_beside(pool->host);
    return beside;
}

/* The volume of the last round stays. */
static void in_one_pool(struct trial *trial, unsigned number, void *arg)
{
    struct pool *pool = pool_beside(arg);

    for (unsigned left = POOL_ROUNDS; left-- > 0;) {
        const char *name = pool_volume(pool, number + 1, number);

        trial_require(trial, results_volume(pool_list(pool), name) != NULL,
                      "a refresh beside others does not tell the volume \"%s\", which its thread "
                      "has made", name);
        if (left > 0)
            pool_must(pool, pool_delete(pool, name), "volume_delete beside others");
    }
}

/* Allowed to TARN_THREADS_PARALLEL alone. */
static void one_pool_at_once(struct trial *trial)
{
    struct pool *pool;

    if (trial->module->threads < TARN_THREADS_PARALLEL)
        trial_skip(trial, "a pool takes one call at a time");
    pool = pool_of_births(trial);
    if (pool->type->volume_delete == NULL)
        trial_skip(trial, "it deletes no volumes");
    at_once(trial, in_one_pool, pool);
    trial_require(trial, pool_list(pool)->volume_count >= THREADS,
                  "%u threads made a volume each, and a refresh tells %zu", THREADS,
                  pool_list(pool)->volume_count);
    pool_end(pool);
}

/* --- two contexts ----------------------------------------------------------------------------- */

static void need_own_states(struct trial *trial, const struct host *one, const struct host *other)
{
    trial_require(trial, one->call.module_state == NULL ||
                             one->call.module_state != other->call.module_state,
                  "load gave the same state to two contexts");
}

static void pool_of_two(struct trial *trial, struct host *first)
{
    struct pool *pool = pool_opened(trial);

    need_own_states(trial, first, pool->host);
    host_unload(first);
    if (pool_builds(trial))
        pool_must(pool, pool_build(pool), "build");
    pool_must(pool, pool_start(pool), "start");
    pool_list(pool);
    pool_end(pool);
}

static void image_of_two(struct trial *trial, struct host *first)
{
    struct open_image image = { .host = host_new(trial) };
    bool used = can_be_written(trial);

    need_own_states(trial, first, image.host);
    if (used)
        make_image(trial, &image);
    host_unload(first);
    if (used) {
        use_part(trial, &image, 1, 0);
        end_image(trial, &image);
    }
    host_unload(image.host);
}

/* A second host in the same process, as two contexts of one program. What one ends,
 * the other has. */
static void two_contexts(struct trial *trial)
{
    struct host *first = host_new(trial);

    if (trial->type != NULL)
        pool_of_two(trial, first);
    else
        image_of_two(trial, first);
}

const struct check thread_checks[] = {
    { "threads/images", "images that are open at once do not disturb each other", CHECK_FORMAT, 0,
      images_at_once },
    { "threads/one-image", "an image that says so takes several calls at once", CHECK_FORMAT, 0,
      one_image_at_once },
    { "threads/one-pool", "a pool of a module that says so takes several calls at once",
      CHECK_POOL_TYPE, 0, one_pool_at_once },
    { "threads/two-contexts", "two contexts of one process do not know each other", CHECK_PART, 0,
      two_contexts },
    { NULL, NULL, CHECK_FILE, 0, NULL },
};
