/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Locks between threads, contexts and processes.
 */
#include "core/context/lock.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/context/context.h"
#include "tests/unit/host-frame.h"

#define SOON 30      /* milliseconds: something should have happened by then if it will */
#define LONG 20000

/* Two contexts on one lock file, as two processes have them. */
static char folder[64];
static struct tarn_context contexts[2];

static void begin(void)
{
    unsigned index;

    strcpy(folder, "/tmp/tarn-unit-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    memset(contexts, 0, sizeof(contexts));
    for (index = 0; index < 2; index++) {
        pthread_mutex_init(&contexts[index].operations_lock, NULL);
        contexts[index].deadline = 60000;
        CU_ASSERT_EQUAL(locks_open(&contexts[index].locks, host_text("%s/lock", folder), NULL),
                        TARN_OK);
    }
}

static void end(void)
{
    locks_close(contexts[0].locks);
    locks_close(contexts[1].locks);
    CU_ASSERT_EQUAL(host_run("rm -r %s", folder), 0);
}

static void wait_milliseconds(long milliseconds)
{
    struct timespec time = { milliseconds / 1000, milliseconds % 1000 * 1000000L };

    nanosleep(&time, NULL);
}

/* A thread that takes a lock, says so, and gives it back when it is told to. */
struct taker {
    struct tarn_context *context;
    struct tarn_job *job;
    enum lock_kind kind;
    const char *volume;
    enum lock_mode mode;
    pthread_t thread;
    atomic_int status; /* -1 = waits */
    atomic_bool release;
    atomic_uint *order; /* counts who got in; NULL = nobody asks */
    unsigned place;
};

static void *take(void *arg)
{
    struct taker *taker = arg;
    struct operation operation;
    struct lock lock = { 0 };
    int status;

    operation_begin(&operation, taker->context, "test", "p", taker->volume, taker->job);
    status = lock_take(&lock, &operation, taker->kind, "p", taker->volume, taker->mode, NULL);
    if (status == TARN_OK && taker->order != NULL)
        taker->place = atomic_fetch_add(taker->order, 1);
    atomic_store(&taker->status, status);
    while (status == TARN_OK && !atomic_load(&taker->release))
        wait_milliseconds(1);
    lock_release(&lock);
    operation_end(&operation);
    return NULL;
}

static void start(struct taker *taker, unsigned context, const char *volume, enum lock_mode mode)
{
    taker->context = &contexts[context];
    taker->kind = volume != NULL ? LOCK_VOLUME : LOCK_STATE;
    taker->volume = volume;
    taker->mode = mode;
    atomic_store(&taker->status, -1);
    atomic_store(&taker->release, false);
    pthread_create(&taker->thread, NULL, take, taker);
}

/* Does it have it, within some time? */
static bool gets_in(struct taker *taker, int milliseconds)
{
    while (atomic_load(&taker->status) == -1 && milliseconds-- > 0)
        wait_milliseconds(1);
    return atomic_load(&taker->status) == TARN_OK;
}

static void finish(struct taker *taker)
{
    atomic_store(&taker->release, true);
    pthread_join(taker->thread, NULL);
}

static void shared_and_alone(unsigned other)
{
    struct taker reader = { 0 };
    struct taker second = { 0 };
    struct taker writer = { 0 };

    begin();
    start(&reader, 0, "v", LOCK_SHARED);
    CU_ASSERT(gets_in(&reader, LONG));
    start(&second, other, "v", LOCK_SHARED);
    CU_ASSERT(gets_in(&second, LONG));
    start(&writer, other, "v", LOCK_EXCLUSIVE);
    CU_ASSERT_FALSE(gets_in(&writer, SOON));
    finish(&reader);
    CU_ASSERT_FALSE(gets_in(&writer, SOON));
    finish(&second);
    CU_ASSERT(gets_in(&writer, LONG));
    start(&reader, 0, "v", LOCK_SHARED);
    CU_ASSERT_FALSE(gets_in(&reader, SOON));
    finish(&writer);
    CU_ASSERT(gets_in(&reader, LONG));
    finish(&reader);
    end();
}

static void in_one_context(void)
{
    shared_and_alone(0);
}

static void in_two_contexts(void)
{
    shared_and_alone(1);
}

static void others_do_not_wait(void)
{
    struct taker takers[3] = { { 0 } };
    unsigned index;

    begin();
    start(&takers[0], 0, "v", LOCK_EXCLUSIVE);
    start(&takers[1], 0, "w", LOCK_EXCLUSIVE);
    start(&takers[2], 1, NULL, LOCK_EXCLUSIVE);
    for (index = 0; index < 3; index++)
        CU_ASSERT(gets_in(&takers[index], LONG));
    for (index = 0; index < 3; index++)
        finish(&takers[index]);
    end();
}

/* A writer that waits is not overtaken by readers that come later. */
static void queue_is_fair(void)
{
    struct taker holder = { 0 };
    struct taker writer = { 0 };
    struct taker late = { 0 };
    atomic_uint order = 0;

    begin();
    writer.order = late.order = &order;
    start(&holder, 0, "v", LOCK_SHARED);
    CU_ASSERT(gets_in(&holder, LONG));
    start(&writer, 0, "v", LOCK_EXCLUSIVE);
    wait_milliseconds(SOON);
    start(&late, 0, "v", LOCK_SHARED);
    CU_ASSERT_FALSE(gets_in(&late, SOON));
    finish(&holder);
    CU_ASSERT(gets_in(&writer, LONG));
    finish(&writer);
    CU_ASSERT(gets_in(&late, LONG));
    finish(&late);
    CU_ASSERT(writer.place < late.place);
    end();
}

/* Nor by a stream of readers in another context. */
static void gate_is_closed(void)
{
    struct taker readers[2] = { { 0 } };
    struct taker writer = { 0 };
    unsigned turn;

    begin();
    start(&readers[0], 1, "v", LOCK_SHARED);
    CU_ASSERT(gets_in(&readers[0], LONG));
    start(&writer, 0, "v", LOCK_EXCLUSIVE);
    wait_milliseconds(SOON);
    for (turn = 1; turn < 20; turn++) { /* there is always one, if it gets in */
        start(&readers[turn % 2], 1, "v", LOCK_SHARED);
        gets_in(&readers[turn % 2], 5);
        finish(&readers[(turn + 1) % 2]);
        if (turn == 1)
            CU_ASSERT(gets_in(&writer, LONG));
        if (turn == 1)
            finish(&writer);
    }
    finish(&readers[1]);
    end();
}

static void cancelled_while_waiting(void)
{
    struct taker holder = { 0 };
    struct taker waiter = { 0 };
    struct taker next = { 0 };
    unsigned context;

    for (context = 0; context < 2; context++) {
        begin();
        CU_ASSERT_EQUAL(tarn_job_new(&waiter.job, &contexts[context], NULL), TARN_OK);
        start(&holder, 0, "v", LOCK_SHARED);
        CU_ASSERT(gets_in(&holder, LONG));
        start(&waiter, context, "v", LOCK_EXCLUSIVE);
        wait_milliseconds(SOON);
        start(&next, context, "v", LOCK_SHARED);
        tarn_job_cancel(waiter.job);
        pthread_join(waiter.thread, NULL);
        CU_ASSERT_EQUAL(atomic_load(&waiter.status), TARN_E_CANCELLED);
        CU_ASSERT(gets_in(&next, LONG)); /* nobody waits behind who has gone */
        finish(&next);
        finish(&holder);
        tarn_job_unref(waiter.job);
        end();
    }
}

static void deadline_while_waiting(void)
{
    struct taker holder = { 0 };
    struct taker waiter = { 0 };
    unsigned context;

    for (context = 0; context < 2; context++) {
        begin();
        CU_ASSERT_EQUAL(tarn_job_new(&waiter.job, &contexts[context], NULL), TARN_OK);
        tarn_job_set_deadline(waiter.job, 50);
        start(&holder, 0, "v", LOCK_EXCLUSIVE);
        CU_ASSERT(gets_in(&holder, LONG));
        start(&waiter, context, "v", LOCK_SHARED);
        pthread_join(waiter.thread, NULL);
        CU_ASSERT_EQUAL(atomic_load(&waiter.status), TARN_E_TIMEOUT);
        finish(&holder);
        tarn_job_unref(waiter.job);
        end();
    }
}

static void killed_holder(void)
{
    struct taker waiter = { 0 };
    int ready[2];
    char byte;
    pid_t child;

    begin();
    CU_ASSERT_EQUAL(pipe(ready), 0);
    child = fork();
    if (child == 0) {
        struct operation operation;
        struct lock lock;

        operation_begin(&operation, &contexts[1], "test", "p", "v", NULL);
        if (lock_take(&lock, &operation, LOCK_VOLUME, "p", "v", LOCK_EXCLUSIVE, NULL) == TARN_OK &&
            write(ready[1], "x", 1) == 1)
            pause();
        _exit(1);
    }
    CU_ASSERT_EQUAL(read(ready[0], &byte, 1), 1);
    start(&waiter, 0, "v", LOCK_EXCLUSIVE);
    CU_ASSERT_FALSE(gets_in(&waiter, SOON));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    CU_ASSERT(gets_in(&waiter, LONG));
    finish(&waiter);
    close(ready[0]);
    close(ready[1]);
    end();
}

/* Each adds to a number without any atomicity but the lock's. */
static volatile unsigned long *number;

static void *count_up(void *arg)
{
    struct tarn_context *context = arg;
    unsigned turn;

    for (turn = 0; turn < 200; turn++) {
        struct operation operation;
        struct lock lock;

        operation_begin(&operation, context, "test", "p", "v", NULL);
        if (lock_take(&lock, &operation, LOCK_VOLUME, "p", "v", LOCK_EXCLUSIVE, NULL) == TARN_OK)
            *number = *number + 1;
        lock_release(&lock);
        operation_end(&operation);
    }
    return NULL;
}

static void no_two_at_once(void)
{
    pthread_t threads[4];
    unsigned long counted = 0;
    unsigned index;

    begin();
    number = &counted;
    for (index = 0; index < 4; index++)
        pthread_create(&threads[index], NULL, count_up, &contexts[0]);
    for (index = 0; index < 4; index++)
        pthread_join(threads[index], NULL);
    CU_ASSERT_EQUAL(counted, 800);
    end();
}

static void order(void)
{
    CU_ASSERT(lock_order("a", "z", "b", "a") < 0);
    CU_ASSERT(lock_order("a", "z", "a", "a") > 0);
    CU_ASSERT_EQUAL(lock_order("a", "z", "a", "z"), 0);
}

static const struct unit_test tests[] = {
    { "readers share it, a writer is alone: in one context", in_one_context },
    { "readers share it, a writer is alone: in two contexts", in_two_contexts },
    { "who wants something else does not wait", others_do_not_wait },
    { "a waiting writer is not overtaken", queue_is_fair },
    { "nor by readers of another context", gate_is_closed },
    { "who is cancelled gives up its place", cancelled_while_waiting },
    { "a deadline ends the waiting", deadline_while_waiting },
    { "what a killed process held is free", killed_holder },
    { "no two are in at once", no_two_at_once },
    { "locks are taken in one order", order },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("lock", tests);
}
