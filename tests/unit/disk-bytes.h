/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * disk-bytes.h - one byte over and over, written to a byte store and looked for in it.
 */
#ifndef DISK_BYTES_H
#define DISK_BYTES_H

#include <stdbool.h>

#include <tarn/call.h>

/* Writes `length` times `byte`. */
int32_t disk_put(struct tarn_call *call, struct tarn_io *disk, uint64_t offset, uint64_t length,
                 int byte);
/* Can these bytes be read, and are all of them `byte`? */
bool disk_holds(struct tarn_call *call, struct tarn_io *disk, uint64_t offset, uint64_t length,
                int byte);

#endif
