/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * info.c - what an image says of itself, by one read.
 */
#include "cow.h"

#include <inttypes.h>

int32_t cow_info(struct tarn_call *call, struct tarn_io *file)
{
    struct cow_head head;
    uint64_t file_size;
    char version[12];
    char mtime[12];
    struct tarn_property version_property = { sizeof(version_property), 0, "version", version };
    struct tarn_property mtime_property = { sizeof(mtime_property), 0, "backing-mtime", mtime };
    const struct tarn_property *const properties[] = { &version_property, &mtime_property, NULL };
    struct tarn_image_info info = { .struct_size = sizeof(info), .properties = properties };
    int32_t status = cow_head_read(call, file, &head, &file_size);

    if (status != TARN_OK)
        return status;
    snprintf(version, sizeof(version), "%" PRIu32, head.version);
    snprintf(mtime, sizeof(mtime), "%" PRIu32, head.mtime);
    info.capacity = head.size;
    info.cluster_size = head.sector;
    info.subformat = cow_is_qemu(head.kind) ? "qemu" : "uml";
    if (head.name[0] != '\0') {
        info.backing_name = head.name;
        info.backing_format = "raw";
    }
    return call->host->emit_image(call, &info);
}
