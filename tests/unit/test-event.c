/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Events: of one's own doing, of other contexts and of whoever works on the storage itself.
 */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/context/event.h"
#include "tests/unit/host-frame.h"

static struct host_frame frame;
static char heard[65536]; /* a line for each event: "30 p v" */
static uint64_t listener;

static void hear(void *arg, const struct tarn_event *event)
{
    size_t used = strlen(heard);

    (void)arg;
    CU_ASSERT(event->when > 0);
    snprintf(heard + used, sizeof(heard) - used, "%u %s%s%s\n", (unsigned)event->kind, event->pool,
             event->volume != NULL ? " " : "", event->volume != NULL ? event->volume : "");
}

static void listen_to(struct tarn_context *context)
{
    struct tarn_error *error = NULL;

    heard[0] = '\0';
    HOST_OK(tarn_event_listen(&listener, context, hear, NULL, &error));
}

/* Dispatches until a line has been heard, or some seconds have passed. */
static bool hears(const char *line)
{
    const char *wanted = host_text("%s\n", line);
    unsigned patience;

    for (patience = 0; patience < 50; patience++) {
        struct pollfd wait = { .fd = tarn_event_fd(frame.context), .events = POLLIN };
        const char *at = strstr(heard, wanted);

        if (at != NULL && (at == heard || at[-1] == '\n'))
            return true;
        if (poll(&wait, 1, 100) > 0)
            CU_ASSERT(tarn_event_dispatch(frame.context, NULL) >= 0);
    }
    printf("# did not hear \"%s\" but:\n%s", line, heard);
    return false;
}

/* Everything that is pending now is handed out; then it is quiet. */
static bool is_quiet(void)
{
    struct pollfd wait = { .fd = tarn_event_fd(frame.context), .events = POLLIN };

    while (poll(&wait, 1, 100) > 0)
        CU_ASSERT_FATAL(tarn_event_dispatch(frame.context, NULL) >= 0);
    return heard[0] == '\0';
}

static void forget(void)
{
    is_quiet();
    heard[0] = '\0';
}

static unsigned count(const char *line)
{
    const char *at = heard;
    unsigned times = 0;

    while ((at = strstr(at, line)) != NULL) {
        times++;
        at += strlen(line);
    }
    return times;
}

static void own_deeds(void)
{
    struct tarn_error *error = NULL;
    struct tarn_pool *pool;
    struct tarn_volume *volume;

    host_open(&frame);
    CU_ASSERT_EQUAL(tarn_event_fd(frame.context), -1);
    listen_to(frame.context);
    CU_ASSERT(tarn_event_fd(frame.context) >= 0);
    pool = host_pool(&frame, frame.context, "p");
    volume = host_volume(pool, "v", "raw", 4096);
    HOST_OK(tarn_volume_resize(volume, 8192, 0, NULL, &error));
    HOST_OK(tarn_volume_delete(volume, 0, NULL, &error));
    HOST_OK(tarn_pool_refresh(pool, NULL, &error));
    HOST_OK(tarn_pool_stop(pool, 0, NULL, &error));
    HOST_OK(tarn_pool_delete(pool, NULL, &error));
    HOST_OK(tarn_pool_undefine(pool, &error));
    CU_ASSERT(hears("11 p"));
    CU_ASSERT_STRING_EQUAL(heard, "10 p\n14 p\n12 p\n30 p v\n31 p v\n32 p v\n20 p\n13 p\n15 p\n"
                                  "11 p\n");
    heard[0] = '\0';
    CU_ASSERT(is_quiet()); /* nothing is told twice */
    tarn_volume_unref(volume);
    tarn_pool_unref(pool);
    host_close(&frame);
}

