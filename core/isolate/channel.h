/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A channel: frames over a stream socket, with a descriptor beside it that says "cancelled". What
 * is one-way is gathered and sent together; bulk goes from and to where it belongs without a copy.
 */
#ifndef CORE_ISOLATE_CHANNEL_H
#define CORE_ISOLATE_CHANNEL_H

#include <pthread.h>

#include "core/isolate/frame.h"
#include "core/isolate/wire.h"

/* How the other end was lost, besides the statuses that `wait` answers. */
#define CHANNEL_ENDED   (-1) /* it closed its end, or died */
#define CHANNEL_GARBAGE (-2) /* it sent what makes no sense */
#define CHANNEL_MEMORY  (-3)

/* Batches of results are sent when they have this size. */
#define CHANNEL_BATCH (64u * 1024u)
/* One descriptor can come with a frame. */
#define CHANNEL_NO_FD (-1)

struct channel {
    int fd;        /* does not block */
    int cancel_fd; /* eventfd; both ends have it */
    /* Waits until the socket is ready for `events` (of poll). 0, or a status that ends what was
     * begun. */
    int (*wait)(struct channel *channel, short events);
    void *owner;
    struct wire_writer out;
    size_t open_frame; /* where the frame begins that is being written */
    pthread_mutex_t mutex; /* a thread may enter again: of a module's several threads one speaks */
    unsigned char *in;
    size_t in_room;
    size_t in_from; /* what was received and not taken */
    size_t in_to;
    uint32_t bulk_left; /* of the last frame */
    int passed_fd;
    void *spare; /* FRAME_MOST_BULK bytes that nobody uses just now, or NULL */
};

struct frame {
    uint32_t op;
    uint32_t word;
    uint32_t bulk;
    const unsigned char *body; /* until the next frame is received */
    size_t length;
};

/* The descriptors become the channel's. */
void channel_init(struct channel *channel, int fd, int cancel_fd);
void channel_clear(struct channel *channel);

void channel_enter(struct channel *channel);
void channel_leave(struct channel *channel);
/* Begins a frame; its body is written to channel->out. */
void channel_begin(struct channel *channel, uint32_t op, uint32_t word);
/* Ends it; `bulk` bytes will follow by channel_send_bulk. */
void channel_end(struct channel *channel, uint32_t bulk);
/* 0, or why not. */
int channel_flush(struct channel *channel);
/* Everything that is gathered, and the bulk of the last frame behind it. */
int channel_send_bulk(struct channel *channel, const void *bulk, size_t length);
/* Everything that is gathered, and with it a descriptor, which stays the caller's. */
int channel_send_fd(struct channel *channel, int fd);

/* The next frame. Bulk of the one before that nobody took is passed over. */
int channel_receive(struct channel *channel, struct frame *out);
/* The frame's bulk; `length` is all of it. */
int channel_take_bulk(struct channel *channel, void *to, size_t length);
/* The descriptor that came with a frame, from now on the caller's; CHANNEL_NO_FD if none did. */
int channel_take_fd(struct channel *channel);

/* Room for FRAME_MOST_BULK bytes: lent and given back, since uses of a channel are nested. NULL
 * without memory. */
void *channel_lend(struct channel *channel);
void channel_return(struct channel *channel, void *room);

/* What the frame's body says; structures are made in *arena. */
struct wire_reader frame_reader(const struct frame *frame, struct arena **arena);

#endif
