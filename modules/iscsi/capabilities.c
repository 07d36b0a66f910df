/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * capabilities.c - whoever serves the target makes its units: nothing but their bytes can be changed
 * from here.
 */
#include "iscsi.h"

int32_t iscsi_capabilities(struct tarn_call *call, void *pool)
{
    static const char *const elsewhere[] = { TARN_OPERATION_BUILD,  TARN_OPERATION_DELETE,
                                             TARN_OPERATION_CREATE, TARN_OPERATION_GROW,
                                             TARN_OPERATION_SHRINK, TARN_OPERATION_REMOVE };
    struct tarn_capability capability = {
        .struct_size = sizeof(capability),
        .support = TARN_SUPPORT_NONE,
        .reason = "logical units are made, changed and removed where the target is served",
    };
    int32_t status = TARN_OK;
    size_t i;

    (void)pool;
    for (i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]) && status == TARN_OK; i++) {
        capability.operation = elsewhere[i];
        status = call->host->emit_capability(call, &capability);
    }
    return status;
}
