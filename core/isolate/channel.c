/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Sending and receiving frames.
 */
#include "core/isolate/channel.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sdk/helpers/le.h"

/* A batch and what comes with it is received by one system call. */
#define FIRST_ROOM (CHANNEL_BATCH + 16u * 1024u)

void channel_init(struct channel *channel, int fd, int cancel_fd)
{
    pthread_mutexattr_t recursive;

    memset(channel, 0, sizeof(*channel));
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&channel->mutex, &recursive);
    pthread_mutexattr_destroy(&recursive);
    channel->fd = fd;
    channel->cancel_fd = cancel_fd;
    channel->passed_fd = CHANNEL_NO_FD;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void channel_clear(struct channel *channel)
{
    close_fd(&channel->fd);
    close_fd(&channel->cancel_fd);
    close_fd(&channel->passed_fd);
    free(channel->out.bytes);
    free(channel->in);
    free(channel->spare);
    pthread_mutex_destroy(&channel->mutex);
}

void channel_enter(struct channel *channel)
{
    pthread_mutex_lock(&channel->mutex);
}

void channel_leave(struct channel *channel)
{
    pthread_mutex_unlock(&channel->mutex);
}

void *channel_lend(struct channel *channel)
{
    void *room = channel->spare;

    channel->spare = NULL;
    return room != NULL ? room : malloc(FRAME_MOST_BULK);
}

void channel_return(struct channel *channel, void *room)
{
    if (channel->spare == NULL)
        channel->spare = room;
    else
        free(room);
}

/* --- sending ---------------------------------------------------------------------------------- */

void channel_begin(struct channel *channel, uint32_t op, uint32_t word)
{
    channel->open_frame = channel->out.used;
    wire_put_u32(&channel->out, op);
    wire_put_u32(&channel->out, 0); /* the lengths, see channel_end */
    wire_put_u32(&channel->out, 0);
    wire_put_u32(&channel->out, word);
}

void channel_end(struct channel *channel, uint32_t bulk)
{
    unsigned char *header;

    if (channel->out.failed)
        return;
    header = channel->out.bytes + channel->open_frame;
    le32_store(header + 4, (uint32_t)(channel->out.used - channel->open_frame - FRAME_HEADER));
    le32_store(header + 8, bulk);
}

/* What was sent of `parts` is cut off their fronts. */
static size_t advance(struct iovec *parts, size_t count, size_t sent)
{
    size_t left = 0;
    size_t i;

    for (i = 0; i < count; i++) {
        size_t part = parts[i].iov_len < sent ? parts[i].iov_len : sent;

        if (part > 0) /* an empty part has no place */
            parts[i].iov_base = (unsigned char *)parts[i].iov_base + part;
        parts[i].iov_len -= part;
        sent -= part;
        left += parts[i].iov_len;
    }
    return left;
}

/* The descriptor goes with the first byte. */
static void attach_fd(struct msghdr *message, void *room, size_t size, int fd)
{
    struct cmsghdr *control;

    memset(room, 0, size);
    message->msg_control = room;
    message->msg_controllen = CMSG_SPACE(sizeof(int));
    control = CMSG_FIRSTHDR(message);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(control), &fd, sizeof(fd));
}

static int send_parts(struct channel *channel, struct iovec *parts, size_t count, int fd)
{
    _Alignas(struct cmsghdr) unsigned char control[CMSG_SPACE(sizeof(int))];
    struct msghdr message = { .msg_iov = parts, .msg_iovlen = count };
    size_t left = advance(parts, count, 0);
    int status = 0;

    if (fd >= 0)
        attach_fd(&message, control, sizeof(control), fd);
    while (left > 0 && status == 0) {
        ssize_t sent = sendmsg(channel->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (sent < 0 && errno == EAGAIN) {
            status = channel->wait(channel, POLLOUT);
            continue;
        }
        if (sent < 0 && errno != EINTR)
            return errno == EPIPE || errno == ECONNRESET ? CHANNEL_ENDED : CHANNEL_GARBAGE;
        if (sent < 0)
            continue;
        left = advance(parts, count, (size_t)sent);
        message.msg_control = NULL;
        message.msg_controllen = 0;
    }
    return status;
}

static int send_all(struct channel *channel, const void *bulk, size_t length, int fd)
{
    struct iovec parts[2] = {
        { .iov_base = channel->out.bytes, .iov_len = channel->out.used },
        { .iov_base = (void *)(uintptr_t)bulk, .iov_len = length },
    };
    int status;

    if (channel->out.failed) {
        channel->out.failed = false;
        channel->out.used = 0;
        return CHANNEL_MEMORY;
    }
    status = send_parts(channel, parts, 2, fd);
    channel->out.used = 0;
    return status;
}

int channel_flush(struct channel *channel)
{
    return send_all(channel, NULL, 0, -1);
}

int channel_send_bulk(struct channel *channel, const void *bulk, size_t length)
{
    return send_all(channel, bulk, length, -1);
}

int channel_send_fd(struct channel *channel, int fd)
{
    return send_all(channel, NULL, 0, fd);
}

/* --- receiving -------------------------------------------------------------------------------- */

/* Descriptors that nobody expects are not kept: they could be any number. */
static void take_passed(struct channel *channel, struct msghdr *message)
{
    struct cmsghdr *control;

    for (control = CMSG_FIRSTHDR(message); control != NULL;
         control = CMSG_NXTHDR(message, control)) {
        size_t at;

        if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS)
            continue;
        for (at = 0; CMSG_LEN(at + sizeof(int)) <= control->cmsg_len; at += sizeof(int)) {
            close_fd(&channel->passed_fd);
            memcpy(&channel->passed_fd, CMSG_DATA(control) + at, sizeof(int));
        }
    }
}

