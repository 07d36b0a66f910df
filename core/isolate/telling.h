/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One message of a module, while it is passed on. For telling.c and telling-results.c.
 */
#ifndef CORE_ISOLATE_TELLING_H
#define CORE_ISOLATE_TELLING_H

#include "core/isolate/worker.h"

struct message {
    struct exchange *exchange;
    struct tarn_call *call;
    const struct tarn_host *host;
    struct wire_reader reader;
    uint32_t word;
};

static inline struct worker *message_worker(const struct message *message)
{
    return (struct worker *)(void *)message->exchange->peer;
}

/* Answers a question without more. */
int message_answer(const struct message *message, int32_t status);

/* --- telling-results.c ------------------------------------------------------------------------ */

/* One of the FRAME_EMIT_… that nobody waits for, or FRAME_KNOWN. 0, or CHANNEL_…. */
int message_result(struct message *message, uint32_t op);
/* Those whose answer the module waits for. */
int message_volume_io(struct message *message);
int message_changed_wait(struct message *message);

#endif
