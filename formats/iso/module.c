/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * module.c - the module iso.so.
 */
#include <tarn/module.h>

#include "format.h"

static const struct tarn_format *const formats[] = { &iso_format, NULL };

static const struct tarn_module module = {
    .struct_size = sizeof(module),
    .abi_version = TARN_ABI_VERSION,
    .name = "iso",
    .version = "0.1.0",
    .summary = "ISO 9660 images",
    .licence = "LGPL-2.1-or-later",
    .threads = TARN_THREADS_PARALLEL,
    .formats = formats,
};

const struct tarn_module *tarn_module_entry(uint32_t host_abi_version)
{
    return TARN_ABI_MAJOR_OF(host_abi_version) == TARN_ABI_MAJOR ? &module : NULL;
}
