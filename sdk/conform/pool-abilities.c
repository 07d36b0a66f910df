/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pool-abilities.c - what a pool says that it can do, held against what it does.
 */
#include <string.h>

#include "conform/pool-checks.h"
#include "conform/pool-traces.h"

/* One try of an operation, which leaves things as they were where it can. */
typedef int32_t (*try_fn)(struct pool *pool, const char *name);

/* --- tries ------------------------------------------------------------------------------------ */

static int32_t try_birth(struct pool *pool, uint64_t allocation, const char *backing_path)
{
    struct birth birth;
    int32_t status;

    birth_init(&birth, pool, pool_name(pool, 2));
    birth.spec.allocation = allocation;
    birth.def.allocation = allocation;
    birth.def.backing_path = backing_path;
    status = birth_allocate(&birth);
    birth_abort(&birth);
    return status;
}

static int32_t try_create(struct pool *pool, const char *name)
{
    (void)name;
    return try_birth(pool, pool->size, NULL);
}

static int32_t try_thin(struct pool *pool, const char *name)
{
    (void)name;
    return try_birth(pool, 0, NULL);
}

static int32_t try_snapshot(struct pool *pool, const char *name)
{
    return try_birth(pool, pool->size,
                     trial_text(pool->trial, "%s", pool_need(pool, name)->info.path));
}

static int32_t try_clone(struct pool *pool, const char *name)
{
    struct birth birth;
    int32_t status;

    birth_init(&birth, pool, pool_name(pool, 2));
    status = birth_clone(&birth, name);
    birth_abort(&birth);
    return status;
}

static int32_t try_open(struct pool *pool, const char *name, uint32_t flags)
{
    struct tarn_io *io = NULL;
    int32_t status = pool_volume_open(pool, name, flags, &io);

    return status == TARN_OK ? store_close(pool, io) : status;
}

static int32_t try_upload(struct pool *pool, const char *name)
{
    return try_open(pool, name, TARN_OPEN_WRITE);
}

static int32_t try_download(struct pool *pool, const char *name)
{
    return try_open(pool, name, 0);
}

static int32_t resize(struct pool *pool, const char *name, uint64_t size, uint32_t flags)
{
    host_begin(pool->host, "volume_resize", HOST_MAY_IDENTIFY);
    return host_end(pool->host, pool->type->volume_resize(&pool->host->call, pool->handle, name,
                                                          size, flags));
}

static int32_t try_grow(struct pool *pool, const char *name)
{
    return resize(pool, name, pool->size * 2, 0);
}

static int32_t try_shrink(struct pool *pool, const char *name)
{
    return resize(pool, name, pool->size / 2, TARN_TRUNCATE_SHRINK);
}

static int32_t try_watch(struct pool *pool, const char *name)
{
    void *watch = NULL;
    int32_t fd = -1;
    int32_t status;

    (void)name;
    host_begin(pool->host, "watch_open", HOST_MAY_IDENTIFY);
    status = host_end(pool->host, pool->type->watch_open(&pool->host->call, pool->handle, &watch,
                                                         &fd));
    if (status == TARN_OK)
        pool->type->watch_close(pool->handle, watch);
    return status;
}

/* --- operations ------------------------------------------------------------------------------- */

struct operation {
    const char *name;
    size_t member; /* of the type, without which nobody can do it; 0 = the kit does not try it */
    try_fn run;
};

#define MEMBER(member) offsetof(struct tarn_pool_type, member)

/* The last ones destroy what the others need. */
static const struct operation operations[] = {
    { TARN_OPERATION_BUILD, MEMBER(build), NULL },
    { TARN_OPERATION_DELETE, MEMBER(remove), NULL },
    { TARN_OPERATION_WIPE, MEMBER(volume_open), NULL },
    { TARN_OPERATION_WATCH, MEMBER(watch_open), try_watch },
    { TARN_OPERATION_CREATE, MEMBER(volume_allocate), try_create },
    { TARN_OPERATION_THIN, MEMBER(volume_allocate), try_thin },
    { TARN_OPERATION_SNAPSHOT, 0, try_snapshot },
    { TARN_OPERATION_CLONE, 0, try_clone },
    { TARN_OPERATION_UPLOAD, MEMBER(volume_open), try_upload },
    { TARN_OPERATION_DOWNLOAD, MEMBER(volume_open), try_download },
    { TARN_OPERATION_GROW, 0, try_grow },
    { TARN_OPERATION_SHRINK, 0, try_shrink },
    { TARN_OPERATION_REMOVE, MEMBER(volume_delete), pool_delete },
};