static void deeds_of_another_context(void)
{
    struct tarn_error *error = NULL;
    struct tarn_context *other;
    struct tarn_pool *pool;
    struct tarn_volume *volume;

    host_open(&frame);
    other = host_context(&frame);
    listen_to(frame.context);
    pool = host_pool(&frame, other, "p");
    CU_ASSERT(hears("10 p"));
    CU_ASSERT(hears("12 p"));
    volume = host_volume(pool, "v", "raw", 4096);
    CU_ASSERT(hears("30 p v"));
    HOST_OK(tarn_volume_resize(volume, 8192, 0, NULL, &error));
    CU_ASSERT(hears("31 p v"));
    HOST_OK(tarn_volume_delete(volume, 0, NULL, &error));
    CU_ASSERT(hears("32 p v"));
    HOST_OK(tarn_pool_stop(pool, 0, NULL, &error));
    CU_ASSERT(hears("13 p"));
    HOST_OK(tarn_pool_undefine(pool, &error));
    CU_ASSERT(hears("11 p"));
    tarn_volume_unref(volume);
    tarn_pool_unref(pool);
    tarn_context_close(other);
    host_close(&frame);
}

static void deeds_of_another_process(void)
{
    int status = -1;
    int heard_it[2];
    char byte;
    pid_t child;

    CU_ASSERT_EQUAL_FATAL(pipe(heard_it), 0);
    host_prepare(&frame);
    fflush(stdout);
    frame.context = host_context(&frame);
    tarn_pool_unref(host_pool(&frame, frame.context, "p"));
    listen_to(frame.context);
    child = fork();
    if (child == 0) {
        struct tarn_context *own = host_context(&frame);
        struct tarn_pool *pool = NULL;
        bool done = tarn_pool_lookup(&pool, own, "p", NULL) == TARN_OK;

        tarn_volume_unref(host_volume(pool, "v", "qcow2", 1 << 20));
        close(heard_it[1]);
        done = done && read(heard_it[0], &byte, 1) == 0; /* of a stopped pool nothing is told */
        done = done && tarn_pool_stop(pool, 0, NULL, NULL) == TARN_OK;
        _exit(!done);
    }
    close(heard_it[0]);
    CU_ASSERT(hears("30 p v"));
    close(heard_it[1]);
    CU_ASSERT(hears("13 p"));
    waitpid(child, &status, 0);
    CU_ASSERT_EQUAL(status, 0);
    host_close(&frame);
}

/* Files that come and go without any tarn. */
static void deeds_on_the_storage(void)
{
    host_open(&frame);
    tarn_pool_unref(host_pool(&frame, frame.context, "p"));
    host_write(host_path(&frame, "p/old"), "x", 1);
    listen_to(frame.context);
    CU_ASSERT(is_quiet()); /* what was there is no news */
    host_write(host_path(&frame, "p/new"), "x", 1);
    CU_ASSERT(hears("30 p new"));
    host_write(host_path(&frame, "p/old"), "xyz", 3);
    CU_ASSERT(hears("31 p old"));
    CU_ASSERT_EQUAL(rename(host_path(&frame, "p/new"), host_path(&frame, "p/newer")), 0);
    CU_ASSERT(hears("32 p new"));
    CU_ASSERT(hears("30 p newer"));
    CU_ASSERT_EQUAL(unlink(host_path(&frame, "p/old")), 0);
    CU_ASSERT(hears("32 p old"));
    host_close(&frame);
}

/* Whoever notices first what another did, it is told. */
static void noticed_by_a_question(void)
{
    struct tarn_error *error = NULL;
    struct tarn_context *other;
    struct tarn_pool *here;
    struct tarn_pool *there = NULL;

    host_open(&frame);
    here = host_pool(&frame, frame.context, "p");
    other = host_context(&frame);
    listen_to(frame.context);
    HOST_OK(tarn_pool_lookup(&there, other, "p", &error));
    HOST_OK(tarn_pool_stop(there, 0, NULL, &error));
    CU_ASSERT_EQUAL(host_state(here, false), TARN_POOL_INACTIVE);
    CU_ASSERT(hears("13 p"));
    forget();
    HOST_OK(tarn_pool_start(there, 0, NULL, &error));
    HOST_OK(tarn_pool_refresh(here, NULL, &error));
    CU_ASSERT(hears("12 p"));
    forget();
    HOST_OK(tarn_pool_stop(there, 0, NULL, &error));
    HOST_OK(tarn_pool_undefine(there, &error));
    HOST_REFUSED(tarn_pool_start(here, 0, NULL, &error), TARN_E_NOT_FOUND, NULL);
    CU_ASSERT(hears("11 p"));
    CU_ASSERT_EQUAL(count("13 p\n"), 1);
    tarn_pool_unref(here);
    tarn_pool_unref(there);
    tarn_context_close(other);
    host_close(&frame);
}

