/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fill-ring.c - see fill-ring.h. Entries are numbered without end; entry n is in place n % places.
 * [oldest, packing) are taken by a thread or done, [packing, next) wait for one.
 */
#include "helpers/fill-ring.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "helpers/quiet-thread.h"

#define MAX_THREADS 8u
#define PLACES_PER_THREAD 2u

struct place {
    struct fill_unit unit;
    uint8_t *plain;
    uint8_t *packed;
    bool done;
};

struct fill_ring {
    const void *arg;
    uint64_t (*pack)(const void *arg, const void *bytes, uint64_t length, void *out);
    struct place place[MAX_THREADS * PLACES_PER_THREAD];
    uint32_t places;
    uint32_t threads; /* how many there may be */
    uint64_t oldest;  /* the caller's alone */

    pthread_mutex_t lock; /* of all that follows, and of place[].done */
    pthread_cond_t work;  /* there is something to pack, or it is over */
    pthread_cond_t done;
    uint64_t packing;
    uint64_t next; /* changed by the caller only */
    uint32_t idle;
    bool over;
    pthread_t thread[MAX_THREADS];
    uint32_t started; /* the caller's alone */
};

/* The processors that this process may use, not all that the machine has. */
static uint32_t count_processors(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof(set), &set) == 0 ? (uint32_t)CPU_COUNT(&set) : 1;
}

static void choose_size(struct fill_ring *ring, const struct fill_plan *plan)
{
    uint64_t fit = FILL_MEMORY / (plan->unit + plan->packed_room);
    uint32_t threads = plan->threads != 0 ? plan->threads : count_processors();

    ring->threads = threads < MAX_THREADS ? threads : MAX_THREADS;
    ring->places = ring->threads * PLACES_PER_THREAD;
    if (ring->places > fit)
        ring->places = fit < 2 ? 2 : (uint32_t)fit;
    if (ring->threads > ring->places)
        ring->threads = ring->places;
}

struct fill_ring *fill_ring_new(const struct fill_plan *plan)
{
    struct fill_ring *ring = calloc(1, sizeof(*ring));
    bool enough = true;

    if (ring == NULL)
        return NULL;
    ring->arg = plan->arg;
    ring->pack = plan->pack;
    choose_size(ring, plan);
    pthread_mutex_init(&ring->lock, NULL);
    pthread_cond_init(&ring->work, NULL);
    pthread_cond_init(&ring->done, NULL);
    for (uint32_t i = 0; i < ring->places; i++) {
        ring->place[i].plain = malloc(plan->unit);
        ring->place[i].packed = malloc(plan->packed_room);
        enough = enough && ring->place[i].plain != NULL && ring->place[i].packed != NULL;
    }
    if (enough)
        return ring;
    fill_ring_free(ring);
    return NULL;
}

void fill_ring_free(struct fill_ring *ring)
{
    if (ring == NULL)
        return;
    pthread_mutex_lock(&ring->lock);
    ring->over = true;
    pthread_cond_broadcast(&ring->work);
    pthread_mutex_unlock(&ring->lock);
    for (uint32_t i = 0; i < ring->started; i++)
        pthread_join(ring->thread[i], NULL);
    pthread_cond_destroy(&ring->done);
    pthread_cond_destroy(&ring->work);
    pthread_mutex_destroy(&ring->lock);
    for (uint32_t i = 0; i < ring->places; i++) {
        free(ring->place[i].plain);
        free(ring->place[i].packed);
    }
    free(ring);
}

static void pack_unit(const struct fill_ring *ring, struct place *place)
{
    struct fill_unit *unit = &place->unit;

    unit->packed_length = ring->pack(ring->arg, unit->plain, unit->plain_length, place->packed);
    if (unit->packed_length == 0)
        return;
    unit->kind = FILL_PACKED;
    unit->packed = place->packed;
}

/* The next one that waits to be packed, or NULL: it is over. With the lock held. */
static struct place *wait_for_work(struct fill_ring *ring)
{
    for (;;) {
        while (ring->packing < ring->next && !ring->over) {
            struct place *place = &ring->place[ring->packing++ % ring->places];

            if (!place->done) /* a run, else */
                return place;
        }
        if (ring->over)
            return NULL;
        ring->idle++;
        pthread_cond_wait(&ring->work, &ring->lock);
        ring->idle--;
    }
}

static void *pack_units(void *arg)
{
    struct fill_ring *ring = arg;
    struct place *place;

    pthread_mutex_lock(&ring->lock);
    while ((place = wait_for_work(ring)) != NULL) {
        pthread_mutex_unlock(&ring->lock);
        pack_unit(ring, place);
        pthread_mutex_lock(&ring->lock);
        place->done = true;
        pthread_cond_signal(&ring->done);
    }
    pthread_mutex_unlock(&ring->lock);
    return NULL;
}

static void start_thread(struct fill_ring *ring)
{
    if (quiet_thread_start(&ring->thread[ring->started], false, pack_units, ring) == 0)
        ring->started++;
}

bool fill_ring_full(const struct fill_ring *ring)
{
    return ring->next - ring->oldest == ring->places;
}

/* A thread is started when none waits for work; where none can be, the caller packs. */
static bool packed_by_others(struct fill_ring *ring)
{
    bool idle;

    if (ring->threads < 2)
        return false;
    pthread_mutex_lock(&ring->lock);
    idle = ring->idle > 0;
    pthread_mutex_unlock(&ring->lock);
    if (!idle && ring->started < ring->threads)
        start_thread(ring);
    return ring->started > 0;
}

void fill_ring_add(struct fill_ring *ring, const struct fill_unit *unit, uint8_t **buffer)
{
    struct place *place = &ring->place[ring->next % ring->places];
    bool done = unit->kind != FILL_PLAIN;

    place->unit = *unit;
    if (!done) {
        uint8_t *empty = place->plain;

        place->plain = *buffer;
        place->unit.plain = place->plain;
        *buffer = empty;
        done = !packed_by_others(ring);
        if (done)
            pack_unit(ring, place);
    }
    pthread_mutex_lock(&ring->lock);
    place->done = done;
    if (done && ring->packing == ring->next) /* so that `packing` never falls behind `oldest` */
        ring->packing++;
    ring->next++;
    if (!done)
        pthread_cond_signal(&ring->work);
    pthread_mutex_unlock(&ring->lock);
}

const struct fill_unit *fill_ring_oldest(struct fill_ring *ring, bool wait)
{
    struct place *place = &ring->place[ring->oldest % ring->places];
    bool done;

    if (ring->oldest == ring->next)
        return NULL;
    pthread_mutex_lock(&ring->lock);
    while (!place->done && wait)
        pthread_cond_wait(&ring->done, &ring->lock);
    done = place->done;
    pthread_mutex_unlock(&ring->lock);
    return done ? &place->unit : NULL;
}

void fill_ring_remove(struct fill_ring *ring)
{
    ring->oldest++;
}
