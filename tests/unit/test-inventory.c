/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The inventory: looks that run beside each other.
 */
#include "core/pool/inventory.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

static unsigned gone_count;

static void gone(void *arg, const struct volume_entry *entry)
{
    (void)arg;
    (void)entry;
    gone_count++;
}

static enum inventory_news put(struct inventory *inventory, const char *name, uint64_t capacity,
                               uint64_t generation)
{
    struct volume_entry *entry = volume_entry_new();

    entry->info.name = arena_strdup(entry->arena, name);
    entry->info.capacity = capacity;
    entry->identity.inode = 1;
    entry->identity.size = capacity;
    return inventory_put(inventory, entry, generation);
}

/* A look at one volume, now. */
static enum inventory_news see(struct inventory *inventory, const char *name, uint64_t capacity)
{
    uint64_t generation = inventory_begin(inventory);
    enum inventory_news news = put(inventory, name, capacity, generation);

    inventory_end(inventory, generation, 0, NULL, NULL);
    return news;
}

/* The capacity that is known, 0 = it is not there. */
static uint64_t known(struct inventory *inventory, const char *name)
{
    struct volume_entry *entry = inventory_find(inventory, name);
    uint64_t capacity = entry != NULL ? entry->info.capacity : 0;

    volume_entry_unref(entry);
    return capacity;
}

static unsigned count(struct inventory *inventory)
{
    struct volume_entry **all = inventory_all(inventory);
    unsigned length = 0;

    while (all[length] != NULL)
        length++;
    volume_entry_list_free(all);
    return length;
}

static void news(void)
{
    struct inventory *inventory = inventory_new();

    CU_ASSERT_EQUAL(see(inventory, "a", 10), INVENTORY_ADDED);
    CU_ASSERT_EQUAL(see(inventory, "a", 10), INVENTORY_SAME);
    CU_ASSERT_EQUAL(see(inventory, "a", 20), INVENTORY_CHANGED);
    CU_ASSERT_TRUE(inventory_remove(inventory, "a", 0));
    CU_ASSERT_FALSE(inventory_remove(inventory, "a", 0));
    CU_ASSERT_EQUAL(see(inventory, "a", 20), INVENTORY_ADDED);
    inventory_free(inventory);
}

static void unseen_goes(void)
{
    struct inventory *inventory = inventory_new();
    uint64_t look;

    see(inventory, "stays", 1);
    see(inventory, "goes", 1);
    look = inventory_begin(inventory);
    put(inventory, "stays", 1, look);
    gone_count = 0;
    inventory_end(inventory, look, 77, gone, NULL);
    CU_ASSERT_EQUAL(gone_count, 1);
    CU_ASSERT_EQUAL(known(inventory, "goes"), 0);
    CU_ASSERT_EQUAL(known(inventory, "stays"), 1);
    CU_ASSERT_EQUAL(inventory_complete_since(inventory), 77);
    inventory_free(inventory);
}

static void failed_look_drops_nothing(void)
{
    struct inventory *inventory = inventory_new();
    uint64_t look;

    see(inventory, "a", 1);
    look = inventory_begin(inventory);
    gone_count = 0;
    inventory_end(inventory, look, 0, gone, NULL);
    CU_ASSERT_EQUAL(gone_count, 0);
    CU_ASSERT_EQUAL(known(inventory, "a"), 1);
    CU_ASSERT_EQUAL(inventory_complete_since(inventory), 0);
    inventory_free(inventory);
}

static void created_meanwhile_survives(void)
{
    struct inventory *inventory = inventory_new();
    uint64_t look = inventory_begin(inventory);

    see(inventory, "new", 5);
    inventory_end(inventory, look, 1, gone, NULL);
    CU_ASSERT_EQUAL(known(inventory, "new"), 5);
    inventory_free(inventory);
}

