/* SPDX-License-Identifier: BSD-2-Clause
 *
 * lock-holder.h - which program holds a lock on a byte of a file. fcntl(2) tells the process only
 * for locks that belong to one; one of an open file description may belong to several.
 */
#ifndef HELPERS_LOCK_HOLDER_H
#define HELPERS_LOCK_HOLDER_H

#include <stddef.h>
#include <stdint.h>

/* Writes "NAME (process PID)" of one that holds a lock on byte `byte` of the file of `fd` into
 * `out`, or "another program" if none is found: one may look only into the processes of one's own
 * user (root into all), and it may be on another host. For error texts: it reads all of /proc. */
void lock_holder_name(char *out, size_t size, int fd, uint64_t byte);

#endif
