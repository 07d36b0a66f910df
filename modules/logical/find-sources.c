/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * find-sources.c - the volume groups of the machine, each with its devices.
 */
#include "logical.h"

#include <stdlib.h>
#include <string.h>

static int32_t tell(struct tarn_call *call, const struct vg *vg)
{
    static const struct tarn_source_host *const no_hosts[] = { NULL };
    struct tarn_source_device *devices = calloc(vg->pv_count + 1, sizeof(*devices));
    const struct tarn_source_device **list = calloc(vg->pv_count + 1, sizeof(*list));
    size_t count = 0, i;
    int32_t status;

    for (i = 0; devices != NULL && list != NULL && i < vg->pv_count; i++) {
        if (vg->pvs[i].missing)
            continue;
        devices[count] = (struct tarn_source_device){ sizeof(devices[0]), 0, vg->pvs[i].name };
        list[count] = &devices[count];
        count++;
    }
    if (devices == NULL || list == NULL) {
        status = tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for the list of volume groups");
    } else {
        const struct tarn_source source = { .struct_size = sizeof(source), .hosts = no_hosts,
                                            .devices = list, .name = vg->name,
                                            .format = "lvm2" };

        status = call->host->emit_source(call, &source);
    }
    free(list);
    free(devices);
    return status;
}

int32_t logical_find_sources(struct tarn_call *call)
{
    struct vg_list groups = { 0 };
    int32_t status = report_run(call, NULL, &groups);
    size_t i;

    for (i = 0; status == TARN_OK && i < groups.count; i++)
        if (!groups.list[i]->exported)
            status = tell(call, groups.list[i]);
    vg_list_clear(&groups);
    return status;
}