#define OPERATION_COUNT (sizeof(operations) / sizeof(operations[0]))

static bool has_member(const struct pool *pool, size_t member)
{
    void (*function)(void);

    memcpy(&function, (const char *)pool->type + member, sizeof(function));
    return function != NULL;
}

/* Can the module itself be asked to do it? Copies and sizes may be the host's work. */
static bool is_the_modules(const struct pool *pool, const struct operation *operation)
{
    const struct tarn_pool_type *type = pool->type;

    if (operation->run == try_snapshot)
        return (type->flags & TARN_POOL_SNAPSHOTS) && type->volume_allocate != NULL;
    if (operation->run == try_clone)
        return type->volume_clone != NULL;
    if (operation->run == try_grow || operation->run == try_shrink)
        return type->volume_resize != NULL;
    return has_member(pool, operation->member);
}

static const struct operation *find(const char *name)
{
    for (size_t index = 0; name != NULL && index < OPERATION_COUNT; index++)
        if (strcmp(operations[index].name, name) == 0)
            return &operations[index];
    return NULL;
}

static void judge(struct pool *pool, const struct tarn_capability *told)
{
    struct trial *trial = pool->trial;
    const struct operation *operation = find(told->operation);

    trial_require(trial, operation != NULL,
                  "capabilities tells of the operation \"%s\": it is one of TARN_OPERATION_…",
                  told->operation != NULL ? told->operation : "");
    trial_require(trial, told->support == TARN_SUPPORT_NONE ||
                             told->support == TARN_SUPPORT_EMULATED ||
                             told->support == TARN_SUPPORT_NATIVE,
                  "capabilities tells the support %u of %s: it is one of TARN_SUPPORT_…",
                  told->support, told->operation);
    trial_require(trial, told->maximum == 0 || told->minimum <= told->maximum,
                  "capabilities tells a minimum of %s above its maximum", told->operation);
    trial_require(trial, told->support != TARN_SUPPORT_NATIVE || operation->run == NULL ||
                             is_the_modules(pool, operation),
                  "capabilities tells %s as native, and the type has no function for it",
                  told->operation);
}

static void must_refuse(struct pool *pool, const struct operation *operation, const char *name)
{
    struct traces before, after;
    int32_t status;

    traces_take_all(&before, pool);
    status = operation->run(pool, name);
    trial_require(pool->trial, status == TARN_E_UNSUPPORTED,
                  "capabilities tells that it cannot %s, and trying it answered %s: refuse it with "
                  "unsupported, before anything is touched", operation->name, status_word(status));
    traces_take_all(&after, pool);
    traces_must_equal(pool->trial, &before, &after,
                      trial_text(pool->trial, "%s, which it cannot do,", operation->name));
}

static void try_one(struct pool *pool, const struct results *told,
                    const struct operation *operation, const char *name)
{
    const struct tarn_capability *capability = results_capability(told, operation->name);
    int32_t status;

    if (capability == NULL || operation->run == NULL || !is_the_modules(pool, operation))
        return;
    if (capability->support == TARN_SUPPORT_NONE) {
        must_refuse(pool, operation, name);
        return;
    }
    if (capability->support != TARN_SUPPORT_NATIVE)
        return;
    status = operation->run(pool, name);
    trial_require(pool->trial, status != TARN_E_UNSUPPORTED,
                  "capabilities tells that it can %s, and trying it answered unsupported: %s",
                  operation->name, pool->host->text);
}

static const struct results *ask(struct pool *pool)
{
    struct results *told = trial_alloc(pool->trial, sizeof(*told));

    host_begin(pool->host, "capabilities", HOST_TAKES_ABILITIES | HOST_MAY_IDENTIFY);
    host_must(pool->host, pool->type->capabilities(&pool->host->call, pool->handle));
    *told = pool->host->results;
    memset(&pool->host->results, 0, sizeof(pool->host->results));
    return told;
}

void pool_abilities(struct trial *trial)
{
    struct pool *pool;
    const struct results *told;
    const char *name;

    if (trial->type->capabilities == NULL)
        trial_skip(trial, "it tells nothing of single pools: all can do what the type can");
    pool = pool_started(trial);
    told = ask(pool);
    for (size_t index = 0; index < told->capability_count; index++)
        judge(pool, &told->capabilities[index]);
    name = pool_volume(pool, 1, 1);
    for (size_t index = 0; index < OPERATION_COUNT; index++)
        try_one(pool, told, &operations[index], name);
    pool_end(pool);
}
