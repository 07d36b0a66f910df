/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pool-checks.h - the checks of the group "pool", each in the file of its concept; the promises
 * stand in the table in pool-checks.c.
 */
#ifndef CONFORM_POOL_CHECKS_H
#define CONFORM_POOL_CHECKS_H

struct trial;

/* pool-definition.c */
void pool_define_again(struct trial *trial);
void pool_claims(struct trial *trial);
void pool_sources(struct trial *trial);

/* pool-life.c */
void pool_handles(struct trial *trial);
void pool_truth(struct trial *trial);
void pool_twice(struct trial *trial);
void pool_remains(struct trial *trial);
void pool_removal(struct trial *trial);

/* pool-listing.c */
void pool_listing(struct trial *trial);
void pool_sizes_told(struct trial *trial);
void pool_identities(struct trial *trial);
void pool_bad_entries(struct trial *trial);
void pool_outside(struct trial *trial);

/* pool-making.c */
void pool_unseen(struct trial *trial);
void pool_abort(struct trial *trial);
void pool_publish(struct trial *trial);
void pool_taken(struct trial *trial);
void pool_permissions(struct trial *trial);

/* pool-names.c */
void pool_names(struct trial *trial);
void pool_missing(struct trial *trial);

/* pool-sizes.c */
void pool_absurd_sizes(struct trial *trial);
void pool_grow(struct trial *trial);
void pool_shrink(struct trial *trial);

/* pool-ends.c */
void pool_deletion(struct trial *trial);
void pool_deleted_open(struct trial *trial);

/* pool-absence.c */
void pool_absent(struct trial *trial);
void pool_vanished(struct trial *trial);

/* pool-huge.c */
void pool_huge(struct trial *trial);

/* pool-reserve.c */
void pool_reserve(struct trial *trial);

/* pool-content.c */
void pool_content(struct trial *trial);
void pool_read_only(struct trial *trial);
void pool_limits(struct trial *trial);
void pool_extents(struct trial *trial);
void pool_zero(struct trial *trial);

/* pool-copies.c */
void pool_clones(struct trial *trial);
void pool_snapshots(struct trial *trial);

/* pool-news.c */
void pool_watch(struct trial *trial);
void pool_recovery(struct trial *trial);

/* pool-abilities.c */
void pool_abilities(struct trial *trial);

#endif
