/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A table by name. A volume that is told twice alike is known; what the host makes of it is the
 * host's.
 */
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "core/base/sized.h"
#include "core/isolate/host/site.h"

struct known_volume {
    UT_hash_handle hh;
    struct tarn_identity identity;
    uint64_t listing;
    char name[];
};

struct known {
    pthread_mutex_t mutex;
    struct known_volume *volumes;
    uint64_t listing;
};

struct known *known_new(void)
{
    struct known *known = calloc(1, sizeof(*known));

    if (known != NULL)
        pthread_mutex_init(&known->mutex, NULL);
    return known;
}

static void drop(struct known *known, struct known_volume *volume)
{
    HASH_DEL(known->volumes, volume);
    free(volume);
}

static void drop_older(struct known *known, uint64_t listing)
{
    struct known_volume *volume;
    struct known_volume *next;

    HASH_ITER(hh, known->volumes, volume, next)
        if (volume->listing < listing)
            drop(known, volume);
}

void known_free(struct known *known)
{
    if (known == NULL)
        return;
    drop_older(known, UINT64_MAX);
    pthread_mutex_destroy(&known->mutex);
    free(known);
}

void known_begin(struct known *known, bool anew)
{
    if (known == NULL)
        return;
    pthread_mutex_lock(&known->mutex);
    known->listing++;
    if (anew)
        drop_older(known, UINT64_MAX);
    pthread_mutex_unlock(&known->mutex);
}

void known_end(struct known *known)
{
    if (known == NULL)
        return;
    pthread_mutex_lock(&known->mutex);
    drop_older(known, known->listing);
    pthread_mutex_unlock(&known->mutex);
}

static bool is_unknown(const struct tarn_identity *identity)
{
    return identity->device == 0 && identity->inode == 0 && identity->size == 0 &&
           identity->mtime == 0 && identity->ctime == 0;
}

static bool is_same(const struct tarn_identity *a, const struct tarn_identity *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->mtime == b->mtime && a->ctime == b->ctime;
}

static struct known_volume *make(struct known *known, const char *name)
{
    size_t length = strlen(name);
    struct known_volume *volume = calloc(1, sizeof(*volume) + length + 1);

    if (volume == NULL)
        return NULL;
    memcpy(volume->name, name, length);
    HASH_ADD_KEYPTR(hh, known->volumes, volume->name, length, volume);
    if (volume->hh.tbl == NULL) { /* no memory for the table */
        free(volume);
        return NULL;
    }
    return volume;
}

void known_keep(struct known *known, const char *name, const struct tarn_identity *identity)
{
    struct known_volume *volume;

    if (known == NULL || name == NULL)
        return;
    pthread_mutex_lock(&known->mutex);
    HASH_FIND(hh, known->volumes, name, strlen(name), volume);
    if (volume == NULL && identity != NULL)
        volume = make(known, name);
    if (volume != NULL && identity != NULL) {
        sized_copy(&volume->identity, sizeof(volume->identity), identity);
        volume->listing = known->listing;
    } else if (volume != NULL) {
        drop(known, volume);
    }
    pthread_mutex_unlock(&known->mutex);
}

bool known_is(struct known *known, const char *name, const struct tarn_identity *identity)
{
    struct known_volume *volume;
    struct tarn_identity now;
    bool is;

    if (known == NULL)
        return false;
    sized_copy(&now, sizeof(now), identity);
    pthread_mutex_lock(&known->mutex);
    HASH_FIND(hh, known->volumes, name, strlen(name), volume);
    is = volume != NULL && !is_unknown(&now) && is_same(&volume->identity, &now);
    if (is)
        volume->listing = known->listing;
    pthread_mutex_unlock(&known->mutex);
    return is;
}
