/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * format.c - qcow2 as the host sees it: what it can do, and how to ask.
 */
#include "format.h"

#include "qcow2.h"

static const uint8_t magic_bytes[] = { 'Q', 'F', 'I', 0xfb };

static const struct tarn_magic magic = { sizeof(magic), sizeof(magic_bytes), 0, magic_bytes };

static const struct tarn_magic *const magics[] = { &magic, NULL };

static const char *const refcount_choices[] = { "1", "2", "4", "8", "16", "32", "64", NULL };

static const struct tarn_param refcount_bits = {
    .struct_size = sizeof(refcount_bits),
    .type = TARN_PARAM_ENUM,
    .name = "refcount-bits",
    .summary = "width of a cluster's reference count",
    .default_value = "16",
    .choices = refcount_choices,
};

static const char *const compression_choices[] = { "zlib", "zstd", NULL };

static const struct tarn_param compression_type = {
    .struct_size = sizeof(compression_type),
    .type = TARN_PARAM_ENUM,
    .name = "compression-type",
    .summary = "how compressed clusters of the image will be packed",
    .default_value = "zlib",
    .choices = compression_choices,
};

static const struct tarn_param data_file = {
    .struct_size = sizeof(data_file),
    .type = TARN_PARAM_BOOLEAN,
    .name = "data-file",
    .summary = "keep the guest's bytes in a file of their own beside the image",
    .default_value = "no",
};

static const struct tarn_param data_file_raw = {
    .struct_size = sizeof(data_file_raw),
    .type = TARN_PARAM_BOOLEAN,
    .name = "data-file-raw",
    .summary = "that file is at any time a raw image of the disk",
    .default_value = "no",
};

static const struct tarn_param *const params[] = {
    &refcount_bits, &compression_type, &data_file, &data_file_raw, NULL,
};

const struct tarn_format qcow2_format = {
    .struct_size = sizeof(qcow2_format),
    .capabilities = TARN_FORMAT_PROBE | TARN_FORMAT_READ | TARN_FORMAT_WRITE |
                    TARN_FORMAT_CREATE | TARN_FORMAT_GROW | TARN_FORMAT_SHRINK |
                    TARN_FORMAT_CHECK | TARN_FORMAT_REPAIR | TARN_FORMAT_MAP |
                    TARN_FORMAT_BACKING | TARN_FORMAT_COMPRESS,
    .name = "qcow2",
    .summary = "QEMU copy-on-write image, versions 2 and 3",
    .magics = magics,
    .head_needed = QCOW2_HEAD_SIZE,
    .params = params,
    .probe = qcow2_probe,
    .info = qcow2_info,
    .measure = qcow2_measure,
    .create = qcow2_create,
    .open = qcow2_open,
    .check = qcow2_check,
};
