/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pool-making.c - volumes are born in two phases: nobody sees one before it is whole, and what is
 * taken back was never there.
 */
#include <string.h>
#include <sys/stat.h>

#include "conform/pool-checks.h"
#include "conform/pool-traces.h"

/* A container that is filled and closed. */
static void begin(struct birth *birth, struct pool *pool, unsigned number, unsigned seed)
{
    birth_init(birth, pool, pool_volume_name(pool->trial, number));
    pool_must(pool, birth_allocate(birth), "volume_allocate");
    pool_must(pool, birth_fill(birth, seed), "writing into a new container");
    pool_must(pool, birth_close(birth), "closing a new container");
}

static void must_be_unseen(struct pool *pool, const struct results *before, const char *name,
                           const char *when)
{
    struct trial *trial = pool->trial;
    const char *how = listing_difference(trial, before, pool_list(pool));

    trial_require(trial, how == NULL,
                  "%s, before volume_publish, refresh tells that %s: nobody may see it", when, how);
    trial_require(trial, *name == '\0' || !pool_has(pool, name),
                  "%s, before volume_publish, volume_lookup finds the volume \"%s\"", when, name);
}

void pool_unseen(struct trial *trial)
{
    struct pool *pool;
    const struct results *before;
    struct birth birth;

    pool = pool_of_births(trial);
    before = pool_list(pool);
    birth_init(&birth, pool, pool_volume_name(pool->trial, 1));
    pool_must(pool, birth_allocate(&birth), "volume_allocate");
    must_be_unseen(pool, before, birth.spec.name, "after volume_allocate");
    pool_must(pool, birth_fill(&birth, 1), "writing into a new container");
    pool_must(pool, birth_close(&birth), "closing a new container");
    must_be_unseen(pool, before, birth.spec.name, "after its bytes were written");
    birth_abort(&birth);
    pool_end(pool);
}

/* --- taken back ------------------------------------------------------------------------------- */

/* The first one warms up what a module opens once. */
void pool_abort(struct trial *trial)
{
    struct pool *pool;
    struct traces before, after;
    struct birth birth;

    pool = pool_of_births(trial);
    birth_init(&birth, pool, pool_volume_name(pool->trial, 1));
    pool_must(pool, birth_allocate(&birth), "volume_allocate");
    birth_abort(&birth);
    traces_take_all(&before, pool);
    begin(&birth, pool, 1, 1);
    birth_abort(&birth);
    traces_take_all(&after, pool);
    traces_must_equal(trial, &before, &after, "volume_abort");
    begin(&birth, pool, 1, 1);
    pool_must(pool, birth_publish(&birth), "volume_publish of a name that was aborted before");
    pool_end(pool);
}

/* --- published -------------------------------------------------------------------------------- */

void pool_publish(struct trial *trial)
{
    struct pool *pool;
    struct birth birth;
    const char *name;

    pool = pool_of_births(trial);
    begin(&birth, pool, 1, 1);
    if (birth_publish(&birth) != TARN_OK)
        trial_fail(trial, "volume_publish answered %s: %s", status_word(pool->host->status),
                   pool->host->text);
    name = birth.spec.name;
    trial_require(trial, pool_has(pool, name),
                  "after volume_publish volume_lookup does not find the volume \"%s\"", name);
    trial_require(trial, results_volume(pool_list(pool), name) != NULL,
                  "after volume_publish refresh does not tell the volume \"%s\"", name);
    pool_must_hold(pool, name, pool->size, 1, "after volume_publish");
    pool_end(pool);
}

/* TARN_E_EXISTS may come as early as the type knows. */
static void try_again(struct pool *pool, const char *name, uint64_t size)
{
    struct trial *trial = pool->trial;
    struct birth birth;
    int32_t status;

    birth_init(&birth, pool, name);
    birth_resize(&birth, size);
    status = birth_allocate(&birth);
    if (status == TARN_OK) {
        pool_must(pool, birth_fill(&birth, 7), "writing into a new container");
        pool_must(pool, birth_close(&birth), "closing a new container");
        status = birth_publish(&birth);
    }
    trial_require(trial, status == TARN_E_EXISTS,
                  "making a second volume \"%s\", of %llu bytes, answered %s: a name that is taken "
                  "is refused with exists", name, (unsigned long long)size, status_word(status));
    pool_must_hold(pool, name, pool->size, 1, "after another one of its name was refused");
}

void pool_taken(struct trial *trial)
{
    struct pool *pool;
    const char *name;

    if (trial->type->flags & TARN_POOL_NAMES_VOLUMES)
        trial_skip(trial, "the storage gives the names itself");
    pool = pool_of_births(trial);
    name = pool_volume(pool, 1, 1);
    try_again(pool, name, pool->size);
    try_again(pool, name, pool->size * 2);
    pool_end(pool);
}

/* --- permissions ------------------------------------------------------------------------------ */

static void try_mode(struct pool *pool, unsigned number, uint32_t mode)
{
    struct trial *trial = pool->trial;
    const struct result_volume *volume;
    struct birth birth;
    bool file = (pool->type->flags & TARN_POOL_VOLUME_IS_FILE) != 0;
    struct stat st = { .st_mode = 0 };
    int32_t status;

    birth_init(&birth, pool, pool_volume_name(pool->trial, number));
    birth.permissions.mode = mode;
    status = birth_allocate(&birth);
    if (status == TARN_E_UNSUPPORTED && !file)
        trial_skip(trial, "its storage has no place for permissions: %s", pool->host->text);
    pool_must(pool, status, "volume_allocate");
    pool_must(pool, birth_close(&birth), "closing a new container");
    pool_must(pool, birth_publish(&birth), "volume_publish");
    volume = pool_need(pool, birth.spec.name);
    trial_require(trial, !volume->has_permissions ||
                             (volume->permissions.mode & 0777) == mode,
                  "a volume that was made with the mode %04o is told with %04o", mode,
                  volume->permissions.mode & 0777);
    if (!file && !volume->has_permissions)
        trial_skip(trial, "its volumes are no files, and are told without permissions");
    trial_require(trial, !file || stat(volume->info.path, &st) == 0,
                  "the path %s of a volume is not there", volume->info.path);
    trial_require(trial, !file || (st.st_mode & 0777) == mode,
                  "a volume that was made with the mode %04o has %04o", mode, st.st_mode & 0777);
}

void pool_permissions(struct trial *trial)
{
    struct pool *pool;

    pool = pool_of_births(trial);
    try_mode(pool, 1, 0640);
    try_mode(pool, 2, 0604);
    pool_end(pool);
}
