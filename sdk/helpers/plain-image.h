/* SPDX-License-Identifier: BSD-2-Clause
 *
 * plain-image.h - making images whose guest's bytes are the container's bytes: what can be asked of
 * them, their size, and the space that they take.
 */
#ifndef PLAIN_IMAGE_H
#define PLAIN_IMAGE_H

#include <tarn/format.h>

/* Refuses what such an image has no place for. `format` with its article is for the messages: "a",
 * "raw". */
int32_t plain_image_check_spec(struct tarn_call *call, const struct tarn_image_spec *spec,
                               const char *article, const char *format);
/* Makes the container `size` bytes long. A block device or LUN has its size already, and may be
 * larger than what was asked for. */
int32_t plain_image_set_size(struct tarn_call *call, struct tarn_io *file, uint64_t size);
/* Takes the space that the spec asks for, from `start` on: what lies before it is written already.
 * Without preallocation, `allocation` bytes at the start are still reserved: libvirt's volume XML
 * asks for that with an <allocation> below the <capacity>. */
int32_t plain_image_take_space(struct tarn_call *call, struct tarn_io *file,
                               const struct tarn_image_spec *spec, uint64_t start);

#endif
