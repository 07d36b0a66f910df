/* SPDX-License-Identifier: BSD-2-Clause
 *
 * format-checks.h - the functions of the checks of volume formats; their tables are in
 * format-checks.c and faults-format.c.
 */
#ifndef CONFORM_FORMAT_CHECKS_H
#define CONFORM_FORMAT_CHECKS_H

#include "conform/trial.h"

/* format-probe.c */
void check_probe_own(struct trial *trial);
void check_probe_magic(struct trial *trial);
void check_probe_pure(struct trial *trial);
void check_probe_strangers(struct trial *trial);
/* format-others.c */
void check_others(struct trial *trial);
/* format-create.c */
void check_round_trip(struct trial *trial);
void check_options(struct trial *trial);
void check_unknown(struct trial *trial);
void check_measure(struct trial *trial);
/* format-room.c */
void check_preallocation(struct trial *trial);
void check_containers(struct trial *trial);
/* format-model.c */
void check_model(struct trial *trial);
/* format-edges.c */
void check_edges(struct trial *trial);
void check_fast_zero(struct trial *trial);
/* format-map.c */
void check_map(struct trial *trial);
/* format-quiet.c */
void check_read_only(struct trial *trial);
void check_close(struct trial *trial);
/* format-resize.c */
void check_grow(struct trial *trial);
void check_shrink(struct trial *trial);
/* format-undeclared.c */
void check_undeclared(struct trial *trial);
/* format-sound.c */
void check_sound(struct trial *trial);
void check_flush(struct trial *trial);
/* format-repair.c */
void check_findings(struct trial *trial);
void check_repair(struct trial *trial);
/* format-layers.c */
void check_backing(struct trial *trial);
void check_fill(struct trial *trial);
void check_compress(struct trial *trial);
/* format-hostile.c */
void check_truncated(struct trial *trial);
void check_flips(struct trial *trial);
void check_absurd(struct trial *trial);
/* format-bounds.c */
void check_bounded(struct trial *trial);

/* faults-format-*.c */
void check_allocations(struct trial *trial);
void check_store_failures(struct trial *trial);
void check_full_store(struct trial *trial);
void check_cancelled(struct trial *trial);
void check_half_writes(struct trial *trial);

#endif