static void first_look_is_no_news(void)
{
    struct tarn_error *error = NULL;
    struct tarn_pool *pool;

    host_open(&frame);
    pool = host_pool(&frame, frame.context, "p");
    tarn_volume_unref(host_volume(pool, "v", "raw", 4096));
    HOST_OK(tarn_pool_stop(pool, 0, NULL, &error));
    listen_to(frame.context);
    HOST_OK(tarn_pool_start(pool, 0, NULL, &error));
    CU_ASSERT(hears("12 p"));
    CU_ASSERT_EQUAL(host_count(pool), 1);
    is_quiet();
    CU_ASSERT_STRING_EQUAL(heard, "12 p\n");
    tarn_pool_unref(pool);
    host_close(&frame);
}

static void unlistened(void)
{
    struct tarn_pool *pool;

    host_open(&frame);
    listen_to(frame.context);
    tarn_event_unlisten(frame.context, listener);
    tarn_event_unlisten(frame.context, listener);
    tarn_event_unlisten(frame.context, 4711);
    pool = host_pool(&frame, frame.context, "p");
    tarn_volume_unref(host_volume(pool, "v", "raw", 4096));
    CU_ASSERT(is_quiet());
    /* What happened while nobody listened is no news to who listens later. */
    listen_to(frame.context);
    CU_ASSERT(is_quiet());
    tarn_volume_unref(host_volume(pool, "w", "raw", 4096));
    CU_ASSERT(hears("30 p w"));
    CU_ASSERT_STRING_EQUAL(heard, "30 p w\n");
    tarn_pool_unref(pool);
    host_close(&frame);
}

/* The first of two gives up the second while an event is handed out. */
struct pair {
    uint64_t second;
    unsigned first_heard;
    unsigned second_heard;
};

static void first_of_two(void *arg, const struct tarn_event *event)
{
    struct pair *pair = arg;

    (void)event;
    pair->first_heard++;
    tarn_event_unlisten(frame.context, pair->second);
}

static void second_of_two(void *arg, const struct tarn_event *event)
{
    struct pair *pair = arg;

    (void)event;
    pair->second_heard++;
}

static void unlistened_while_dispatching(void)
{
    struct tarn_error *error = NULL;
    struct pair pair = { 0, 0, 0 };
    uint64_t first = 0;

    host_open(&frame);
    HOST_OK(tarn_event_listen(&first, frame.context, first_of_two, &pair, &error));
    HOST_OK(tarn_event_listen(&pair.second, frame.context, second_of_two, &pair, &error));
    tarn_pool_unref(host_pool(&frame, frame.context, "p"));
    CU_ASSERT_EQUAL(tarn_event_dispatch(frame.context, &error), 3);
    CU_ASSERT_EQUAL(pair.first_heard, 3);
    CU_ASSERT_EQUAL(pair.second_heard, 0);
    host_close(&frame);
}

/* A thread that dispatches while another one listens and gives up: the argument is never used
 * after. */
static atomic_bool stop;

static void *keep_dispatching(void *arg)
{
    (void)arg;
    while (!atomic_load(&stop))
        tarn_event_dispatch(frame.context, NULL);
    return NULL;
}

static void count_one(void *arg, const struct tarn_event *event)
{
    (void)event;
    (*(unsigned *)arg)++;
}

