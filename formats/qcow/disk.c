/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * disk.c - the open image: where the guest's bytes are.
 */
#include "qcow.h"

#include <stdlib.h>

#include "helpers/be.h"

/* --- guest offset -> place -------------------------------------------------------------------- */

/* QEMU takes L1 entries as they are, so there are no flags to mask. */
static int32_t check_l2(struct tarn_call *call, const struct qcow_image *image, uint64_t entry,
                        uint64_t bytes)
{
    const char *hit;

    if (!qcow_within(image, entry, bytes))
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "the L2 table at %llu passes the end of the file at %llu: the file was "
                         "cut off, or the L1 table is damaged", (unsigned long long)entry,
                         (unsigned long long)image->file_size);
    hit = qcow_hits_head(image, entry, bytes);
    if (hit != NULL)
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "the L2 table at %llu overlaps the %s: the image is damaged; check it",
                         (unsigned long long)entry, hit);
    return TARN_OK;
}

int32_t qcow_l2_find(struct tarn_call *call, struct qcow_image *image, uint64_t offset,
                     struct qcow_table *out)
{
    uint64_t index = offset / qcow_l1_covers(&image->header);
    const uint8_t *entries;
    uint64_t count;
    int32_t status = qcow_entries(call, image, &image->l1, index, &entries, &count);

    if (status != TARN_OK)
        return status;
    *out = (struct qcow_table){ QCOW_L2, be64_load(entries), qcow_l2_bytes(&image->header) };
    return out->offset != 0 ? check_l2(call, image, out->offset, out->bytes) : TARN_OK;
}

/* How far the L1 table, from `offset` on, has no L2 tables. */
static int32_t find_no_table(struct tarn_call *call, struct qcow_image *image, uint64_t offset,
                             uint64_t length, struct span *out)
{
    uint64_t covers = qcow_l1_covers(&image->header);
    uint64_t index = offset / covers;
    uint64_t last = (offset + length - 1) / covers;
    bool absent = true;

    while (absent && index <= last) {
        const uint8_t *entries;
        uint64_t count;
        int32_t status = tarn_interrupted(call);

        if (status == TARN_OK)
            status = qcow_entries(call, image, &image->l1, index, &entries, &count);
        if (status != TARN_OK)
            return status;
        for (uint64_t i = 0; absent && i < count && index <= last; i++) {
            absent = be64_load(entries + i * 8) == 0;
            index += absent;
        }
    }
    *out = (struct span){ .kind = SPAN_ABSENT, .length = index * covers - offset };
    return TARN_OK;
}

/* The length of the run of clusters that begins with the entry at `index`, in bytes: all of them
 * absent, or each where the one before it ends. */
static int32_t run_length(struct tarn_call *call, struct qcow_image *image,
                          const struct qcow_table *table, uint64_t index, uint64_t wanted,
                          uint64_t *out)
{
    uint64_t last = table->bytes / 8;
    uint64_t expected = 0;
    bool first = true;

    *out = 0;
    while (index < last && *out < wanted) {
        const uint8_t *entries;
        uint64_t count;
        int32_t status = qcow_entries(call, image, table, index, &entries, &count);

        if (status != TARN_OK)
            return status;
        for (uint64_t i = 0; i < count && *out < wanted; i++) {
            uint64_t entry = be64_load(entries + i * 8);

            if (!first && entry != expected)
                return TARN_OK;
            first = false;
            expected = entry == 0 ? 0 : entry + image->cluster_size;
            *out += image->cluster_size;
        }
        index += count;
    }
    return TARN_OK;
}

static int32_t find_data(struct tarn_call *call, const struct qcow_image *image, uint64_t host,
                         struct span *span)
{
    const char *hit;

    if (host >= image->file_size)
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "the cluster at %llu is behind the end of the file at %llu: the file was "
                         "cut off, or an L2 table is damaged", (unsigned long long)host,
                         (unsigned long long)image->file_size);
    span->length = qcow_min(span->length, image->file_size - host);
    hit = qcow_hits(image, host, span->length);
    if (hit != NULL)
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "%llu bytes of the disk at %llu of the file overlap the %s: the image is "
                         "damaged; check it", (unsigned long long)span->length,
                         (unsigned long long)host, hit);
    span->kind = SPAN_DATA;
    span->file = image->disk.container;
    span->host = host;
    return TARN_OK;
}

static void find_packed(const struct qcow_image *image, uint64_t offset, uint64_t entry,
                        struct span *out)
{
    uint64_t within = offset % image->cluster_size;

    out->kind = SPAN_PACKED;
    out->length = image->cluster_size - within;
    out->unit_offset = offset - within;
    out->unit_length = image->cluster_size;
    out->cookie = entry;
}

static int32_t find_in_table(struct tarn_call *call, struct qcow_image *image,
                             const struct qcow_table *table, uint64_t offset, uint64_t length,
                             struct span *out)
{
    uint64_t index = offset % qcow_l1_covers(&image->header) >> image->header.cluster_bits;
    uint64_t within = offset % image->cluster_size;
    const uint8_t *entries;
    uint64_t count;
    uint64_t entry;
    int32_t status = qcow_entries(call, image, table, index, &entries, &count);

    if (status != TARN_OK)
        return status;
    entry = be64_load(entries);
    if (entry & QCOW_COMPRESSED) {
        find_packed(image, offset, entry, out);
        return TARN_OK;
    }
    status = run_length(call, image, table, index, within + length, &out->length);
    if (status != TARN_OK)
        return status;
    out->length = qcow_min(out->length - within, length);
    return entry == 0 ? TARN_OK : find_data(call, image, entry + within, out);
}

