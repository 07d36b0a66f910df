/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * format.h - the vmdk format, for whoever puts it into a module.
 */
#ifndef FORMAT_VMDK_H
#define FORMAT_VMDK_H

#include <tarn/format.h>

/* One call at a time per open image. */
extern const struct tarn_format vmdk_format;

#endif
