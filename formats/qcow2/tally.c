/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tally.c - see tally.h.
 */
#include "tally.h"

#include <stdlib.h>
#include <string.h>

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t chunk_of(const struct tally *tally, uint64_t cluster)
{
    return (cluster - tally->low) / TALLY_CHUNK;
}

int32_t tally_begin(struct tarn_call *call, struct tally *tally, uint64_t clusters,
                    uint32_t chunks)
{
    uint64_t all = clusters / TALLY_CHUNK + 1;

    tally->span = least(all * TALLY_CHUNK, TALLY_SPAN_MAX);
    tally->chunks = (uint32_t)least(all, chunks);
    /* Only what is used of them becomes real memory. */
    tally->directory = calloc(tally->span / TALLY_CHUNK, sizeof(*tally->directory));
    tally->counts = malloc(tally->chunks * sizeof(*tally->counts) * TALLY_CHUNK);
    tally->top = 0;
    tally->low = tally->high = tally->next = TALLY_NONE;
    if (tally->directory == NULL || tally->counts == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to count clusters");
    return TARN_OK;
}

void tally_end(struct tally *tally)
{
    free(tally->directory);
    free(tally->counts);
    tally->directory = tally->counts = NULL;
}

void tally_start(struct tally *tally, uint64_t low)
{
    memset(tally->directory, 0, tally->top * sizeof(*tally->directory));
    tally->used = 0;
    tally->free = 0;
    tally->top = 0;
    tally->low = low;
    tally->high = low > TALLY_NONE - tally->span ? TALLY_NONE : low + tally->span;
    tally->next = TALLY_NONE;
}

static uint16_t *counts_of(const struct tally *tally, uint16_t entry)
{
    return tally->counts + (uint64_t)(entry - 1) * TALLY_CHUNK;
}

/* Gives the upper quarter of the chunks back, so that this is seldom done. */
static void cut(struct tally *tally)
{
    uint32_t wanted = tally->chunks / 4 + 1;

    while (wanted > 0) {
        uint16_t *entry = &tally->directory[--tally->top];

        if (*entry == 0)
            continue;
        *counts_of(tally, *entry) = tally->free;
        tally->free = *entry;
        *entry = 0;
        wanted--;
    }
    tally->high = tally->next = tally->low + tally->top * TALLY_CHUNK;
    while (tally->top > 0 && tally->directory[tally->top - 1] == 0)
        tally->top--;
}

/* The chunk of a cluster of the window, made now; 0 if the window had to end before it. */
static uint16_t make(struct tally *tally, uint64_t cluster)
{
    uint64_t chunk = chunk_of(tally, cluster);
    uint16_t entry;

    if (tally->free == 0 && tally->used == tally->chunks) {
        if (chunk < tally->top)
            cut(tally);
        else
            tally->high = tally->next = tally->low + chunk * TALLY_CHUNK;
        if (cluster >= tally->high)
            return 0;
    }
    entry = tally->free;
    if (entry != 0)
        tally->free = *counts_of(tally, entry);
    else
        entry = (uint16_t)++tally->used;
    memset(counts_of(tally, entry), 0, sizeof(*tally->counts) * TALLY_CHUNK);
    tally->directory[chunk] = entry;
    if (tally->top <= chunk)
        tally->top = chunk + 1;
    return entry;
}

uint16_t *tally_at(struct tally *tally, uint64_t cluster)
{
    uint16_t entry;

    if (cluster < tally->low)
        return NULL;
    if (cluster >= tally->high) {
        tally->next = least(tally->next, cluster / TALLY_CHUNK * TALLY_CHUNK);
        return NULL;
    }
    entry = tally->directory[chunk_of(tally, cluster)];
    if (entry == 0)
        entry = make(tally, cluster);
    return entry != 0 ? &counts_of(tally, entry)[cluster % TALLY_CHUNK] : NULL;
}

uint64_t tally_get(const struct tally *tally, uint64_t cluster)
{
    uint16_t entry = 0;

    if (cluster >= tally->low && cluster < tally->high)
        entry = tally->directory[chunk_of(tally, cluster)];
    return entry != 0 ? counts_of(tally, entry)[cluster % TALLY_CHUNK] : 0;
}

uint64_t tally_skip(const struct tally *tally, uint64_t from, uint64_t end)
{
    uint64_t chunk = chunk_of(tally, from);

    if (chunk < tally->top && tally->directory[chunk] != 0)
        return from;
    while (chunk < tally->top && tally->directory[chunk] == 0 &&
           tally->low + chunk * TALLY_CHUNK < end)
        chunk++;
    return chunk < tally->top ? least(tally->low + chunk * TALLY_CHUNK, end) : end;
}
