/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The queue of events and those who listen.
 */
#include "core/context/event.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <tarn/call.h>

#include "core/base/error.h"
#include "core/pool/pool.h"
#include "core/pool/watch.h"

/* Events that nobody fetches: beyond this the oldest go, so that a sleeping host costs no
 * memory. */
#define QUEUE_LIMIT 65536u

struct queued {
    struct queued *next;
    struct tarn_event event;
    char texts[]; /* pool, UUID, volume, text */
};

struct listener {
    struct listener *next;
    uint64_t id;
    tarn_event_fn function;
    void *arg;
    unsigned running; /* threads that are in `function` */
};

struct events {
    pthread_mutex_t mutex;
    pthread_cond_t returned; /* a listener has */
    struct queued *first, **last;
    unsigned count;
    struct listener *listeners;
    uint64_t next_id;
    int wake_fd;         /* an eventfd: something is queued */
    struct watch *watch; /* NULL before anybody listened */
};

int events_open(struct events **out, struct tarn_error **error)
{
    struct events *events = calloc(1, sizeof(*events));

    if (events == NULL)
        return error_set(error, TARN_E_INTERNAL, 0, "no memory for events");
    pthread_mutex_init(&events->mutex, NULL);
    pthread_cond_init(&events->returned, NULL);
    events->last = &events->first;
    events->wake_fd = -1;
    *out = events;
    return TARN_OK;
}

static struct queued *take_all(struct events *events)
{
    struct queued *first;

    pthread_mutex_lock(&events->mutex);
    first = events->first;
    events->first = NULL;
    events->last = &events->first;
    events->count = 0;
    pthread_mutex_unlock(&events->mutex);
    return first;
}

static void free_queue(struct queued *queued)
{
    while (queued != NULL) {
        struct queued *next = queued->next;

        free(queued);
        queued = next;
    }
}

void events_close(struct events *events)
{
    if (events == NULL)
        return;
    watch_close(events->watch);
    free_queue(take_all(events));
    while (events->listeners != NULL) {
        struct listener *listener = events->listeners;

        events->listeners = listener->next;
        free(listener);
    }
    if (events->wake_fd >= 0)
        close(events->wake_fd);
    pthread_cond_destroy(&events->returned);
    pthread_mutex_destroy(&events->mutex);
    free(events);
}

bool events_wanted(struct tarn_context *context)
{
    bool wanted;

    pthread_mutex_lock(&context->events->mutex);
    wanted = context->events->listeners != NULL;
    pthread_mutex_unlock(&context->events->mutex);
    return wanted;
}

/* --- adding ----------------------------------------------------------------------------------- */

static const char *put_text(char **cursor, const char *text)
{
    char *start = *cursor;

    if (text == NULL)
        return NULL;
    *cursor = stpcpy(start, text) + 1;
    return start;
}

static size_t room_for(const char *text)
{
    return text != NULL ? strlen(text) + 1 : 0;
}

static struct queued *queued_new(uint32_t kind, const char *pool, const char *uuid,
                                 const char *volume, const char *text)
{
    struct queued *queued = calloc(1, sizeof(*queued) + room_for(pool) + room_for(uuid) +
                                          room_for(volume) + room_for(text));
    char *cursor;

    if (queued == NULL)
        return NULL;
    cursor = queued->texts;
    queued->event.struct_size = sizeof(queued->event);
    queued->event.kind = kind;
    queued->event.pool = put_text(&cursor, pool);
    queued->event.pool_uuid = put_text(&cursor, uuid);
    queued->event.volume = put_text(&cursor, volume);
    queued->event.text = put_text(&cursor, text);
    queued->event.when = clock_realtime();
    return queued;
}

static void drop_oldest(struct events *events)
{
    struct queued *oldest = events->first;

    events->first = oldest->next;
    events->count--;
    free(oldest);
}

