/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * raw.h - the raw format, for whoever puts it into a module.
 */
#ifndef FORMAT_RAW_H
#define FORMAT_RAW_H

#include <tarn/format.h>

/* Guest bytes are container bytes. Any number of threads. */
extern const struct tarn_format raw_format;

#endif
