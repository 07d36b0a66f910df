/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Events: noticed anywhere, handed out by tarn_event_dispatch in the host's own thread.
 */
#ifndef CORE_EVENT_H
#define CORE_EVENT_H

#include <stdbool.h>

#include "core/context/context.h"

struct tarn_pool;

int events_open(struct events **out, struct tarn_error **error);
void events_close(struct events *events);

/* Queues an event, if anybody listens. `volume` and `text` are NULL where the kind has none. Never
 * fails: without memory the event is lost, and the log says so. */
void event_add(struct tarn_context *context, uint32_t kind, const char *pool, const char *uuid,
               const char *volume, const char *text);
/* Does anybody listen? Saves the work of finding out what changed. */
bool events_wanted(struct tarn_context *context);

#endif
