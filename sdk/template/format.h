/* SPDX-License-Identifier: BSD-2-Clause
 *
 * format.h - an image: 4096 bytes of header, and behind it the guest's bytes.
 *
 *   offset  bytes
 *        0     64  the magic, filled up with zeros
 *       64      4  the version, 1; numbers are little-endian
 *       68      4  zero
 *       72      8  the capacity in bytes
 *       80     64  a title in UTF-8, which ends with a zero
 */
#ifndef SHELF_FORMAT_H
#define SHELF_FORMAT_H

#include <tarn/module.h>

#define HEADER       4096u
#define AT_VERSION   64u
#define AT_CAPACITY  72u
#define AT_TITLE     80u
#define TITLE_SIZE   64u
#define CAPACITY_MAX ((uint64_t)INT64_MAX - HEADER) /* no container has more */

/* --- numbers in bytes: never by a cast, whatever the machine is ------------------------------- */

static inline uint64_t load(const uint8_t *from, unsigned bytes)
{
    uint64_t value = 0;

    while (bytes > 0)
        value = value << 8 | from[--bytes];
    return value;
}

static inline void store(uint8_t *to, uint64_t value, unsigned bytes)
{
    for (unsigned index = 0; index < bytes; index++)
        to[index] = (uint8_t)(value >> 8 * index);
}

/* --- disk.c ----------------------------------------------------------------------------------- */

/* The container gets these bytes, and they read as zeros. What lies in one of a fixed size is
 * another volume's old content. */
int32_t shelf_make_room(struct tarn_call *call, struct tarn_io *io, uint64_t from, uint64_t to);
/* The space that is to be taken now. */
int32_t shelf_reserve(struct tarn_call *call, struct tarn_io *io,
                      const struct tarn_image_spec *spec);
/* The guest's disk; the container stays the caller's. */
int32_t shelf_disk_new(struct tarn_call *call, struct tarn_io *container, uint64_t capacity,
                       uint32_t writable, struct tarn_io **out);

#endif
