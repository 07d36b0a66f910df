/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * format.c - qcow as the host sees it: what it can do, and how to ask.
 */
#include "format.h"

#include "qcow.h"

static const uint8_t magic_bytes[] = { 'Q', 'F', 'I', 0xfb, 0, 0, 0, 1 };

static const struct tarn_magic magic = { sizeof(magic), sizeof(magic_bytes), 0, magic_bytes };

static const struct tarn_magic *const magics[] = { &magic, NULL };

const struct tarn_format qcow_format = {
    .struct_size = sizeof(qcow_format),
    .capabilities = TARN_FORMAT_PROBE | TARN_FORMAT_READ | TARN_FORMAT_WRITE |
                    TARN_FORMAT_CREATE | TARN_FORMAT_CHECK | TARN_FORMAT_MAP |
                    TARN_FORMAT_BACKING | TARN_FORMAT_COMPRESS,
    .name = "qcow",
    .summary = "QEMU copy-on-write image, version 1",
    .magics = magics,
    .head_needed = QCOW_HEAD_SIZE,
    .probe = qcow_probe,
    .info = qcow_info,
    .measure = qcow_measure,
    .create = qcow_create,
    .open = qcow_open,
    .check = qcow_check,
};
