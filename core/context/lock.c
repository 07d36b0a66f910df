/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Two layers: a fair queue per name among the threads of this context, and below it a byte-range
 * lock among processes (and contexts). Only who is at the head of its queue asks the kernel.
 */
#include "core/context/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <uthash.h>

#include "core/context/context.h"
#include "sdk/helpers/errno-status.h"

/* How long a waiter sleeps before it asks again whether it was cancelled, and how often the kernel
 * is asked for a lock that another process holds: it cannot tell without blocking for good. */
#define WAIT_SLICE 100000000L /* nanoseconds */
#define FIRST_RETRY 100000L
#define LAST_RETRY 10000000L

struct waiter {
    struct waiter *next;
    enum lock_mode mode;
};

struct lock_queue {
    uint64_t key; /* the byte in the lock file */
    unsigned users;   /* holders and waiters; at 0 it goes */
    unsigned readers;
    bool writer;
    struct waiter *first, **last; /* who waits, in order */
    UT_hash_handle hh;
};

struct locks {
    char *file;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct lock_queue *queues;
};

/* 64-bit FNV-1a. Two names that meet in one byte only wait for each other. */
static uint64_t hash_add(uint64_t hash, const char *text)
{
    for (; text != NULL && *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return (hash ^ 0xff) * UINT64_C(0x100000001b3); /* no UTF-8 text has this byte: ends a part */
}

/* Even bytes are locks, the odd byte behind each is its gate; within what off_t can say. */
static uint64_t key_of(enum lock_kind kind, const char *pool, const char *volume)
{
    static const char *const kinds[] = { "definitions", "state", "volume" };
    uint64_t hash = hash_add(UINT64_C(0xcbf29ce484222325), kinds[kind]);

    hash = hash_add(hash_add(hash, pool), volume);
    return (hash & (UINT64_MAX >> 2)) & ~UINT64_C(1);
}

int locks_open(struct locks **out, const char *file, struct tarn_error **error)
{
    struct locks *locks = calloc(1, sizeof(*locks));
    pthread_condattr_t monotonic;

    if (locks == NULL || (locks->file = strdup(file)) == NULL) {
        free(locks);
        return error_set(error, TARN_E_INTERNAL, 0, "no memory for the locks");
    }
    pthread_mutex_init(&locks->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&locks->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    *out = locks;
    return TARN_OK;
}

void locks_close(struct locks *locks)
{
    if (locks == NULL)
        return;
    pthread_cond_destroy(&locks->changed);
    pthread_mutex_destroy(&locks->mutex);
    free(locks->file);
    free(locks);
}

/* --- the queue -------------------------------------------------------------------------------- */

static struct lock_queue *queue_use(struct locks *locks, uint64_t key)
{
    struct lock_queue *queue;

    HASH_FIND(hh, locks->queues, &key, sizeof(key), queue);
    if (queue == NULL) {
        queue = calloc(1, sizeof(*queue));
        if (queue == NULL)
            return NULL;
        queue->key = key;
        queue->last = &queue->first;
        HASH_ADD(hh, locks->queues, key, sizeof(queue->key), queue);
    }
    queue->users++;
    return queue;
}

static void queue_leave(struct locks *locks, struct lock_queue *queue)
{
    if (--queue->users > 0)
        return;
    HASH_DEL(locks->queues, queue);
    free(queue);
}

static void queue_remove(struct lock_queue *queue, const struct waiter *waiter)
{
    struct waiter **link = &queue->first;

    while (*link != waiter)
        link = &(*link)->next;
    *link = waiter->next;
    if (*link == NULL)
        queue->last = link;
}

static bool may_enter(const struct lock_queue *queue, const struct waiter *waiter)
{
    if (queue->first != waiter || queue->writer)
        return false;
    return waiter->mode == LOCK_SHARED || queue->readers == 0;
}

static void sleep_slice(struct locks *locks)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += WAIT_SLICE;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    pthread_cond_timedwait(&locks->changed, &locks->mutex, &until);
}

static int queue_enter(struct lock_queue **out, struct locks *locks, uint64_t key,
                       enum lock_mode mode, struct operation *operation, struct tarn_error **error)
{
    struct waiter waiter = { NULL, mode };
    struct lock_queue *queue;
    int status = TARN_OK;

    pthread_mutex_lock(&locks->mutex);
    queue = queue_use(locks, key);
    if (queue == NULL) {
        pthread_mutex_unlock(&locks->mutex);
        return error_set(error, TARN_E_INTERNAL, 0, "no memory for a lock");
    }
    *queue->last = &waiter;
    queue->last = &waiter.next;
    while (!may_enter(queue, &waiter)) {
        status = operation_interrupted(operation, error);
        if (status != TARN_OK)
            break;
        sleep_slice(locks);
    }
    queue_remove(queue, &waiter);
    if (status != TARN_OK) {
        queue_leave(locks, queue);
    } else {
        queue->readers += mode == LOCK_SHARED;
        queue->writer = mode == LOCK_EXCLUSIVE;
        *out = queue;
    }
    pthread_cond_broadcast(&locks->changed); /* the next in the queue may be able to enter */
    pthread_mutex_unlock(&locks->mutex);
    return status;
}

static void queue_exit(struct locks *locks, struct lock_queue *queue, enum lock_mode mode)
{
    pthread_mutex_lock(&locks->mutex);
    queue->readers -= mode == LOCK_SHARED;
    if (mode == LOCK_EXCLUSIVE)
        queue->writer = false;
    queue_leave(locks, queue);
    pthread_cond_broadcast(&locks->changed);
    pthread_mutex_unlock(&locks->mutex);
}

/* --- the kernel's locks ----------------------------------------------------------------------- */

static int try_byte(int fd, uint64_t byte, short type)
{
    struct flock range = { .l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)byte,
                           .l_len = 1 };

    return fcntl(fd, F_OFD_SETLK, &range);
}

