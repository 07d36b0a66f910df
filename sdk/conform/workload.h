/* SPDX-License-Identifier: BSD-2-Clause
 *
 * workload.h - an ordinary day of a part: what a host does with it when nothing goes wrong. The
 * checks of hygiene and threads look at what happens meanwhile.
 */
#ifndef CONFORM_WORKLOAD_H
#define CONFORM_WORKLOAD_H

#include "conform/host.h"

/* What a check looks at while the part is at work: a pool is started, an image is open. */
typedef void (*workload_look_fn)(struct trial *trial, void *arg);

/* A new host, all that the part offers, once; and the host is unloaded. `look` (may be NULL) is
 * called in the midst of it. An operation that fails is no fault here: what does not work, the
 * checks of its own kind tell. Skips the trial where nothing can be done with the part. */
void workload_run(struct trial *trial, workload_look_fn look, void *arg);

#endif
