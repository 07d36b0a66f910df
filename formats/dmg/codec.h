/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * codec.h - unpacking a chunk. Each decoder fills `out` with exactly `size` bytes, whatever the
 * input holds: fewer or more than that is a damaged chunk. None reads or writes beyond its buffers.
 */
#ifndef DMG_CODEC_H
#define DMG_CODEC_H

#include <stdbool.h>
#include <stdint.h>

#include <tarn/status.h>

struct dmg_fault;
struct lz_output;

/* By the type of the chunk; both sizes are at most DMG_PACKED_MAX. TARN_OK, or the fault. */
int32_t dmg_unpack(uint32_t type, const uint8_t *in, uint64_t in_size, uint8_t *out, uint64_t size,
                   struct dmg_fault *fault);

bool dmg_adc_decode(const uint8_t *in, uint64_t in_size, uint8_t *out, uint64_t size);
/* TARN_OK, TARN_E_CORRUPT, or TARN_E_INTERNAL without memory for its tables. */
int32_t dmg_lzfse_decode(const uint8_t *in, uint64_t in_size, uint8_t *out, uint64_t size);
/* The payload of an LZVN block, which ends with its end mark; appends to `out`. */
bool dmg_lzvn_decode(const uint8_t *in, uint64_t in_size, struct lz_output *out);

#endif
