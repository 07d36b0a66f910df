/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * format.h - the bochs format, for whoever puts it into a module.
 */
#ifndef FORMAT_BOCHS_FORMAT_H
#define FORMAT_BOCHS_FORMAT_H

#include <tarn/format.h>

/* Redologs of the Bochs emulator. An open image is used by one thread at a time. */
extern const struct tarn_format bochs_format;

#endif
