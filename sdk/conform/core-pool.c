/* SPDX-License-Identifier: BSD-2-Clause
 *
 * core-pool.c - see core-pool.h.
 */
#include "conform/core-pool.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conform/pool.h"

#define MUST(what, call) \
    do { \
        struct tarn_error *error = NULL; \
        int status = (call); \
        core_must(pool->trial, status, error, (what)); \
    } while (0)

/* --- its life --------------------------------------------------------------------------------- */

/* The module's type must be the one that the core takes: the folder of the trial has its .conf. */
struct core_pool *core_pool_defined(struct trial *trial, uint32_t flags)
{
    struct core_pool *pool = trial_alloc(trial, sizeof(*pool));

    pool->trial = trial;
    pool->definition = definition_of(trial);
    pool->size = pool_volume_size(trial);
    pool->isolated = (flags & CORE_ISOLATED) != 0;
    pool->context = core_open(trial, flags);
    MUST("tarn_pool_define", tarn_pool_define(&pool->pool, pool->context, pool->definition->xml,
                                              0, &error));
    return pool;
}

static uint32_t build_flags(const struct core_pool *pool)
{
    uint32_t flags = pool_build_flags(pool->trial);

    return (flags & TARN_BUILD_OVERWRITE ? TARN_POOL_BUILD_OVERWRITE : 0) |
           (flags & TARN_BUILD_NO_OVERWRITE ? TARN_POOL_BUILD_NO_OVERWRITE : 0);
}

void core_pool_start(struct core_pool *pool)
{
    MUST("tarn_pool_start", tarn_pool_start(pool->pool, 0, NULL, &error));
}

/* As pool_stop: somebody may look into it for a moment. */
void core_pool_stop(struct core_pool *pool)
{
    struct tarn_error *error = NULL;
    int status = TARN_E_BUSY;

    for (unsigned round = 0; status == TARN_E_BUSY && round < 50; round++) {
        if (round > 0)
            nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
        tarn_error_free(error);
        error = NULL;
        status = tarn_pool_stop(pool->pool, 0, NULL, &error);
    }
    core_must(pool->trial, status, error, "tarn_pool_stop");
}

struct core_pool *core_pool_started(struct trial *trial, uint32_t flags)
{
    struct core_pool *pool = core_pool_defined(trial, flags);

    if (pool_builds(trial))
        MUST("tarn_pool_build", tarn_pool_build(pool->pool, build_flags(pool), NULL, &error));
    core_pool_start(pool);
    return pool;
}

struct core_pool *core_pool_again(const struct core_pool *first)
{
    struct core_pool *pool = trial_alloc(first->trial, sizeof(*pool));

    *pool = *first;
    pool->context = core_open(pool->trial, pool->isolated ? CORE_ISOLATED : 0);
    MUST("tarn_pool_lookup",
         tarn_pool_lookup(&pool->pool, pool->context, tarn_pool_name(first->pool), &error));
    return pool;
}

void core_pool_leave(struct core_pool *pool)
{
    tarn_pool_unref(pool->pool);
    tarn_context_close(pool->context);
}

void core_pool_end(struct core_pool *pool)
{
    core_pool_stop(pool);
    if (pool->trial->type->remove != NULL && pool_builds(pool->trial) && pool->definition->own)
        tarn_pool_delete(pool->pool, NULL, NULL); /* refused where the check left volumes */
    MUST("tarn_pool_undefine", tarn_pool_undefine(pool->pool, &error));
    core_pool_leave(pool);
}

char *core_pool_xml(struct core_pool *pool)
{
    char *xml = NULL;

    MUST("tarn_pool_xml", tarn_pool_xml(&xml, pool->pool, TARN_XML_INACTIVE, &error));
    return xml;
}

bool core_pool_is_active(struct core_pool *pool)
{
    struct tarn_pool_record *record = NULL;
    uint32_t state;

    MUST("tarn_pool_read", tarn_pool_read(&record, pool->pool, TARN_READ_SIZES, &error));
    state = record->state;
    if (state != TARN_POOL_RUNNING && state != TARN_POOL_INACTIVE)
        trial_fail(pool->trial, "with the real core: the pool is neither running nor inactive: %s",
                   record->reason != NULL ? record->reason : "no reason is told");
    tarn_pool_record_free(record);
    return state == TARN_POOL_RUNNING;
}

bool core_pool_can(struct core_pool *pool, const char *operation)
{
    struct tarn_pool_capability_record **list = NULL;
    bool can = false;

    MUST("tarn_pool_capability_list", tarn_pool_capability_list(&list, pool->pool, NULL, &error));
    for (size_t index = 0; list[index] != NULL; index++)
        if (strcmp(list[index]->operation, operation) == 0)
            can = list[index]->support != TARN_SUPPORT_NONE;
    tarn_pool_capability_list_free(list);
    return can;
}

/* --- volumes ---------------------------------------------------------------------------------- */

