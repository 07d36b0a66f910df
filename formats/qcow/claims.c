/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * claims.c - see claims.h.
 */
#include "claims.h"

#include <stdlib.h>

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

int32_t claims_begin(struct tarn_call *call, struct claims *claims, uint64_t file_size,
                     uint64_t most)
{
    claims->list = malloc(most * sizeof(*claims->list));
    if (claims->list == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to check who uses which bytes");
    claims->most = most;
    claims->count = claims->low = claims->used = 0;
    claims->high = file_size;
    return TARN_OK;
}

void claims_end(struct claims *claims)
{
    free(claims->list);
    claims->list = NULL;
}

static int by_start(const void *a, const void *b)
{
    const struct claim *first = a;
    const struct claim *second = b;

    return first->start < second->start ? -1 : first->start > second->start;
}

static void sort(struct claims *claims)
{
    if (claims->count > 0)
        qsort(claims->list, claims->count, sizeof(*claims->list), by_start);
}

static void cut(struct claims *claims, uint64_t high)
{
    uint64_t kept = 0;

    claims->high = high;
    for (uint64_t i = 0; i < claims->count; i++) {
        struct claim claim = claims->list[i];

        claim.end = least(claim.end, high);
        if (claim.start < high)
            claims->list[kept++] = claim;
    }
    claims->count = kept;
}

/* Joins claims that touch, and tells of those that overlap. Only in a window that becomes no
 * smaller any more: nothing may be told twice. */
static int32_t join(struct tarn_call *call, struct claims *claims)
{
    uint64_t kept = 0;
    int32_t status = TARN_OK;

    sort(claims);
    for (uint64_t i = 1; i < claims->count && status == TARN_OK; i++) {
        struct claim *last = &claims->list[kept];
        const struct claim *claim = &claims->list[i];

        if (claim->start > last->end) {
            claims->list[++kept] = *claim;
            continue;
        }
        if (claim->start < last->end)
            status = claims->tell(call, claims->arg, claim->start,
                                  least(last->end, claim->end) - claim->start, true);
        if (claim->end > last->end)
            last->end = claim->end;
    }
    if (claims->count > 0)
        claims->count = kept + 1;
    return status;
}

/* A window of as many bytes as claims fit need not become smaller: joined, no more than every other
 * byte begins one. */
static int32_t make_room(struct tarn_call *call, struct claims *claims)
{
    while (claims->count > claims->most / 2 && claims->high - claims->low > claims->most)
        cut(claims, claims->low + (claims->high - claims->low) / 2);
    return claims->count > claims->most / 2 ? join(call, claims) : TARN_OK;
}

int32_t claims_add(struct tarn_call *call, struct claims *claims, uint64_t offset,
                   uint64_t length)
{
    uint64_t start = offset > claims->low ? offset : claims->low;
    uint64_t end = least(offset + length, claims->high);
    int32_t status = TARN_OK;

    if (start >= end)
        return TARN_OK;
    if (claims->count > 0 && claims->list[claims->count - 1].end == start) {
        claims->list[claims->count - 1].end = end;
        return TARN_OK;
    }
    if (claims->count == claims->most)
        status = make_room(call, claims);
    if (status != TARN_OK || start >= claims->high)
        return status;
    claims->list[claims->count++] = (struct claim){ start, least(end, claims->high) };
    return TARN_OK;
}

int32_t claims_next(struct tarn_call *call, struct claims *claims, uint64_t file_size,
                    bool *out_more)
{
    int32_t status = join(call, claims);

    for (uint64_t i = 0; i < claims->count && status == TARN_OK; i++) {
        const struct claim *claim = &claims->list[i];

        if (claim->start > claims->used)
            status = claims->tell(call, claims->arg, claims->used, claim->start - claims->used,
                                  false);
        claims->used = claim->end;
    }
    *out_more = claims->high < file_size;
    claims->count = 0;
    claims->low = claims->high;
    claims->high = file_size;
    if (status == TARN_OK && !*out_more && claims->used < file_size)
        status = claims->tell(call, claims->arg, claims->used, file_size - claims->used, false);
    return status;
}
