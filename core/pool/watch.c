/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An epoll descriptor over inotify for the folders, the modules' own descriptors for pools, and the
 * event queue's. What is told is only where to look: the looking is the same as everywhere.
 */
#include "core/pool/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "core/pool/observe.h"
#include "core/pool/pool.h"

#define FOLDER_EVENTS (IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM | IN_CLOSE_WRITE)

/* The storage of one active pool. */
struct pool_watch {
    struct pool_watch *next;
    struct tarn_pool *pool;
    struct pool_session *session;
    void *handle; /* the module's */
    int fd;       /* -1: its type cannot tell, or not of this pool */
};

struct watch {
    struct tarn_context *context;
    int epoll_fd;
    int folders_fd;
    pthread_mutex_t mutex; /* one reader at a time */
    struct pool_watch *pools;
};

/* --- the pools' own descriptors --------------------------------------------------------------- */

static void pool_watch_free(struct watch *watch, struct pool_watch *pool_watch)
{
    const struct tarn_pool_type *type = pool_watch->session->type.type;

    if (pool_watch->fd >= 0) {
        epoll_ctl(watch->epoll_fd, EPOLL_CTL_DEL, pool_watch->fd, NULL);
        pool_session_enter(pool_watch->session);
        type->watch_close(pool_watch->session->handle, pool_watch->handle);
        pool_session_leave(pool_watch->session);
    }
    pool_session_unref(pool_watch->session);
    tarn_pool_unref(pool_watch->pool);
    free(pool_watch);
}

static bool is_watched(const struct watch *watch, const struct tarn_pool *pool)
{
    const struct pool_watch *pool_watch;

    for (pool_watch = watch->pools; pool_watch != NULL; pool_watch = pool_watch->next)
        if (pool_watch->pool == pool)
            return true;
    return false;
}

static void open_handle(struct watch *watch, struct pool_watch *pool_watch,
                        struct operation *operation)
{
    const struct tarn_pool_type *type = pool_watch->session->type.type;
    struct epoll_event interest = { .events = EPOLLIN, .data.ptr = pool_watch };
    struct call call;
    int32_t fd = -1;
    int status;

    if (type->watch_open == NULL || type->watch_read == NULL || type->watch_close == NULL)
        return;
    pool_call_begin(&call, pool_watch->session, operation, NULL);
    status = type->watch_open(&call.abi, pool_watch->session->handle, &pool_watch->handle, &fd);
    if (pool_call_end(&call, pool_watch->session, status, NULL) != TARN_OK)
        return;
    pool_watch->fd = fd;
    epoll_ctl(watch->epoll_fd, EPOLL_CTL_ADD, fd, &interest);
}

/* What cannot be watched is seen when somebody looks, or tells of it. */
static void watch_pool(struct watch *watch, struct tarn_pool *pool)
{
    struct pool_watch *pool_watch = calloc(1, sizeof(*pool_watch));
    struct operation operation;

    if (pool_watch == NULL)
        return;
    operation_begin(&operation, watch->context, "pool-watch", pool->name, NULL, NULL);
    pool_watch->fd = -1;
    if (pool_session_get(&pool_watch->session, pool, &operation, NULL) == TARN_OK) {
        pool_watch->pool = tarn_pool_ref(pool);
        pool_watch->next = watch->pools;
        watch->pools = pool_watch;
        pool_news_skip(pool);
        open_handle(watch, pool_watch, &operation);
        /* What changed before is seen now, what changes from now on is told. */
        pool_observe_all(pool, pool_watch->session, &operation, NULL);
    } else {
        free(pool_watch);
    }
    operation_end(&operation);
}

/* Not if it was stopped, or started anew: its storage may be another now. */
static bool is_current(const struct pool_watch *pool_watch)
{
    struct pool_text *text = pool_current_text(pool_watch->pool, false);
    bool current = pool_is_active(pool_watch->pool) && pool_watch->session->text == text;

    pool_text_unref(text);
    return current;
}

/* Those that became active are watched, those that are no more are not. */
static void follow_pools(struct watch *watch)
{
    struct tarn_pool **pools = NULL;
    struct pool_watch **link = &watch->pools;
    size_t index;

    while (*link != NULL) {
        struct pool_watch *pool_watch = *link;

        if (is_current(pool_watch)) {
            link = &pool_watch->next;
        } else {
            *link = pool_watch->next;
            pool_watch_free(watch, pool_watch);
        }
    }
    if (tarn_pool_list(&pools, watch->context, TARN_LIST_ACTIVE, NULL) != TARN_OK)
        return;
    for (index = 0; pools[index] != NULL; index++)
        if (!is_watched(watch, pools[index]))
            watch_pool(watch, pools[index]);
    tarn_pool_list_free(pools);
}

struct change_reader {
    struct pool_watch *pool_watch;
    struct operation *operation;
    bool everything;
};

