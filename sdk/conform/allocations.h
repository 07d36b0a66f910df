/* SPDX-License-Identifier: BSD-2-Clause
 *
 * allocations.h - memory as the module gets it: malloc and its relatives are the kit's in this
 * program, so that those that the module itself asks for can be counted, and the n-th be refused.
 * Those of libraries are not touched: what they do without memory is no promise of the module's.
 */
#ifndef CONFORM_ALLOCATIONS_H
#define CONFORM_ALLOCATIONS_H

#include <stdbool.h>
#include <stdint.h>

struct subject;

/* False in a sanitised build, whose allocator is its own. */
bool allocations_can_fail(void);
/* From now on the module's are counted from 1, and the n-th is refused; 0 = none is. */
void allocations_watch(const struct subject *subject, uint32_t fail_at);
/* How many there were since; watching ends. */
uint32_t allocations_seen(void);
/* The module's allocations since allocations_watch that were not freed. */
uint32_t allocations_left(void);

#endif
