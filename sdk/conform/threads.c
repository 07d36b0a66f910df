/* SPDX-License-Identifier: BSD-2-Clause
 *
 * threads.c - the group threads: as many calls at once as the module's declared model allows, and no
 * result is another than when they come one by one.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "conform/memory-store.h"
#include "conform/workload.h"

#define THREADS 4u
#define ROUNDS  24u
#define BLOCK   ((uint64_t)16384)
#define CAPACITY (BLOCK * THREADS * 4)

/* --- several at once ------------------------------------------------------------------------------- */

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

/* --- images ------------------------------------------------------------------------------------------ */

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
    struct tarn_image_spec spec = { .struct_size = sizeof(spec), .capacity = CAPACITY,
                                    .subformat = trial_setting(trial, "subformat") };
    struct tarn_image_open how = { .struct_size = sizeof(how), .flags = TARN_IMAGE_OPEN_WRITE };

    out->store = memory_store_new(trial);
    out->store->io.flags |= TARN_IO_PARALLEL;
    host_begin(out->host, "create", HOST_MAY_RELATE);
    host_must(out->host, format->create(&out->host->call, &out->store->io, &spec));
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

/* --- pools ------------------------------------------------------------------------------------------- */

struct open_pool {
    struct host *host;
    void *pool;
};

static void open_pool(struct trial *trial, struct open_pool *out)
{
    const struct tarn_pool_type *type = trial->type;

    host_begin(out->host, "define", HOST_MAY_AMEND);
    host_must(out->host, type->define != NULL ? type->define(&out->host->call) : TARN_OK);
    host_begin(out->host, "open", HOST_TAKES_NOTHING);
    host_must(out->host, type->open(&out->host->call, &out->pool));
}

static void start_pool(struct trial *trial, const struct open_pool *open)
{
    const struct tarn_pool_type *type = trial->type;

    host_begin(open->host, "build", HOST_MAY_IDENTIFY);
    if (type->build != NULL)
        type->build(&open->host->call, open->pool, 0);
    host_begin(open->host, "start", HOST_MAY_IDENTIFY);
    if (type->start != NULL && type->start(&open->host->call, open->pool) != TARN_OK)
        trial_skip(trial, "the pool cannot be started: %s", open->host->text);
    host_end(open->host, TARN_OK);
}

static size_t refresh(struct trial *trial, const struct open_pool *open)
{
    const struct tarn_pool_type *type = trial->type;

    host_begin(open->host, "refresh", HOST_TAKES_VOLUMES | HOST_TAKES_POOL | HOST_MAY_IDENTIFY);
    host_must(open->host, type->refresh(&open->host->call, open->pool));
    return open->host->results.volume_count;
}

static void make_volume(struct trial *trial, const struct open_pool *open, const char *name,
                        bool remove)
{
    const struct tarn_pool_type *type = trial->type;
    const struct tarn_permissions permissions = { sizeof(permissions), TARN_MODE_UNSET,
                                                  TARN_OWNER_UNSET, TARN_OWNER_UNSET, NULL };
    uint64_t size = trial_size_setting(trial, "volume-size", 65536);
    struct tarn_container_spec spec = { .struct_size = sizeof(spec), .name = name, .size = size,
                                        .capacity = size, .allocation = size,
                                        .permissions = &permissions };
    struct tarn_call *call = &open->host->call;
    struct tarn_io *io = NULL;
    void *container = NULL;

    host_begin(open->host, "volume_allocate", HOST_TAKES_VOLUMES);
    host_must(open->host, type->volume_allocate(call, open->pool, &spec, &container, &io));
    if (io != NULL)
        tarn_io_close(call, io);
    host_begin(open->host, "volume_publish", HOST_TAKES_VOLUMES);
    host_must(open->host, type->volume_publish(call, open->pool, container));
    if (!remove)
        return;
    host_begin(open->host, "volume_delete", HOST_TAKES_NOTHING);
    host_must(open->host, type->volume_delete(call, open->pool, name));
}

/* One handle, a call structure per thread: allowed to TARN_THREADS_PARALLEL alone. */
static void in_one_pool(struct trial *trial, unsigned number, void *arg)
{
    struct open_pool *pools = arg;

    for (unsigned round = 0; round < ROUNDS / 4; round++) {
        make_volume(trial, &pools[number],
                    trial_text(trial, "conform-%u-%u", number, round), round != 0);
        trial_require(trial, refresh(trial, &pools[number]) >= 1 || round == 0,
                      "a refresh beside others tells no volume, and there is one of this thread's");
    }
}

static bool makes_volumes(const struct trial *trial)
{
    return trial->type->volume_allocate != NULL && trial->type->volume_delete != NULL &&
           !(trial->type->flags & TARN_POOL_NAMES_VOLUMES) &&
           trial_setting(trial, "volume-names") == NULL;
}

static void one_pool_at_once(struct trial *trial)
{
    static struct open_pool pools[THREADS];

    if (trial->module->threads < TARN_THREADS_PARALLEL)
        trial_skip(trial, "a pool takes one call at a time");
    if (!makes_volumes(trial))
        trial_skip(trial, "volumes of its own names cannot be made and deleted");
    pools[0].host = host_new(trial);
    open_pool(trial, &pools[0]);
    start_pool(trial, &pools[0]);
    for (unsigned index = 1; index < THREADS; index++) {
        pools[index].host = host_beside(pools[0].host);
        pools[index].pool = pools[0].pool;
    }
    at_once(trial, in_one_pool, pools);
    trial_require(trial, refresh(trial, &pools[0]) >= THREADS,
                  "%u threads made a volume each, and a refresh tells %zu", THREADS,
                  pools[0].host->results.volume_count);
}

/* --- two contexts -------------------------------------------------------------------------------------- */

/* A second host in the same process: as two contexts of one program. What one ends, the other has. */
static void two_contexts(struct trial *trial)
{
    struct host *first = host_new(trial);
    struct host *second = host_new(trial);
    struct open_pool open = { second, NULL };
    struct open_image image = { .host = second };

    trial_require(trial, first->call.module_state == NULL ||
                             first->call.module_state != second->call.module_state,
                  "load gave the same state to two contexts");
    if (trial->type != NULL)
        open_pool(trial, &open);
    else if (can_be_written(trial))
        make_image(trial, &image);
    host_unload(first);
    if (trial->type != NULL) {
        start_pool(trial, &open);
        refresh(trial, &open);
        if (trial->type->close != NULL)
            trial->type->close(open.pool);
    } else if (can_be_written(trial)) {
        use_part(trial, &image, 1, 0);
        end_image(trial, &image);
    }
    host_unload(second);
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
