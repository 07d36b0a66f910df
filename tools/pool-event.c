/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * pool-event: waiting for what happens to pools and volumes.
 */
#include "tools/pool-event.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tools/auto.h"
#include "tools/json.h"
#include "tools/lookup.h"
#include "tools/pool.h"
#include "tools/text.h"
#include "tools/when.h"

const char *const pool_event_kinds[] = { "lifecycle", "refresh", "volume", "health", NULL };

static const struct event_word {
    uint32_t kind;
    const char *group; /* of pool_event_kinds */
    const char *word;
} words[] = {
    { TARN_EVENT_POOL_DEFINED, "lifecycle", "Defined" },
    { TARN_EVENT_POOL_UNDEFINED, "lifecycle", "Undefined" },
    { TARN_EVENT_POOL_STARTED, "lifecycle", "Started" },
    { TARN_EVENT_POOL_STOPPED, "lifecycle", "Stopped" },
    { TARN_EVENT_POOL_CREATED, "lifecycle", "Created" },
    { TARN_EVENT_POOL_DELETED, "lifecycle", "Deleted" },
    { TARN_EVENT_POOL_UNRESPONSIVE, "health", "Unresponsive" },
    { TARN_EVENT_POOL_RECOVERED, "health", "Recovered" },
    { TARN_EVENT_POOL_WATERMARK, "health", "Watermark" },
    { TARN_EVENT_POOL_REPAIRED, "health", "Repaired" },
    { TARN_EVENT_POOL_REFRESHED, "refresh", "Refreshed" },
    { TARN_EVENT_VOLUME_ADDED, "volume", "Added" },
    { TARN_EVENT_VOLUME_CHANGED, "volume", "Changed" },
    { TARN_EVENT_VOLUME_REMOVED, "volume", "Removed" },
    { TARN_EVENT_VOLUME_MOVED, "volume", "Moved" },
};

struct watch {
    const struct tool *tool;
    const char *pool;  /* name, NULL = any */
    const char *group; /* NULL = any */
    bool loop;
    bool timestamp;
    unsigned count;
};

static const struct event_word *find_word(uint32_t kind)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (words[i].kind == kind)
            return &words[i];
    return NULL;
}

static void print_line(const struct watch *watch, const struct tarn_event *event,
                       const struct event_word *word)
{
    char *pool = text_shown(event->pool);
    char *volume = event->volume ? text_shown(event->volume) : NULL;
    char *text = event->text ? text_shown(event->text) : NULL;
    char when[WHEN_TEXT];

    if (watch->timestamp)
        printf("%s: ", when_shown(when, event->when));
    printf("event '%s' for storage pool %s", word->group, pool);
    if (strcmp(word->group, "refresh") != 0)
        printf(": %s", word->word);
    if (volume)
        printf(" %s", volume);
    if (text)
        printf(event->kind == TARN_EVENT_VOLUME_MOVED ? " (was %s)" : ": %s", text);
    putchar('\n');
    free(text);
    free(pool);
    free(volume);
}

static void print_json(const struct tarn_event *event, const struct event_word *word)
{
    json_t *object = json_object();

    json_put_text(object, "event", word->group);
    json_put_text(object, "detail", word->word);
    json_put_text(object, "pool", event->pool);
    json_put_text(object, "uuid", event->pool_uuid);
    json_put_text(object, "volume", event->volume);
    json_put_text(object, "text", event->text);
    json_put_integer(object, "when", event->when);
    json_print_line(stdout, object);
}

/* As tarn_event_fn. */
static void hear(void *arg, const struct tarn_event *event)
{
    struct watch *watch = arg;
    const struct event_word *word = find_word(event->kind);

    if (!word || (watch->count > 0 && !watch->loop) ||
        (watch->pool && (!event->pool || strcmp(watch->pool, event->pool) != 0)) ||
        (watch->group && strcmp(watch->group, word->group) != 0))
        return;
    watch->count++;
    if (watch->tool->settings.json)
        print_json(event, word);
    else
        print_line(watch, event, word);
    fflush(stdout);
}

static volatile sig_atomic_t is_over;

static void end(int signal_number)
{
    (void)signal_number;
    is_over = 1;
}

static int64_t milliseconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits until there is something to dispatch; false if the time is over. Signals are let in here
 * only, so that none is missed. */
static bool wait_for(int fd, int64_t deadline, const sigset_t *open)
{
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    int64_t left = deadline - milliseconds_now();
    struct timespec time = { .tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000 };

    if (deadline >= 0 && left <= 0)
        return false;
    return ppoll(&wait, 1, deadline >= 0 ? &time : NULL, open) != 0;
}

static int watch_events(struct tool *tool, struct watch *watch, int64_t deadline,
                        const sigset_t *open)
{
    bool in_time = true;

    while (in_time && !is_over && (watch->loop || watch->count == 0)) {
        in_time = wait_for(tarn_event_fd(tool->context), deadline, open);
        if (tarn_event_dispatch(tool->context, &tool->error) < 0)
            return tarn_error_status(tool->error);
    }
    if (!tool->settings.quiet && !tool->settings.json) {
        if (!in_time)
            puts("event loop timed out");
        printf("events received: %u\n", watch->count);
    }
    tool->found_faults = watch->count == 0;
    return TARN_OK;
}

static int watch_until_signal(struct tool *tool, struct watch *watch, int64_t deadline)
{
    struct sigaction action = { .sa_handler = end }, before_interrupt, before_terminate;
    sigset_t closed, open;

    is_over = 0;
    sigemptyset(&action.sa_mask);
    sigemptyset(&closed);
    sigaddset(&closed, SIGINT);
    sigaddset(&closed, SIGTERM);
    sigprocmask(SIG_BLOCK, &closed, &open);
    sigaction(SIGINT, &action, &before_interrupt);
    sigaction(SIGTERM, &action, &before_terminate);
    int status = watch_events(tool, watch, deadline, &open);
    sigaction(SIGINT, &before_interrupt, NULL);
    sigaction(SIGTERM, &before_terminate, NULL);
    sigprocmask(SIG_SETMASK, &open, NULL);
    return status;
}

static int list_kinds(const struct tool *tool)
{
    if (tool->settings.json) {
        json_t *document = json_object();
        json_put_list(document, "events", pool_event_kinds);
        json_print(document);
        return TARN_OK;
    }
    for (const char *const *kind = pool_event_kinds; *kind; kind++)
        puts(*kind);
    return TARN_OK;
}

int pool_event(struct tool *tool, const struct args *args)
{
    AUTO(pool) struct tarn_pool *pool = NULL;
    struct watch watch = {
        .tool = tool,
        .group = args_text(args, "event"),
        .loop = args_has(args, "loop"),
        .timestamp = args_has(args, "timestamp"),
    };
    uint64_t listener, seconds = args_number(args, "timeout", UINT64_MAX);
    bool is_limited = seconds < INT64_MAX / 2000;

    if (args_has(args, "list"))
        return list_kinds(tool);
    int status = args_has(args, "pool") ? lookup_named_pool(&pool, tool, args) : TARN_OK;
    if (status != TARN_OK)
        return status;
    watch.pool = pool ? tarn_pool_name(pool) : NULL;
    status = tarn_event_listen(&listener, tool->context, hear, &watch, &tool->error);
    if (status != TARN_OK)
        return status;
    status = watch_until_signal(tool, &watch,
                                is_limited ? milliseconds_now() + (int64_t)seconds * 1000 : -1);
    tarn_event_unlisten(tool->context, listener);
    return status;
}
