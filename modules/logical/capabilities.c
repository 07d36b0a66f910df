/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * capabilities.c - what depends on the volume group: the size of its extents, and whether it has a
 * thin pool.
 */
#include "logical.h"

static int32_t tell_sizes(struct tarn_call *call, const struct vg *vg, const char *operation)
{
    const struct tarn_capability capability = {
        .struct_size = sizeof(capability),
        .support = TARN_SUPPORT_NATIVE,
        .operation = operation,
        .minimum = vg->extent,
        .maximum = INT64_MAX / vg->extent * vg->extent,
        .granularity = vg->extent,
    };

    return call->host->emit_capability(call, &capability);
}

static int32_t tell_thin(struct tarn_call *call, const struct logical *pool, const char *operation,
                         const char *without)
{
    bool thin = pool->settings.thin_pool != NULL;
    const struct tarn_capability capability = {
        .struct_size = sizeof(capability),
        .support = thin ? TARN_SUPPORT_NATIVE : TARN_SUPPORT_EMULATED,
        .operation = operation,
        .reason = thin ? NULL : without,
    };

    return call->host->emit_capability(call, &capability);
}

int32_t logical_capabilities(struct tarn_call *call, void *handle)
{
    static const char *const sized[] = { TARN_OPERATION_CREATE, TARN_OPERATION_GROW,
                                         TARN_OPERATION_SHRINK };
    struct logical *pool = handle;
    struct vg *vg = NULL;
    int32_t status = logical_recall(call, pool, &vg);
    size_t i;

    if (status != TARN_OK)
        return status;
    for (i = 0; i < sizeof(sized) / sizeof(sized[0]) && status == TARN_OK; i++)
        status = tell_sizes(call, vg, sized[i]);
    vg_unref(vg);
    if (status == TARN_OK)
        status = tell_thin(call, pool, TARN_OPERATION_THIN,
                           "the pool has no <logical:thin-pool>: a snapshot of nothing stands in, "
                           "which is lost when the bytes reserved for it are full");
    if (status == TARN_OK)
        status = tell_thin(call, pool, TARN_OPERATION_CLONE,
                           "the pool has no <logical:thin-pool>: the bytes are copied");
    return status;
}
