/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A range of a byte store, part by part, read by a thread of its own: while who takes the parts does
 * something with one, the next is on its way.
 */
#ifndef CORE_VOLUME_STREAM_H
#define CORE_VOLUME_STREAM_H

#include "core/context/call.h"

#define STREAM_PART ((uint64_t)1 << 20) /* bytes; the last part may have fewer */

struct stream;

/* Until stream_end nobody else uses `io`. */
int stream_begin(struct stream **out, struct call *call, struct tarn_io *io, uint64_t offset,
                 uint64_t length);
/* The next part, which is good until the following; *out_length 0: that was all. A part that could
 * not be read is recorded in the call when its turn comes; nothing comes after it. */
int stream_next(struct stream *stream, const void **out_part, uint64_t *out_length);
/* Waits for what is being read. NULL is legal. */
void stream_end(struct stream *stream);

#endif
