/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Byte stores across processes: ours, that the other uses by number, and the other's, which look
 * like any struct tarn_io here.
 */
#ifndef CORE_ISOLATE_STORE_H
#define CORE_ISOLATE_STORE_H

#include "core/isolate/exchange.h"

/* --- ours (store-serve.c) --------------------------------------------------------------------- */

/* Writes what the other side must know of it. `head` are its first bytes, if nobody changes them
 * while it is used, and `size` its size then; NULL and UINT64_MAX: it asks. */
void store_describe(struct wire_writer *writer, store_number number, const struct tarn_io *io,
                    const void *head, uint64_t head_length, uint64_t size);
/* Serves one FRAME_IO_… under the call. 0, or CHANNEL_…. */
int store_serve(struct tarn_call *call, struct peer *peer, struct channel *channel,
                const struct frame *frame);

/* --- the other's (store-client.c) ------------------------------------------------------------- */

/* What its user does when it closes one: what belonged to it goes, too. */
typedef void (*store_closed_fn)(struct tarn_call *call, struct tarn_io *io, void *arg);

/* Makes one of a description. NULL, and reader->failed, if it is none, or there is no memory. It
 * keeps the peer. */
struct tarn_io *store_client_new(struct peer *peer, struct wire_reader *reader);
/* Locks it as helpers/image-lock.h says, in the process that has its descriptor. Nothing happens to
 * a store of this process. */
int32_t store_lock(struct tarn_call *call, struct tarn_io *io, bool write);
void store_client_on_close(struct tarn_io *io, store_closed_fn closed, void *arg);
/* Frees it without closing the store itself. NULL is legal. */
void store_client_free(struct tarn_io *io);

#endif
