/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Copying the guest's bytes of one image into another.
 */
#ifndef CORE_COPY_H
#define CORE_COPY_H

#include "core/image/image.h"

/* Copies the first `length` bytes, telling progress. What reads as zeros in `from` is not written if
 * `to` reads as zeros already (`fresh`), else zeroed. */
int image_copy(struct image *to, struct image *from, uint64_t length, bool fresh,
               struct tarn_error **error);

/* Where the zeros begin and end in a buffer: the length of its leading run of blocks that are all
 * zero (*out_zero = true), or all not. `length` > 0. */
uint64_t leading_run(const unsigned char *bytes, uint64_t length, bool *out_zero);

#endif
