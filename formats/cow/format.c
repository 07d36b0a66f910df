/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * format.c - cow as the host sees it: what it can do, and how to ask.
 */
#include "format.h"

#include "cow.h"

static const uint8_t big[] = { 'O', 'O', 'O', 'M' };
static const uint8_t little[] = { 'M', 'O', 'O', 'O' };

static const struct tarn_magic big_magic = { sizeof(big_magic), sizeof(big), 0, big };
static const struct tarn_magic little_magic = { sizeof(little_magic), sizeof(little), 0, little };

static const struct tarn_magic *const magics[] = { &big_magic, &little_magic, NULL };

const struct tarn_format cow_format = {
    .struct_size = sizeof(cow_format),
    .capabilities = TARN_FORMAT_PROBE | TARN_FORMAT_READ | TARN_FORMAT_WRITE |
                    TARN_FORMAT_CREATE | TARN_FORMAT_CHECK | TARN_FORMAT_MAP |
                    TARN_FORMAT_BACKING,
    .name = "cow",
    .summary = "copy-on-write image of User Mode Linux, and QEMU's of that name",
    .magics = magics,
    .head_needed = COW_HEAD_SIZE,
    .probe = cow_probe,
    .info = cow_info,
    .measure = cow_measure,
    .create = cow_create,
    .open = cow_open,
    .check = cow_check,
};
