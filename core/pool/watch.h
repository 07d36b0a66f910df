/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Watching for what others do: to the folders of definitions and active pools, and to the storage
 * of active pools whose type can tell. One descriptor polls for all.
 */
#ifndef CORE_WATCH_H
#define CORE_WATCH_H

#include "core/context/context.h"

struct watch;

/* `wake_fd` stays the caller's; it makes the watch readable, too. */
int watch_open(struct watch **out, struct tarn_context *context, int wake_fd,
               struct tarn_error **error);
void watch_close(struct watch *watch);
int watch_fd(const struct watch *watch);
/* Looks at what changed; that queues the events. Never blocks. */
int watch_read(struct watch *watch, struct tarn_error **error);

#endif
