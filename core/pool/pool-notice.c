/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a module wants those to know who watch a pool. It is told when the module's call has ended:
 * what the call itself did comes before it, so that a partition is gone before another one bears its
 * name.
 */
#include <stdlib.h>
#include <string.h>

#include "core/context/event.h"
#include "core/pool/observe.h"
#include "core/pool/pool.h"
#include "core/volume/record.h"

struct notice {
    struct notice *next;
    uint32_t kind; /* TARN_NOTICE_… */
    char *volume;  /* NULL = none */
    char *text;
};

static void notice_free(struct notice *notice)
{
    free(notice->volume);
    free(notice->text);
    free(notice);
}

static struct notice *notice_new(uint32_t kind, const char *volume, const char *text)
{
    struct notice *notice = calloc(1, sizeof(*notice));

    if (notice == NULL)
        return NULL;
    notice->kind = kind;
    notice->volume = volume != NULL ? strdup(volume) : NULL;
    notice->text = strdup(text);
    if (notice->text != NULL && (volume == NULL) == (notice->volume == NULL))
        return notice;
    notice_free(notice);
    return NULL;
}

void pool_notify(struct call *call, uint32_t kind, const char *volume, const char *text)
{
    struct operation *operation = call->operation;
    struct notice *notice = text != NULL ? notice_new(kind, volume, text) : NULL;
    struct notice **last;

    if (notice == NULL) {
        context_log(operation->context, TARN_LOG_ERROR, "a notice of pool %s is lost",
                    call->session->pool->name);
        return;
    }
    pthread_mutex_lock(&call->session->pool->mutex); /* several threads may be in the call */
    last = &call->notices;
    while (*last != NULL)
        last = &(*last)->next;
    *last = notice;
    pthread_mutex_unlock(&call->session->pool->mutex);
}

/* --- telling ---------------------------------------------------------------------------------- */

void pool_rename_known(struct tarn_pool *pool, const char *from, const char *to)
{
    struct volume_entry *known = inventory_find(pool->inventory, from);
    struct volume_entry *moved = known != NULL ? volume_entry_new() : NULL;
    struct tarn_volume_info info;

    if (moved != NULL) {
        info = known->info;
        info.name = to;
        volume_entry_fill(moved, &info);
        moved->format = known->format != NULL ? arena_strdup(moved->arena, known->format) : NULL;
        moved->recorded = known->recorded;
        moved->unsaid = known->unsaid;
        inventory_remove(pool->inventory, from, 0);
        if (arena_failed(moved->arena))
            volume_entry_unref(moved);
        else
            inventory_put(pool->inventory, moved, inventory_begin(pool->inventory));
    }
    volume_entry_unref(known);
}

/* The record goes along, and so does what is known of it: a look will add the rest. */
static void follow_move(struct tarn_pool *pool, const char *to, const char *from)
{
    struct tarn_error *why = NULL;

    if (record_move(pool->context, pool->name, from, to, &why) != TARN_OK && why != NULL)
        context_log(pool->context, TARN_LOG_WARNING, "the record of %s in pool %s stays behind: %s",
                    from, pool->name, tarn_error_message(why));
    tarn_error_free(why);
    pool_rename_known(pool, from, to);
}

static void tell(const struct pool_session *session, const struct notice *notice)
{
    static const uint32_t kinds[] = { [TARN_NOTICE_WATERMARK] = TARN_EVENT_POOL_WATERMARK,
                                      [TARN_NOTICE_MOVED] = TARN_EVENT_VOLUME_MOVED,
                                      [TARN_NOTICE_REPAIRED] = TARN_EVENT_POOL_REPAIRED };
    bool moved = notice->kind == TARN_NOTICE_MOVED && notice->volume != NULL;
    struct tarn_pool *pool = session->pool;

    if (notice->kind < TARN_NOTICE_WATERMARK || notice->kind > TARN_NOTICE_REPAIRED)
        return;
    if (moved)
        follow_move(pool, notice->volume, notice->text);
    context_log(pool->context, TARN_LOG_WARNING, "pool %s: %s%s%s", pool->name,
                notice->volume != NULL ? notice->volume : "",
                moved                    ? " is what was "
                : notice->volume != NULL ? ": "
                                         : "",
                notice->text);
    event_add(pool->context, kinds[notice->kind], pool->name, session->def->abi.uuid,
              notice->volume, notice->text);
    pool_news_tell(pool, session, kinds[notice->kind], notice->volume, notice->text);
}

void pool_tell_notices(struct call *call)
{
    struct notice *notice = call->notices;

    call->notices = NULL;
    while (notice != NULL) {
        struct notice *next = notice->next;

        tell(call->session, notice);
        notice_free(notice);
        notice = next;
    }
}
