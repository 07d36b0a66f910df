/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Modules that do harm, in processes of their own: what it costs is one call, and the module's next
 * one works; other pools do not notice.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/host-frame.h"

#define DEADLINE 1500 /* milliseconds */

static struct host_frame frame;
static struct tarn_pool *pool;
static struct tarn_pool *other; /* of another module */

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* The fixture does its deed within an operation as long as the file is there. */
static void evil(bool on)
{
    if (on)
        host_write(host_path(&frame, "evil"), "", 0);
    else
        CU_ASSERT_EQUAL(unlink(host_path(&frame, "evil")), 0);
}

static void begin(const char *deed, const char *within)
{
    struct tarn_error *error = NULL;

    host_prepare(&frame);
    host_fixture(&frame, "misbehaves", "pool:misbehaves",
                 host_text("isolation = process\n[options]\ndeed = %s\nwithin = %s\nwhile = %s\n",
                           deed, within, host_path(&frame, "evil")));
    frame.deadline = DEADLINE;
    frame.context = host_context(&frame);
    other = host_pool(&frame, frame.context, "well");
    HOST_OK(tarn_pool_define(&pool, frame.context,
                             "<pool type='misbehaves'><name>ill</name></pool>", 0, &error));
    HOST_OK(tarn_pool_start(pool, 0, NULL, &error));
}

static int children(void)
{
    char path[64];
    char list[4096] = "";
    int count = 0;
    FILE *file;
    char *one;

    snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
    file = fopen(path, "re");
    if (file != NULL && fgets(list, sizeof(list), file) != NULL)
        for (one = strtok(list, " "); one != NULL; one = strtok(NULL, " "))
            count++;
    if (file != NULL)
        fclose(file);
    return count;
}

/* Nothing is left of it, neither a process nor its corpse. */
static void end(void)
{
    tarn_pool_unref(pool);
    tarn_pool_unref(other);
    host_close(&frame);
    CU_ASSERT_EQUAL(children(), 0);
}

static int read_sizes(struct tarn_pool *which, uint64_t *out_process, struct tarn_error **error)
{
    struct tarn_pool_record *record = NULL;
    int status = tarn_pool_read(&record, which, TARN_READ_SIZES, error);

    if (status == TARN_OK && out_process != NULL)
        *out_process = record->allocation;
    if (status == TARN_OK)
        tarn_pool_record_free(record);
    return status;
}

/* A refresh looks whatever is thought of the pool. */
static int refresh(struct tarn_error **error)
{
    return tarn_pool_refresh(pool, NULL, error);
}

/* --- crashes ---------------------------------------------------------------------------------- */

static bool is_sanitized(void)
{
    const char *with = getenv("TARN_SANITIZED");

    return with != NULL && *with != '\0';
}

static void a_crash_costs_one_call(void)
{
    struct tarn_error *error = NULL;
    uint64_t before = 0;
    uint64_t after = 0;

    begin("segfault", "refresh");
    HOST_OK(read_sizes(pool, &before, &error));
    CU_ASSERT_NOT_EQUAL(before, (uint64_t)getpid());
    evil(true);
    /* A sanitizer ends the process in its own way. */
    HOST_REFUSED(refresh(&error), TARN_E_INTERNAL,
                 is_sanitized() ? "the module misbehaves crashed in refresh ("
                                : "the module misbehaves crashed in refresh (signal 11: "
                                  "Segmentation fault)");
    HOST_OK(read_sizes(other, NULL, &error));
    evil(false);
    HOST_OK(refresh(&error));
    HOST_OK(read_sizes(pool, &after, &error));
    CU_ASSERT_NOT_EQUAL(before, after);
    CU_ASSERT_EQUAL(host_count(pool), 1);
    end();
}

