/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pool-settings.h - what the configuration says of a pool type, for everybody who drives a pool:
 * with the fake host or the real core, for checks of pools or others.
 */
#ifndef CONFORM_POOL_SETTINGS_H
#define CONFORM_POOL_SETTINGS_H

#include "conform/trial.h"

/* May the kit let the type build? */
bool pool_builds(const struct trial *trial);
/* How: TARN_BUILD_… */
uint32_t pool_build_flags(struct trial *trial);
/* The capacity of the volumes that are made. */
uint64_t pool_volume_size(struct trial *trial);
/* The `number`-th name, from 1: of `volume-names`, or "kit-1", …; "" where the
 * storage gives names. */
const char *pool_volume_name(struct trial *trial, unsigned number);

#endif
