/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * format.h - the cow format, for whoever puts it into a module.
 */
#ifndef FORMAT_COW_FORMAT_H
#define FORMAT_COW_FORMAT_H

#include <tarn/format.h>

/* What User Mode Linux writes over a raw disk, versions 1 to 3; and QEMU's own, until 2.1. */
extern const struct tarn_format cow_format;

#endif
