/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * info.c - what an image says of itself. Undoable and volatile ones are described, too; they name
 * no file that they belong to.
 */
#include "bochs.h"

#include <inttypes.h>

int32_t bochs_info(struct tarn_call *call, struct tarn_io *file)
{
    char entries[16];
    char timestamp[16];
    struct bochs_header header;
    struct tarn_property version = { sizeof(version), 0, "version", NULL };
    const struct tarn_property catalog = { sizeof(catalog), 0, "catalog-entries", entries };
    const struct tarn_property needs = { sizeof(needs), 0, "needs", "the flat disk it lies over" };
    const struct tarn_property base = { sizeof(base), 0, "base-timestamp", timestamp };
    const struct tarn_property *properties[] = { &version, &catalog, NULL, NULL, NULL };
    struct tarn_image_info info = { .struct_size = sizeof(info), .properties = properties };
    uint64_t file_size;
    int32_t status = bochs_header_read(call, file, &header, &file_size);

    if (status != TARN_OK)
        return status;
    version.value = header.version == 1 ? "1" : "2";
    snprintf(entries, sizeof(entries), "%" PRIu32, header.catalog);
    if (header.subtype != BOCHS_GROWING) {
        snprintf(timestamp, sizeof(timestamp), "0x%08" PRIx32, header.timestamp);
        properties[2] = &needs;
        properties[3] = header.version == 1 ? NULL : &base;
    }
    info.capacity = header.size;
    info.cluster_size = header.extent;
    info.subformat = bochs_subformats[header.subtype];
    return call->host->emit_image(call, &info);
}