int core_volume_ask(struct tarn_volume **out, struct core_pool *pool, unsigned number,
                    uint64_t size, uint32_t flags, struct tarn_error **error)
{
    const char *name = pool_volume_name(pool->trial, number);
    const char *xml =
        trial_text(pool->trial, "<volume>%s%s%s<capacity>%" PRIu64 "</capacity></volume>",
                   *name != '\0' ? "<name>" : "", name, *name != '\0' ? "</name>" : "", size);

    return tarn_volume_create(out, pool->pool, xml, flags, NULL, error);
}

static struct tarn_volume *take(struct core_pool *pool, unsigned number)
{
    struct tarn_volume **list = NULL;
    struct tarn_volume *volume = NULL;

    MUST("tarn_volume_list", tarn_volume_list(&list, pool->pool, 0, NULL, &error));
    for (size_t index = 0; list[index] != NULL; index++)
        if (index + 1 == number)
            volume = tarn_volume_ref(list[index]);
    tarn_volume_list_free(list);
    if (volume == NULL)
        trial_skip(pool->trial, "it makes no volumes, and too few are there");
    return volume;
}

struct tarn_volume *core_volume(struct core_pool *pool, unsigned number)
{
    struct tarn_volume *volume = NULL;

    if (!core_pool_can(pool, TARN_OPERATION_CREATE))
        return take(pool, number);
    MUST("tarn_volume_create", core_volume_ask(&volume, pool, number, pool->size, 0, &error));
    return volume;
}

bool core_volume_seen(struct core_pool *pool, const char *name)
{
    struct tarn_volume **list = NULL;
    struct tarn_volume *volume = NULL;
    bool listed = false;
    bool found;

    MUST("tarn_volume_list", tarn_volume_list(&list, pool->pool, 0, NULL, &error));
    for (size_t index = 0; list[index] != NULL; index++)
        listed = listed || strcmp(tarn_volume_name(list[index]), name) == 0;
    tarn_volume_list_free(list);
    found = tarn_volume_lookup(&volume, pool->pool, name, NULL) == TARN_OK;
    tarn_volume_unref(volume);
    trial_require(pool->trial, found == listed,
                  "with the real core: the volume \"%s\" is%s listed, and lookup does%s find it",
                  name, listed ? "" : " not", found ? "" : " not");
    return found;
}

uint64_t core_volume_capacity(struct core_pool *pool, struct tarn_volume *volume)
{
    struct tarn_volume_record *record = NULL;
    uint64_t capacity;

    MUST("tarn_volume_read", tarn_volume_read(&record, volume, 0, &error));
    trial_require(pool->trial, record->status == TARN_VOLUME_OK,
                  "with the real core: the volume \"%s\" has the status %u: %s", record->name,
                  record->status, record->status_text != NULL ? record->status_text : "");
    capacity = record->capacity;
    tarn_volume_record_free(record);
    return capacity;
}

/* --- bytes ------------------------------------------------------------------------------------ */

struct transfer {
    struct core_pool *pool;
    const char *when;
    uint64_t offset;
    unsigned seed;
};

static int give(void *arg, void *buffer, size_t *length)
{
    struct transfer *transfer = arg;
    uint64_t left = transfer->pool->size - transfer->offset;

    if (*length > left)
        *length = (size_t)left;
    pattern_put(buffer, *length, transfer->offset, transfer->seed);
    transfer->offset += *length;
    return TARN_OK;
}

void core_volume_upload(struct core_pool *pool, struct tarn_volume *volume, unsigned seed)
{
    struct transfer transfer = { .pool = pool, .seed = seed };

    MUST("tarn_volume_upload", tarn_volume_upload(volume, 0, 0, give, &transfer, 0, NULL, &error));
}

static int compare(void *arg, const void *data, uint64_t length)
{
    struct transfer *transfer = arg;
    const uint8_t *bytes = data;

    for (uint64_t index = 0; index < length; index++) {
        uint64_t offset = transfer->offset + index;

        trial_require(transfer->pool->trial, bytes[index] == pattern_at(offset, transfer->seed),
                      "with the real core: a download %s gives 0x%02x at byte %" PRIu64
                      ", expected 0x%02x", transfer->when, bytes[index], offset,
                      pattern_at(offset, transfer->seed));
    }
    transfer->offset += length;
    return TARN_OK;
}

void core_volume_compare(struct core_pool *pool, struct tarn_volume *volume, unsigned seed,
                         const char *when)
{
    struct transfer transfer = { .pool = pool, .seed = seed, .when = when };

    MUST("tarn_volume_download",
         tarn_volume_download(volume, 0, pool->size, compare, &transfer, 0, NULL, &error));
    trial_require(pool->trial, transfer.offset == pool->size,
                  "with the real core: a download %s ends after %" PRIu64 " of %" PRIu64 " bytes",
                  when, transfer.offset, pool->size);
}