static void removed_meanwhile_stays_away(void)
{
    struct inventory *inventory = inventory_new();
    uint64_t all;
    uint64_t one;

    see(inventory, "a", 1);
    all = inventory_begin(inventory);
    one = inventory_begin(inventory);
    inventory_remove(inventory, "a", 0);
    CU_ASSERT_EQUAL(put(inventory, "a", 1, all), INVENTORY_STALE);
    CU_ASSERT_EQUAL(put(inventory, "a", 1, one), INVENTORY_STALE);
    CU_ASSERT_EQUAL(known(inventory, "a"), 0);
    /* But what was made anew since is there. */
    CU_ASSERT_EQUAL(see(inventory, "a", 2), INVENTORY_ADDED);
    CU_ASSERT_EQUAL(put(inventory, "a", 1, all), INVENTORY_STALE);
    inventory_end(inventory, one, 0, NULL, NULL);
    inventory_end(inventory, all, 1, gone, NULL);
    CU_ASSERT_EQUAL(known(inventory, "a"), 2);
    inventory_free(inventory);
}

/* A look that found nothing must not drop what was made after it began. */
static void found_gone_before_it_was_made(void)
{
    struct inventory *inventory = inventory_new();
    uint64_t early = inventory_begin(inventory);

    see(inventory, "a", 1);
    CU_ASSERT_FALSE(inventory_remove(inventory, "a", early));
    CU_ASSERT_EQUAL(known(inventory, "a"), 1);
    inventory_end(inventory, early, 0, NULL, NULL);
    inventory_free(inventory);
}

static void later_look_wins(void)
{
    struct inventory *inventory = inventory_new();
    uint64_t early = inventory_begin(inventory);

    see(inventory, "a", 20); /* resized since */
    CU_ASSERT_EQUAL(put(inventory, "a", 10, early), INVENTORY_STALE);
    CU_ASSERT_EQUAL(known(inventory, "a"), 20);
    inventory_end(inventory, early, 1, gone, NULL);
    CU_ASSERT_EQUAL(known(inventory, "a"), 20);
    inventory_free(inventory);
}

static bool still(void *arg, const struct volume_entry *entry)
{
    (void)entry;
    return arg == NULL;
}

/* An early look that confirms something does not vouch for it to a later one. */
static void early_confirmation(void)
{
    struct inventory *inventory = inventory_new();
    const struct tarn_identity identity = { .inode = 1, .size = 5 };
    uint64_t early;
    uint64_t late;

    see(inventory, "a", 5);
    early = inventory_begin(inventory);
    late = inventory_begin(inventory);
    CU_ASSERT_TRUE(inventory_confirm(inventory, "a", early, &identity, still, NULL));
    inventory_end(inventory, late, 1, gone, NULL); /* did not see it */
    CU_ASSERT_EQUAL(known(inventory, "a"), 0);
    inventory_end(inventory, early, 1, gone, NULL);
    inventory_free(inventory);
}

static void confirmed(void)
{
    struct inventory *inventory = inventory_new();
    const struct tarn_identity same = { .inode = 1, .size = 5 };
    const struct tarn_identity other = { .inode = 1, .size = 6 };
    const struct tarn_identity unknown = { .inode = 0 };
    uint64_t look;

    see(inventory, "a", 5);
    look = inventory_begin(inventory);
    CU_ASSERT_FALSE(inventory_confirm(inventory, "b", look, &same, still, NULL));
    CU_ASSERT_FALSE(inventory_confirm(inventory, "a", look, &other, still, NULL));
    CU_ASSERT_FALSE(inventory_confirm(inventory, "a", look, &unknown, still, NULL));
    CU_ASSERT_FALSE(inventory_confirm(inventory, "a", look, &same, still, inventory));
    CU_ASSERT_TRUE(inventory_confirm(inventory, "a", look, &same, still, NULL));
    inventory_end(inventory, look, 1, gone, NULL);
    CU_ASSERT_EQUAL(known(inventory, "a"), 5);
    inventory_free(inventory);
}

