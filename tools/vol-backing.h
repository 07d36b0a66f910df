/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The <backingStore> of a new volume, from --backing-vol and --backing-vol-format.
 */
#ifndef TOOLS_VOL_BACKING_H
#define TOOLS_VOL_BACKING_H

#include "tools/tool.h"
#include "tools/xml.h"

#define BACKING_OPTIONS(flags) \
    { "backing-vol", VALUE_VOLUME, flags, "volume below it", NULL }, \
    { "backing-vol-format", VALUE_FORMAT, flags, "format of that; what is known if not given", \
      NULL }

/* What is known of the volume that --backing-vol names, in the pool or, failing that, by key or
 * path; NULL if it was not given. */
int vol_backing_read(struct tarn_volume_record **out, struct tool *tool, struct tarn_pool *pool,
                     const struct args *args);
/* The element; nothing if `backing` is NULL. */
void vol_backing_put(struct xml *xml, const struct tarn_volume_record *backing,
                     const struct args *args);

#endif