/* Some bytes, as many as are there. */
static int receive_into(struct channel *channel, void *to, size_t room, size_t *out_got)
{
    _Alignas(struct cmsghdr) unsigned char control[CMSG_SPACE(4 * sizeof(int))];

    for (;;) {
        struct iovec part = { .iov_base = to, .iov_len = room };
        struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
                                  .msg_controllen = sizeof(control) };
        ssize_t got = recvmsg(channel->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        int status;

        if (got > 0) {
            if (message.msg_controllen > 0)
                take_passed(channel, &message);
            *out_got = (size_t)got;
            return 0;
        }
        if (got == 0 || errno == ECONNRESET)
            return CHANNEL_ENDED;
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            return CHANNEL_GARBAGE;
        status = channel->wait(channel, POLLIN);
        if (status != 0)
            return status;
    }
}

/* At least `wanted` bytes from in_from on, in one piece. */
static int have(struct channel *channel, size_t wanted)
{
    while (channel->in_to - channel->in_from < wanted) {
        size_t got;
        int status;

        if (channel->in_from == channel->in_to)
            channel->in_from = channel->in_to = 0;
        if (channel->in_room - channel->in_from < wanted && channel->in_from > 0) {
            memmove(channel->in, channel->in + channel->in_from,
                    channel->in_to - channel->in_from);
            channel->in_to -= channel->in_from;
            channel->in_from = 0;
        }
        if (channel->in_room < wanted || channel->in == NULL) {
            size_t room = wanted > FIRST_ROOM ? wanted : FIRST_ROOM;
            unsigned char *grown = realloc(channel->in, room);

            if (grown == NULL)
                return CHANNEL_MEMORY;
            channel->in = grown;
            channel->in_room = room;
        }
        status = receive_into(channel, channel->in + channel->in_to,
                              channel->in_room - channel->in_to, &got);
        if (status != 0)
            return status;
        channel->in_to += got;
    }
    return 0;
}

static int pass_over_bulk(struct channel *channel)
{
    while (channel->bulk_left > 0) {
        size_t there;
        int status = have(channel, 1);

        if (status != 0)
            return status;
        there = channel->in_to - channel->in_from;
        if (there > channel->bulk_left)
            there = channel->bulk_left;
        channel->in_from += there;
        channel->bulk_left -= (uint32_t)there;
    }
    return 0;
}

int channel_receive(struct channel *channel, struct frame *out)
{
    const unsigned char *header;
    uint32_t length;
    int status = pass_over_bulk(channel);

    if (status == 0)
        status = have(channel, FRAME_HEADER);
    if (status != 0)
        return status;
    length = le32_load(channel->in + channel->in_from + 4);
    if (length > FRAME_MOST_BODY)
        return CHANNEL_GARBAGE;
    status = have(channel, FRAME_HEADER + length);
    if (status != 0)
        return status;
    header = channel->in + channel->in_from;
    out->op = le32_load(header);
    out->bulk = le32_load(header + 8);
    out->word = le32_load(header + 12);
    out->body = header + FRAME_HEADER;
    out->length = length;
    if (out->bulk > FRAME_MOST_BULK)
        return CHANNEL_GARBAGE;
    channel->in_from += FRAME_HEADER + length;
    channel->bulk_left = out->bulk;
    return 0;
}

int channel_take_bulk(struct channel *channel, void *to, size_t length)
{
    unsigned char *at = to;
    size_t there = channel->in_to - channel->in_from;
    int status = 0;

    if (length != channel->bulk_left)
        return CHANNEL_GARBAGE;
    if (there > length)
        there = length;
    if (there > 0)
        memcpy(at, channel->in + channel->in_from, there);
    channel->in_from += there;
    at += there;
    length -= there;
    while (length > 0 && status == 0) {
        size_t got = 0;

        status = receive_into(channel, at, length, &got);
        at += got;
        length -= got;
    }
    channel->bulk_left = 0;
    return status;
}

int channel_take_fd(struct channel *channel)
{
    int fd = channel->passed_fd;

    channel->passed_fd = CHANNEL_NO_FD;
    return fd;
}

struct wire_reader frame_reader(const struct frame *frame, struct arena **arena)
{
    return (struct wire_reader){ frame->body, frame->body + frame->length, arena, false };
}
