/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * info.c - what an image says of itself. Its extents are named, not opened; so the size is the one
 * that the descriptor tells.
 */
#include "vmdk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_PROPERTIES 12u

struct properties {
    struct tarn_property entry[MAX_PROPERTIES];
    const struct tarn_property *list[MAX_PROPERTIES + 1];
    uint32_t count;
};

static void add(struct properties *properties, const char *name, const char *value)
{
    struct tarn_property *entry = &properties->entry[properties->count];

    if (value == NULL)
        return;
    *entry = (struct tarn_property){ sizeof(*entry), 0, name, value };
    properties->list[properties->count++] = entry;
}

/* --- a bare extent ---------------------------------------------------------------------------- */

static bool is_unclean(const struct vmdk_head *head)
{
    return (head->kind == VMDK_HEAD_HOSTED && head->hosted.unclean != 0) ||
           (head->kind == VMDK_HEAD_COWD && head->cowd.unclean);
}

static const char *extent_type(const struct vmdk_head *head)
{
    switch (head->kind) {
    case VMDK_HEAD_COWD:
        return "VMFSSPARSE";
    case VMDK_HEAD_SESPARSE:
        return "SESPARSE";
    case VMDK_HEAD_HOSTED:
    case VMDK_HEAD_TEXT:
    default:
        return "SPARSE";
    }
}

/* A piece of an image: it has a size, and is no disk. */
static int32_t emit_bare(struct tarn_call *call, const struct vmdk_head *head)
{
    struct properties properties = { .count = 0 };
    struct tarn_image_info info = {
        .struct_size = sizeof(info),
        .capacity = vmdk_head_capacity(head) * VMDK_SECTOR,
        .cluster_size = vmdk_head_grain(head),
        .subformat = "extent",
        .compression = head->kind == VMDK_HEAD_HOSTED && head->hosted.compression != 0 ? "zlib"
                                                                                       : NULL,
        .flags = is_unclean(head) ? TARN_IMAGE_DIRTY : 0,
        .properties = properties.list,
    };

    add(&properties, "extent-type", extent_type(head));
    return call->host->emit_image(call, &info);
}

/* --- an image --------------------------------------------------------------------------------- */

/* No field says who made it, but some programs leave keys of their own. */
static const char *creator_of(const struct vmdk_descriptor *descriptor)
{
    if (descriptor->value[VMDK_KEY_IMAGE_UUID] != NULL)
        return "VirtualBox";
    return descriptor->value[VMDK_KEY_LONG_CONTENT] != NULL ? "VMware" : NULL;
}

static const char *encryption_of(const struct vmdk_descriptor *descriptor)
{
    const char *filters = descriptor->value[VMDK_KEY_FILTERS];

    return descriptor->value[VMDK_KEY_KEY_SAFE] != NULL ||
                   (filters != NULL && strstr(filters, "vmwarevmcrypt") != NULL)
               ? "vmware" : NULL;
}

struct file_list {
    struct tarn_image_file *entries;
    const struct tarn_image_file **list;
};

static int32_t list_files(struct tarn_call *call, const struct vmdk_descriptor *descriptor,
                          struct file_list *out)
{
    uint64_t count = 0;

    out->entries = calloc(descriptor->line_count + 1, sizeof(*out->entries));
    out->list = calloc(descriptor->line_count + 1, sizeof(*out->list));
    if (out->entries == NULL || out->list == NULL)
        return VMDK_NO_MEMORY(call);
    for (uint64_t i = 0; i < descriptor->line_count; i++) {
        if (descriptor->lines[i].name == NULL)
            continue;
        out->entries[count] = (struct tarn_image_file){ sizeof(out->entries[0]), 0, "extent",
                                                        descriptor->lines[i].name };
        out->list[count] = &out->entries[count];
        count++;
    }
    return TARN_OK;
}

static int32_t emit(struct tarn_call *call, const struct vmdk_head *head,
                    const struct file_list *files)
{
    const struct vmdk_descriptor *descriptor = &head->descriptor;
    struct properties properties = { .count = 0 };
    char extents[24];
    char version[12];
    char cid[12];
    char parent_cid[12];
    struct tarn_image_info info = {
        .struct_size = sizeof(info),
        .capacity = descriptor->sectors * VMDK_SECTOR,
        .cluster_size = vmdk_head_monolithic(head) ? vmdk_head_grain(head) : 0,
        .subformat = descriptor->value[VMDK_KEY_CREATE_TYPE],
        .backing_name = descriptor->value[VMDK_KEY_PARENT_HINT],
        .backing_format = descriptor->value[VMDK_KEY_PARENT_HINT] != NULL ? "vmdk" : NULL,
        .encryption = encryption_of(descriptor),
        .compression = head->kind == VMDK_HEAD_HOSTED && head->hosted.compression != 0 ? "zlib"
                                                                                       : NULL,
        .creator = creator_of(descriptor),
        .flags = is_unclean(head) ? TARN_IMAGE_DIRTY : 0,
        .files = vmdk_head_monolithic(head) ? NULL : files->list,
        .properties = properties.list,
    };

    snprintf(cid, sizeof(cid), "%08" PRIx32, descriptor->cid);
    snprintf(parent_cid, sizeof(parent_cid), "%08" PRIx32, descriptor->parent_cid);
    snprintf(extents, sizeof(extents), "%" PRIu64, descriptor->line_count);
    snprintf(version, sizeof(version), "%" PRIu32, head->hosted.version);
    add(&properties, "cid", descriptor->cid != VMDK_NO_CID ? cid : NULL);
    add(&properties, "parent-cid", descriptor->parent_cid != VMDK_NO_CID ? parent_cid : NULL);
    add(&properties, "extents", vmdk_head_monolithic(head) ? NULL : extents);
    add(&properties, "extent-version", vmdk_head_monolithic(head) ? version : NULL);
    add(&properties, "adapter-type", descriptor->value[VMDK_KEY_ADAPTER]);
    add(&properties, "hardware-version", descriptor->value[VMDK_KEY_HARDWARE]);
    add(&properties, "uuid", descriptor->value[VMDK_KEY_UUID]);
    add(&properties, "tools-version", descriptor->value[VMDK_KEY_TOOLS]);
    add(&properties, "thin-provisioned", descriptor->value[VMDK_KEY_THIN]);
    return call->host->emit_image(call, &info);
}

int32_t vmdk_info(struct tarn_call *call, struct tarn_io *file)
{
    struct vmdk_head head;
    struct file_list files = { NULL, NULL };
    int32_t status = vmdk_head_read(call, file, &head);

    if (status != TARN_OK)
        return status;
    if (!head.has_descriptor)
        return emit_bare(call, &head);
    status = list_files(call, &head.descriptor, &files);
    if (status == TARN_OK)
        status = emit(call, &head, &files);
    free(files.entries);
    free(files.list);
    vmdk_head_free(&head);
    return status;
}
