/* SPDX-License-Identifier: BSD-2-Clause
 *
 * be.h - big-endian numbers in byte buffers. Nothing is ever read by casting a structure over
 * bytes: these work at any alignment, on any host, and compilers turn them into one instruction.
 * The caller has checked that the buffer reaches that far.
 */
#ifndef HELPERS_BE_H
#define HELPERS_BE_H

#include <stdint.h>

static inline uint16_t be16_load(const void *from)
{
    const uint8_t *byte = from;

    return (uint16_t)((uint16_t)byte[0] << 8 | byte[1]);
}

static inline uint32_t be32_load(const void *from)
{
    const uint8_t *byte = from;

    return (uint32_t)be16_load(byte) << 16 | be16_load(byte + 2);
}

static inline uint64_t be64_load(const void *from)
{
    const uint8_t *byte = from;

    return (uint64_t)be32_load(byte) << 32 | be32_load(byte + 4);
}

static inline void be16_store(void *to, uint16_t value)
{
    uint8_t *byte = to;

    byte[0] = (uint8_t)(value >> 8);
    byte[1] = (uint8_t)value;
}

static inline void be32_store(void *to, uint32_t value)
{
    uint8_t *byte = to;

    be16_store(byte, (uint16_t)(value >> 16));
    be16_store(byte + 2, (uint16_t)value);
}

static inline void be64_store(void *to, uint64_t value)
{
    uint8_t *byte = to;

    be32_store(byte, (uint32_t)(value >> 32));
    be32_store(byte + 4, (uint32_t)value);
}

#endif
