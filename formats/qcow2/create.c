/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * create.c - new images. What they start with lies in this order: header, refcount table, refcount
 * blocks, L1 table. In a new file all of it but a few bytes is a hole, so that an empty image costs
 * three small writes and one change of the file's size.
 */
#include "layout.h"

#include <stdlib.h>
#include <string.h>

#include "helpers/be.h"
#include "helpers/io-room.h"
#include "helpers/io-zero.h"

#define BAD(call, ...) tarn_fail(call, TARN_E_INVALID, 0, __VA_ARGS__)

int32_t qcow2_measure(struct tarn_call *call, const struct tarn_image_spec *spec, uint64_t *out)
{
    struct qcow2_layout layout;
    int32_t status = qcow2_lay_out(call, spec, &layout);

    *out = 0;
    if (status == TARN_OK)
        *out = layout.all_clusters << layout.header.cluster_bits;
    return status;
}

/* The longest start of an image: header, three extensions, two names. */
#define START_MAX 4096u

/* Names for the features of this image, for programs too old to know them. */
static const struct {
    uint8_t kind; /* 0 incompatible, 1 compatible, 2 autoclear */
    uint8_t bit;
    const char *name;
} feature_names[] = {
    { 0, 0, "dirty bit" },
    { 0, 1, "corrupt bit" },
    { 0, 2, "external data file" },
    { 0, 3, "compression type" },
    { 0, 4, "extended L2 entries" },
    { 1, 0, "lazy refcounts" },
    { 2, 0, "bitmaps" },
    { 2, 1, "raw external data" },
};

static uint8_t *put_extension(uint8_t *to, uint32_t type, const void *data, uint32_t length)
{
    be32_store(to, type);
    be32_store(to + 4, length);
    memcpy(to + 8, data, length);
    return to + 8 + qcow2_round_up(length, 8);
}

static uint8_t *put_feature_names(uint8_t *to)
{
    uint8_t table[sizeof(feature_names) / sizeof(feature_names[0]) * QCOW2_FEATURE_NAME_SIZE];

    memset(table, 0, sizeof(table));
    for (size_t i = 0; i < sizeof(feature_names) / sizeof(feature_names[0]); i++) {
        uint8_t *entry = table + i * QCOW2_FEATURE_NAME_SIZE;

        entry[0] = feature_names[i].kind;
        entry[1] = feature_names[i].bit;
        memcpy(entry + 2, feature_names[i].name, strlen(feature_names[i].name));
    }
    return put_extension(to, QCOW2_EXTENSION_FEATURE_NAMES, table, sizeof(table));
}

/* The feature names are a courtesy: left out where the first cluster has no room for them. */
static int32_t write_start(struct tarn_call *call, struct tarn_io *file,
                           const struct tarn_image_spec *spec, const char *data_file,
                           struct qcow2_layout *layout)
{
    struct qcow2_header *header = &layout->header;
    uint64_t cluster = qcow2_cluster_size(header);
    uint64_t names = sizeof(feature_names) / sizeof(feature_names[0]) * QCOW2_FEATURE_NAME_SIZE + 8;
    uint8_t bytes[START_MAX] = { 0 };
    uint8_t *to = bytes + header->header_length;

    if (spec->backing_name != NULL)
        to = put_extension(to, QCOW2_EXTENSION_BACKING_FORMAT, spec->backing_format,
                           (uint32_t)strlen(spec->backing_format));
    if (data_file != NULL)
        to = put_extension(to, QCOW2_EXTENSION_DATA_FILE, data_file, (uint32_t)strlen(data_file));
    if (header->version >= 3 &&
        (uint64_t)(to - bytes) + names + 8 + layout->backing_length <= cluster)
        to = put_feature_names(to);
    to += 8; /* the end of the extensions: type 0, length 0 */
    if (spec->backing_name != NULL) {
        header->backing_offset = (uint64_t)(to - bytes);
        header->backing_length = (uint32_t)layout->backing_length;
        memcpy(to, spec->backing_name, layout->backing_length);
        to += layout->backing_length;
    }
    if ((uint64_t)(to - bytes) > cluster)
        return BAD(call, "the names of the backing store and the data file do not fit into a "
                         "cluster of %llu bytes: take larger clusters",
                   (unsigned long long)cluster);
    qcow2_header_encode(header, bytes);
    return tarn_io_pwrite(call, file, bytes, (uint64_t)(to - bytes), 0);
}

