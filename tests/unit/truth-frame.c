/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The frame of the tests of what is told of a pool's storage.
 */
#include "tests/unit/truth-frame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int64_t truth_now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

void truth_wait(long milliseconds)
{
    struct timespec time = { milliseconds / 1000, milliseconds % 1000 * 1000000L };

    nanosleep(&time, NULL);
}

void truth_say(const struct truth *truth, const char *file, const char *text)
{
    const char *path = host_path(&truth->frame, "truth/%s", file);

    if (text != NULL)
        host_write(path, text, strlen(text));
    else
        unlink(path);
}

/* --- beginning and end ------------------------------------------------------------------------ */

static void hear(void *arg, const struct tarn_event *event)
{
    struct truth *truth = arg;

    truth->unresponsive += event->kind == TARN_EVENT_POOL_UNRESPONSIVE;
    truth->recovered += event->kind == TARN_EVENT_POOL_RECOVERED;
    truth->stopped += event->kind == TARN_EVENT_POOL_STOPPED;
}

static void listen_anew(struct truth *truth)
{
    struct tarn_error *error = NULL;

    truth->unresponsive = truth->recovered = truth->stopped = 0;
    HOST_OK(tarn_event_listen(&truth->listener, truth->frame.context, hear, truth, &error));
}

const char *truth_xml(const char *folder)
{
    return host_text("<pool type='truth'><name>p</name>"
                     "<uuid>11111111-2222-3333-4444-555555555555</uuid>"
                     "<source><host name='nas'/><dir path='%s'/></source></pool>", folder);
}

static void begin(struct truth *truth, const char *module, const char *xml)
{
    struct tarn_error *error = NULL;
    char *copy = strdup(xml); /* the frame makes texts of its own */

    memset(truth, 0, sizeof(*truth));
    host_prepare(&truth->frame);
    host_run("mkdir %s", host_path(&truth->frame, "truth"));
    host_fixture(&truth->frame, module, "pool:truth pool:made",
                 host_text("[options]\nfolder = %s\n", host_path(&truth->frame, "truth")));
    truth->frame.deadline = TRUTH_DEADLINE;
    truth->frame.context = host_context(&truth->frame);
    listen_anew(truth);
    HOST_OK(tarn_pool_define(&truth->pool, truth->frame.context, copy, 0, &error));
    free(copy);
    CU_ASSERT_PTR_NOT_NULL_FATAL(truth->pool);
}

void truth_begin(struct truth *truth)
{
    begin(truth, "truth", truth_xml("/srv"));
}

void truth_begin_with(struct truth *truth, const char *xml)
{
    begin(truth, "truth", xml);
}

void truth_begin_alone(struct truth *truth)
{
    begin(truth, "truth-alone", truth_xml("/srv"));
}

void truth_end(struct truth *truth)
{
    tarn_pool_unref(truth->pool);
    host_close(&truth->frame);
}

void truth_begin_anew(struct truth *truth)
{
    struct tarn_error *error = NULL;

    tarn_pool_unref(truth->pool);
    truth->pool = NULL;
    host_reopen(&truth->frame);
    listen_anew(truth);
    HOST_OK(tarn_pool_lookup(&truth->pool, truth->frame.context, "p", &error));
    CU_ASSERT_PTR_NOT_NULL_FATAL(truth->pool);
}

/* --- the pool --------------------------------------------------------------------------------- */

int truth_start(struct truth *truth, uint32_t flags, struct tarn_error **error)
{
    return tarn_pool_start(truth->pool, flags, NULL, error);
}

struct tarn_pool_record *truth_read(struct truth *truth, uint32_t flags)
{
    struct tarn_error *error = NULL;
    struct tarn_pool_record *record = NULL;

    HOST_OK(tarn_pool_read(&record, truth->pool, flags, &error));
    CU_ASSERT_PTR_NOT_NULL_FATAL(record);
    return record;
}

bool truth_is(struct truth *truth, uint32_t state, const char *reason)
{
    struct tarn_pool_record *record = truth_read(truth, TARN_READ_SIZES);
    bool is = record->state == state &&
              (reason == NULL ? record->reason == NULL
                              : record->reason != NULL && strstr(record->reason, reason) != NULL);

    if (!is)
        printf("# state %u, reason %s\n", (unsigned)record->state,
               record->reason != NULL ? record->reason : "(none)");
    tarn_pool_record_free(record);
    return is;
}

bool truth_is_active(const struct truth *truth)
{
    return host_exists(host_path(&truth->frame, "run/tarn/pools/p.xml"));
}