static int wait_for_byte(int fd, uint64_t byte, short type, struct operation *operation,
                         struct tarn_error **error)
{
    long pause = FIRST_RETRY;

    while (try_byte(fd, byte, type) < 0) {
        struct timespec nap = { 0, pause };
        int status;

        if (errno != EAGAIN && errno != EACCES && errno != EINTR)
            return error_set(error, status_from_errno(errno), errno, "cannot lock");
        status = operation_interrupted(operation, error);
        if (status != TARN_OK)
            return status;
        nanosleep(&nap, NULL);
        pause = pause * 2 < LAST_RETRY ? pause * 2 : LAST_RETRY;
    }
    return TARN_OK;
}

/* Everybody goes through the gate. Who wants the lock alone keeps it closed while he waits, so
 * that a stream of readers in another process cannot hold him up for ever. */
static int take_bytes(int fd, uint64_t key, enum lock_mode mode, struct operation *operation,
                      struct tarn_error **error)
{
    short type = mode == LOCK_SHARED ? F_RDLCK : F_WRLCK;
    int status = wait_for_byte(fd, key + 1, type, operation, error);

    if (status != TARN_OK)
        return status;
    status = wait_for_byte(fd, key, type, operation, error);
    try_byte(fd, key + 1, F_UNLCK);
    return status;
}

int lock_take(struct lock *lock, struct operation *operation, enum lock_kind kind, const char *pool,
              const char *volume, enum lock_mode mode, struct tarn_error **error)
{
    struct locks *locks = operation->context->locks;
    uint64_t key = key_of(kind, pool, volume);
    int status = operation_interrupted(operation, error);

    memset(lock, 0, sizeof(*lock));
    if (status == TARN_OK)
        status = queue_enter(&lock->queue, locks, key, mode, operation, error);
    if (status != TARN_OK)
        return status;
    lock->fd = open(locks->file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock->fd < 0)
        status = error_set(error, status_from_errno(errno), errno, "cannot open the lock file %s",
                           locks->file);
    else
        status = take_bytes(lock->fd, key, mode, operation, error);
    if (status != TARN_OK) {
        if (lock->fd >= 0)
            close(lock->fd);
        queue_exit(locks, lock->queue, mode);
        return status;
    }
    lock->locks = locks;
    lock->mode = mode;
    return TARN_OK;
}

void lock_release(struct lock *lock)
{
    if (lock->locks == NULL)
        return;
    close(lock->fd); /* the kernel's lock goes with its open file description */
    queue_exit(lock->locks, lock->queue, lock->mode);
    lock->locks = NULL;
}

int lock_order(const char *pool_a, const char *volume_a, const char *pool_b, const char *volume_b)
{
    int order = strcmp(pool_a, pool_b);

    return order != 0 ? order : strcmp(volume_a, volume_b);
}
