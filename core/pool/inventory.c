/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Generations let looks run beside everything else: one drops only what neither it nor a later one
 * saw, and cannot bring back what was removed since it began.
 */
#include "core/pool/inventory.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/context/operation.h"

/* A volume that was removed while somebody looked. */
struct tombstone {
    UT_hash_handle hh;
    uint64_t generation; /* looks before it saw what is no more */
    char name[];
};

struct inventory {
    pthread_mutex_t mutex;
    struct volume_entry *table;
    struct tombstone *buried;
    uint64_t generation;    /* of the latest look, or removal */
    unsigned newest;        /* how many entries are of that generation */
    uint64_t cleared;       /* looks before it bring nothing */
    unsigned looking;       /* looks that have begun and not ended */
    int64_t complete_since;
};

struct inventory *inventory_new(void)
{
    struct inventory *inventory = calloc(1, sizeof(*inventory));

    if (inventory != NULL)
        pthread_mutex_init(&inventory->mutex, NULL);
    return inventory;
}

void inventory_free(struct inventory *inventory)
{
    if (inventory == NULL)
        return;
    inventory_clear(inventory);
    pthread_mutex_destroy(&inventory->mutex);
    free(inventory);
}

struct volume_entry *volume_entry_new(void)
{
    struct arena *arena = arena_new();
    struct volume_entry *entry = arena != NULL ? arena_alloc(arena, sizeof(*entry)) : NULL;

    if (entry == NULL) {
        arena_free(arena);
        return NULL;
    }
    entry->arena = arena;
    atomic_init(&entry->references, 1);
    return entry;
}

struct volume_entry *volume_entry_ref(struct volume_entry *entry)
{
    atomic_fetch_add(&entry->references, 1);
    return entry;
}

void volume_entry_unref(struct volume_entry *entry)
{
    if (entry != NULL && atomic_fetch_sub(&entry->references, 1) == 1)
        arena_free(entry->arena);
}

/* --- looks ------------------------------------------------------------------------------------ */

static uint64_t next_generation(struct inventory *inventory)
{
    inventory->newest = 0;
    return ++inventory->generation;
}

uint64_t inventory_begin(struct inventory *inventory)
{
    uint64_t generation;

    pthread_mutex_lock(&inventory->mutex);
    inventory->looking++;
    generation = next_generation(inventory);
    pthread_mutex_unlock(&inventory->mutex);
    return generation;
}

static void table_drop(struct inventory *inventory, struct volume_entry *entry)
{
    if (entry->generation == inventory->generation)
        inventory->newest--;
    HASH_DEL(inventory->table, entry);
    volume_entry_unref(entry);
}

static void drop_tombstones(struct inventory *inventory)
{
    struct tombstone *tombstone;
    struct tombstone *next;

    HASH_ITER(hh, inventory->buried, tombstone, next) {
        HASH_DEL(inventory->buried, tombstone);
        free(tombstone);
    }
}

static void drop_unseen(struct inventory *inventory, uint64_t generation,
                        void (*gone)(void *arg, const struct volume_entry *entry), void *arg)
{
    struct volume_entry *entry;
    struct volume_entry *next;

    /* Mostly nothing is unseen, and the table need not be walked to know it. */
    if (generation == inventory->generation && inventory->newest == HASH_COUNT(inventory->table))
        return;
    HASH_ITER(hh, inventory->table, entry, next) {
        if (entry->generation >= generation)
            continue;
        gone(arg, entry);
        table_drop(inventory, entry);
    }
}

void inventory_end(struct inventory *inventory, uint64_t generation, int64_t since,
                   void (*gone)(void *arg, const struct volume_entry *entry), void *arg)
{
    pthread_mutex_lock(&inventory->mutex);
    if (since != 0 && generation > inventory->cleared) {
        drop_unseen(inventory, generation, gone, arg);
        if (since > inventory->complete_since)
            inventory->complete_since = since;
    }
    if (--inventory->looking == 0)
        drop_tombstones(inventory);
    pthread_mutex_unlock(&inventory->mutex);
}

int64_t inventory_complete_since(struct inventory *inventory)
{
    int64_t since;

    pthread_mutex_lock(&inventory->mutex);
    since = inventory->complete_since;
    pthread_mutex_unlock(&inventory->mutex);
    return since;
}

/* --- entries ---------------------------------------------------------------------------------- */

static bool same_identity(const struct tarn_identity *a, const struct tarn_identity *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->mtime == b->mtime && a->ctime == b->ctime;
}

/* Storage that gives no identity is looked at anew each time. */
static bool is_known(const struct tarn_identity *identity)
{
    return identity->inode != 0 || identity->mtime != 0 || identity->ctime != 0;
}

static bool same_volume(const struct volume_entry *a, const struct volume_entry *b)
{
    return same_identity(&a->identity, &b->identity) && a->info.status == b->info.status &&
           a->info.capacity == b->info.capacity && a->info.allocation == b->info.allocation;
}

/* A look that began before the volume was removed, or before everything was forgotten. */
static bool is_outdated(struct inventory *inventory, const char *name, uint64_t generation)
{
    struct tombstone *tombstone;

    HASH_FIND_STR(inventory->buried, name, tombstone);
    return generation <= inventory->cleared ||
           (tombstone != NULL && generation < tombstone->generation);
}

static void see(struct inventory *inventory, struct volume_entry *entry, uint64_t generation)
{
    entry->generation = generation;
    if (generation == inventory->generation)
        inventory->newest++;
}

