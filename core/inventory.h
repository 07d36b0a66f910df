/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The inventory: what was last seen of a pool's volumes. Entries never change once they are in; a new
 * sight of a volume replaces its entry. All functions may run in any thread.
 */
#ifndef CORE_INVENTORY_H
#define CORE_INVENTORY_H

#include <stdatomic.h>
#include <stdbool.h>

#include <tarn/result.h>

#include <uthash.h>

#include "core/arena.h"

/* One volume as it was seen. Everything lies in its own arena. */
struct volume_entry {
    UT_hash_handle hh;
    struct arena *arena;
    atomic_int references;
    uint64_t generation;           /* the inventory's, when it was last seen */
    bool removed;                  /* a tombstone: keeps an older sight from coming in */
    bool recorded;                 /* the format is from tarn's record */
    bool has_image;                /* `image` says something */
    int64_t observed;
    struct tarn_volume_info info;  /* io and head are NULL; status is the whole volume's */
    struct tarn_image_info image;  /* files and properties are NULL */
    struct tarn_identity identity;
    const char *format;            /* NULL = none */
    const char *backing_path;      /* absolute, or as it stands where it is no path; NULL = none */
    const char *backing_format;
};

struct inventory;

struct inventory *inventory_new(void);
void inventory_free(struct inventory *inventory);

/* A new, empty entry with one reference, to be filled in and put. NULL without memory. */
struct volume_entry *volume_entry_new(void);
struct volume_entry *volume_entry_ref(struct volume_entry *entry);
void volume_entry_unref(struct volume_entry *entry);

/* A look at everything begins; the generation it has from now on. */
uint64_t inventory_begin(struct inventory *inventory);
/* It has ended: what was not seen since is handed to `gone` and goes, unless it failed. */
void inventory_end(struct inventory *inventory, uint64_t generation, bool complete,
                   void (*gone)(void *arg, const struct volume_entry *entry), void *arg);

enum inventory_news { INVENTORY_ADDED, INVENTORY_CHANGED, INVENTORY_SAME, INVENTORY_STALE };

/* Takes over the caller's reference. `generation` is of the look that saw it, 0 = a look at just this
 * one, now. INVENTORY_STALE: it was removed since that look began, and stays so. */
enum inventory_news inventory_put(struct inventory *inventory, struct volume_entry *entry,
                                  uint64_t generation);
/* It is there as before: like putting the same again. False if nothing or another is known. */
bool inventory_confirm(struct inventory *inventory, const char *name,
                       const struct tarn_identity *identity,
                       bool (*still)(void *arg, const struct volume_entry *entry), void *arg);
/* True if it was in. */
bool inventory_remove(struct inventory *inventory, const char *name);
/* Everything. */
void inventory_clear(struct inventory *inventory);

/* New references; NULL if it is not there, or without memory. */
struct volume_entry *inventory_find(struct inventory *inventory, const char *name);
/* All of them, sorted by name, in an array that ends with NULL; the array is the caller's. */
struct volume_entry **inventory_all(struct inventory *inventory);
void volume_entry_list_free(struct volume_entry **list);

/* A complete look began then (nanoseconds of CLOCK_MONOTONIC) and has ended. */
void inventory_completed(struct inventory *inventory, int64_t since);
/* When the last complete look began (nanoseconds of CLOCK_MONOTONIC); 0 = never. */
int64_t inventory_complete_since(struct inventory *inventory);

#endif