static void last_words_are_told(void)
{
    struct tarn_error *error = NULL;

    begin("exit", "refresh");
    evil(true);
    HOST_REFUSED(refresh(&error), TARN_E_INTERNAL,
                 "(it ended with status 7); its last words: cannot go on: the flux is gone");
    end();
}

static void who_only_crashes_is_left_alone(void)
{
    struct tarn_error *error = NULL;
    int i;

    begin("exit", "refresh");
    evil(true);
    for (i = 0; i < 5; i++)
        HOST_REFUSED(refresh(&error), TARN_E_INTERNAL, "crashed in refresh");
    HOST_REFUSED(refresh(&error), TARN_E_INTERNAL, "crashed 5 times within 60 seconds");
    HOST_OK(read_sizes(other, NULL, &error));
    end();
}

static void an_open_volume_is_lost_with_its_process(void)
{
    struct tarn_error *error = NULL;
    struct tarn_volume *volume = NULL;
    struct tarn_image *image = NULL;
    char bytes[16];

    begin("segfault", "read");
    HOST_OK(tarn_volume_lookup(&volume, pool, "v", &error));
    HOST_OK(tarn_volume_open(&image, volume, 0, NULL, &error));
    HOST_OK(tarn_image_pread(image, bytes, sizeof(bytes), 0, &error));
    CU_ASSERT_EQUAL(bytes[15], 'v');
    evil(true);
    HOST_REFUSED(tarn_image_pread(image, bytes, sizeof(bytes), 3000, &error), TARN_E_INTERNAL,
                 "crashed in reading a volume");
    HOST_REFUSED(tarn_image_pread(image, bytes, sizeof(bytes), 0, &error), TARN_E_INTERNAL,
                 "it was lost with its process");
    HOST_OK(tarn_image_close(image, &error));
    evil(false);
    HOST_OK(tarn_volume_open(&image, volume, 0, NULL, &error));
    HOST_OK(tarn_image_pread(image, bytes, sizeof(bytes), 3000, &error));
    HOST_OK(tarn_image_close(image, &error));
    tarn_volume_unref(volume);
    end();
}

/* --- what a process is given ------------------------------------------------------------------ */

/* Is the signal in the set that /proc/PID/status calls so? */
static bool is_set(uint64_t process, const char *set, int signal_number)
{
    char *line = NULL;
    size_t room = 0;
    FILE *file = fopen(host_text("/proc/%llu/status", (unsigned long long)process), "re");
    unsigned long long signals = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    while (getline(&line, &room, file) > 0)
        if (strncmp(line, set, strlen(set)) == 0)
            signals = strtoull(line + strlen(set) + 1, NULL, 16);
    free(line);
    fclose(file);
    return signals >> (signal_number - 1) & 1;
}

static void nothing_of_the_host_goes_along(void)
{
    struct tarn_error *error = NULL;
    int forgotten = open("/dev/zero", O_RDONLY); /* without O_CLOEXEC */
    uint64_t process = 0;
    char place[256];
    sigset_t blocked;
    sigset_t before;

    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &blocked, &before);
    signal(SIGINT, SIG_IGN);
    begin("exit", "info");
    HOST_OK(read_sizes(pool, &process, &error));
    CU_ASSERT_EQUAL(getsid((pid_t)process), (pid_t)process); /* no terminal's signals */
    CU_ASSERT(!is_set(process, "SigBlk", SIGTERM));
    CU_ASSERT(!is_set(process, "SigIgn", SIGINT));
    CU_ASSERT(is_set((uint64_t)getpid(), "SigBlk", SIGTERM));
    CU_ASSERT(is_set((uint64_t)getpid(), "SigIgn", SIGINT));
    CU_ASSERT(readlink(host_text("/proc/%llu/fd/%d", (unsigned long long)process, forgotten), place,
                       sizeof(place)) < 0 ||
              strncmp(place, "/dev/zero", 9) != 0);
    CU_ASSERT_EQUAL(readlink(host_text("/proc/%llu/fd/0", (unsigned long long)process), place,
                             sizeof(place)), 9);
    CU_ASSERT_EQUAL(strncmp(place, "/dev/null", 9), 0);
    end();
    signal(SIGINT, SIG_DFL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(forgotten);
}

