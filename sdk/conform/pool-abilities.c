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

static int32_t try_birth(struct pool *pool, uint64_t size, uint64_t allocation,
                         const char *backing_path)
{
    struct birth birth;
    int32_t status;

    birth_init(&birth, pool, pool_volume_name(pool->trial, 2));
    birth_resize(&birth, size);
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
    return try_birth(pool, pool->size, pool->size, NULL);
}

static int32_t try_thin(struct pool *pool, const char *name)
{
    (void)name;
    return try_birth(pool, pool->size, 0, NULL);
}

static int32_t try_snapshot(struct pool *pool, const char *name)
{
    return try_birth(pool, pool->size, pool->size,
                     trial_text(pool->trial, "%s", pool_need(pool, name)->info.path));
}

static int32_t try_clone(struct pool *pool, const char *name)
{
    struct birth birth;
    int32_t status;

    birth_init(&birth, pool, pool_volume_name(pool->trial, 2));
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

static int32_t try_grow(struct pool *pool, const char *name)
{
    return pool->type->volume_resize != NULL ? pool_resize(pool, name, pool->size * 2, 0)
                                             : pool_cut(pool, name, pool->size * 2, 0);
}

static int32_t try_shrink(struct pool *pool, const char *name)
{
    return pool->type->volume_resize != NULL
               ? pool_resize(pool, name, pool->size / 2, TARN_TRUNCATE_SHRINK)
               : pool_cut(pool, name, pool->size / 2, TARN_TRUNCATE_SHRINK);
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

/* With its storage stopped. */
static int32_t try_build(struct pool *pool, const char *name)
{
    (void)name;
    return pool_build(pool);
}

static int32_t try_remove(struct pool *pool, const char *name)
{
    (void)name;
    return pool_remove(pool);
}

/* --- operations ------------------------------------------------------------------------------- */

/* How it is tried. */
enum {
    NO_VOLUME = 1, /* without a volume */
    STOPPED = 2,   /* with a stopped pool, and only whether it refuses: other checks do it */
};

struct operation {
    const char *name;
    size_t member; /* of the type: by which it is done */
    try_fn run;    /* NULL: a module cannot tell it from others */
    unsigned how;
};

#define MEMBER(member) offsetof(struct tarn_pool_type, member)

/* Each leaves what the next ones need. */
static const struct operation operations[] = {
    { TARN_OPERATION_WIPE, MEMBER(volume_open), NULL, 0 },
    { TARN_OPERATION_WATCH, MEMBER(watch_open), try_watch, NO_VOLUME },
    { TARN_OPERATION_CREATE, MEMBER(volume_allocate), try_create, NO_VOLUME },
    { TARN_OPERATION_THIN, MEMBER(volume_allocate), try_thin, NO_VOLUME },
    { TARN_OPERATION_SNAPSHOT, MEMBER(volume_allocate), try_snapshot, 0 },
    { TARN_OPERATION_CLONE, MEMBER(volume_clone), try_clone, 0 },
    { TARN_OPERATION_UPLOAD, MEMBER(volume_open), try_upload, 0 },
    { TARN_OPERATION_DOWNLOAD, MEMBER(volume_open), try_download, 0 },
    { TARN_OPERATION_GROW, MEMBER(volume_resize), try_grow, 0 },
    { TARN_OPERATION_SHRINK, MEMBER(volume_resize), try_shrink, 0 },
    { TARN_OPERATION_REMOVE, MEMBER(volume_delete), pool_delete, 0 },
    { TARN_OPERATION_BUILD, MEMBER(build), try_build, NO_VOLUME | STOPPED },
    { TARN_OPERATION_DELETE, MEMBER(remove), try_remove, NO_VOLUME | STOPPED },
};

#define OPERATION_COUNT (sizeof(operations) / sizeof(operations[0]))

static const struct operation *find(const char *name)
{
    for (size_t index = 0; name != NULL && index < OPERATION_COUNT; index++)
        if (strcmp(operations[index].name, name) == 0)
            return &operations[index];
    return NULL;
}

/* Can the module itself be asked to do it? */
static bool is_the_modules(const struct tarn_pool_type *type, const struct operation *operation)
{
    void (*function)(void);

    memcpy(&function, (const char *)type + operation->member, sizeof(function));
    return function != NULL &&
           (operation->run != try_snapshot || (type->flags & TARN_POOL_SNAPSHOTS));
}

/* Does the host do it by other means where the module does not? It copies, or keeps differences. */
static bool is_emulated(const struct tarn_pool_type *type, const struct operation *operation)
{
    if (operation->run == try_snapshot)
        return type->volume_allocate != NULL && (type->flags & TARN_POOL_IMAGES);
    return operation->run == try_clone && type->volume_allocate != NULL &&
           type->volume_open != NULL;
}

/* A container that is not sized grows as it is written. */
static bool grows_by_itself(const struct tarn_pool_type *type, const struct operation *operation)
{
    return (operation->run == try_grow || operation->run == try_shrink) &&
           pool_grows_by_itself(type);
}

/* --- what is told ----------------------------------------------------------------------------- */

static bool may_be_told(const struct tarn_pool_type *type, const struct operation *operation,
                        uint32_t support)
{
    return support == TARN_SUPPORT_NONE || is_the_modules(type, operation) ||
           grows_by_itself(type, operation) ||
           (support == TARN_SUPPORT_EMULATED && is_emulated(type, operation));
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
    trial_require(trial, may_be_told(pool->type, operation, told->support),
                  "capabilities promises %s, and the type has no function for it",
                  told->operation);
}

/* --- what is true ----------------------------------------------------------------------------- */

static void take_traces(struct traces *out, struct pool *pool, const struct operation *operation)
{
    if (operation->how & STOPPED)
        traces_take(out, pool->trial);
    else
        traces_take_all(out, pool);
}

static void must_refuse(struct pool *pool, const struct operation *operation, const char *name)
{
    struct traces before, after;
    int32_t status;

    take_traces(&before, pool, operation);
    status = operation->run(pool, name);
    trial_require(pool->trial, status == TARN_E_UNSUPPORTED,
                  "capabilities tells that it cannot %s, and trying it answered %s: refuse it with "
                  "unsupported, before anything is touched", operation->name, status_word(status));
    take_traces(&after, pool, operation);
    traces_must_equal(pool->trial, &before, &after,
                      trial_text(pool->trial, "%s, which it cannot do,", operation->name));
}

/* Is the size that the kit tries it with within the limits? */
static bool is_of_size(const struct pool *pool, const struct operation *operation,
                       const struct tarn_capability *told)
{
    uint64_t size = operation->run == try_grow     ? pool->size * 2
                    : operation->run == try_shrink ? pool->size / 2
                                                   : pool->size;

    return size >= told->minimum && (told->maximum == 0 || size <= told->maximum);
}

/* One step past the largest size that it tells. Of containers that grow, the size is their writers'
 * matter. */
static void must_be_limited(struct pool *pool, const struct operation *operation,
                            const struct tarn_capability *told)
{
    uint64_t step = told->granularity > 0 ? told->granularity : 1;
    bool thin = operation->run == try_thin;
    int32_t status;

    if (told->maximum == 0 || told->maximum > UINT64_MAX - step ||
        !(pool->type->flags & TARN_POOL_SIZED_CONTAINERS) ||
        (operation->run != try_create && !thin))
        return;
    status = try_birth(pool, told->maximum + step, thin ? 0 : told->maximum + step, NULL);
    trial_require(pool->trial, status != TARN_OK,
                  "capabilities tells that %s makes at most %llu bytes, and %llu were made",
                  operation->name, (unsigned long long)told->maximum,
                  (unsigned long long)(told->maximum + step));
}

static bool makes_thin(struct pool *pool)
{
    const struct tarn_capability *thin = results_capability(pool->told, TARN_OPERATION_THIN);

    return thin != NULL && thin->support != TARN_SUPPORT_NONE;
}

/* Where there are thin volumes it may be only they that share their bytes. */
static int32_t try_either(struct pool *pool, const struct operation *operation, const char *name)
{
    int32_t status = operation->run(pool, name);

    if (status == TARN_E_UNSUPPORTED && operation->run == try_clone && makes_thin(pool))
        status = try_clone(pool, pool_thin_volume(pool, 3));
    return status;
}

/* Of what is not told, that it is there is all that is asked here: how it is done,
 * others look at. */
static void must_work(struct pool *pool, const struct operation *operation, const char *name,
                      const struct tarn_capability *told)
{
    int32_t status;

    if (told != NULL)
        must_be_limited(pool, operation, told);
    if (told != NULL && !is_of_size(pool, operation, told))
        return;
    status = try_either(pool, operation, name);
    if (told != NULL && told->support == TARN_SUPPORT_EMULATED &&
        is_emulated(pool->type, operation) && status == TARN_E_UNSUPPORTED)
        return;
    trial_require(pool->trial, told != NULL || status != TARN_E_UNSUPPORTED,
                  "%s is refused with unsupported (%s), and capabilities does not tell that it "
                  "cannot", operation->name, pool->host->text);
    trial_require(pool->trial, told == NULL || status == TARN_OK,
                  "capabilities tells that it can %s, and trying it answered %s: %s",
                  operation->name, status_word(status), pool->host->text);
}

/* Not told, the space of sized containers is taken as they are made. */
static bool is_promised(const struct pool *pool, const struct operation *operation,
                        const struct tarn_capability *told)
{
    return told != NULL || operation->run != try_thin ||
           !(pool->type->flags & TARN_POOL_SIZED_CONTAINERS);
}

static void try_one(struct pool *pool, const struct operation *operation, const char *name)
{
    const struct tarn_capability *capability = results_capability(pool->told, operation->name);

    if (operation->run == NULL ||
        !(is_the_modules(pool->type, operation) || grows_by_itself(pool->type, operation)))
        return;
    if (capability != NULL && capability->support == TARN_SUPPORT_NONE)
        must_refuse(pool, operation, name);
    else if (pool_cannot(pool, operation->name) || !is_the_modules(pool->type, operation))
        return;
    else if (!(operation->how & STOPPED) && is_promised(pool, operation, capability))
        must_work(pool, operation, name, capability);
}

static void try_all(struct pool *pool, unsigned how, const char *name)
{
    for (size_t index = 0; index < OPERATION_COUNT; index++)
        if (operations[index].how == how)
            try_one(pool, &operations[index], name);
}

void pool_abilities(struct trial *trial)
{
    struct pool *pool = pool_started(trial);

    pool->type = trial->type; /* all of it: what it says that it cannot is tried, too */
    for (size_t index = 0; index < pool->told->capability_count; index++)
        judge(pool, &pool->told->capabilities[index]);
    try_all(pool, NO_VOLUME, NULL);
    try_all(pool, 0, pool_any_volume(pool));
    pool_must(pool, pool_stop(pool), "stop");
    try_all(pool, NO_VOLUME | STOPPED, NULL);
    pool_end(pool);
}
