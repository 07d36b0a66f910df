/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * format.h - the qcow format, for whoever puts it into a module.
 */
#ifndef FORMAT_QCOW_FORMAT_H
#define FORMAT_QCOW_FORMAT_H

#include <tarn/format.h>

/* Version 1 only; versions 2 and 3 are the format qcow2. An open image is used by one thread at a
 * time. */
extern const struct tarn_format qcow_format;

#endif