/* --- silence ---------------------------------------------------------------------------------- */

static void who_does_not_answer_is_given_up(void)
{
    struct tarn_error *error = NULL;
    int64_t start;

    begin("hang", "refresh");
    evil(true);
    start = now();
    HOST_REFUSED(refresh(&error), TARN_E_TIMEOUT, "does not answer");
    CU_ASSERT(now() - start < 20000);
    start = now();
    HOST_OK(read_sizes(other, NULL, &error));
    CU_ASSERT(now() - start < 2000);
    evil(false);
    HOST_OK(refresh(&error));
    CU_ASSERT_EQUAL(host_state(pool, true), TARN_POOL_RUNNING);
    end();
}

static void *cancel(void *job)
{
    const struct timespec soon = { 0, 200000000 };

    nanosleep(&soon, NULL);
    tarn_job_cancel(job);
    return NULL;
}

static void who_is_cancelled_and_goes_on_is_given_up(void)
{
    struct tarn_error *error = NULL;
    struct tarn_job *job = NULL;
    pthread_t thread;

    begin("hang", "refresh");
    evil(true);
    HOST_OK(tarn_job_new(&job, frame.context, &error));
    tarn_job_set_deadline(job, 60000);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, cancel, job), 0);
    HOST_REFUSED(tarn_pool_refresh(pool, job, &error), TARN_E_CANCELLED,
                 "was cancelled in refresh");
    pthread_join(thread, NULL);
    tarn_job_unref(job);
    evil(false);
    HOST_OK(refresh(&error));
    end();
}

/* --- wear and noise --------------------------------------------------------------------------- */

static void who_leaks_is_replaced(void)
{
    struct tarn_error *error = NULL;
    uint64_t first = 0;
    uint64_t process = 0;
    int calls;

    begin("leak", "info");
    HOST_OK(read_sizes(pool, &first, &error));
    evil(true);
    /* 100 descriptors a call: none of some thousand calls fails. */
    for (calls = 0; calls < 400; calls++) {
        uint64_t one = 0;

        HOST_OK(read_sizes(pool, &one, &error));
        process = one != first ? one : process;
    }
    CU_ASSERT_NOT_EQUAL(process, 0);
    end();
}

static void who_babbles_is_not_waited_for(void)
{
    struct tarn_error *error = NULL;
    int i;

    begin("babble", "refresh");
    evil(true);
    for (i = 0; i < 3; i++)
        HOST_OK(refresh(&error));
    CU_ASSERT_EQUAL(host_count(pool), 1);
    end();
}

static void who_sends_nonsense_is_ended(void)
{
    struct tarn_error *error = NULL;

    begin("garble", "refresh");
    evil(true);
    HOST_REFUSED(refresh(&error), TARN_E_INTERNAL, "sent what makes no sense in refresh");
    evil(false);
    HOST_OK(refresh(&error));
    end();
}

static const struct unit_test tests[] = {
    { "a crash costs one call", a_crash_costs_one_call },
    { "last words are told", last_words_are_told },
    { "who only crashes is left alone", who_only_crashes_is_left_alone },
    { "an open volume is lost with its process", an_open_volume_is_lost_with_its_process },
    { "nothing of the host goes along", nothing_of_the_host_goes_along },
    { "who does not answer is given up", who_does_not_answer_is_given_up },
    { "who is cancelled and goes on is given up", who_is_cancelled_and_goes_on_is_given_up },
    { "who leaks is replaced", who_leaks_is_replaced },
    { "who babbles is not waited for", who_babbles_is_not_waited_for },
    { "who sends nonsense is ended", who_sends_nonsense_is_ended },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("isolate-module", tests);
}
