/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * parent.c - the image below: a delta keeps the content ID that its parent had, and a parent that
 * was written since has another one. What the delta then shows would be neither disk.
 */
#include "vmdk.h"

int32_t vmdk_parent_cid(struct tarn_call *call, const char *name, uint32_t *out)
{
    struct tarn_io *file = NULL;
    struct vmdk_head head;
    int32_t closed;
    int32_t status = call->host->open_related(call, TARN_RELATED_CONTAINER, name, "vmdk", 0, &file);

    if (status != TARN_OK)
        return status;
    status = vmdk_head_read(call, file, &head);
    if (status == TARN_OK) {
        *out = head.descriptor.cid;
        if (!head.has_descriptor || *out == VMDK_NO_CID)
            status = VMDK_CORRUPT(call, "the parent \"%s\" has no content ID: it cannot be told "
                                  "whether it is the right one", name);
        vmdk_head_free(&head);
    }
    closed = tarn_io_close(call, file);
    return status != TARN_OK ? status : closed;
}

int32_t vmdk_parent_check(struct tarn_call *call, const struct vmdk_descriptor *descriptor)
{
    const char *hint = descriptor->value[VMDK_KEY_PARENT_HINT];
    uint32_t cid = VMDK_NO_CID;
    int32_t status;

    if (hint == NULL || descriptor->parent_cid == VMDK_NO_CID)
        return VMDK_CORRUPT(call, "the descriptor has a %s, but no %s: the parent is not known",
                            hint == NULL ? "parentCID" : "parentFileNameHint",
                            hint == NULL ? "parentFileNameHint" : "parentCID");
    status = vmdk_parent_cid(call, hint, &cid);
    if (status == TARN_OK && cid != descriptor->parent_cid)
        return VMDK_CORRUPT(call, "the parent \"%s\" has the content ID %08x, and this image was "
                            "made over %08x: the parent was written since, or is another image",
                            hint, (unsigned)cid, (unsigned)descriptor->parent_cid);
    return status;
}
