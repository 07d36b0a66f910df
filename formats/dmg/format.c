/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * format.c - dmg as the host sees it: what it can do, and how to ask.
 */
#include "format.h"

#include "dmg.h"

static const uint8_t koly_bytes[] = { 'k', 'o', 'l', 'y' };
static const uint8_t v1_bytes[] = { 'c', 'd', 's', 'a', 'e', 'n', 'c', 'r' };
static const uint8_t v2_bytes[] = { 'e', 'n', 'c', 'r', 'c', 'd', 's', 'a' };

static const struct tarn_magic koly = { sizeof(koly), sizeof(koly_bytes),
                                        -(int64_t)DMG_KOLY_SIZE, koly_bytes };
static const struct tarn_magic v1 = { sizeof(v1), sizeof(v1_bytes), -(int64_t)sizeof(v1_bytes),
                                      v1_bytes };
static const struct tarn_magic v2 = { sizeof(v2), sizeof(v2_bytes), 0, v2_bytes };

static const struct tarn_magic *const magics[] = { &koly, &v1, &v2, NULL };

const struct tarn_format dmg_format = {
    .struct_size = sizeof(dmg_format),
    .capabilities = TARN_FORMAT_PROBE | TARN_FORMAT_READ | TARN_FORMAT_CHECK | TARN_FORMAT_MAP |
                    TARN_FORMAT_FILL | TARN_FORMAT_COMPRESS,
    .name = "dmg",
    .summary = "Apple disk image (UDIF)",
    .magics = magics,
    .head_needed = DMG_WRAPPER_V2_SIZE,
    .tail_needed = DMG_KOLY_SIZE,
    .probe = dmg_probe,
    .info = dmg_info,
    .measure = dmg_measure,
    .create = dmg_create,
    .open = dmg_open,
    .check = dmg_check,
};
