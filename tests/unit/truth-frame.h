/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * For tests of what is told of a pool's storage: a pool "p" of the fixture "truth", whose storage
 * is as files say that it is (see tests/fixtures/truth.c).
 */
#ifndef TESTS_TRUTH_FRAME_H
#define TESTS_TRUTH_FRAME_H

#include <stdint.h>

#include "tests/unit/host-frame.h"

#define TRUTH_DEADLINE 200 /* milliseconds, of the context */
#define TRUTH_AT_ONCE 100  /* milliseconds: no storage was waited for */

struct truth {
    struct host_frame frame;
    struct tarn_pool *pool;
    unsigned unresponsive, recovered, stopped; /* events that were heard */
    uint64_t listener;
};

/* XML of the pool, over that folder of its source; good until the next but fifteen. */
const char *truth_xml(const char *folder);
/* Defines the pool, or one by other XML. */
void truth_begin(struct truth *truth);
void truth_begin_with(struct truth *truth, const char *xml);
/* With a module in which one call works in a pool at a time. */
void truth_begin_alone(struct truth *truth);
void truth_end(struct truth *truth);
/* Goes on as a later process would. */
void truth_begin_anew(struct truth *truth);

/* Makes a file that says how the storage is, or removes it (NULL). */
void truth_say(const struct truth *truth, const char *file, const char *text);
int truth_start(struct truth *truth, uint32_t flags, struct tarn_error **error);
/* The pool's record; the caller's to free. */
struct tarn_pool_record *truth_read(struct truth *truth, uint32_t flags);
/* Is that its state when its sizes are asked for, with such a reason, or none (NULL)? */
bool truth_is(struct truth *truth, uint32_t state, const char *reason);
/* Is it active, by its file? */
bool truth_is_active(const struct truth *truth);

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t truth_now(void);
void truth_wait(long milliseconds);

#endif
