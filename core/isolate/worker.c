/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Channels to a worker, and what becomes of a call whose worker is lost.
 */
#include "core/isolate/line.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/context/context.h"
#include "core/isolate/isolate.h"

#define MILLISECOND INT64_C(1000000)
/* A process that is not needed any more: to end by itself, and after it was killed. */
#define GOODBYE 2000
#define DEATH 500
#define LEAVE 50
#define MOST_IDLE 8u
#define SOCKET_ROOM (1 << 20)

static struct worker *worker_of(struct peer *peer)
{
    return (struct worker *)(void *)peer;
}

/* --- lines ------------------------------------------------------------------------------------ */

static void line_free(struct line *line)
{
    if (line == NULL)
        return;
    channel_clear(&line->channel);
    free(line);
}

static void widen(int fd)
{
    int room = SOCKET_ROOM;

    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) < 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)); /* as far as it may */
}

static struct line *line_new(struct worker *worker)
{
    struct line *line = calloc(1, sizeof(*line));
    int sockets[2] = { -1, -1 };
    int cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    bool made = line != NULL && cancel_fd >= 0 &&
                socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) == 0 &&
                worker_pass(worker, sockets[1], cancel_fd) == 0;

    if (sockets[1] >= 0) {
        widen(sockets[0]);
        widen(sockets[1]);
        close(sockets[1]);
    }
    if (!made) {
        if (sockets[0] >= 0)
            close(sockets[0]);
        if (cancel_fd >= 0)
            close(cancel_fd);
        free(line);
        return NULL;
    }
    channel_init(&line->channel, sockets[0], cancel_fd);
    line->channel.wait = line_wait;
    line->worker = worker;
    return line;
}

/* The line on which the worker waits for this thread; NULL if it does not. */
static struct line *line_of_thread(const struct worker *worker)
{
    struct line *line;

    for (line = worker->busy; line != NULL; line = line->next)
        if (pthread_equal(line->owner, pthread_self()) && line->inner != NULL &&
            line->inner->asked)
            return line;
    return NULL;
}

static struct line *take_line(struct worker *worker)
{
    struct line *line = line_of_thread(worker);

    if (line == NULL) {
        line = worker->idle;
        if (line != NULL)
            worker->idle = line->next;
        else
            line = line_new(worker);
        if (line == NULL)
            return NULL;
        line->owner = pthread_self();
        line->next = worker->busy;
        worker->busy = line;
    }
    line->depth++;
    return line;
}

static size_t idle_count(const struct worker *worker)
{
    const struct line *line;
    size_t count = 0;

    for (line = worker->idle; line != NULL; line = line->next)
        count++;
    return count;
}

/* A line on which something went wrong in the middle is of no more use. */
static void give_line_back(struct line *line, bool broken)
{
    struct worker *worker = line->worker;
    struct line **link = &worker->busy;

    line->broken = line->broken || broken;
    if (--line->depth > 0)
        return;
    while (*link != line)
        link = &(*link)->next;
    *link = line->next;
    if (line->broken || worker->lost || idle_count(worker) >= MOST_IDLE) {
        line_free(line);
        return;
    }
    line->next = worker->idle;
    worker->idle = line;
}

/* --- the peer --------------------------------------------------------------------------------- */

static void set_patience(struct exchange *exchange)
{
    const struct tarn_host *host = exchange->call->host;
    struct patience *patience = &exchange->patience;
    int64_t left = host->time_left(exchange->call);

    patience->heard = clock_monotonic();
    patience->deadline = left >= 0 ? patience->heard + left * MILLISECOND : 0;
    patience->silence =
        worker_of(exchange->peer)->isolate->context->deadline * MILLISECOND;
    patience->cancel_fd = host->cancel_fd(exchange->call);
}

static int32_t begin(struct exchange *exchange)
{
    struct worker *worker = worker_of(exchange->peer);
    struct line *line = NULL;
    char why[sizeof(worker->why)];

    pthread_mutex_lock(&worker->mutex);
    if (!worker->lost)
        line = take_line(worker);
    memcpy(why, worker->why, sizeof(why));
    pthread_mutex_unlock(&worker->mutex);
    if (line == NULL && why[0] != '\0')
        return tarn_fail(exchange->call, TARN_E_INTERNAL, 0, "it was lost with its process: %s",
                         why);
    if (line == NULL)
        return tarn_fail(exchange->call, TARN_E_INTERNAL, errno,
                         "no channel to the process of the module %s", worker->isolate->name);
    exchange->channel = &line->channel;
    exchange->outer = line->inner;
    line->inner = exchange;
    set_patience(exchange);
    return TARN_OK;
}

static uint32_t word(const struct exchange *exchange)
{
    int64_t left = exchange->call->host->time_left(exchange->call);

    if (left < 0)
        return FRAME_NO_LIMIT;
    return left < FRAME_NO_LIMIT ? (uint32_t)left : FRAME_NO_LIMIT - 1;
}

/* What stopped this exchange does not stop the one around it. */
static bool lower_stop(struct line *line, const struct exchange *exchange)
{
    uint64_t raised;

    if (exchange->patience.end == 0 ||
        (exchange->outer != NULL && exchange->outer->patience.end != 0))
        return true;
    return read(line->channel.cancel_fd, &raised, sizeof(raised)) == sizeof(raised);
}

static void end(struct exchange *exchange)
{
    struct worker *worker = worker_of(exchange->peer);
    struct line *line = line_of(exchange->channel);

    if (!lower_stop(line, exchange))
        exchange->lost = true;
    line->inner = exchange->outer;
    pthread_mutex_lock(&worker->mutex);
    give_line_back(line, exchange->lost);
    pthread_mutex_unlock(&worker->mutex);
}

