/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * format.c - bochs as the host sees it: what it can do, and how to ask.
 */
#include "format.h"

#include "bochs.h"

static const uint8_t magic_bytes[] = BOCHS_MAGIC;

static const struct tarn_magic magic = { sizeof(magic), sizeof(magic_bytes), 0, magic_bytes };

static const struct tarn_magic *const magics[] = { &magic, NULL };

const struct tarn_format bochs_format = {
    .struct_size = sizeof(bochs_format),
    .capabilities = TARN_FORMAT_PROBE | TARN_FORMAT_READ | TARN_FORMAT_WRITE |
                    TARN_FORMAT_CREATE | TARN_FORMAT_GROW | TARN_FORMAT_SHRINK |
                    TARN_FORMAT_CHECK | TARN_FORMAT_REPAIR | TARN_FORMAT_MAP,
    .name = "bochs",
    .summary = "growing disk of the Bochs emulator, versions 1 and 2",
    .magics = magics,
    .head_needed = BOCHS_HEADER_SIZE,
    .probe = bochs_probe,
    .info = bochs_info,
    .measure = bochs_measure,
    .create = bochs_create,
    .open = bochs_open,
    .check = bochs_check,
};
