/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A pool's files, and following what others do to them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/context/event.h"
#include "core/pool/inventory.h"
#include "core/base/persist.h"
#include "core/pool/pool.h"
#include "core/xml/xml-doc.h"

struct pool_text *pool_text_ref(struct pool_text *text)
{
    if (text != NULL)
        atomic_fetch_add(&text->references, 1);
    return text;
}

void pool_text_unref(struct pool_text *text)
{
    if (text == NULL || atomic_fetch_sub(&text->references, 1) != 1)
        return;
    arena_free(text->arena);
    free(text->reason);
    free(text->xml);
    free(text);
}

static void file_name(char *name, size_t size, const struct tarn_pool *pool)
{
    snprintf(name, size, "%s.xml", pool->name);
}

static void identity_of(struct tarn_identity *identity, const struct stat *known)
{
    memset(identity, 0, sizeof(*identity));
    identity->struct_size = sizeof(*identity);
    identity->device = known->st_dev;
    identity->inode = known->st_ino;
    identity->size = (uint64_t)known->st_size;
    identity->mtime = known->st_mtim.tv_sec * INT64_C(1000000000) + known->st_mtim.tv_nsec;
    identity->ctime = known->st_ctim.tv_sec * INT64_C(1000000000) + known->st_ctim.tv_nsec;
}

static struct pool_text *text_alloc(void)
{
    struct pool_text *text = calloc(1, sizeof(*text));

    if (text == NULL)
        return NULL;
    atomic_init(&text->references, 1);
    text->arena = arena_new();
    if (text->arena == NULL) {
        free(text);
        return NULL;
    }
    return text;
}

int pool_text_new(struct pool_text **out, const char *xml, struct tarn_error **error)
{
    struct pool_text *text = text_alloc();
    int status;

    if (text == NULL || (text->xml = strdup(xml)) == NULL) {
        pool_text_unref(text);
        return error_set(error, TARN_E_INTERNAL, 0, "no memory for the definition of a pool");
    }
    text->length = strlen(xml);
    status = pool_head_parse(&text->head, text->arena, text->xml, text->length, error);
    if (status != TARN_OK) {
        pool_text_unref(text);
        return status;
    }
    *out = text;
    return TARN_OK;
}

/* Finds out what the text is of, without any module; what cannot be read keeps its reason. */
static void read_head(struct pool_text *text, const struct tarn_pool *pool)
{
    struct tarn_error *why = NULL;

    if (pool_head_parse(&text->head, text->arena, text->xml, text->length, &why) == TARN_OK &&
        strcmp(text->head.name, pool->name) != 0)
        error_set(&why, TARN_E_INVALID, 0,
                  "the file %s.xml holds the definition of a pool called %s: rename one of them",
                  pool->name, text->head.name);
    if (why != NULL) {
        text->reason = strdup(tarn_error_message(why));
        tarn_error_free(why);
    }
}

/* Reads the file anew if it is not what *text was read from. */
static int follow_file(struct pool_text **text, struct tarn_pool *pool, const char *folder,
                       struct tarn_error **error)
{
    char name[300];
    char path[4096];
    struct stat known;
    struct tarn_identity identity;
    struct pool_text *fresh;
    struct tarn_error *why = NULL;

    file_name(name, sizeof(name), pool);
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (stat(path, &known) < 0) {
        pool_text_unref(*text);
        *text = NULL;
        return TARN_OK;
    }
    identity_of(&identity, &known);
    if (*text != NULL && memcmp(&(*text)->identity, &identity, sizeof(identity)) == 0)
        return TARN_OK;
    fresh = text_alloc();
    if (fresh == NULL)
        return error_set(error, TARN_E_INTERNAL, 0, "no memory for the pool %s", pool->name);
    fresh->identity = identity;
    if (persist_read(&fresh->xml, &fresh->length, folder, name, XML_LENGTH_LIMIT, &why) ==
        TARN_OK) {
        read_head(fresh, pool);
    } else {
        fresh->reason = strdup(why != NULL ? tarn_error_message(why) : "cannot be read");
        tarn_error_free(why);
    }
    pool_text_unref(*text);
    *text = fresh;
    return TARN_OK;
}

static bool has_autostart(const struct tarn_pool *pool)
{
    char path[4096];
    struct stat known;

    snprintf(path, sizeof(path), "%s/%s.xml", pool->context->folders.autostart, pool->name);
    return lstat(path, &known) == 0;
}

