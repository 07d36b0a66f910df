/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * format.c - vmdk as the host sees it: what it can do, and how to ask.
 */
#include "format.h"

#include "vmdk.h"

static const uint8_t hosted_bytes[] = { 'K', 'D', 'M', 'V' };
static const uint8_t cowd_bytes[] = { 'C', 'O', 'W', 'D' };
static const uint8_t sesparse_bytes[] = { 0xbe, 0xba, 0xfe, 0xca, 0, 0, 0, 0 };
static const uint8_t text_bytes[] = { '#' };
static const uint8_t line_bytes[] = { '\n' };
static const uint8_t untitled_bytes[] = { 'v', 'e', 'r', 's', 'i', 'o', 'n' };

static const struct tarn_magic hosted = { sizeof(hosted), sizeof(hosted_bytes), 0, hosted_bytes };
static const struct tarn_magic cowd = { sizeof(cowd), sizeof(cowd_bytes), 0, cowd_bytes };
static const struct tarn_magic sesparse = { sizeof(sesparse), sizeof(sesparse_bytes), 0,
                                            sesparse_bytes };
static const struct tarn_magic text = { sizeof(text), sizeof(text_bytes), 0, text_bytes };
static const struct tarn_magic line = { sizeof(line), sizeof(line_bytes), 0, line_bytes };
static const struct tarn_magic untitled = { sizeof(untitled), sizeof(untitled_bytes), 0,
                                            untitled_bytes };

static const struct tarn_magic *const magics[] = { &hosted, &cowd, &sesparse, &text, &line,
                                                   &untitled, NULL };

static const char *const adapters[] = { "ide", "lsilogic", "buslogic", "legacyESX", NULL };

static const struct tarn_param adapter_type = {
    .struct_size = sizeof(adapter_type),
    .type = TARN_PARAM_ENUM,
    .name = "adapter-type",
    .summary = "the controller that the disk is for",
    .default_value = "ide",
    .choices = adapters,
};

static const struct tarn_param hardware_version = {
    .struct_size = sizeof(hardware_version),
    .type = TARN_PARAM_INTEGER,
    .name = "hardware-version",
    .summary = "the virtual hardware that the disk is for",
    .default_value = "4",
    .minimum = 3,
    .maximum = 99,
};

static const struct tarn_param zeroed_grain = {
    .struct_size = sizeof(zeroed_grain),
    .type = TARN_PARAM_BOOLEAN,
    .name = "zeroed-grain",
    .summary = "sparse extents can mark grains as zeros (version 2)",
    .default_value = "no",
};

static const struct tarn_param *const params[] = { &adapter_type, &hardware_version,
                                                   &zeroed_grain, NULL };

const struct tarn_format vmdk_format = {
    .struct_size = sizeof(vmdk_format),
    .capabilities = TARN_FORMAT_PROBE | TARN_FORMAT_READ | TARN_FORMAT_WRITE |
                    TARN_FORMAT_CREATE | TARN_FORMAT_GROW | TARN_FORMAT_CHECK |
                    TARN_FORMAT_REPAIR | TARN_FORMAT_MAP | TARN_FORMAT_BACKING |
                    TARN_FORMAT_COMPRESS | TARN_FORMAT_FILL,
    .name = "vmdk",
    .summary = "VMware virtual disk",
    .magics = magics,
    .params = params,
    .probe = vmdk_probe,
    .info = vmdk_info,
    .measure = vmdk_measure,
    .create = vmdk_create,
    .open = vmdk_open,
    .check = vmdk_check,
};
