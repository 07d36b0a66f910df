/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * probe.c - is this a VMDK? By content: an extent's magic and fields, or the text of a descriptor.
 */
#include "vmdk.h"

static int32_t judge(const char *fault)
{
    return fault == NULL ? TARN_PROBE_SURE : TARN_PROBE_MAGIC;
}

int32_t vmdk_probe(const struct tarn_probe *probe)
{
    const uint8_t *head = probe->head;
    struct vmdk_header hosted;
    struct vmdk_cowd cowd;
    struct vmdk_sesparse sesparse;
    char room[160];

    if (probe->head_length >= VMDK_SECTOR && vmdk_header_magic(head))
        return judge(vmdk_header_decode(head, &hosted, room, sizeof(room)));
    if (probe->head_length >= VMDK_COWD_SIZE && vmdk_cowd_magic(head))
        return judge(vmdk_cowd_decode(head, &cowd, room, sizeof(room)));
    if (probe->head_length >= VMDK_SECTOR && vmdk_sesparse_magic(head))
        return judge(vmdk_sesparse_decode(head, &sesparse, room, sizeof(room)));
    return probe->head_length > 0 && vmdk_descriptor_probe(probe->head, probe->head_length)
               ? TARN_PROBE_SURE : TARN_PROBE_NO;
}
