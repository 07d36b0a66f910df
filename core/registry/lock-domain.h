/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lock domains: locks of the whole process, by name. Modules that share a library which is not
 * reentrant share the domain of its name, in whichever context they were loaded.
 */
#ifndef CORE_LOCK_DOMAIN_H
#define CORE_LOCK_DOMAIN_H

struct lock_domain;

/* The domain of that name; every caller with the same name gets the same one. NULL without memory.
 * Given back with lock_domain_unref; NULL is legal there. */
struct lock_domain *lock_domain_get(const char *name);
void lock_domain_unref(struct lock_domain *domain);

/* Waits. A thread may enter what it has entered, and leaves as often. */
void lock_domain_enter(struct lock_domain *domain);
void lock_domain_leave(struct lock_domain *domain);

#endif