static int32_t find(struct tarn_call *call, struct span_disk *disk, uint64_t offset,
                    uint64_t length, struct span *out)
{
    struct qcow_image *image = qcow_image_of(disk);
    struct qcow_table table;
    int32_t status = qcow_l2_find(call, image, offset, &table);

    *out = (struct span){ .kind = SPAN_ABSENT };
    if (status != TARN_OK)
        return status;
    return table.offset != 0 ? find_in_table(call, image, &table, offset, length, out)
                             : find_no_table(call, image, offset, length, out);
}

/* --- its life --------------------------------------------------------------------------------- */

static int32_t flush(struct tarn_call *call, struct span_disk *disk)
{
    return qcow_commit(call, qcow_image_of(disk));
}

static int32_t close_image(struct tarn_call *call, struct span_disk *disk)
{
    struct qcow_image *image = qcow_image_of(disk);
    int32_t status = qcow_commit(call, image);

    qcow_image_free(image);
    return status;
}

static const struct span_ops ops = {
    .find = find, .unpack = qcow_unpack, .store = qcow_store, .flush = flush,
    .close = close_image,
};

int32_t qcow_image_new(struct tarn_call *call, struct tarn_io *file, const struct qcow_head *head,
                       struct qcow_image **out)
{
    struct qcow_image *image = calloc(1, sizeof(*image));
    const struct qcow_header *header = &head->header;

    *out = NULL;
    if (image == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to open a qcow image");
    image->header = *header;
    image->file_size = head->file_size;
    image->cluster_size = qcow_cluster_size(header);
    image->l1 = (struct qcow_table){ QCOW_L1, header->l1_offset, qcow_l1_bytes(header) };
    image->disk = (struct span_disk){
        .ops = &ops, .format = "qcow", .container = file, .size = header->size,
        .fixed_size = "its L1 table has no room to grow, and QEMU refuses it, too; convert the "
                      "image into a larger one",
        .unit = image->cluster_size, .unpacked_max = image->cluster_size,
    };
    *out = image;
    return TARN_OK;
}

void qcow_image_free(struct qcow_image *image)
{
    if (image == NULL)
        return;
    qcow_pages_free(image);
    qcow_tables_free(&image->tables);
    qcow_codec_free(image->codec);
    free(image);
}

static int32_t check_openable(struct tarn_call *call, const struct tarn_io *file,
                              const struct qcow_head *head, const struct tarn_image_open *how)
{
    if (how->snapshot != NULL)
        return tarn_fail(call, TARN_E_NOT_FOUND, 0, "qcow images have no snapshot %s",
                         how->snapshot);
    if (head->header.crypt_method != 0)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "the disk is encrypted (AES), which cannot be read here: decrypt it with "
                         "qemu-img first");
    if (!(how->flags & TARN_IMAGE_OPEN_WRITE))
        return TARN_OK;
    if (!(file->flags & TARN_IO_WRITABLE))
        return tarn_fail(call, TARN_E_ACCESS, 0, "the container is open for reading only");
    if (file->flags & TARN_IO_FIXED_SIZE)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "a qcow image grows at the end of its file, and the size of this "
                         "container is fixed");
    return TARN_OK;
}

static int32_t open_parts(struct tarn_call *call, struct qcow_image *image,
                          const struct qcow_head *head, const struct tarn_image_open *how)
{
    bool writing = (how->flags & TARN_IMAGE_OPEN_WRITE) != 0;
    int32_t status = TARN_OK;

    if (!qcow_within(image, image->l1.offset, image->l1.bytes))
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "the L1 table of %llu bytes at %llu passes the end of the file at %llu: "
                         "the file was cut off, or its header is damaged",
                         (unsigned long long)image->l1.bytes, (unsigned long long)image->l1.offset,
                         (unsigned long long)image->file_size);
    if (writing)
        status = qcow_tables_collect(call, image);
    if (status == TARN_OK && head->backing_name[0] != '\0') {
        image->disk.no_backing = (how->flags & TARN_IMAGE_OPEN_NO_BACKING) != 0;
        /* The image records no format: which one it is, the host knows or refuses to guess. */
        if (!image->disk.no_backing)
            status = call->host->open_related(call, TARN_RELATED_BACKING, head->backing_name,
                                              NULL, 0, &image->disk.backing);
    }
    return status == TARN_OK ? span_disk_init(call, &image->disk, writing) : status;
}

int32_t qcow_open(struct tarn_call *call, struct tarn_io *file, const struct tarn_image_open *how,
                  struct tarn_io **out)
{
    const uint32_t filling = TARN_IMAGE_OPEN_WRITE | TARN_IMAGE_OPEN_COMPRESS;
    struct qcow_image *image = NULL;
    struct qcow_head head;
    int32_t status;

    *out = NULL;
    status = qcow_head_read(call, file, &head);
    if (status == TARN_OK)
        status = check_openable(call, file, &head, how);
    if (status == TARN_OK)
        status = qcow_image_new(call, file, &head, &image);
    if (status == TARN_OK)
        status = open_parts(call, image, &head, how);
    if (status == TARN_OK && (how->flags & filling) == filling)
        status = qcow_fill_open(call, image, out);
    else if (status == TARN_OK)
        *out = &image->disk.io;
    if (status != TARN_OK && image != NULL) {
        tarn_io_close(call, image->disk.backing);
        qcow_image_free(image);
    }
    return status;
}
