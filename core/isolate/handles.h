/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Numbers for what stays in this process and is used by the other: byte stores, pools, containers.
 * A number that the other made up, or that was given back, leads to nothing.
 */
#ifndef CORE_ISOLATE_HANDLES_H
#define CORE_ISOLATE_HANDLES_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum handle_kind { HANDLE_STORE = 1, HANDLE_POOL, HANDLE_CONTAINER, HANDLE_WATCH };

struct handle {
    void *thing;          /* NULL: the place is free */
    const void *owner;    /* whatever the user of the table likes */
    uint32_t number;
    uint32_t kind;
    unsigned users;       /* between handles_use and handles_done */
    pthread_t user;       /* the thread of the first */
    bool parallel;        /* may have several users; else only nested ones of one thread */
};

struct handles {
    pthread_mutex_t mutex;
    pthread_cond_t unused; /* one lost its last user */
    struct handle *places;
    size_t count;
    size_t next; /* where to look for a free place */
};

void handles_init(struct handles *handles);
/* What is still in it is nobody's care here. */
void handles_clear(struct handles *handles);

/* 0 without memory, or with more than anybody needs. */
uint32_t handles_add(struct handles *handles, enum handle_kind kind, void *thing,
                     const void *owner, bool parallel);
/* NULL if there is none of that kind, or another thread uses it and it is not parallel. */
void *handles_use(struct handles *handles, enum handle_kind kind, uint32_t number);
void handles_done(struct handles *handles, uint32_t number);
/* Takes it out once nobody uses it. NULL if it was out already. */
void *handles_remove(struct handles *handles, enum handle_kind kind, uint32_t number);
/* The same at the other process's request: NULL also if it has no owner, or somebody uses it. */
void *handles_take(struct handles *handles, enum handle_kind kind, uint32_t number,
                   const void **out_owner);
/* The number of one that has this owner, or 0. */
uint32_t handles_find(struct handles *handles, const void *owner);
/* Gives all of one owner to another. */
void handles_hand_over(struct handles *handles, const void *from, const void *to);

#endif
