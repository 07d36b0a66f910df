/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Two processes with eight threads each create, delete, refresh and look up in one pool at once,
 * for TARN_STRESS_SECONDS (5 without it). Each thread knows which volumes are its own: they are
 * there until it deletes them, and gone afterwards. With TARN_STRESS_PROCESSES=1 there is only this
 * process, for tools that know nothing of fork.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/host-frame.h"

#define THREADS 8
#define OWN 6 /* volumes of a thread at a time */

struct crowd {
    struct tarn_context *context;
    struct tarn_pool *pool;
    time_t until;
    atomic_uint deeds;
    atomic_uint faults;
};

struct worker {
    struct crowd *crowd;
    unsigned number;
    unsigned random;
    char names[OWN][32];
    bool there[OWN];
    unsigned made;
};

static unsigned draw(struct worker *worker, unsigned below)
{
    worker->random = worker->random * 1103515245u + 12345u;
    return worker->random / 65536u % below;
}

static void fault(struct worker *worker, const char *what, const char *name,
                  struct tarn_error *error)
{
    printf("# thread %u of %ld: %s \"%s\": %s\n", worker->number, (long)getpid(), what, name,
           error != NULL ? tarn_error_message(error) : "wrong answer");
    tarn_error_free(error);
    atomic_fetch_add(&worker->crowd->faults, 1);
}

static void make(struct worker *worker, unsigned slot)
{
    struct tarn_error *error = NULL;
    struct tarn_volume *volume = NULL;
    char *name = worker->names[slot];

    snprintf(name, sizeof(worker->names[0]), "%ld-%u-%u", (long)getpid(), worker->number,
             worker->made++);
    if (tarn_volume_create(&volume, worker->crowd->pool,
                           host_volume_xml(name, draw(worker, 3) == 0 ? "qcow2" : "raw", 65536,
                                           NULL), 0, NULL, &error) != TARN_OK)
        fault(worker, "cannot create", name, error);
    else
        worker->there[slot] = true;
    tarn_volume_unref(volume);
}

static void discard(struct worker *worker, unsigned slot)
{
    struct tarn_error *error = NULL;
    struct tarn_volume *volume = NULL;
    const char *name = worker->names[slot];

    if (tarn_volume_lookup(&volume, worker->crowd->pool, name, &error) != TARN_OK ||
        tarn_volume_delete(volume, draw(worker, 4) == 0 ? 0 : TARN_VOLUME_DELETE_FORCE, NULL,
                           &error) != TARN_OK)
        fault(worker, "cannot delete", name, error);
    worker->there[slot] = false;
    tarn_volume_unref(volume);
    volume = NULL;
    if (tarn_volume_lookup(&volume, worker->crowd->pool, name, NULL) != TARN_E_NOT_FOUND)
        fault(worker, "is still there", name, NULL);
    tarn_volume_unref(volume);
}

static void look_up(struct worker *worker, unsigned slot)
{
    struct tarn_error *error = NULL;
    struct tarn_volume *volume = NULL;
    struct tarn_volume_record *record = NULL;

    if (!worker->there[slot])
        return;
    if (tarn_volume_lookup(&volume, worker->crowd->pool, worker->names[slot], &error) != TARN_OK ||
        tarn_volume_read(&record, volume, draw(worker, 2) ? 0 : UINT32_MAX, &error) != TARN_OK ||
        record->status != 0 || record->capacity != 65536)
        fault(worker, "cannot find", worker->names[slot], error);
    tarn_volume_record_free(record);
    tarn_volume_unref(volume);
}

/* Every list, looked at now or as it is known, has all that is ours, and nothing that was. */
static void list(struct worker *worker)
{
    struct tarn_error *error = NULL;
    struct tarn_volume **all = NULL;
    unsigned seen[OWN] = { 0 };
    char prefix[32];
    unsigned strangers = 0;
    unsigned slot;
    size_t index;

    snprintf(prefix, sizeof(prefix), "%ld-%u-", (long)getpid(), worker->number);
    if (tarn_volume_list(&all, worker->crowd->pool, draw(worker, 2) ? 0 : UINT32_MAX, NULL,
                         &error) != TARN_OK) {
        fault(worker, "cannot list", "", error);
        return;
    }
    for (index = 0; all[index] != NULL; index++) {
        const char *name = tarn_volume_name(all[index]);

        if (strncmp(name, prefix, strlen(prefix)) != 0)
            continue;
        for (slot = 0; slot < OWN && !(worker->there[slot] &&
                                       strcmp(worker->names[slot], name) == 0); slot++)
            ;
        if (slot < OWN)
            seen[slot]++;
        else if (strangers++ == 0)
            fault(worker, "a deleted volume is listed", name, NULL);
    }
    for (slot = 0; slot < OWN; slot++)
        if (seen[slot] != (unsigned)worker->there[slot])
            fault(worker, "is not listed once", worker->names[slot], NULL);
    tarn_volume_list_free(all);
}

