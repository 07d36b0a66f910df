/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Why a pool is not active although somebody wanted it to be: run/reasons/NAME, of three lines,
 *
 *     since 1763850000000000000
 *     next 0
 *     its storage went away: …
 *
 * in the run folder, since the next start of the machine begins with a clean sheet.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/persist.h"
#include "core/pool/pool.h"

#define REASON_LIMIT (16u << 10)

void pool_reason_keep(struct tarn_pool *pool, const char *text, int64_t next_try)
{
    struct tarn_error *why = NULL;
    char *file = NULL;
    int length = asprintf(&file, "since %" PRId64 "\nnext %" PRId64 "\n%s", clock_realtime(),
                          next_try, text);
    int status = length < 0 ? TARN_E_INTERNAL
                            : persist_write(pool->context->folders.reasons, pool->name, file,
                                            (size_t)length, &why);

    if (status != TARN_OK)
        context_log(pool->context, TARN_LOG_WARNING, "why the pool %s is not active (%s) is "
                    "forgotten: %s", pool->name, text,
                    why != NULL ? tarn_error_message(why) : "no memory");
    tarn_error_free(why);
    if (length >= 0)
        free(file);
}

void pool_reason_read(struct pool_reason *out, const struct tarn_pool *pool)
{
    char *file = NULL;
    size_t length;
    int used = 0;

    memset(out, 0, sizeof(*out));
    if (persist_read(&file, &length, pool->context->folders.reasons, pool->name, REASON_LIMIT,
                     NULL) != TARN_OK)
        return;
    if (sscanf(file, "since %" SCNd64 "\nnext %" SCNd64 "%n", &out->since, &out->next_try, &used) ==
            2 &&
        file[used] == '\n')
        out->text = strdup(file + used + 1);
    free(file);
}

void pool_reason_clear(struct pool_reason *reason)
{
    free(reason->text);
    reason->text = NULL;
}

void pool_reason_drop(struct tarn_pool *pool)
{
    persist_remove(pool->context->folders.reasons, pool->name, NULL);
}