static int serve(struct exchange *exchange, const struct frame *frame)
{
    int why = line_look_up(exchange);

    return why != 0 ? why : telling_serve(exchange, frame);
}

static void keep(struct peer *peer)
{
    worker_ref(worker_of(peer));
}

static void let_go(struct peer *peer)
{
    worker_unref(worker_of(peer));
}

/* --- the end ---------------------------------------------------------------------------------- */

/* The mutex is held. */
static void lose(struct worker *worker, const char *why)
{
    if (worker->lost)
        return;
    worker->lost = true;
    snprintf(worker->why, sizeof(worker->why), "%s", why);
    worker_kill(worker);
}

void worker_lose(struct worker *worker, const char *why)
{
    pthread_mutex_lock(&worker->mutex);
    lose(worker, why);
    pthread_mutex_unlock(&worker->mutex);
}

/* `where` is "in …", or "between calls". */
static void describe_crash(struct worker *worker, const char *where)
{
    char how[128];
    char line[200];
    char why[768];

    worker_listen(worker);
    pthread_mutex_lock(&worker->mutex);
    if (!worker->lost) {
        worker_await(worker, DEATH, how, sizeof(how));
        worker_last_line(worker, line, sizeof(line));
        snprintf(why, sizeof(why), "the module %s crashed %s (%s)%s%s", worker->isolate->name,
                 where, how, line[0] != '\0' ? "; its last words: " : "", line);
        worker->crashed = true;
        lose(worker, why);
    }
    pthread_mutex_unlock(&worker->mutex);
}

static int32_t lost(struct exchange *exchange, int why)
{
    struct worker *worker = worker_of(exchange->peer);
    const char *name = worker->isolate->name;
    const char *where = frame_name(exchange->op);
    const struct patience *patience = &exchange->patience;
    int32_t status = TARN_E_INTERNAL;
    char text[768];

    if (why == CHANNEL_ENDED) {
        snprintf(text, sizeof(text), "in %s", where);
        describe_crash(worker, text);
    } else if (why == WORKER_GIVEN_UP) {
        status = patience->cancelled ? TARN_E_CANCELLED : TARN_E_TIMEOUT;
        snprintf(text, sizeof(text),
                 "the storage does not answer: the module %s was %s in %s and did not stop, so its "
                 "process was given up", name,
                 patience->cancelled ? "cancelled" : "out of time", where);
        worker_lose(worker, text);
    } else if (why == CHANNEL_MEMORY) {
        worker_lose(worker, "there was no memory to go on");
    } else {
        snprintf(text, sizeof(text), "the process of the module %s sent what makes no sense in %s",
                 name, where);
        worker->crashed = true;
        worker_lose(worker, text);
    }
    pthread_mutex_lock(&worker->mutex);
    memcpy(text, worker->why, sizeof(text));
    pthread_mutex_unlock(&worker->mutex);
    return exchange->call->host->fail(exchange->call, status, 0, text);
}

static const struct peer_ops ops = {
    .begin = begin,
    .word = word,
    .serve = serve,
    .lost = lost,
    .end = end,
    .stop = line_stop,
    .keep = keep,
    .let_go = let_go,
};

int32_t worker_new(struct worker **out, struct isolate *isolate, const char *pool,
                   struct tarn_call *call)
{
    struct worker *worker = calloc(1, sizeof(*worker));
    int32_t status;

    if (worker == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "cannot start a process for a module");
    worker->peer.ops = &ops;
    handles_init(&worker->peer.handles);
    atomic_init(&worker->references, 1);
    worker->isolate = isolate;
    worker->pid_fd = worker->control_fd = worker->words_fd = -1;
    pthread_mutex_init(&worker->mutex, NULL);
    status = worker_spawn(worker, pool, call);
    if (status != TARN_OK) {
        worker_unref(worker);
        return status;
    }
    *out = worker;
    return TARN_OK;
}

struct worker *worker_ref(struct worker *worker)
{
    atomic_fetch_add(&worker->references, 1);
    return worker;
}

static void close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* Without its control socket it ends by itself. One that a dead server keeps cannot: it ends when
 * the server answers, and nobody waits for that. */
static void bury(struct worker *worker)
{
    char how[64];

    close_fd(worker->control_fd);
    if (worker->pid_fd < 0 || worker->ended ||
        worker_await(worker, worker->lost ? LEAVE : GOODBYE, how, sizeof(how)) || worker->lost)
        return;
    worker_kill(worker);
    worker_await(worker, DEATH, how, sizeof(how));
}

void worker_unref(struct worker *worker)
{
    if (worker == NULL || atomic_fetch_sub(&worker->references, 1) != 1)
        return;
    while (worker->idle != NULL) {
        struct line *line = worker->idle;

        worker->idle = line->next;
        line_free(line);
    }
    bury(worker);
    if (worker->words_fd >= 0)
        worker_listen(worker);
    close_fd(worker->words_fd);
    close_fd(worker->pid_fd);
    handles_clear(&worker->peer.handles);
    pthread_mutex_destroy(&worker->mutex);
    free(worker);
}

bool worker_is_gone(struct worker *worker)
{
    struct pollfd ended = { .fd = worker->pid_fd, .events = POLLIN };
    bool gone;

    pthread_mutex_lock(&worker->mutex);
    gone = worker->lost;
    pthread_mutex_unlock(&worker->mutex);
    if (gone || poll(&ended, 1, 0) <= 0)
        return gone;
    describe_crash(worker, "between calls");
    return true;
}
