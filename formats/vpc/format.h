/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * format.h - the vpc format, for whoever puts it into a module.
 */
#ifndef FORMAT_VPC_FORMAT_H
#define FORMAT_VPC_FORMAT_H

#include <tarn/format.h>

/* Virtual Hard Disks, version 1: fixed, dynamic and differencing. */
extern const struct tarn_format vpc_format;

#endif
