/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The XML of a volume that exists.
 */
#ifndef CORE_VOLUME_XML_H
#define CORE_VOLUME_XML_H

#include <tarn/result.h>
#include <tarn/tarn.h>

struct volume_xml {
    const struct tarn_volume_info *info; /* the container; complete */
    const struct tarn_image_info *image; /* what is inside; complete; NULL = unknown or no image */
    const char *format;                  /* recorded, probed or the pool type's own; NULL = none */
    const char *backing_path;            /* resolved; NULL = none */
    const char *backing_format;          /* NULL = unknown */
};

/* Capacity and cluster size are the image's if there is one. Times that are 0 or before the epoch
 * are left out, since the schema has no sign. Freed with free(). */
int volume_xml_print(char **out, const struct volume_xml *volume, struct tarn_error **error);

#endif
