/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Describing and checking images for hosts, whether they are in a pool or not.
 */
#ifndef CORE_IMAGE_LOOK_H
#define CORE_IMAGE_LOOK_H

#include "core/image/image.h"

/* Both use `container`, which stays the caller's. The listener's members may be NULL. A check opens
 * what the image names as far as the policy allows it for an image at `place`. */
int image_describe(struct operation *operation, const struct format_ref *format,
                   struct tarn_io *container, const struct tarn_image_listener *listener,
                   struct tarn_error **error);
int image_check(struct operation *operation, const struct format_ref *format,
                struct tarn_io *container, const struct image_place *place, uint32_t flags,
                const struct tarn_image_listener *listener, struct tarn_error **error);

#endif
