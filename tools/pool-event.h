/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The kinds of events that pool-event tells apart.
 */
#ifndef TOOLS_POOL_EVENT_H
#define TOOLS_POOL_EVENT_H

/* "lifecycle", …; ends with NULL. */
extern const char *const pool_event_kinds[];

#endif
