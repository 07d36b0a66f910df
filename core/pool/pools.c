/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of pools, which follows the folders of definitions and of active pools.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/pool/inventory.h"
#include "core/base/persist.h"
#include "core/pool/pool-facts.h"
#include "core/pool/pool.h"
#include "sdk/helpers/errno-status.h"

#define SUFFIX ".xml"

int pools_open(struct pools **out, struct tarn_error **error)
{
    struct pools *pools = calloc(1, sizeof(*pools));

    if (pools == NULL)
        return error_set(error, TARN_E_INTERNAL, 0, "no memory for the pools");
    pthread_mutex_init(&pools->mutex, NULL);
    pthread_mutex_init(&pools->scan_mutex, NULL);
    *out = pools;
    return TARN_OK;
}

void pools_close(struct pools *pools)
{
    struct tarn_pool *pool;
    struct tarn_pool *next;

    if (pools == NULL)
        return;
    HASH_ITER(hh, pools->table, pool, next) {
        HASH_DEL(pools->table, pool);
        tarn_pool_unref(pool);
    }
    pthread_mutex_destroy(&pools->scan_mutex);
    pthread_mutex_destroy(&pools->mutex);
    free(pools);
}

/* --- one pool object -------------------------------------------------------------------------- */

static struct tarn_pool *pool_new(struct tarn_context *context, const char *name)
{
    struct tarn_pool *pool = calloc(1, sizeof(*pool));

    if (pool == NULL)
        return NULL;
    pool->name = strdup(name);
    pool->inventory = inventory_new();
    if (pool->name == NULL || pool->inventory == NULL) {
        inventory_free(pool->inventory);
        free(pool->name);
        free(pool);
        return NULL;
    }
    atomic_init(&pool->references, 1);
    pool->context = context;
    pool->gone = true; /* until a file is seen */
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_mutex_init(&pool->marks_mutex, NULL);
    pthread_mutex_init(&pool->session_mutex, NULL);
    return pool;
}

struct tarn_pool *tarn_pool_ref(struct tarn_pool *pool)
{
    atomic_fetch_add(&pool->references, 1);
    return pool;
}

void tarn_pool_unref(struct tarn_pool *pool)
{
    if (pool == NULL || atomic_fetch_sub(&pool->references, 1) != 1)
        return;
    pool_session_unref(pool->session);
    pool_text_unref(pool->defined);
    pool_text_unref(pool->active);
    inventory_free(pool->inventory);
    pthread_mutex_destroy(&pool->session_mutex);
    pthread_mutex_destroy(&pool->marks_mutex);
    pthread_mutex_destroy(&pool->mutex);
    free(pool->silence.why);
    free(pool->label);
    pool_facts_unref(pool->facts);
    free(pool->reason);
    free(pool->name);
    free(pool);
}

const char *tarn_pool_name(const struct tarn_pool *pool)
{
    return pool->name;
}

/* --- following one name ----------------------------------------------------------------------- */

static struct tarn_pool *table_find(struct pools *pools, const char *name)
{
    struct tarn_pool *pool;

    pthread_mutex_lock(&pools->mutex);
    HASH_FIND_STR(pools->table, name, pool);
    if (pool != NULL)
        tarn_pool_ref(pool);
    pthread_mutex_unlock(&pools->mutex);
    return pool;
}

/* The table has a reference of its own. */
static void table_add(struct pools *pools, struct tarn_pool *pool)
{
    pthread_mutex_lock(&pools->mutex);
    HASH_ADD_KEYPTR(hh, pools->table, pool->name, strlen(pool->name), pool);
    pthread_mutex_unlock(&pools->mutex);
    tarn_pool_ref(pool);
}

/* One name has one object for as long as anybody holds it: only what the table alone holds goes. */
static void table_drop_unused(struct pools *pools, struct tarn_pool *pool)
{
    bool unused;

    pthread_mutex_lock(&pools->mutex);
    unused = atomic_load(&pool->references) == 1;
    if (unused)
        HASH_DEL(pools->table, pool);
    pthread_mutex_unlock(&pools->mutex);
    if (unused)
        tarn_pool_unref(pool);
}

static int follow_name(struct tarn_pool **out, struct tarn_context *context, const char *name,
                       struct tarn_error **error)
{
    struct pools *pools = context->pools;
    struct tarn_pool *pool = table_find(pools, name);
    bool fresh = pool == NULL;
    int status;

    if (fresh)
        pool = pool_new(context, name);
    if (pool == NULL)
        return error_set(error, TARN_E_INTERNAL, 0, "no memory for the pool %s", name);
    status = pool_follow(pool, error);
    if (status == TARN_OK && pool_is_gone(pool))
        status = error_set(error, TARN_E_NOT_FOUND, 0,
                           "there is no pool called %s: see the list of all pools", name);
    if (status != TARN_OK) {
        tarn_pool_unref(pool);
        return status;
    }
    if (fresh)
        table_add(pools, pool);
    *out = pool;
    return TARN_OK;
}