static int take_change(void *arg, const char *volume_name)
{
    struct change_reader *reader = arg;
    struct volume_entry *entry = NULL;

    if (volume_name == NULL)
        reader->everything = true;
    else
        pool_observe_one(&entry, reader->pool_watch->pool, reader->pool_watch->session,
                         reader->operation, volume_name, NULL);
    volume_entry_unref(entry);
    return TARN_OK;
}

static void read_pool(struct watch *watch, struct pool_watch *pool_watch)
{
    static const struct call_sink sink = { .changed = take_change };
    const struct tarn_pool_type *type = pool_watch->session->type.type;
    struct operation operation;
    struct change_reader reader = { pool_watch, &operation, false };
    struct call call;

    operation_begin(&operation, watch->context, "pool-watch", pool_watch->pool->name, NULL, NULL);
    pool_call_begin(&call, pool_watch->session, &operation, NULL);
    call.sink = &sink;
    call.sink_arg = &reader;
    if (pool_call_end(&call, pool_watch->session,
                      type->watch_read(&call.abi, pool_watch->session->handle,
                                       pool_watch->handle),
                      NULL) != TARN_OK ||
        reader.everything)
        pool_observe_all(pool_watch->pool, pool_watch->session, &operation, NULL);
    operation_end(&operation);
}

/* --- the whole -------------------------------------------------------------------------------- */

static int add_folder(struct watch *watch, const char *folder, struct tarn_error **error)
{
    if (inotify_add_watch(watch->folders_fd, folder, FOLDER_EVENTS) < 0)
        return error_set(error, TARN_E_IO, errno, "cannot watch the folder %s", folder);
    return TARN_OK;
}

static int add_descriptor(struct watch *watch, int fd, struct tarn_error **error)
{
    struct epoll_event interest = { .events = EPOLLIN, .data.ptr = NULL };

    if (epoll_ctl(watch->epoll_fd, EPOLL_CTL_ADD, fd, &interest) < 0)
        return error_set(error, TARN_E_INTERNAL, errno, "cannot watch a descriptor");
    return TARN_OK;
}

int watch_open(struct watch **out, struct tarn_context *context, int wake_fd,
               struct tarn_error **error)
{
    struct watch *watch = calloc(1, sizeof(*watch));
    int status = TARN_OK;

    if (watch == NULL)
        return error_set(error, TARN_E_INTERNAL, 0, "no memory to watch for events");
    watch->context = context;
    pthread_mutex_init(&watch->mutex, NULL);
    watch->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    watch->folders_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (watch->epoll_fd < 0 || watch->folders_fd < 0)
        status = error_set(error, TARN_E_INTERNAL, errno, "no descriptor to watch for events");
    if (status == TARN_OK)
        status = add_folder(watch, context->folders.pools, error);
    if (status == TARN_OK)
        status = add_folder(watch, context->folders.active, error);
    if (status == TARN_OK)
        status = add_folder(watch, context->folders.news, error);
    if (status == TARN_OK)
        status = add_descriptor(watch, watch->folders_fd, error);
    if (status == TARN_OK)
        status = add_descriptor(watch, wake_fd, error);
    if (status != TARN_OK) {
        watch_close(watch);
        return status;
    }
    *out = watch;
    return TARN_OK;
}

void watch_close(struct watch *watch)
{
    if (watch == NULL)
        return;
    while (watch->pools != NULL) {
        struct pool_watch *pool_watch = watch->pools;

        watch->pools = pool_watch->next;
        pool_watch_free(watch, pool_watch);
    }
    if (watch->folders_fd >= 0)
        close(watch->folders_fd);
    if (watch->epoll_fd >= 0)
        close(watch->epoll_fd);
    pthread_mutex_destroy(&watch->mutex);
    free(watch);
}

int watch_fd(const struct watch *watch)
{
    return watch->epoll_fd;
}

static void hear_news(struct watch *watch)
{
    struct pool_watch *pool_watch;
    struct operation operation;

    for (pool_watch = watch->pools; pool_watch != NULL; pool_watch = pool_watch->next) {
        operation_begin(&operation, watch->context, "pool-watch", pool_watch->pool->name, NULL,
                        NULL);
        pool_news_hear(pool_watch->pool, pool_watch->session, &operation);
        operation_end(&operation);
    }
}

static bool drain_folders(struct watch *watch)
{
    char buffer[4096];
    bool any = false;

    while (read(watch->folders_fd, buffer, sizeof(buffer)) > 0)
        any = true;
    return any;
}

int watch_read(struct watch *watch, struct tarn_error **error)
{
    struct epoll_event ready[64];
    int count;
    int index;
    int status = TARN_OK;
    bool changed;

    pthread_mutex_lock(&watch->mutex);
    changed = drain_folders(watch);
    if (changed)
        status = pools_scan(watch->context, error);
    follow_pools(watch);
    if (changed)
        hear_news(watch);
    count = epoll_wait(watch->epoll_fd, ready, 64, 0);
    for (index = 0; index < count; index++)
        if (ready[index].data.ptr != NULL)
            read_pool(watch, ready[index].data.ptr);
    pthread_mutex_unlock(&watch->mutex);
    return status;
}