/* What listeners are told of the two files: `was` is what they held before. */
static void tell_news(struct tarn_pool *pool, const struct pool_text *was[2],
                      const struct pool_text *is[2])
{
    enum { DEFINED, ACTIVE };
    const struct pool_text *any = is[ACTIVE] != NULL ? is[ACTIVE]
                                  : is[DEFINED] != NULL ? is[DEFINED]
                                  : was[ACTIVE] != NULL ? was[ACTIVE]
                                                        : was[DEFINED];
    const char *uuid = any != NULL ? any->head.uuid : NULL;

    if (is[DEFINED] != was[DEFINED] && is[DEFINED] != NULL)
        event_add(pool->context, TARN_EVENT_POOL_DEFINED, pool->name, uuid, NULL, NULL);
    if (is[ACTIVE] != was[ACTIVE] && was[ACTIVE] != NULL)
        event_add(pool->context, TARN_EVENT_POOL_STOPPED, pool->name, uuid, NULL, NULL);
    if (is[ACTIVE] != was[ACTIVE] && is[ACTIVE] != NULL)
        event_add(pool->context, TARN_EVENT_POOL_STARTED, pool->name, uuid, NULL, NULL);
    if (is[DEFINED] == NULL && was[DEFINED] != NULL)
        event_add(pool->context, TARN_EVENT_POOL_UNDEFINED, pool->name, uuid, NULL, NULL);
}

int pool_follow(struct tarn_pool *pool, struct tarn_error **error)
{
    const struct folders *folders = &pool->context->folders;
    struct pool_text *was[2];
    struct pool_text *is[2];
    int status;

    pthread_mutex_lock(&pool->mutex);
    was[0] = pool_text_ref(pool->defined);
    was[1] = pool_text_ref(pool->active);
    status = follow_file(&pool->defined, pool, folders->pools, error);
    if (status == TARN_OK)
        status = follow_file(&pool->active, pool, folders->active, error);
    is[0] = pool_text_ref(pool->defined);
    is[1] = pool_text_ref(pool->active);
    pool->autostart = has_autostart(pool);
    pool->gone = pool->defined == NULL && pool->active == NULL;
    pthread_mutex_unlock(&pool->mutex);
    if (was[1] != is[1])
        pool_forget_silence(pool);
    if (was[1] != NULL && was[1] != is[1]) { /* what was seen of the volumes is no longer true */
        inventory_clear(pool->inventory);
        pool->recalled = false;
    }
    tell_news(pool, (const struct pool_text *[]){ was[0], was[1] },
              (const struct pool_text *[]){ is[0], is[1] });
    for (int file = 0; file < 2; file++) {
        pool_text_unref(was[file]);
        pool_text_unref(is[file]);
    }
    return status;
}

static int store(struct tarn_pool *pool, const char *folder, const char *xml,
                 struct tarn_error **error)
{
    char name[300];
    int status;

    file_name(name, sizeof(name), pool);
    if (xml != NULL)
        status = persist_write(folder, name, xml, strlen(xml), error);
    else
        status = persist_remove(folder, name, error);
    if (status == TARN_OK)
        status = pool_follow(pool, error);
    return status;
}

int pool_store_defined(struct tarn_pool *pool, const char *xml, struct tarn_error **error)
{
    return store(pool, pool->context->folders.pools, xml, error);
}

int pool_store_active(struct tarn_pool *pool, const char *xml, struct tarn_error **error)
{
    return store(pool, pool->context->folders.active, xml, error);
}

struct pool_text *pool_current_text(struct tarn_pool *pool, bool inactive)
{
    struct pool_text *text;

    pthread_mutex_lock(&pool->mutex);
    text = pool->active;
    if (text == NULL || (inactive && pool->defined != NULL))
        text = pool->defined;
    pool_text_ref(text);
    pthread_mutex_unlock(&pool->mutex);
    return text;
}

bool pool_is_active(struct tarn_pool *pool)
{
    bool active;

    pthread_mutex_lock(&pool->mutex);
    active = pool->active != NULL;
    pthread_mutex_unlock(&pool->mutex);
    return active;
}

bool pool_is_gone(struct tarn_pool *pool)
{
    bool gone;

    pthread_mutex_lock(&pool->mutex);
    gone = pool->gone;
    pthread_mutex_unlock(&pool->mutex);
    return gone;
}
