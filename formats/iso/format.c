/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * format.c - iso as the host sees it: what it can do, and how to ask.
 */
#include "format.h"

#include "iso.h"

static const uint8_t iso_id[] = { 'C', 'D', '0', '0', '1' };
static const uint8_t sierra_id[] = { 'C', 'D', 'R', 'O', 'M' };

static const struct tarn_magic iso_magic = { sizeof(iso_magic), sizeof(iso_id),
                                             ISO_DESCRIPTORS + 1, iso_id };
static const struct tarn_magic sierra_magic = { sizeof(sierra_magic), sizeof(sierra_id),
                                                ISO_DESCRIPTORS + 9, sierra_id };

static const struct tarn_magic *const magics[] = { &iso_magic, &sierra_magic, NULL };

static const struct tarn_param from = {
    .struct_size = sizeof(from),
    .type = TARN_PARAM_PATH,
    .name = "from",
    .summary = "a folder whose files the new image will hold",
};

static const struct tarn_param volume_id = {
    .struct_size = sizeof(volume_id),
    .type = TARN_PARAM_STRING,
    .name = "volume-id",
    .summary = "its label, such as cidata; at most 32 characters",
};

static const struct tarn_param *const params[] = { &from, &volume_id, NULL };

const struct tarn_format iso_format = {
    .struct_size = sizeof(iso_format),
    .capabilities = TARN_FORMAT_PROBE | TARN_FORMAT_READ | TARN_FORMAT_CREATE |
                    TARN_FORMAT_CHECK | TARN_FORMAT_MAP | TARN_FORMAT_TRANSPARENT |
                    TARN_FORMAT_FILL,
    .name = "iso",
    .summary = "ISO 9660 image of an optical disc",
    .magics = magics,
    .head_needed = ISO_HEAD_SIZE,
    .params = params,
    .probe = iso_probe,
    .info = iso_info,
    .measure = iso_measure,
    .create = iso_create,
    .open = iso_open,
    .check = iso_check,
};
