/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Listing the volumes of a pool in a worker. The worker remembers what it told, and does not wait
 * for the host's word that a volume is known; where it was wrong, the host looks again.
 */
#include <stdlib.h>

#include "core/isolate/proxy-pool.h"

int32_t proxy_lookup(struct tarn_call *call, void *pool, const char *name)
{
    struct exchange exchange;
    int32_t status = proxy_begin(&exchange, call, pool, FRAME_LOOKUP, false);

    if (status != TARN_OK)
        return status;
    wire_put_text(exchange.out, name);
    return proxy_finish(&exchange);
}

/* With `anew` the worker forgets what it told. */
static int32_t refresh_once(struct tarn_call *call, void *pool, bool anew, struct doubts *doubts)
{
    struct exchange exchange;
    int32_t status = proxy_begin(&exchange, call, pool, FRAME_REFRESH, false);

    if (status != TARN_OK)
        return status;
    wire_put_u32(exchange.out, anew);
    exchange.more = doubts;
    return proxy_finish(&exchange);
}

/* A volume that is gone by now is no failure. */
static int32_t resolve(struct tarn_call *call, void *pool, const struct doubts *doubts)
{
    int32_t status = TARN_OK;
    size_t i;

    for (i = 0; i < doubts->count && status == TARN_OK; i++) {
        status = proxy_lookup(call, pool, doubts->names[i]);
        if (status == TARN_E_NOT_FOUND) {
            call->host->forget(call);
            status = TARN_OK;
        }
    }
    return status;
}

static bool can_look_up(const struct proxy_pool *proxy)
{
    return proxy->seat.isolate->descriptor->pool_types[proxy->type]->volume_lookup != NULL;
}

int32_t proxy_refresh(struct tarn_call *call, void *pool)
{
    struct doubts doubts = { .count = 0 };
    int32_t status = refresh_once(call, pool, false, &doubts);
    size_t i;

    if (status == TARN_OK && doubts.count > 0) {
        if (doubts.count <= MOST_DOUBTS && can_look_up(pool))
            status = resolve(call, pool, &doubts);
        else
            status = refresh_once(call, pool, true, &(struct doubts){ .count = MOST_DOUBTS });
    }
    for (i = 0; i < doubts.count && i < MOST_DOUBTS; i++)
        free(doubts.names[i]);
    return status;
}
