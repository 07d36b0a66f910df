/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Operations and jobs: cancelling, deadlines, progress, and the list of what is running.
 */
#include "core/context/operation.h"

#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "core/context/context.h"
#include "core/base/error.h"
#include "tests/unit/host-frame.h"

static struct tarn_context context;

static void begin(void)
{
    memset(&context, 0, sizeof(context));
    context.deadline = 60000;
    pthread_mutex_init(&context.operations_lock, NULL);
}

static struct tarn_job *new_job(void)
{
    struct tarn_job *job = NULL;

    CU_ASSERT_EQUAL_FATAL(tarn_job_new(&job, &context, NULL), TARN_OK);
    return job;
}

static void wait_milliseconds(long milliseconds)
{
    struct timespec time = { milliseconds / 1000, milliseconds % 1000 * 1000000L };

    nanosleep(&time, NULL);
}

static void *cancel_soon(void *arg)
{
    wait_milliseconds(20);
    tarn_job_cancel(arg);
    return NULL;
}

static void cancelled_from_another_thread(void)
{
    struct tarn_error *error = NULL;
    struct operation operation;
    struct tarn_job *job;
    struct pollfd wait = { .events = POLLIN };
    pthread_t thread;

    begin();
    job = new_job();
    operation_begin(&operation, &context, "vol-create", "p", "v", job);
    HOST_OK(operation_interrupted(&operation, &error));
    wait.fd = operation_cancel_fd(&operation);
    CU_ASSERT_EQUAL(poll(&wait, 1, 0), 0);
    pthread_create(&thread, NULL, cancel_soon, job);
    CU_ASSERT_EQUAL(poll(&wait, 1, 20000), 1);
    HOST_REFUSED(operation_interrupted(&operation, &error), TARN_E_CANCELLED,
                 "vol-create was cancelled");
    pthread_join(thread, NULL);
    operation_end(&operation);
    tarn_job_unref(job);
}

static void cancelled_once(void)
{
    struct tarn_error *error = NULL;
    struct operation operation;
    struct tarn_job *job;
    struct pollfd wait = { .events = POLLIN };

    begin();
    job = new_job();
    tarn_job_cancel(job);
    tarn_job_cancel(job);
    operation_begin(&operation, &context, "first", NULL, NULL, job);
    HOST_REFUSED(operation_interrupted(&operation, &error), TARN_E_CANCELLED, NULL);
    operation_end(&operation);
    operation_begin(&operation, &context, "second", NULL, NULL, job);
    HOST_OK(operation_interrupted(&operation, &error));
    wait.fd = operation_cancel_fd(&operation);
    CU_ASSERT_EQUAL(poll(&wait, 1, 0), 0);
    operation_end(&operation);
    tarn_job_unref(job);
}

static void deadline(void)
{
    struct tarn_error *error = NULL;
    struct operation operation;
    struct tarn_job *job;

    begin();
    job = new_job();
    operation_begin(&operation, &context, "x", NULL, NULL, NULL);
    CU_ASSERT_EQUAL(operation_time_left(&operation), -1);
    CU_ASSERT_EQUAL(operation_cancel_fd(&operation), -1);
    operation_end(&operation);
    tarn_job_set_deadline(job, 30);
    operation_begin(&operation, &context, "x", NULL, NULL, job);
    CU_ASSERT(operation_time_left(&operation) <= 30);
    HOST_OK(operation_interrupted(&operation, &error));
    wait_milliseconds(40);
    CU_ASSERT_EQUAL(operation_time_left(&operation), 0);
    HOST_REFUSED(operation_interrupted(&operation, &error), TARN_E_TIMEOUT, "its deadline");
    operation_leave_job(&operation);
    HOST_OK(operation_interrupted(&operation, &error));
    operation_end(&operation);
    tarn_job_unref(job);
}

/* Only within a step does the context's deadline count. */
static void deadline_of_a_step(void)
{
    struct tarn_error *error = NULL;
    struct operation operation;

    begin();
    context.deadline = 20;
    operation_begin(&operation, &context, "x", "p", NULL, NULL);
    operation_step_begin(&operation, "start");
    wait_milliseconds(30);
    HOST_REFUSED(operation_interrupted(&operation, &error), TARN_E_TIMEOUT, NULL);
    operation_step_end(&operation);
    HOST_OK(operation_interrupted(&operation, &error));
    CU_ASSERT_EQUAL(operation_time_left(&operation), -1);
    operation_end(&operation);
}

struct told {
    unsigned times;
    uint64_t done;
    uint64_t total;
};

static void tell(void *arg, uint64_t done, uint64_t total)
{
    struct told *told = arg;

    told->times++;
    told->done = done;
    told->total = total;
}

static void progress(void)
{
    struct told told = { 0 };
    struct operation operation;
    struct tarn_job *job;
    uint64_t done;

    begin();
    job = new_job();
    tarn_job_set_progress(job, tell, &told);
    operation_begin(&operation, &context, "x", NULL, NULL, job);
    for (done = 1; done <= 1000; done++)
        operation_progress(&operation, done, 1000);
    CU_ASSERT(told.times >= 1 && told.times < 100);
    operation_end(&operation);
    CU_ASSERT_EQUAL(told.done, 1000);
    CU_ASSERT_EQUAL(told.total, 1000);
    told.times = 0;
    operation_begin(&operation, &context, "silent", NULL, NULL, job);
    operation_end(&operation);
    CU_ASSERT_EQUAL(told.times, 0);
    tarn_job_unref(job);
}

static void list(void)
{
    struct tarn_job_record **all = NULL;
    struct operation first;
    struct operation second;

    begin();
    operation_begin(&first, &context, "vol-create", "p", NULL, NULL);
    operation_begin(&second, &context, "vol-wipe", "q", "w", NULL);
    operation_set_names(&first, NULL, "v");
    operation_progress(&second, 5, 10);
    CU_ASSERT_EQUAL_FATAL(tarn_job_list(&all, &context, NULL), TARN_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(all[0]);
    CU_ASSERT_PTR_NOT_NULL_FATAL(all[1]);
    CU_ASSERT_PTR_NULL(all[2]);
    CU_ASSERT_STRING_EQUAL(all[0]->operation, "vol-wipe");
    CU_ASSERT_EQUAL(all[0]->done, 5);
    CU_ASSERT_EQUAL(all[0]->total, 10);
    CU_ASSERT(all[0]->started > 0);
    CU_ASSERT_STRING_EQUAL(all[1]->pool, "p");
    CU_ASSERT_STRING_EQUAL(all[1]->volume, "v");
    CU_ASSERT_NOT_EQUAL(all[0]->id, all[1]->id);
    operation_end(&first);
    operation_end(&second);
    CU_ASSERT_STRING_EQUAL(all[0]->volume, "w"); /* the list is its holder's */
    tarn_job_list_free(all);
    CU_ASSERT_EQUAL(tarn_job_list(&all, &context, NULL), TARN_OK);
    CU_ASSERT_PTR_NULL(all[0]);
    tarn_job_list_free(all);
    tarn_job_list_free(NULL);
    tarn_job_unref(NULL);
}

static const struct unit_test tests[] = {
    { "an operation is cancelled from another thread", cancelled_from_another_thread },
    { "one request to cancel ends one operation", cancelled_once },
    { "a job's deadline ends its operation", deadline },
    { "a step has the context's deadline", deadline_of_a_step },
    { "progress is told now and then, and at the end", progress },
    { "what is running is listed", list },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("operation", tests);
}
