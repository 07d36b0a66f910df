/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * info.c - what an image says of itself. A pool of ten thousand images asks each of them, so an
 * image without snapshots costs one read of its first bytes and no memory but the stack.
 */
#include "qcow2.h"

#include <inttypes.h>

#define MAX_PROPERTIES 8u

struct properties {
    struct tarn_property entry[MAX_PROPERTIES];
    const struct tarn_property *list[MAX_PROPERTIES + 1];
    uint32_t count;
};

static void add(struct properties *properties, const char *name, const char *value)
{
    struct tarn_property *entry = &properties->entry[properties->count];

    *entry = (struct tarn_property){ sizeof(*entry), 0, name, value };
    properties->list[properties->count++] = entry;
}

static int32_t emit_one(struct tarn_call *call, const struct qcow2_snapshot *snapshot, void *arg)
{
    const struct qcow2_header *header = arg;
    struct tarn_snapshot out = {
        .struct_size = sizeof(out), .id = snapshot->id, .name = snapshot->name,
        .capacity = snapshot->has_size ? snapshot->size : header->size,
        .state_size = snapshot->state_size, .created = snapshot->created,
    };

    return call->host->emit_snapshot(call, &out);
}

static int32_t visit_nothing(struct tarn_call *call, const struct qcow2_snapshot *snapshot,
                             void *arg)
{
    (void)call;
    (void)snapshot;
    (void)arg;
    return TARN_OK;
}

/* A damaged snapshot table does not keep anybody from the disk, so it is told, and is no failure
 * of `info`. Being cancelled, or a storage that fails, is. */
static int32_t check_snapshots(struct tarn_call *call, const struct qcow2_head *head,
                               bool *out_good)
{
    int32_t status = qcow2_snapshots_each(call, head->file, head->file_size, &head->header,
                                          visit_nothing, NULL, NULL);

    *out_good = status == TARN_OK;
    if (status != TARN_E_CORRUPT)
        return status;
    call->host->forget(call);
    call->host->log(call, TARN_LOG_WARNING,
                    "the snapshot table of the image is damaged: its snapshots are not listed");
    return TARN_OK;
}

static int32_t emit_image(struct tarn_call *call, const struct qcow2_head *head,
                          bool snapshots_good)
{
    static const char *const encryptions[] = { NULL, "aes", "luks" };
    const struct qcow2_header *header = &head->header;
    const char *features[3] = { NULL };
    struct tarn_image_file data = { sizeof(data), 0, "data-file", head->data_file };
    const struct tarn_image_file *const files[] = { &data, NULL };
    struct properties properties = { .count = 0 };
    char refcount_bits[24];
    char snapshots[24];
    char bitmaps[24];
    uint32_t count = 0;
    struct tarn_image_info info = {
        .struct_size = sizeof(info),
        .capacity = header->size,
        .cluster_size = qcow2_cluster_size(header),
        .compat = header->version >= 3 ? "1.1" : "0.10",
        .features = features,
        .encryption = encryptions[header->crypt_method],
        .compression = header->compression_type == 1 ? "zstd" : "zlib",
        .properties = properties.list,
    };

    if (header->compatible & QCOW2_LAZY_REFCOUNTS)
        features[count++] = "lazy_refcounts";
    if (qcow2_extended(header))
        features[count++] = "extended_l2";
    if (header->incompatible & QCOW2_DIRTY)
        info.flags |= TARN_IMAGE_DIRTY;
    if (header->incompatible & QCOW2_CORRUPT)
        info.flags |= TARN_IMAGE_MARKED_CORRUPT;
    if (head->backing_name[0] != '\0')
        info.backing_name = head->backing_name;
    if (info.backing_name != NULL && head->backing_format[0] != '\0')
        info.backing_format = head->backing_format;
    if (header->incompatible & QCOW2_DATA_FILE) {
        info.files = files;
        add(&properties, "data-file-raw", header->autoclear & QCOW2_RAW_DATA_FILE ? "yes" : "no");
    }
    snprintf(refcount_bits, sizeof(refcount_bits), "%u", 1u << header->refcount_order);
    add(&properties, "refcount-bits", refcount_bits);
    if (header->snapshot_count > 0) {
        snprintf(snapshots, sizeof(snapshots), "%" PRIu32, header->snapshot_count);
        add(&properties, "snapshots", snapshots_good ? snapshots : "damaged");
    }
    if (head->bitmap_count > 0) {
        snprintf(bitmaps, sizeof(bitmaps), "%" PRIu32, head->bitmap_count);
        add(&properties, "bitmaps", bitmaps);
        add(&properties, "bitmaps-consistent", header->autoclear & QCOW2_BITMAPS ? "yes" : "no");
    }
    return call->host->emit_image(call, &info);
}

int32_t qcow2_info(struct tarn_call *call, struct tarn_io *file)
{
    struct qcow2_head head;
    bool good = true;
    int32_t status = qcow2_head_read(call, file, &head);

    if (status == TARN_OK && head.header.snapshot_count > 0)
        status = check_snapshots(call, &head, &good);
    if (status == TARN_OK)
        status = emit_image(call, &head, good);
    if (status == TARN_OK && good)
        status = qcow2_snapshots_each(call, file, head.file_size, &head.header, emit_one,
                                      &head.header, NULL);
    return status;
}
