/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Waiting for a worker: for its next message, for the call's deadline, for somebody to cancel it,
 * and for what it writes to its standard error.
 */
#include "core/isolate/line.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "core/context/context.h"

#define MILLISECOND INT64_C(1000000)
/* Who was told to stop gets so long to do it. */
#define GRACE (2000 * MILLISECOND)
#define TALK 64u /* messages */

static void raise_stop(struct line *line, struct patience *patience)
{
    const uint64_t one = 1;

    if (patience->end != 0)
        return;
    patience->end = clock_monotonic() + GRACE;
    if (write(line->channel.cancel_fd, &one, sizeof(one)) != sizeof(one))
        patience->end = clock_monotonic(); /* nothing to hope for */
}

/* When something has to be done if nothing comes. */
static int64_t due(const struct patience *patience)
{
    if (patience->end != 0)
        return patience->end;
    return patience->deadline != 0 ? patience->deadline : patience->heard + patience->silence;
}

static int milliseconds_until(int64_t when)
{
    int64_t left = (when - clock_monotonic()) / MILLISECOND + 1;

    return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

int line_wait(struct channel *channel, short events)
{
    struct line *line = line_of(channel);
    struct patience *patience = &line->inner->patience;
    int words_fd = line->worker->words_fd;

    for (;;) {
        struct pollfd ready[3] = {
            { .fd = channel->fd, .events = events },
            { .fd = patience->end == 0 ? patience->cancel_fd : -1, .events = POLLIN },
            { .fd = words_fd, .events = POLLIN },
        };

        if (poll(ready, 3, milliseconds_until(due(patience))) < 0 && errno != EINTR)
            return CHANNEL_MEMORY;
        if (ready[0].revents != 0) {
            patience->heard = clock_monotonic();
            return 0;
        }
        if (ready[2].revents & POLLIN)
            worker_listen(line->worker);
        else if (ready[2].revents != 0)
            words_fd = -1; /* a module may close its standard error */
        if (ready[1].revents != 0) {
            patience->cancelled = true;
            raise_stop(line, patience);
        }
        if (clock_monotonic() < due(patience))
            continue;
        if (patience->end != 0)
            return WORKER_GIVEN_UP;
        raise_stop(line, patience);
    }
}

/* Now and then the time is looked at. */
int line_look_up(struct exchange *exchange)
{
    struct patience *patience = &exchange->patience;
    struct pollfd cancel = { .fd = patience->end == 0 ? patience->cancel_fd : -1,
                             .events = POLLIN };

    if (++exchange->served % TALK != 0)
        return 0;
    patience->heard = clock_monotonic();
    if (poll(&cancel, 1, 0) > 0) {
        patience->cancelled = true;
        raise_stop(line_of(exchange->channel), patience);
    }
    if (patience->heard < due(patience))
        return 0;
    if (patience->end != 0)
        return WORKER_GIVEN_UP;
    raise_stop(line_of(exchange->channel), patience);
    return 0;
}

void line_stop(struct exchange *exchange)
{
    raise_stop(line_of(exchange->channel), &exchange->patience);
}
