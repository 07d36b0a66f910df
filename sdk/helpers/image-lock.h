/* SPDX-License-Identifier: BSD-2-Clause
 *
 * image-lock.h - telling other programs that an image is in use, and heeding what they tell: the
 * locks by which QEMU and its tools keep off each other's images.
 */
#ifndef HELPERS_IMAGE_LOCK_H
#define HELPERS_IMAGE_LOCK_H

#include <stdbool.h>

#include <tarn/call.h>

/* Marks the image in the file or block device of `fd`, which is open for reading at least, as
 * read, or as written to: then by nobody else, and what is read is written to by nobody. Who only
 * looks at headers needs no mark: it would keep others from opening the image.
 *
 * The mark belongs to the open file description and goes with its last descriptor. Fails with
 * TARN_E_BUSY, naming the program, if another description is marked as used in a way that does not
 * go together with this; then nothing is marked. A filesystem without such locks marks nothing, and
 * that is no failure. */
int32_t image_lock(struct tarn_call *call, int fd, bool write);

#endif
