/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * format.c - cloop as the host sees it: what it can do, and how to ask.
 */
#include "format.h"

#include "cloop.h"

static const struct tarn_param level = {
    .struct_size = sizeof(level),
    .type = TARN_PARAM_INTEGER,
    .name = "level",
    .summary = "how hard zlib tries: 0 (stores) to 9 (smallest)",
    .default_value = "9",
    .minimum = 0,
    .maximum = 9,
};

static const struct tarn_param *const params[] = { &level, NULL };

/* No magics: the text that all images begin with is that of any shell script, and one kind has its
 * header at the end. */
const struct tarn_format cloop_format = {
    .struct_size = sizeof(cloop_format),
    .capabilities = TARN_FORMAT_PROBE | TARN_FORMAT_READ | TARN_FORMAT_CHECK | TARN_FORMAT_MAP |
                    TARN_FORMAT_FILL | TARN_FORMAT_COMPRESS,
    .name = "cloop",
    .summary = "compressed loop image, versions 0.x, 1.0, 2.0 and 4.0",
    .head_needed = CLOOP_HEAD_SIZE,
    .tail_needed = CLOOP_HEADER_SIZE,
    .params = params,
    .probe = cloop_probe,
    .info = cloop_info,
    .measure = cloop_measure,
    .create = cloop_create,
    .open = cloop_open,
    .check = cloop_check,
};
