/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * format.h - the dmg format, for whoever puts it into a module.
 */
#ifndef FORMAT_DMG_H
#define FORMAT_DMG_H

#include <tarn/format.h>

/* One call at a time per open image. */
extern const struct tarn_format dmg_format;

#endif