void event_add(struct tarn_context *context, uint32_t kind, const char *pool, const char *uuid,
               const char *volume, const char *text)
{
    struct events *events = context->events;
    const uint64_t one = 1;
    struct queued *queued;

    if (!events_wanted(context))
        return;
    queued = queued_new(kind, pool, uuid, volume, text);
    if (queued == NULL) {
        context_log(context, TARN_LOG_ERROR, "no memory: an event of pool %s is lost", pool);
        return;
    }
    pthread_mutex_lock(&events->mutex);
    *events->last = queued;
    events->last = &queued->next;
    if (++events->count > QUEUE_LIMIT)
        drop_oldest(events);
    /* Fails only when the counter is full, and then the descriptor is readable already. */
    if (write(events->wake_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
        context_log(context, TARN_LOG_ERROR, "an event cannot be announced");
    pthread_mutex_unlock(&events->mutex);
}

/* --- listening -------------------------------------------------------------------------------- */

static int start_watching(struct tarn_context *context, struct tarn_error **error)
{
    struct events *events = context->events;
    int status = TARN_OK;

    pthread_mutex_lock(&events->mutex);
    if (events->watch == NULL) {
        if (events->wake_fd < 0)
            events->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        status = events->wake_fd < 0
                     ? error_set(error, TARN_E_INTERNAL, errno, "no descriptor for events")
                     : watch_open(&events->watch, context, events->wake_fd, error);
    }
    pthread_mutex_unlock(&events->mutex);
    return status;
}

/* What is there before anybody listens is no news: it is taken in silently. */
int tarn_event_listen(uint64_t *out, struct tarn_context *context, tarn_event_fn function,
                      void *arg, struct tarn_error **error)
{
    struct events *events = context->events;
    struct listener *listener = calloc(1, sizeof(*listener));
    int status = start_watching(context, error);

    if (status == TARN_OK && !events_wanted(context)) {
        status = pools_scan(context, error);
        if (status == TARN_OK)
            status = watch_read(events->watch, error);
    }
    if (status == TARN_OK && listener == NULL)
        status = error_set(error, TARN_E_INTERNAL, 0, "no memory for a listener");
    if (status != TARN_OK) {
        free(listener);
        return status;
    }
    listener->function = function;
    listener->arg = arg;
    pthread_mutex_lock(&events->mutex);
    listener->id = *out = ++events->next_id;
    listener->next = events->listeners;
    events->listeners = listener;
    pthread_mutex_unlock(&events->mutex);
    return TARN_OK;
}

/* The link to it; under the mutex. */
static struct listener **find_listener(struct events *events, uint64_t id)
{
    struct listener **link = &events->listeners;

    while (*link != NULL && (*link)->id != id)
        link = &(*link)->next;
    return link;
}

/* When it returns the listener is not called any more, in no thread: its argument may go. */
void tarn_event_unlisten(struct tarn_context *context, uint64_t id)
{
    struct events *events = context->events;
    struct listener **link;
    struct listener *gone;

    pthread_mutex_lock(&events->mutex);
    link = find_listener(events, id);
    gone = *link;
    if (gone != NULL)
        *link = gone->next;
    while (gone != NULL && gone->running > 0)
        pthread_cond_wait(&events->returned, &events->mutex);
    pthread_mutex_unlock(&events->mutex);
    free(gone);
}

int tarn_event_fd(struct tarn_context *context)
{
    struct events *events = context->events;
    int fd;

    pthread_mutex_lock(&events->mutex);
    fd = events->watch != NULL ? watch_fd(events->watch) : -1;
    pthread_mutex_unlock(&events->mutex);
    return fd;
}

/* The listeners of this moment, in the order in which they came, ending with 0. */
static uint64_t *listener_ids(struct events *events)
{
    const struct listener *listener;
    uint64_t *ids;
    size_t count = 0;

    pthread_mutex_lock(&events->mutex);
    for (listener = events->listeners; listener != NULL; listener = listener->next)
        count++;
    ids = calloc(count + 1, sizeof(*ids));
    for (listener = events->listeners; ids != NULL && listener != NULL; listener = listener->next)
        ids[--count] = listener->id;
    pthread_mutex_unlock(&events->mutex);
    return ids;
}

/* Calls it without the lock, unless it was given up meanwhile. */
static void call_listener(struct events *events, uint64_t id, const struct tarn_event *event)
{
    struct listener *listener;

    pthread_mutex_lock(&events->mutex);
    listener = *find_listener(events, id);
    if (listener != NULL) {
        listener->running++;
        pthread_mutex_unlock(&events->mutex);
        listener->function(listener->arg, event);
        pthread_mutex_lock(&events->mutex);
        listener->running--;
        pthread_cond_broadcast(&events->returned);
    }
    pthread_mutex_unlock(&events->mutex);
}

static void drain(int fd)
{
    uint64_t count;

    while (fd >= 0 && read(fd, &count, sizeof(count)) > 0)
        ;
}

int tarn_event_dispatch(struct tarn_context *context, struct tarn_error **error)
{
    struct events *events = context->events;
    const struct queued *queued;
    struct queued *queue;
    struct watch *watch;
    uint64_t *ids;
    int wake_fd;
    int told = 0;

    pthread_mutex_lock(&events->mutex);
    watch = events->watch;
    wake_fd = events->wake_fd;
    pthread_mutex_unlock(&events->mutex);
    if (watch != NULL && watch_read(watch, error) != TARN_OK)
        return -1;
    drain(wake_fd);
    ids = listener_ids(events);
    if (ids == NULL) {
        error_set(error, TARN_E_INTERNAL, 0, "no memory to tell events");
        return -1;
    }
    queue = take_all(events);
    for (queued = queue; queued != NULL; queued = queued->next, told++)
        for (const uint64_t *id = ids; *id != 0; id++)
            call_listener(events, *id, &queued->event);
    free(ids);
    free_queue(queue);
    return told;
}
