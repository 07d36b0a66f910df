/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pool-names.c - names that are odd, too long, or lead elsewhere; and those of nothing.
 */
#include <string.h>

#include "conform/pool-checks.h"
#include "conform/pool-traces.h"

/* Is a volume that leads out of its pool, or is no file of its folder? */
static bool leads_elsewhere(const char *name)
{
    return *name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
           strchr(name, '/') != NULL;
}

static const char *shown(struct trial *trial, const char *name)
{
    size_t length = strlen(name);

    return length <= 40 ? name : trial_text(trial, "%.20s… (%zu bytes)", name, length);
}

static void must_be_borne(struct pool *pool, const char *name)
{
    struct trial *trial = pool->trial;
    const char *which = shown(trial, name);

    trial_require(trial, pool_has(pool, name),
                  "volume_lookup does not find the volume \"%s\", which was published: refuse the "
                  "name in volume_name_check", which);
    trial_require(trial, results_volume(pool_list(pool), name) != NULL,
                  "refresh does not tell the volume \"%s\", which was published: refuse the name "
                  "in volume_name_check", which);
    if (pool->type->volume_delete != NULL)
        pool_must(pool, pool_delete(pool, name), "volume_delete");
}

/* Asked as the core does: what volume_name_check refuses goes no further. */
static int32_t make(struct pool *pool, const char *name, bool *out_checked)
{
    struct birth birth;
    int32_t status = pool_name_check(pool, name);

    *out_checked = pool->type->volume_name_check != NULL && status == TARN_OK;
    birth_init(&birth, pool, name);
    if (status == TARN_OK)
        status = birth_allocate(&birth);
    if (status == TARN_OK)
        status = birth_fill(&birth, 1);
    if (status == TARN_OK)
        status = birth_close(&birth);
    if (status == TARN_OK)
        return birth_publish(&birth);
    birth_abort(&birth);
    return status;
}

static void try_name(struct pool *pool, const char *name)
{
    struct trial *trial = pool->trial;
    const char *which = shown(trial, name);
    struct traces before, after;
    bool checked;
    int32_t status;

    traces_take_all(&before, pool);
    status = make(pool, name, &checked);
    trial_require(trial, !checked || status == TARN_OK,
                  "volume_name_check takes the name \"%s\", and then making it is refused with %s "
                  "(%s): names are refused by volume_name_check", which, status_word(status),
                  pool->host->text);
    trial_require(trial, status == TARN_OK || status == TARN_E_INVALID ||
                             status == TARN_E_UNSUPPORTED,
                  "the name \"%s\" is refused with %s (%s): invalid is right", which,
                  status_word(status), pool->host->text);
    if (status == TARN_OK) {
        trial_require(trial, *name != '\0' && (!leads_elsewhere(name) ||
                                               !(pool->type->flags & TARN_POOL_VOLUME_IS_FILE)),
                      "a volume \"%s\" could be made, which is no file in the pool", which);
        must_be_borne(pool, name);
    }
    traces_take_all(&after, pool);
    traces_must_equal(trial, &before, &after, trial_text(trial, "the name \"%s\"", which));
}

static void try_length(struct pool *pool, size_t length)
{
    char *name = trial_alloc(pool->trial, length + 1);

    memset(name, 'k', length);
    try_name(pool, name);
}

void pool_names(struct trial *trial)
{
    static const char *const names[] = { "",        ".",    "..",    "../kit", "a/b", "/kit",
                                         "kit/",    ".kit", "-kit",  "kit~",   " kit ", "kit\n",
                                         "\xff\xfe", "kit-\xc3\xa4", "kit.part", "#1", "kit:1@2" };
    static const size_t lengths[] = { 64, 127, 128, 254, 255, 256, 4096, 70000 };
    struct pool *pool;

    if (trial->type->flags & TARN_POOL_NAMES_VOLUMES)
        trial_skip(trial, "the storage gives the names itself");
    pool = pool_of_births(trial);
    pool_volume(pool, 1, 1);
    for (size_t index = 0; index < sizeof(names) / sizeof(names[0]); index++)
        try_name(pool, names[index]);
    for (size_t index = 0; index < sizeof(lengths) / sizeof(lengths[0]); index++)
        try_length(pool, lengths[index]);
    pool_end(pool);
}

/* --- what is not there ------------------------------------------------------------------------ */

static void must_miss(struct pool *pool, const char *name)
{
    struct host *host = pool->host;
    struct tarn_io *io = NULL;

    if (pool->type->volume_lookup != NULL) {
        host_begin(host, "volume_lookup", HOST_TAKES_VOLUMES | HOST_MAY_IDENTIFY);
        host_refuses(host, pool->type->volume_lookup(&host->call, pool->handle, name),
                     TARN_E_NOT_FOUND, TARN_E_NOT_FOUND, "what is not there");
    }
    if (pool->type->volume_open != NULL) {
        host_begin(host, "volume_open", HOST_MAY_IDENTIFY);
        host_refuses(host, pool->type->volume_open(&host->call, pool->handle, name, 0, &io),
                     TARN_E_NOT_FOUND, TARN_E_NOT_FOUND, "what is not there");
    }
    if (pool->type->volume_delete != NULL) {
        host_begin(host, "volume_delete", HOST_MAY_IDENTIFY);
        host_refuses(host, pool->type->volume_delete(&host->call, pool->handle, name),
                     TARN_E_NOT_FOUND, TARN_E_NOT_FOUND, "what is not there");
    }
}

void pool_missing(struct trial *trial)
{
    struct pool *pool = pool_started(trial);
    const char *name;

    must_miss(pool, "kit-not-there");
    if (pool->type->volume_allocate != NULL && pool->type->volume_delete != NULL) {
        name = pool_volume(pool, 1, 1);
        pool_must(pool, pool_delete(pool, name), "volume_delete");
        must_miss(pool, name);
    }
    pool_end(pool);
}
