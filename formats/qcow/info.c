/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * info.c - what an image says of itself. The format has no place for the backing store's format, so
 * none is told: guessing it would be reading bytes that a guest wrote.
 */
#include "qcow.h"

int32_t qcow_info(struct tarn_call *call, struct tarn_io *file)
{
    struct qcow_head head;
    char entries[24];
    const struct tarn_property l2 = { sizeof(l2), 0, "l2-entries", entries };
    const struct tarn_property *const properties[] = { &l2, NULL };
    struct tarn_image_info info = { .struct_size = sizeof(info), .compression = "zlib",
                                    .properties = properties };
    int32_t status = qcow_head_read(call, file, &head);

    if (status != TARN_OK)
        return status;
    snprintf(entries, sizeof(entries), "%u", 1u << head.header.l2_bits);
    info.capacity = head.header.size;
    info.cluster_size = qcow_cluster_size(&head.header);
    info.encryption = head.header.crypt_method == 1 ? "aes" : NULL;
    info.backing_name = head.backing_name[0] != '\0' ? head.backing_name : NULL;
    return call->host->emit_image(call, &info);
}
