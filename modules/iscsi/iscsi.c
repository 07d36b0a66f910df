/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * iscsi.c - the pool types "iscsi" and "iscsi-direct": what the module is made of.
 */
#include "iscsi.h"

static const struct tarn_param answer_timeout = {
    .struct_size = sizeof(answer_timeout),
    .type = TARN_PARAM_INTEGER,
    .name = "answer-timeout",
    .summary = "seconds that a portal may take to answer before the next is tried",
    .default_value = "10",
    .minimum = 1,
    .maximum = 600,
};

static const struct tarn_pool_type *const pool_types[] = { &iscsi_kernel_type, &iscsi_direct_type,
                                                          NULL };
static const struct tarn_param *const params[] = { &answer_timeout, NULL };

static const struct tarn_module module = {
    .struct_size = sizeof(module),
    .abi_version = TARN_ABI_VERSION,
    .name = "iscsi",
    .version = "0.1.0",
    .summary = "logical units of iSCSI targets",
    .licence = "LGPL-2.1-or-later",
    .threads = TARN_THREADS_PARALLEL,
    .pool_types = pool_types,
    .params = params,
};

const struct tarn_module *tarn_module_entry(uint32_t host_abi_version)
{
    return TARN_ABI_MAJOR_OF(host_abi_version) == TARN_ABI_MAJOR ? &module : NULL;
}
