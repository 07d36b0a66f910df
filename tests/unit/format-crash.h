/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * format-crash.h - what a crash, or storage that fails, leaves of an image: looked at after every
 * step, of a process that was killed, and of a machine that lost power.
 */
#ifndef FORMAT_CRASH_H
#define FORMAT_CRASH_H

#include "tests/unit/format-fixture.h"
#include "tests/unit/random-numbers.h"

/* Is `after`, which is closed, as it may be after so many steps of the journal? */
typedef bool (*image_judge)(struct image *after, uint64_t steps, void *arg);

struct crashes {
    const struct memory_io *start; /* what the container held when the journal began */
    uint64_t first;                /* looked at from this step on, */
    uint64_t stride;               /* and at every so many-th; 0 = each */
    bool killed_only;              /* not of a loss of power */
    image_judge judge;
    void *arg;
};

/* Begins the journal of the image's container; a copy of what it holds now. */
struct memory_io *image_record(struct image *image);
/* Looks at what a crash after each step of the journal would leave of `start`: of a process that
 * was killed, and of a machine that lost power and with it some of the writes since the last flush.
 * True if the judge is satisfied with all of it. */
bool image_survives(const struct image *image, const struct crashes *crashes);

/* From the n-th access to the container on everything fails: for every n until `work`, on an image
 * that `make` makes, succeeds. True if the judge is satisfied with all that is left. */
bool image_survives_faults(void (*make)(struct image *image),
                           int32_t (*work)(struct image *image), image_judge judge);

#endif
