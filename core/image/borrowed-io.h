/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A byte store that is somebody else's: everything is passed on, but closing it leaves it open.
 */
#ifndef CORE_BORROWED_IO_H
#define CORE_BORROWED_IO_H

#include <tarn/io.h>

/* The owner of `owned` closes it after this one. NULL without memory. */
struct tarn_io *borrowed_io(struct tarn_io *owned);

#endif
