/* SPDX-License-Identifier: BSD-2-Clause
 *
 * module.c - the descriptor of the module, and its entry: all that the shared object exports.
 */
#include <tarn/module.h>

/* @begin pool@ */
extern const struct tarn_pool_type shelf_pool_type; /* pool.c */
static const struct tarn_pool_type *const pool_types[] = { &shelf_pool_type, NULL };

/* @end@ */
/* @begin format@ */
extern const struct tarn_format shelf_format; /* format.c */
static const struct tarn_format *const formats[] = { &shelf_format, NULL };

/* @end@ */
static const struct tarn_module module = {
    .struct_size = sizeof(module),
    .abi_version = TARN_ABI_VERSION,
    .name = "shelf",
    .version = "0.1",
    .summary = "one line on what it is for",
    .licence = "BSD-2-Clause",
    .threads = TARN_THREADS_PARALLEL, /* nothing that several calls change is shared by them */
    /* @begin pool@ */
    .pool_types = pool_types,
    /* @end@ */
    /* @begin format@ */
    .formats = formats,
    /* @end@ */
};

const struct tarn_module *tarn_module_entry(uint32_t host_abi_version)
{
    return TARN_ABI_MAJOR_OF(host_abi_version) == TARN_ABI_MAJOR ? &module : NULL;
}
