/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * format.h - the qcow2 format, for whoever puts it into a module.
 */
#ifndef FORMAT_QCOW2_H
#define FORMAT_QCOW2_H

#include <tarn/format.h>

/* One call at a time per open image. */
extern const struct tarn_format qcow2_format;

#endif