static int32_t write_table(struct tarn_call *call, struct tarn_io *file,
                           const struct qcow2_layout *layout)
{
    uint8_t *table = calloc(layout->blocks, 8);
    int32_t status;

    if (table == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for a refcount table");
    for (uint64_t i = 0; i < layout->blocks; i++)
        be64_store(table + i * 8, layout->blocks_offset + (i << layout->header.cluster_bits));
    status = tarn_io_pwrite(call, file, table, layout->blocks * 8,
                            layout->header.reftable_offset);
    free(table);
    return status;
}

static int32_t write_blocks(struct tarn_call *call, struct tarn_io *file,
                            const struct qcow2_layout *layout)
{
    const struct qcow2_header *header = &layout->header;
    uint64_t covers = qcow2_block_covers(header);
    uint64_t left = layout->start_clusters;
    uint8_t *block = calloc(1, qcow2_cluster_size(header));
    int32_t status = TARN_OK;

    if (block == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for a refcount block");
    for (uint64_t i = 0; i < layout->blocks && status == TARN_OK; i++) {
        uint64_t count = qcow2_min(left, covers);
        uint64_t used = qcow2_divide_up(count << header->refcount_order, 8);

        memset(block, 0, used);
        for (uint64_t k = 0; k < count; k++)
            qcow2_refcount_encode(block, header->refcount_order, k, 1);
        status = tarn_io_pwrite(call, file, block, used,
                                layout->blocks_offset + (i << header->cluster_bits));
        left -= count;
    }
    free(block);
    return status;
}

/* Makes the place of the tables read as zeros. */
static int32_t clear_place(struct tarn_call *call, struct tarn_io *file,
                           const struct qcow2_layout *layout)
{
    uint64_t length = layout->start_clusters << layout->header.cluster_bits;
    uint64_t needed = layout->all_clusters << layout->header.cluster_bits;
    uint64_t have;
    int32_t status = io_room(call, file, needed, &have);

    if (status == TARN_OK && have < length)
        status = tarn_io_truncate(call, file, length, 0);
    if (status != TARN_OK || (have == 0 && (file->flags & TARN_IO_ZERO_NEW)))
        return status;
    return io_zero(call, file, 0, length, TARN_ZERO_MAY_UNMAP);
}

static int32_t preallocate(struct tarn_call *call, struct tarn_io *file, struct tarn_io *data,
                           uint32_t preallocation)
{
    struct qcow2_image *image;
    struct qcow2_head head;
    int32_t status = qcow2_head_read(call, file, &head);

    if (status == TARN_OK)
        status = qcow2_image_new(call, &head, true, &image);
    if (status != TARN_OK)
        return status;
    image->unordered = true;
    if (data != NULL)
        image->data = data;
    status = qcow2_guards_build(call, image);
    if (status == TARN_OK)
        status = qcow2_preallocate(call, image, 0, image->size, preallocation);
    if (status == TARN_OK)
        status = qcow2_image_finish(call, image);
    qcow2_image_free(image);
    return status;
}

/* The file that holds the guest's bytes, if they lie outside the image. */
static int32_t make_data_file(struct tarn_call *call, const struct qcow2_header *header,
                              const char **out_name, struct tarn_io **out)
{
    int32_t status;

    *out_name = NULL;
    *out = NULL;
    if (!(header->incompatible & QCOW2_DATA_FILE))
        return TARN_OK;
    if (!TARN_HAS(call->host, struct tarn_host, create_related))
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "there is no place for a data file beside the image: do without "
                         "data-file");
    status = call->host->create_related(call, "-data.raw", header->size, out_name, out);
    if (status == TARN_OK && (**out_name == '\0' || strlen(*out_name) > QCOW2_MAX_NAME))
        status = BAD(call, "the name of the data file has %zu bytes; it can have 1 to %u",
                     strlen(*out_name), QCOW2_MAX_NAME);
    return status;
}

/* The header comes last: before it nobody takes the container for an image. */
static int32_t write_image(struct tarn_call *call, struct tarn_io *file, struct tarn_io *data,
                           const char *data_name, const struct tarn_image_spec *spec,
                           struct qcow2_layout *layout)
{
    int32_t status = clear_place(call, file, layout);

    if (status == TARN_OK)
        status = write_table(call, file, layout);
    if (status == TARN_OK)
        status = write_blocks(call, file, layout);
    if (status == TARN_OK)
        status = write_start(call, file, spec, data_name, layout);
    if (status == TARN_OK && layout->preallocation != TARN_PREALLOC_OFF && layout->header.size > 0)
        status = preallocate(call, file, data, layout->preallocation);
    return status;
}

int32_t qcow2_create(struct tarn_call *call, struct tarn_io *file,
                     const struct tarn_image_spec *spec)
{
    struct qcow2_layout layout;
    struct tarn_io *data = NULL;
    const char *data_name;
    int32_t status = qcow2_lay_out(call, spec, &layout);
    int32_t closed;

    if (status != TARN_OK)
        return status;
    status = make_data_file(call, &layout.header, &data_name, &data);
    if (status == TARN_OK)
        status = write_image(call, file, data, data_name, spec, &layout);
    closed = tarn_io_close(call, data);
    return status != TARN_OK ? status : closed;
}
