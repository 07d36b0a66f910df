/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An array of places. A number is the place and how often it was taken, so that one that was given
 * back is not mistaken for its successor.
 */
#include "core/isolate/handles.h"

#include <stdlib.h>
#include <string.h>

#define PLACE_BITS 20u
#define MOST_PLACES ((1u << PLACE_BITS) - 1)
#define FIRST_PLACES 16u

void handles_init(struct handles *handles)
{
    memset(handles, 0, sizeof(*handles));
    pthread_mutex_init(&handles->mutex, NULL);
    pthread_cond_init(&handles->unused, NULL);
}

void handles_clear(struct handles *handles)
{
    free(handles->places);
    pthread_cond_destroy(&handles->unused);
    pthread_mutex_destroy(&handles->mutex);
}

static struct handle *free_place(struct handles *handles)
{
    struct handle *grown;
    size_t count;

    for (; handles->next < handles->count; handles->next++)
        if (handles->places[handles->next].thing == NULL)
            return &handles->places[handles->next];
    count = handles->count > 0 ? handles->count * 2 : FIRST_PLACES;
    if (count > MOST_PLACES)
        return NULL;
    grown = reallocarray(handles->places, count, sizeof(*grown));
    if (grown == NULL)
        return NULL;
    memset(grown + handles->count, 0, (count - handles->count) * sizeof(*grown));
    handles->places = grown;
    handles->count = count;
    return &grown[handles->next];
}

uint32_t handles_add(struct handles *handles, enum handle_kind kind, void *thing,
                     const void *owner, bool parallel)
{
    struct handle *place;
    uint32_t number = 0;

    pthread_mutex_lock(&handles->mutex);
    place = free_place(handles);
    if (place != NULL) {
        uint32_t index = (uint32_t)(place - handles->places);
        uint32_t turn = (place->number >> PLACE_BITS) + 1;

        number = turn << PLACE_BITS | (index + 1);
        *place = (struct handle){ .thing = thing, .owner = owner, .number = number, .kind = kind,
                                  .parallel = parallel };
    }
    pthread_mutex_unlock(&handles->mutex);
    return number;
}

static struct handle *find(struct handles *handles, enum handle_kind kind, uint32_t number)
{
    uint32_t index = (number & MOST_PLACES) - 1;
    struct handle *place = index < handles->count ? &handles->places[index] : NULL;

    return place != NULL && place->thing != NULL && place->number == number && place->kind == kind
               ? place
               : NULL;
}

void *handles_use(struct handles *handles, enum handle_kind kind, uint32_t number)
{
    struct handle *place;
    void *thing = NULL;

    pthread_mutex_lock(&handles->mutex);
    place = find(handles, kind, number);
    if (place != NULL && (place->users == 0 || place->parallel ||
                          pthread_equal(place->user, pthread_self()))) {
        if (place->users++ == 0)
            place->user = pthread_self();
        thing = place->thing;
    }
    pthread_mutex_unlock(&handles->mutex);
    return thing;
}

void handles_done(struct handles *handles, uint32_t number)
{
    struct handle *place;

    pthread_mutex_lock(&handles->mutex);
    place = &handles->places[(number & MOST_PLACES) - 1];
    if (--place->users == 0)
        pthread_cond_broadcast(&handles->unused);
    pthread_mutex_unlock(&handles->mutex);
}

static void *empty(struct handles *handles, struct handle *place)
{
    size_t index = (size_t)(place - handles->places);
    void *thing = place->thing;

    place->thing = NULL;
    if (index < handles->next)
        handles->next = index;
    return thing;
}

void *handles_remove(struct handles *handles, enum handle_kind kind, uint32_t number)
{
    struct handle *place;
    void *thing = NULL;

    pthread_mutex_lock(&handles->mutex);
    while ((place = find(handles, kind, number)) != NULL && place->users > 0)
        pthread_cond_wait(&handles->unused, &handles->mutex);
    if (place != NULL)
        thing = empty(handles, place);
    pthread_mutex_unlock(&handles->mutex);
    return thing;
}

void *handles_take(struct handles *handles, enum handle_kind kind, uint32_t number,
                   const void **out_owner)
{
    struct handle *place;
    void *thing = NULL;

    pthread_mutex_lock(&handles->mutex);
    place = find(handles, kind, number);
    if (place != NULL && place->owner != NULL && place->users == 0) {
        *out_owner = place->owner;
        thing = empty(handles, place);
    }
    pthread_mutex_unlock(&handles->mutex);
    return thing;
}

uint32_t handles_find(struct handles *handles, const void *owner)
{
    uint32_t number = 0;
    size_t i;

    pthread_mutex_lock(&handles->mutex);
    for (i = 0; i < handles->count && number == 0; i++)
        if (handles->places[i].thing != NULL && handles->places[i].owner == owner)
            number = handles->places[i].number;
    pthread_mutex_unlock(&handles->mutex);
    return number;
}

void handles_hand_over(struct handles *handles, const void *from, const void *to)
{
    size_t i;

    pthread_mutex_lock(&handles->mutex);
    for (i = 0; i < handles->count; i++)
        if (handles->places[i].thing != NULL && handles->places[i].owner == from)
            handles->places[i].owner = to;
    pthread_mutex_unlock(&handles->mutex);
}
