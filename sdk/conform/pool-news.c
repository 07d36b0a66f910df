/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pool-news.c - what a pool notices: changes while it is watched, and what a killed process left.
 */
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conform/pool-checks.h"
#include "conform/pool-traces.h"

/* --- watching --------------------------------------------------------------------------------- */

#define PATIENCE 5000 /* milliseconds until a change must be told */
#define CLOCK_STEP 20000 /* microseconds in which the clock of a file system moves: jiffies of 100 Hz */

static bool is_told(const struct results *results, const char *name)
{
    for (size_t index = 0; index < results->change_count; index++)
        if (results->changes[index] == NULL || strcmp(results->changes[index], name) == 0)
            return true;
    return false;
}

static void read_watch(struct pool *pool, void *watch)
{
    host_begin(pool->host, "watch_read", HOST_TAKES_CHANGES | HOST_MAY_IDENTIFY);
    host_must(pool->host, pool->type->watch_read(&pool->host->call, pool->handle, watch));
}

static void must_notice(struct pool *pool, void *watch, int fd, const char *name, const char *what)
{
    struct pollfd ready = { .fd = fd, .events = POLLIN };
    bool told = false;

    while (!told) {
        if (poll(&ready, 1, PATIENCE) <= 0)
            trial_fail(pool->trial, "5 seconds after the volume \"%s\" was %s the descriptor of "
                                    "watch_open is not readable, or watch_read does not tell of it",
                       name, what);
        read_watch(pool, watch);
        told = is_told(&pool->host->results, name);
    }
}

/* What is pending is read to its end. */
static void must_become_quiet(struct pool *pool, void *watch, int fd)
{
    struct pollfd ready = { .fd = fd, .events = POLLIN };

    for (unsigned round = 0; round < 100; round++) {
        if (poll(&ready, 1, 20) == 0)
            return;
        read_watch(pool, watch);
    }
    trial_fail(pool->trial, "the descriptor of watch_open stays readable, though watch_read was "
                            "called 100 times: it must read what is pending");
}

/* What a lookup tells of it, of what a host keeps until it hears of a change. */
static bool looks_alike(const struct result_volume *one, const struct result_volume *other)
{
    return one->info.capacity == other->info.capacity &&
           one->info.allocation == other->info.allocation &&
           one->has_identity == other->has_identity &&
           memcmp(&one->identity, &other->identity, sizeof(one->identity)) == 0;
}

/* A change that a lookup shows is told, too; what it does not show, nobody can know. */
static void must_notice_writing(struct pool *pool, void *watch, int fd, const char *name)
{
    struct result_volume before = *pool_need(pool, name);
    struct tarn_io *io;

    usleep(CLOCK_STEP);
    io = pool_bytes(pool, name, TARN_OPEN_WRITE);
    pool_must(pool, store_fill(pool, io, pool->size, 2), "pwrite");
    pool_must(pool, store_flush(pool, io), "flush");
    pool_bytes_close(pool, io);
    if (looks_alike(&before, pool_need(pool, name)))
        return;
    must_notice(pool, watch, fd, name, "written");
    must_become_quiet(pool, watch, fd);
}

void pool_watch(struct trial *trial)
{
    struct pool *pool;
    struct traces before, after;
    void *watch = NULL;
    const char *name;
    int32_t fd = -1;

    pool = pool_of_births(trial);
    if (pool->type->watch_open == NULL)
        trial_skip(trial, "it is not watched");
    traces_take(&before, trial);
    host_begin(pool->host, "watch_open", HOST_MAY_IDENTIFY);
    host_must(pool->host, pool->type->watch_open(&pool->host->call, pool->handle, &watch, &fd));
    trial_require(trial, fd >= 0, "watch_open answered ok and gave no descriptor");
    name = pool_volume(pool, 1, 1);
    must_notice(pool, watch, fd, name, "made");
    must_become_quiet(pool, watch, fd);
    if (pool->type->volume_open != NULL)
        must_notice_writing(pool, watch, fd, name);
    if (pool->type->volume_delete != NULL) {
        pool_must(pool, pool_delete(pool, name), "volume_delete");
        must_notice(pool, watch, fd, name, "deleted");
    }
    pool->type->watch_close(pool->handle, watch);
    traces_take(&after, trial);
    if (pool->type->volume_delete != NULL)
        traces_must_equal(trial, &before, &after, "watch_close");
    pool_end(pool);
}

/* --- what a killed process leaves ------------------------------------------------------------- */

/* A process with a handle of its own allocates, says so, and waits to be killed. */
static pid_t begin_elsewhere(struct pool *pool)
{
    struct birth birth;
    int ends[2];
    char byte = 0;
    pid_t pid;

    if (pipe(ends) < 0)
        trial_fail(pool->trial, "the kit can make no pipe");
    pid = fork();
    if (pid == 0) {
        struct pool *own = pool_again(pool);

        birth_init(&birth, own, pool_volume_name(own->trial, 2));
        pool_must(own, birth_allocate(&birth), "volume_allocate");
        pool_must(own, birth_fill(&birth, 1), "writing into a new container");
        if (write(ends[1], "a", 1) == 1)
            pause();
        _exit(0);
    }
    close(ends[1]);
    if (pid < 0 || read(ends[0], &byte, 1) != 1)
        trial_fail(pool->trial, "a process of the kit's could make no container");
    close(ends[0]);
    return pid;
}

static void end_elsewhere(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* Also of a type without recover: then nothing may be left in the first place. */
void pool_recovery(struct trial *trial)
{
    struct pool *pool;
    struct traces before, after;

    pool_needs_lasting(trial);
    pool = pool_of_births(trial);
    pool_volume(pool, 1, 1);
    traces_take_all(&before, pool);
    end_elsewhere(begin_elsewhere(pool));
    pool_must(pool, pool_recover(pool), "recover");
    traces_take_all(&after, pool);
    traces_must_equal(trial, &before, &after,
                      "a process that was killed between volume_allocate and volume_publish, and "
                      "then recover,");
    pool_end(pool);
}