static void unlistened_in_another_thread(void)
{
    pthread_t thread;
    unsigned round;

    host_open(&frame);
    atomic_store(&stop, false);
    listen_to(frame.context);
    pthread_create(&thread, NULL, keep_dispatching, NULL);
    for (round = 0; round < 200; round++) {
        unsigned *counter = calloc(1, sizeof(*counter));
        uint64_t id = 0;

        CU_ASSERT_EQUAL(tarn_event_listen(&id, frame.context, count_one, counter, NULL), TARN_OK);
        event_add(frame.context, TARN_EVENT_POOL_REFRESHED, "p", NULL, NULL, NULL);
        tarn_event_unlisten(frame.context, id);
        free(counter);
    }
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    host_close(&frame);
}

static unsigned numbered;
static unsigned first_number;
static unsigned last_number;

static void take_number(void *arg, const struct tarn_event *event)
{
    (void)arg;
    last_number = (unsigned)strtoul(event->volume, NULL, 10);
    if (numbered++ == 0)
        first_number = last_number;
}

static void bounded_queue(void)
{
    struct tarn_error *error = NULL;
    char name[16];
    unsigned index;
    int told;

    host_open(&frame);
    HOST_OK(tarn_event_listen(&listener, frame.context, take_number, NULL, &error));
    for (index = 0; index < 70000; index++) {
        snprintf(name, sizeof(name), "%u", index);
        event_add(frame.context, TARN_EVENT_VOLUME_ADDED, "p", NULL, name, NULL);
    }
    numbered = 0;
    told = tarn_event_dispatch(frame.context, &error);
    CU_ASSERT_EQUAL(told, 65536);
    CU_ASSERT_EQUAL(numbered, 65536);
    CU_ASSERT_EQUAL(first_number, 70000 - 65536); /* the oldest went */
    CU_ASSERT_EQUAL(last_number, 69999);
    CU_ASSERT_EQUAL(tarn_event_dispatch(frame.context, &error), 0);
    host_close(&frame);
}

/* A pool that is moved elsewhere is followed there. */
static void restarted_elsewhere(void)
{
    struct tarn_error *error = NULL;
    struct tarn_context *other;
    struct tarn_pool *there;
    struct tarn_pool *again = NULL;

    host_open(&frame);
    other = host_context(&frame);
    there = host_pool(&frame, other, "p");
    listen_to(frame.context);
    HOST_OK(tarn_pool_define(&again, other,
                             host_text("<pool type='dir'><name>p</name><target><path>%s</path>"
                                       "</target></pool>", host_path(&frame, "elsewhere")), 0,
                             &error));
    HOST_OK(tarn_pool_stop(there, 0, NULL, &error));
    HOST_OK(tarn_pool_start(there, TARN_POOL_BUILD, NULL, &error));
    CU_ASSERT(hears("13 p"));
    CU_ASSERT(hears("12 p"));
    forget();
    host_write(host_path(&frame, "elsewhere/v"), "x", 1);
    CU_ASSERT(hears("30 p v"));
    host_write(host_path(&frame, "p/w"), "x", 1);
    heard[0] = '\0';
    CU_ASSERT(is_quiet());
    tarn_pool_unref(again);
    tarn_pool_unref(there);
    tarn_context_close(other);
    host_close(&frame);
}

static const struct unit_test tests[] = {
    { "what one does oneself is told once, in order", own_deeds },
    { "what another context does is told", deeds_of_another_context },
    { "what another process does is told", deeds_of_another_process },
    { "what happens to the files is told", deeds_on_the_storage },
    { "what a question notices first is told all the same", noticed_by_a_question },
    { "what is there when a pool starts is no news", first_look_is_no_news },
    { "who does not listen is not told", unlistened },
    { "who is given up is not called any more", unlistened_while_dispatching },
    { "nor in another thread", unlistened_in_another_thread },
    { "events that nobody fetches are bounded, the oldest go", bounded_queue },
    { "a pool that starts anew elsewhere is watched there", restarted_elsewhere },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("event", tests);
}
