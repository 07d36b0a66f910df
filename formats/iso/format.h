/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * format.h - the iso format, for whoever puts it into a module.
 */
#ifndef FORMAT_ISO_H
#define FORMAT_ISO_H

#include <tarn/format.h>

/* Guest bytes are container bytes. Any number of threads. */
extern const struct tarn_format iso_format;

#endif
