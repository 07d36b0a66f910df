/* SPDX-License-Identifier: BSD-2-Clause
 *
 * borrowed-io.h - a byte store that is somebody else's: everything is passed on, the descriptor for
 * fast paths included, but closing it leaves the other open. A format whose guest's bytes are the
 * container's bytes needs no other.
 */
#ifndef BORROWED_IO_H
#define BORROWED_IO_H

#include <stdbool.h>

#include <tarn/io.h>

/* The owner of `owned` closes it after this one. Not `writable`: for reading only. NULL without
 * memory. */
struct tarn_io *borrowed_io(struct tarn_io *owned, bool writable);

#endif
