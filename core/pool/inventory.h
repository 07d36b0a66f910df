/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The inventory: what was last seen of a pool's volumes. What an entry says never changes once it
 * is in; a new sight of a volume replaces its entry. Looks run beside each other, so each has a
 * generation, and what an earlier look brings never replaces what a later one brought. All
 * functions may run in any thread.
 */
#ifndef CORE_INVENTORY_H
#define CORE_INVENTORY_H

#include <stdatomic.h>
#include <stdbool.h>

#include <tarn/result.h>

#include <uthash.h>

#include "core/base/arena.h"

/* One volume as it was seen. Everything lies in its own arena. */
struct volume_entry {
    struct arena *arena;
    struct tarn_image_info image;  /* files and properties are NULL */
    const char *format;            /* NULL = none */
    const char *backing_format;
    const char *const *files;      /* further ones that it names; as backing_path; NULL = none */
    bool recorded;                 /* the format is from tarn's record */
    bool has_image;                /* `image` says something */
    bool recalled;                 /* an earlier process saw it */
    bool unsaid;                   /* XML does not tell the format: TARN_POOL_BYTES */
    atomic_int references;
    struct tarn_volume_info info;  /* io and head are NULL; status is the whole volume's */
    /* From here on, with the name behind it, what a look at an unchanged volume reads: with 10,000
     * of them most of its time goes into fetching these from memory. */
    const char *backing_path;      /* absolute, or as it stands where it is no path; NULL = none */
    struct tarn_identity identity;
    _Atomic int64_t observed;      /* when it was last seen to be so */
    uint64_t generation;           /* of the latest look that saw it */
    UT_hash_handle hh;
};

struct inventory;

struct inventory *inventory_new(void);
void inventory_free(struct inventory *inventory);

/* A new, empty entry with one reference, to be filled in and put. NULL without memory. */
struct volume_entry *volume_entry_new(void);
struct volume_entry *volume_entry_ref(struct volume_entry *entry);
void volume_entry_unref(struct volume_entry *entry);

/* A look begins, at everything or at one volume; the generation it has from now on. */
uint64_t inventory_begin(struct inventory *inventory);
/* It has ended. `since` is when it began (nanoseconds of CLOCK_MONOTONIC) if it saw everything:
 * then what no look as late as this one saw is handed to `gone` and goes. Else 0. */
void inventory_end(struct inventory *inventory, uint64_t generation, int64_t since,
                   void (*gone)(void *arg, const struct volume_entry *entry), void *arg);

enum inventory_news { INVENTORY_ADDED, INVENTORY_CHANGED, INVENTORY_SAME, INVENTORY_STALE };

/* Takes over the caller's reference. INVENTORY_STALE: a later look saw it, or it was removed since
 * that look began; all stays as it is. */
enum inventory_news inventory_put(struct inventory *inventory, struct volume_entry *entry,
                                  uint64_t generation);
/* What an earlier process saw: takes its place only where nothing is known. Takes over the caller's
 * reference. */
void inventory_recall(struct inventory *inventory, struct volume_entry *entry);
/* It is there as before: like putting the same again. False if nothing or another is known. */
bool inventory_confirm(struct inventory *inventory, const char *name, uint64_t generation,
                       const struct tarn_identity *identity,
                       bool (*still)(void *arg, const struct volume_entry *entry), void *arg);
/* The look of that generation found it gone; 0 = it was removed just now. True if it was in and
 * goes. */
bool inventory_remove(struct inventory *inventory, const char *name, uint64_t generation);
/* Everything, and what the looks that have begun will bring. */
void inventory_clear(struct inventory *inventory);

/* New references; NULL if it is not there, or without memory. */
struct volume_entry *inventory_find(struct inventory *inventory, const char *name);
/* All of them, sorted by name, in an array that ends with NULL; the array is the caller's. */
struct volume_entry **inventory_all(struct inventory *inventory);
void volume_entry_list_free(struct volume_entry **list);

/* When the last complete look began (nanoseconds of CLOCK_MONOTONIC); 0 = never. */
int64_t inventory_complete_since(struct inventory *inventory);

#endif
