/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Images in files that are in no pool.
 */
#ifndef CORE_IMAGE_FILE_H
#define CORE_IMAGE_FILE_H

#include "core/image/container.h"
#include "core/image/image.h"

/* Opens the container and finds its format: `format` if it is not NULL, else by probing. */
int image_file_container(struct tarn_io **out, struct format_ref *out_format,
                         struct operation *operation, const char *path, const char *format,
                         enum container_use use, struct tarn_error **error);
/* And the image in it; `flags` are TARN_IMAGE_OPEN_…; a `snapshot` of it, or NULL. */
int image_file_open(struct image **out, struct operation *operation, const char *path,
                    const char *format, uint32_t flags, const char *snapshot,
                    struct tarn_error **error);

#endif