int pools_find(struct tarn_pool **out, struct tarn_context *context, const char *name,
               struct tarn_error **error)
{
    int status;

    if (pool_name_check(name, NULL) != TARN_OK)
        return error_set(error, TARN_E_NOT_FOUND, 0, "there is no pool of that name");
    pthread_mutex_lock(&context->pools->scan_mutex);
    status = follow_name(out, context, name, error);
    pthread_mutex_unlock(&context->pools->scan_mutex);
    return status;
}

int pools_prepare(struct tarn_pool **out, struct tarn_context *context, const char *name,
                  struct tarn_error **error)
{
    struct pools *pools = context->pools;
    struct tarn_pool *pool;

    pthread_mutex_lock(&pools->scan_mutex);
    pool = table_find(pools, name);
    if (pool == NULL && (pool = pool_new(context, name)) != NULL)
        table_add(pools, pool);
    pthread_mutex_unlock(&pools->scan_mutex);
    if (pool == NULL)
        return error_set(error, TARN_E_INTERNAL, 0, "no memory for the pool %s", name);
    *out = pool;
    return TARN_OK;
}

/* --- following the folders -------------------------------------------------------------------- */

/* "NAME.xml" becomes "NAME"; false for other files. */
static bool strip_suffix(char *name)
{
    size_t length = strlen(name);
    size_t suffix = strlen(SUFFIX);

    if (length <= suffix || strcmp(name + length - suffix, SUFFIX) != 0 ||
        persist_is_temporary(name))
        return false;
    name[length - suffix] = '\0';
    return true;
}

static int scan_folder(struct tarn_context *context, const char *folder,
                       struct tarn_error **error)
{
    DIR *listing = opendir(folder);
    struct dirent *entry;
    int status = TARN_OK;

    if (listing == NULL)
        return error_set(error, status_from_errno(errno), errno, "cannot list the folder %s",
                         folder);
    while (status == TARN_OK && (entry = readdir(listing)) != NULL) {
        struct tarn_pool *pool = NULL;

        if (!strip_suffix(entry->d_name))
            continue;
        status = follow_name(&pool, context, entry->d_name, error);
        if (status == TARN_E_NOT_FOUND && error != NULL) { /* went while we looked */
            tarn_error_free(*error);
            *error = NULL;
        }
        if (status == TARN_E_NOT_FOUND)
            status = TARN_OK;
        tarn_pool_unref(pool);
    }
    closedir(listing);
    return status;
}

/* Those whose files are no more; the others were followed by scan_folder. */
static int drop_gone(struct tarn_context *context, struct tarn_error **error)
{
    struct pools *pools = context->pools;
    struct tarn_pool *pool;
    struct tarn_pool *next;
    int status = TARN_OK;

    /* Only the scanning thread removes, so the links stay valid without the table's mutex. */
    HASH_ITER(hh, pools->table, pool, next) {
        status = pool_follow(pool, error);
        if (status != TARN_OK)
            break;
        if (pool_is_gone(pool))
            table_drop_unused(pools, pool);
    }
    return status;
}

int pools_scan(struct tarn_context *context, struct tarn_error **error)
{
    int status;

    pthread_mutex_lock(&context->pools->scan_mutex);
    status = scan_folder(context, context->folders.pools, error);
    if (status == TARN_OK)
        status = scan_folder(context, context->folders.active, error);
    if (status == TARN_OK)
        status = drop_gone(context, error);
    pthread_mutex_unlock(&context->pools->scan_mutex);
    return status;
}

/* --- listing ---------------------------------------------------------------------------------- */

static int by_name(const void *left, const void *right)
{
    const struct tarn_pool *const *a = left;
    const struct tarn_pool *const *b = right;

    return strcmp((*a)->name, (*b)->name);
}

int pools_all(struct tarn_pool ***out, struct tarn_context *context, struct tarn_error **error)
{
    struct pools *pools = context->pools;
    struct tarn_pool **list;
    struct tarn_pool *pool;
    size_t count = 0;
    int status = pools_scan(context, error);

    if (status != TARN_OK)
        return status;
    pthread_mutex_lock(&pools->mutex);
    list = calloc(HASH_COUNT(pools->table) + 1, sizeof(struct tarn_pool *));
    if (list != NULL)
        for (pool = pools->table; pool != NULL; pool = pool->hh.next)
            if (!pool_is_gone(pool))
                list[count++] = tarn_pool_ref(pool);
    pthread_mutex_unlock(&pools->mutex);
    if (list == NULL)
        return error_set(error, TARN_E_INTERNAL, 0, "no memory for the list of pools");
    qsort(list, count, sizeof(struct tarn_pool *), by_name);
    *out = list;
    return TARN_OK;
}

void tarn_pool_list_free(struct tarn_pool **list)
{
    size_t index;

    for (index = 0; list != NULL && list[index] != NULL; index++)
        tarn_pool_unref(list[index]);
    free(list);
}
