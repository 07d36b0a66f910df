/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Watching a pool in a worker. What the host polls is a descriptor of our own, which has the
 * module's beneath it, and the process: a worker that is lost makes it readable, and is replaced.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "core/context/call.h"
#include "core/context/context.h"
#include "core/isolate/proxy-pool.h"

struct proxy_watch {
    struct worker *worker; /* counted; NULL: could not be replaced */
    uint32_t number;       /* of the watch in it */
    int fd;                /* the module's, or -1 */
    int poll_fd;
};

/* --- one worker ------------------------------------------------------------------------------- */

static bool add(int poll_fd, int fd)
{
    struct epoll_event interest = { .events = EPOLLIN };

    return epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &interest) == 0;
}

static void forget(struct proxy_watch *watch)
{
    if (watch->fd >= 0) {
        epoll_ctl(watch->poll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
        close(watch->fd);
    }
    if (watch->worker != NULL)
        epoll_ctl(watch->poll_fd, EPOLL_CTL_DEL, watch->worker->pid_fd, NULL);
    worker_unref(watch->worker);
    watch->worker = NULL;
    watch->fd = -1;
}

static int32_t begin_watch(struct proxy_watch *watch, struct tarn_call *call, void *pool)
{
    struct exchange exchange;
    int32_t status = proxy_begin(&exchange, call, pool, FRAME_WATCH_OPEN, false);

    if (status != TARN_OK)
        return status;
    watch->worker = worker_ref((struct worker *)(void *)exchange.peer);
    status = exchange_run(&exchange);
    if (status == TARN_OK) {
        watch->number = wire_get_u32(&exchange.answer);
        watch->fd = channel_take_fd(exchange.channel);
    }
    status = exchange_end(&exchange, status);
    if (status == TARN_OK &&
        (watch->fd < 0 || !add(watch->poll_fd, watch->fd) ||
         !add(watch->poll_fd, watch->worker->pid_fd)))
        status = tarn_fail(call, TARN_E_INTERNAL, errno, "the pool's changes cannot be watched");
    return status;
}

/* --- the watch -------------------------------------------------------------------------------- */

int32_t proxy_watch_open(struct tarn_call *call, void *pool, void **out_watch, int32_t *out_fd)
{
    struct proxy_watch *watch = calloc(1, sizeof(*watch));
    int32_t status = TARN_OK;

    if (watch == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to watch a pool");
    watch->fd = -1;
    watch->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (watch->poll_fd < 0)
        status = tarn_fail(call, TARN_E_INTERNAL, errno, "no descriptor to watch a pool");
    if (status == TARN_OK)
        status = begin_watch(watch, call, pool);
    if (status != TARN_OK) {
        proxy_watch_close(pool, watch);
        return status;
    }
    *out_watch = watch;
    *out_fd = watch->poll_fd;
    return TARN_OK;
}

/* Nobody knows what changed while nobody watched. Where it cannot be watched any more there is
 * silence: the host looks when it is asked. */
static int32_t replace(struct proxy_watch *watch, struct tarn_call *call, void *pool)
{
    int32_t status;

    forget(watch);
    status = begin_watch(watch, call, pool);
    if (status != TARN_OK) {
        forget(watch);
        return status;
    }
    return call->host->emit_changed(call, NULL);
}

int32_t proxy_watch_read(struct tarn_call *call, void *pool, void *opaque)
{
    struct proxy_watch *watch = opaque;
    struct exchange exchange;
    int32_t status;

    if (watch->worker == NULL || worker_is_gone(watch->worker))
        return replace(watch, call, pool);
    status = proxy_begin_in(&exchange, call, watch->worker, FRAME_WATCH_READ);
    if (status != TARN_OK)
        return status;
    wire_put_u32(exchange.out, watch->number);
    return proxy_finish(&exchange);
}

static void close_in(struct proxy_watch *watch)
{
    struct operation operation;
    struct exchange exchange;
    struct call call;

    operation_begin(&operation, watch->worker->isolate->context, "pool-watch", NULL, NULL, NULL);
    operation_step_begin(&operation, "watch-close");
    call_begin(&call, &operation, NULL);
    if (proxy_begin_in(&exchange, &call.abi, watch->worker, FRAME_WATCH_CLOSE) == TARN_OK) {
        wire_put_u32(exchange.out, watch->number);
        proxy_finish(&exchange);
    }
    call_end(&call, TARN_OK, NULL);
    operation_step_end(&operation);
    operation_end(&operation);
}

void proxy_watch_close(void *pool, void *opaque)
{
    struct proxy_watch *watch = opaque;

    (void)pool;
    if (watch->worker != NULL && watch->fd >= 0 && !worker_is_gone(watch->worker))
        close_in(watch);
    forget(watch);
    if (watch->poll_fd >= 0)
        close(watch->poll_fd);
    free(watch);
}
