/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * format.h - the cloop format, for whoever puts it into a module.
 */
#ifndef FORMAT_CLOOP_H
#define FORMAT_CLOOP_H

#include <tarn/format.h>

/* One call at a time per open image. */
extern const struct tarn_format cloop_format;

#endif
