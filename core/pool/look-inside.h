/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Looking inside a volume: from a container that a pool type told of to what its format says.
 */
#ifndef CORE_LOOK_INSIDE_H
#define CORE_LOOK_INSIDE_H

#include "core/pool/observe.h"

/* Adds to the entry, which has what was told already, its format and what that says of the image;
 * a format that cannot be found out, or an image that cannot be described, becomes its status. */
void look_inside(struct observer *observer, struct volume_entry *entry, struct call *call,
                 const struct tarn_volume_info *told);

#endif