enum inventory_news inventory_put(struct inventory *inventory, struct volume_entry *entry,
                                  uint64_t generation)
{
    enum inventory_news news = INVENTORY_ADDED;
    struct volume_entry *old;

    pthread_mutex_lock(&inventory->mutex);
    HASH_FIND_STR(inventory->table, entry->info.name, old);
    if (is_outdated(inventory, entry->info.name, generation) ||
        (old != NULL && generation < old->generation)) {
        pthread_mutex_unlock(&inventory->mutex);
        volume_entry_unref(entry);
        return INVENTORY_STALE;
    }
    if (old != NULL) {
        news = same_volume(old, entry) ? INVENTORY_SAME : INVENTORY_CHANGED;
        table_drop(inventory, old);
    }
    see(inventory, entry, generation);
    HASH_ADD_KEYPTR(hh, inventory->table, entry->info.name, strlen(entry->info.name), entry);
    pthread_mutex_unlock(&inventory->mutex);
    return news;
}

void inventory_recall(struct inventory *inventory, struct volume_entry *entry)
{
    struct volume_entry *known;

    pthread_mutex_lock(&inventory->mutex);
    HASH_FIND_STR(inventory->table, entry->info.name, known);
    if (known == NULL) {
        see(inventory, entry, 0);
        HASH_ADD_KEYPTR(hh, inventory->table, entry->info.name, strlen(entry->info.name), entry);
    }
    pthread_mutex_unlock(&inventory->mutex);
    if (known != NULL)
        volume_entry_unref(entry);
}

bool inventory_confirm(struct inventory *inventory, const char *name, uint64_t generation,
                       const struct tarn_identity *identity,
                       bool (*still)(void *arg, const struct volume_entry *entry), void *arg)
{
    struct volume_entry *entry;
    bool confirmed;

    pthread_mutex_lock(&inventory->mutex);
    HASH_FIND_STR(inventory->table, name, entry);
    confirmed = entry != NULL && is_known(identity) &&
                same_identity(&entry->identity, identity) && still(arg, entry);
    if (confirmed) {
        atomic_store(&entry->observed, clock_realtime());
        if (generation > entry->generation)
            see(inventory, entry, generation);
    }
    pthread_mutex_unlock(&inventory->mutex);
    return confirmed;
}

/* Without memory an outdated sight may come in, until the next look. */
static void bury(struct inventory *inventory, const char *name, uint64_t generation)
{
    struct tombstone *tombstone;

    HASH_FIND_STR(inventory->buried, name, tombstone);
    if (tombstone == NULL) {
        tombstone = malloc(sizeof(*tombstone) + strlen(name) + 1);
        if (tombstone == NULL)
            return;
        strcpy(tombstone->name, name);
        tombstone->generation = 0;
        HASH_ADD_STR(inventory->buried, name, tombstone);
    }
    if (generation > tombstone->generation)
        tombstone->generation = generation;
}

bool inventory_remove(struct inventory *inventory, const char *name, uint64_t generation)
{
    struct volume_entry *entry;
    bool goes;

    pthread_mutex_lock(&inventory->mutex);
    if (generation == 0)
        generation = next_generation(inventory);
    HASH_FIND_STR(inventory->table, name, entry);
    goes = entry != NULL && entry->generation <= generation;
    if (goes)
        table_drop(inventory, entry);
    if (inventory->looking > 0)
        bury(inventory, name, generation);
    pthread_mutex_unlock(&inventory->mutex);
    return goes;
}

void inventory_clear(struct inventory *inventory)
{
    struct volume_entry *entry;
    struct volume_entry *next;

    pthread_mutex_lock(&inventory->mutex);
    HASH_ITER(hh, inventory->table, entry, next)
        table_drop(inventory, entry);
    drop_tombstones(inventory);
    inventory->cleared = inventory->generation;
    inventory->complete_since = 0;
    pthread_mutex_unlock(&inventory->mutex);
}

struct volume_entry *inventory_find(struct inventory *inventory, const char *name)
{
    struct volume_entry *entry;

    pthread_mutex_lock(&inventory->mutex);
    HASH_FIND_STR(inventory->table, name, entry);
    if (entry != NULL)
        volume_entry_ref(entry);
    pthread_mutex_unlock(&inventory->mutex);
    return entry;
}

static int by_name(const void *left, const void *right)
{
    const struct volume_entry *const *a = left;
    const struct volume_entry *const *b = right;

    return strcmp((*a)->info.name, (*b)->info.name);
}

struct volume_entry **inventory_all(struct inventory *inventory)
{
    struct volume_entry **list;
    struct volume_entry *entry;
    size_t count = 0;

    pthread_mutex_lock(&inventory->mutex);
    list = calloc(HASH_COUNT(inventory->table) + 1, sizeof(struct volume_entry *));
    if (list != NULL)
        for (entry = inventory->table; entry != NULL; entry = entry->hh.next)
            list[count++] = volume_entry_ref(entry);
    pthread_mutex_unlock(&inventory->mutex);
    if (list != NULL)
        qsort(list, count, sizeof(struct volume_entry *), by_name);
    return list;
}

void volume_entry_list_free(struct volume_entry **list)
{
    size_t index;

    for (index = 0; list != NULL && list[index] != NULL; index++)
        volume_entry_unref(list[index]);
    free(list);
}