static void cleared(void)
{
    struct inventory *inventory = inventory_new();
    uint64_t look;

    see(inventory, "a", 1);
    look = inventory_begin(inventory);
    put(inventory, "b", 1, look);
    inventory_clear(inventory);
    CU_ASSERT_EQUAL(put(inventory, "c", 1, look), INVENTORY_STALE);
    inventory_end(inventory, look, 9, gone, NULL);
    CU_ASSERT_EQUAL(count(inventory), 0);
    CU_ASSERT_EQUAL(inventory_complete_since(inventory), 0);
    CU_ASSERT_EQUAL(see(inventory, "a", 1), INVENTORY_ADDED);
    inventory_free(inventory);
}

static void entry_outlives_the_inventory(void)
{
    struct inventory *inventory = inventory_new();
    struct volume_entry *entry;

    see(inventory, "a", 7);
    entry = inventory_find(inventory, "a");
    inventory_remove(inventory, "a", 0);
    inventory_free(inventory);
    CU_ASSERT_STRING_EQUAL(entry->info.name, "a");
    volume_entry_unref(entry);
    inventory_free(NULL);
}

static void ten_thousand(void)
{
    struct inventory *inventory = inventory_new();
    struct volume_entry **all;
    uint64_t look = inventory_begin(inventory);
    char name[16];
    unsigned index;

    for (index = 0; index < 10000; index++) {
        snprintf(name, sizeof(name), "v%05u", (index * 7919) % 10000);
        CU_ASSERT_EQUAL(put(inventory, name, 1, look), INVENTORY_ADDED);
    }
    inventory_end(inventory, look, 1, gone, NULL);
    all = inventory_all(inventory);
    for (index = 0; index < 10000 && all[index] != NULL; index++) {
        snprintf(name, sizeof(name), "v%05u", index);
        CU_ASSERT_STRING_EQUAL(all[index]->info.name, name);
    }
    CU_ASSERT(index == 10000 && all[index] == NULL);
    volume_entry_list_free(all);
    look = inventory_begin(inventory);
    put(inventory, "v00007", 1, look);
    gone_count = 0;
    inventory_end(inventory, look, 2, gone, NULL);
    CU_ASSERT_EQUAL(gone_count, 9999);
    CU_ASSERT_EQUAL(count(inventory), 1);
    inventory_free(inventory);
}

static void *hammer(void *arg)
{
    struct inventory *inventory = arg;
    char name[32];
    unsigned round;

    snprintf(name, sizeof(name), "%lx", (unsigned long)pthread_self());
    for (round = 0; round < 500; round++) {
        uint64_t look = inventory_begin(inventory);

        put(inventory, name, round + 1, look);
        put(inventory, "shared", round + 1, look);
        inventory_end(inventory, look, 0, NULL, NULL);
        if (known(inventory, name) != round + 1)
            return arg;
        volume_entry_list_free(inventory_all(inventory));
        if (!inventory_remove(inventory, name, 0) || known(inventory, name) != 0)
            return arg;
    }
    return NULL;
}

static void many_threads(void)
{
    struct inventory *inventory = inventory_new();
    pthread_t threads[8];
    unsigned index;

    for (index = 0; index < 8; index++)
        pthread_create(&threads[index], NULL, hammer, inventory);
    for (index = 0; index < 8; index++) {
        void *failed;

        pthread_join(threads[index], &failed);
        CU_ASSERT_PTR_NULL(failed);
    }
    CU_ASSERT_EQUAL(count(inventory), 1);
    inventory_free(inventory);
}

static const struct unit_test tests[] = {
    { "a sight is new, the same, or a change", news },
    { "what a complete look does not see goes", unseen_goes },
    { "a look that failed drops nothing", failed_look_drops_nothing },
    { "what was made during a look survives it", created_meanwhile_survives },
    { "what was removed during a look is not brought back", removed_meanwhile_stays_away },
    { "a look drops nothing that was made after it began", found_gone_before_it_was_made },
    { "an earlier look does not replace what a later one saw", later_look_wins },
    { "what an early look confirms a later one can still miss", early_confirmation },
    { "only the same thing is confirmed", confirmed },
    { "looks from before a clear bring nothing", cleared },
    { "an entry outlives its inventory", entry_outlives_the_inventory },
    { "ten thousand volumes are sorted, and go at once", ten_thousand },
    { "eight threads do not get in each other's way", many_threads },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("inventory", tests);
}
