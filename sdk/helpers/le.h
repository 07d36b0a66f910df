/* SPDX-License-Identifier: BSD-2-Clause
 *
 * le.h - little-endian numbers in byte buffers; the twin of be.h, with the same rules.
 */
#ifndef HELPERS_LE_H
#define HELPERS_LE_H

#include <stdint.h>

static inline uint16_t le16_load(const void *from)
{
    const uint8_t *byte = from;

    return (uint16_t)((uint16_t)byte[1] << 8 | byte[0]);
}

static inline uint32_t le32_load(const void *from)
{
    const uint8_t *byte = from;

    return (uint32_t)le16_load(byte + 2) << 16 | le16_load(byte);
}

static inline uint64_t le64_load(const void *from)
{
    const uint8_t *byte = from;

    return (uint64_t)le32_load(byte + 4) << 32 | le32_load(byte);
}

static inline void le16_store(void *to, uint16_t value)
{
    uint8_t *byte = to;

    byte[0] = (uint8_t)value;
    byte[1] = (uint8_t)(value >> 8);
}

static inline void le32_store(void *to, uint32_t value)
{
    uint8_t *byte = to;

    le16_store(byte, (uint16_t)value);
    le16_store(byte + 2, (uint16_t)(value >> 16));
}

static inline void le64_store(void *to, uint64_t value)
{
    uint8_t *byte = to;

    le32_store(byte, (uint32_t)value);
    le32_store(byte + 4, (uint32_t)(value >> 32));
}

#endif
