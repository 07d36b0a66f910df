/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * format.c - VHD as the host sees it: what it can do, and how to ask.
 */
#include "format.h"

#include "vpc.h"

static const uint8_t cookie[] = { 'c', 'o', 'n', 'e', 'c', 't', 'i', 'x' };

static const struct tarn_magic first = { sizeof(first), sizeof(cookie), 0, cookie };
static const struct tarn_magic last = { sizeof(last), sizeof(cookie), -(int64_t)VPC_FOOTER_SIZE,
                                        cookie };
static const struct tarn_magic last_old = { sizeof(last_old), sizeof(cookie),
                                            -(int64_t)VPC_OLD_FOOTER_SIZE, cookie };

static const struct tarn_magic *const magics[] = { &first, &last, &last_old, NULL };

const struct tarn_format vpc_format = {
    .struct_size = sizeof(vpc_format),
    .capabilities = TARN_FORMAT_PROBE | TARN_FORMAT_READ | TARN_FORMAT_WRITE |
                    TARN_FORMAT_CREATE | TARN_FORMAT_GROW | TARN_FORMAT_CHECK |
                    TARN_FORMAT_REPAIR | TARN_FORMAT_MAP | TARN_FORMAT_BACKING,
    .name = "vpc",
    .summary = "Virtual PC and Hyper-V image (VHD): fixed, dynamic and differencing",
    .magics = magics,
    .head_needed = VPC_HEAD_SIZE,
    .tail_needed = VPC_TAIL_SIZE,
    .probe = vpc_probe,
    .info = vpc_info,
    .measure = vpc_measure,
    .create = vpc_create,
    .open = vpc_open,
    .check = vpc_check,
};