static void refresh(struct worker *worker)
{
    struct tarn_error *error = NULL;
    struct tarn_pool_record *record = NULL;

    if (tarn_pool_refresh(worker->crowd->pool, NULL, &error) != TARN_OK ||
        tarn_pool_read(&record, worker->crowd->pool, TARN_READ_SIZES, &error) != TARN_OK ||
        record->state != TARN_POOL_RUNNING)
        fault(worker, "cannot refresh", "", error);
    tarn_pool_record_free(record);
}

/* What is running, and which pools there are, can be asked at any time. */
static void look_around(struct worker *worker)
{
    struct tarn_error *error = NULL;
    struct tarn_job_record **jobs = NULL;
    struct tarn_pool **pools = NULL;

    if (tarn_job_list(&jobs, worker->crowd->context, &error) != TARN_OK ||
        tarn_pool_list(&pools, worker->crowd->context, TARN_LIST_ACTIVE, &error) != TARN_OK ||
        pools[0] != worker->crowd->pool)
        fault(worker, "cannot look around", "", error);
    tarn_job_list_free(jobs);
    tarn_pool_list_free(pools);
}

static void *work(void *arg)
{
    struct worker *worker = arg;
    unsigned slot;

    while (time(NULL) < worker->crowd->until && atomic_load(&worker->crowd->faults) < 20) {
        slot = draw(worker, OWN);
        switch (draw(worker, 9)) {
        case 0:
            refresh(worker);
            break;
        case 4:
            look_around(worker);
            break;
        case 1:
            list(worker);
            break;
        case 2:
        case 3:
            look_up(worker, slot);
            break;
        default:
            if (worker->there[slot])
                discard(worker, slot);
            else
                make(worker, slot);
        }
        atomic_fetch_add(&worker->crowd->deeds, 1);
    }
    for (slot = 0; slot < OWN; slot++)
        if (worker->there[slot])
            discard(worker, slot);
    return NULL;
}

/* The faults of one process. */
static unsigned crowd_run(const struct host_frame *frame, time_t until)
{
    struct tarn_error *error = NULL;
    struct crowd crowd = { .until = until };
    struct worker workers[THREADS];
    pthread_t threads[THREADS];
    unsigned index;

    crowd.context = host_context(frame);
    if (!host_ok(tarn_pool_lookup(&crowd.pool, crowd.context, "p", &error), &error))
        return 1;
    for (index = 0; index < THREADS; index++) {
        memset(&workers[index], 0, sizeof(workers[0]));
        workers[index].crowd = &crowd;
        workers[index].number = index;
        workers[index].random = index + (unsigned)getpid();
        pthread_create(&threads[index], NULL, work, &workers[index]);
    }
    for (index = 0; index < THREADS; index++)
        pthread_join(threads[index], NULL);
    tarn_pool_unref(crowd.pool);
    tarn_context_close(crowd.context);
    printf("# process %ld: %u deeds, %u faults\n", (long)getpid(), atomic_load(&crowd.deeds),
           atomic_load(&crowd.faults));
    fflush(stdout);
    return atomic_load(&crowd.faults) + (atomic_load(&crowd.deeds) == 0);
}

static unsigned number_from(const char *variable, unsigned otherwise)
{
    const char *text = getenv(variable);

    return text != NULL ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

static void crowds(void)
{
    struct tarn_error *error = NULL;
    struct host_frame frame;
    struct tarn_pool *pool;
    bool two = number_from("TARN_STRESS_PROCESSES", 2) > 1;
    time_t until = time(NULL) + number_from("TARN_STRESS_SECONDS", 5);
    pid_t child = -1;
    int status = 0;

    host_open(&frame);
    pool = host_pool(&frame, frame.context, "p");
    tarn_pool_unref(pool);
    fflush(stdout);
    if (two && (child = fork()) == 0)
        _exit(crowd_run(&frame, until) != 0);
    CU_ASSERT_EQUAL(crowd_run(&frame, until), 0);
    if (two) {
        CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
        CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    pool = NULL;
    HOST_OK(tarn_pool_lookup(&pool, frame.context, "p", &error));
    CU_ASSERT_EQUAL(host_count(pool), 0);
    CU_ASSERT_EQUAL(host_run("test -z \"$(ls -A %s)\"", host_path(&frame, "p")), 0);
    CU_ASSERT_EQUAL(host_run("test -z \"$(ls -A %s 2>&1)\"",
                             host_path(&frame, "var/lib/tarn/volumes/p")), 0);
    tarn_pool_unref(pool);
    host_close(&frame);
}

static const struct unit_test tests[] = {
    { "no error, no lost volume, nothing left behind", crowds },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("stress", tests);
}
