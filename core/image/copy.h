/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Copying the guest's bytes of one image into another.
 */
#ifndef CORE_COPY_H
#define CORE_COPY_H

#include "core/image/image.h"

/* Copies the first `length` bytes into `to`, telling progress; what `to` has more reads as zeros.
 * `to` is new: it reads as zeros, or as the backing image that it has, and what it reads already is
 * not written. Writes go upwards, and no byte is written twice. */
int image_copy(struct image *to, struct image *from, uint64_t length, struct tarn_error **error);

/* Where the zeros begin and end in a buffer: the length of its leading run of blocks that are all
 * zero (*out_zero = true), or all not. `length` > 0. */
uint64_t leading_run(const unsigned char *bytes, uint64_t length, bool *out_zero);

#endif
