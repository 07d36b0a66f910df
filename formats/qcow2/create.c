/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * create.c - new images. What they start with lies in this order: header, refcount table, refcount
 * blocks, L1 table. In a new file all of it but a few bytes is a hole, so that an empty image costs
 * three small writes and one change of the file's size.
 */
#include "qcow2.h"

#include <stdlib.h>
#include <string.h>

#include "helpers/be.h"
#include "helpers/io-zero.h"

#define BAD(call, ...) tarn_fail(call, TARN_E_INVALID, 0, __VA_ARGS__)

#define DEFAULT_CLUSTER_BITS 16u

struct layout {
    struct qcow2_header header;
    uint64_t blocks;          /* refcount blocks that are there at the start */
    uint64_t blocks_offset;
    uint64_t start_clusters;  /* what is there at the start, in clusters */
    uint64_t all_clusters;    /* the same with all that preallocation adds */
    uint64_t backing_length;
};

static int32_t apply_features(struct tarn_call *call, const struct tarn_image_spec *spec,
                              struct qcow2_header *header)
{
    for (uint32_t i = 0; spec->features != NULL && spec->features[i] != NULL; i++) {
        const char *feature = spec->features[i];

        if (strcmp(feature, "lazy_refcounts") == 0)
            header->compatible |= QCOW2_LAZY_REFCOUNTS;
        else if (strcmp(feature, "extended_l2") == 0)
            header->incompatible |= QCOW2_EXTENDED_L2;
        else
            return BAD(call, "qcow2 has no feature %s; it has lazy_refcounts and extended_l2",
                       feature);
        if (header->version < 3)
            return BAD(call, "%s needs compat 1.1, and 0.10 was asked for", feature);
    }
    return TARN_OK;
}

static int32_t apply_refcount_bits(struct tarn_call *call, const char *value,
                                   struct qcow2_header *header)
{
    char *end;
    unsigned long bits = strtoul(value, &end, 10);

    if (*value == '\0' || *end != '\0' || bits < 1 || bits > 64 || (bits & (bits - 1)) != 0)
        return BAD(call, "refcount-bits is %s; it can be 1, 2, 4, 8, 16, 32 or 64", value);
    if (header->version < 3 && bits != 16)
        return BAD(call, "refcount-bits %s needs compat 1.1; 0.10 has 16", value);
    header->refcount_order = (uint32_t)__builtin_ctzl(bits);
    return TARN_OK;
}

static int32_t apply_compression(struct tarn_call *call, const char *value,
                                 struct qcow2_header *header)
{
    if (strcmp(value, "zlib") == 0)
        return TARN_OK;
    if (strcmp(value, "zstd") != 0)
        return BAD(call, "compression-type is %s; it can be zlib or zstd", value);
    if (header->version < 3)
        return BAD(call, "compression-type zstd needs compat 1.1");
    header->compression_type = 1;
    header->incompatible |= QCOW2_COMPRESSION;
    return TARN_OK;
}

static int32_t apply_options(struct tarn_call *call, const struct tarn_image_spec *spec,
                             struct qcow2_header *header)
{
    int32_t status = TARN_OK;

    for (uint32_t i = 0; status == TARN_OK && spec->options != NULL && spec->options[i] != NULL;
         i++) {
        const struct tarn_property *option = spec->options[i];

        if (strcmp(option->name, "refcount-bits") == 0)
            status = apply_refcount_bits(call, option->value, header);
        else if (strcmp(option->name, "compression-type") == 0)
            status = apply_compression(call, option->value, header);
        else
            status = BAD(call, "qcow2 has no option %s; it has refcount-bits and "
                               "compression-type", option->name);
    }
    return status;
}

static int32_t apply_cluster_size(struct tarn_call *call, const struct tarn_image_spec *spec,
                                  struct qcow2_header *header)
{
    uint64_t size = spec->cluster_size != 0 ? spec->cluster_size : (uint64_t)1
                                                                       << DEFAULT_CLUSTER_BITS;

    if ((size & (size - 1)) != 0 || size < (uint64_t)1 << QCOW2_MIN_CLUSTER_BITS ||
        size > (uint64_t)1 << QCOW2_MAX_CLUSTER_BITS)
        return BAD(call, "the cluster size is %llu; it can be a power of two from 512 to 2097152",
                   (unsigned long long)size);
    header->cluster_bits = (uint32_t)__builtin_ctzll(size);
    if (qcow2_extended(header) && header->cluster_bits < QCOW2_MIN_EXTENDED_BITS)
        return BAD(call, "extended_l2 needs clusters of at least 16384 bytes, and %llu was asked "
                         "for", (unsigned long long)size);
    return TARN_OK;
}

static int32_t apply_compat(struct tarn_call *call, const char *compat,
                            struct qcow2_header *header)
{
    header->version = 3;
    header->refcount_order = 4;
    header->header_length = QCOW2_HEADER_WRITTEN;
    if (compat == NULL || strcmp(compat, "1.1") == 0)
        return TARN_OK;
    if (strcmp(compat, "0.10") != 0)
        return BAD(call, "qcow2 has no compat %s; it has 0.10 and 1.1", compat);
    header->version = 2;
    header->header_length = QCOW2_HEADER_V2;
    return TARN_OK;
}

static int32_t check_backing(struct tarn_call *call, const struct tarn_image_spec *spec,
                             const struct layout *layout)
{
    if (spec->backing_name == NULL)
        return spec->backing_format == NULL
                   ? TARN_OK : BAD(call, "a backing format was given, but no backing store");
    if (spec->backing_name[0] == '\0' || layout->backing_length > QCOW2_MAX_NAME)
        return BAD(call, "the name of the backing store has %llu bytes; it can have 1 to %u",
                   (unsigned long long)layout->backing_length, QCOW2_MAX_NAME);
    /* Without it, readers would have to guess from bytes that a guest wrote. */
    if (spec->backing_format == NULL || spec->backing_format[0] == '\0' ||
        strlen(spec->backing_format) > 15)
        return BAD(call, "the backing store needs a format with a name of 1 to 15 bytes");
    if (spec->preallocation != TARN_PREALLOC_OFF && !qcow2_extended(&layout->header))
        return BAD(call, "preallocation with a backing store needs the feature extended_l2, else "
                         "the backing store would be hidden");
    return TARN_OK;
}

static int32_t apply_capacity(struct tarn_call *call, uint64_t capacity,
                              struct qcow2_header *header)
{
    uint64_t most = (uint64_t)QCOW2_MAX_L1_ENTRIES * qcow2_l1_covers(header);

    if (capacity > INT64_MAX - 511 || capacity > most)
        return BAD(call, "a qcow2 disk with clusters of %llu bytes has at most %llu bytes, and "
                         "%llu were asked for; larger clusters allow more",
                   (unsigned long long)qcow2_cluster_size(header), (unsigned long long)most,
                   (unsigned long long)capacity);
    header->size = qcow2_round_up(capacity, 512);
    header->l1_size = (uint32_t)qcow2_divide_up(header->size, qcow2_l1_covers(header));
    return TARN_OK;
}

/* The refcount table counts everything that will be, the first blocks what is there at the start;
 * both count themselves. */
static int32_t lay_out(struct tarn_call *call, const struct tarn_image_spec *spec,
                       struct layout *layout)
{
    struct qcow2_header *header = &layout->header;
    uint64_t cluster = qcow2_cluster_size(header);
    uint64_t covers = qcow2_block_covers(header);
    uint64_t l1 = qcow2_divide_up((uint64_t)header->l1_size * 8, cluster);
    uint64_t later = 0;
    uint64_t table = 1;
    uint64_t all_blocks = 1;
    uint64_t before;

    if (spec->preallocation != TARN_PREALLOC_OFF)
        later = qcow2_divide_up(header->size, cluster) + header->l1_size;
    layout->blocks = 1;
    do {
        before = table + all_blocks + layout->blocks;
        layout->start_clusters = 1 + table + layout->blocks + l1;
        layout->all_clusters = 1 + table + all_blocks + l1 + later;
        layout->blocks = qcow2_divide_up(layout->start_clusters, covers);
        all_blocks = qcow2_divide_up(layout->all_clusters, covers);
        table = qcow2_divide_up(all_blocks * 8, cluster);
    } while (before != table + all_blocks + layout->blocks);
    if (table * cluster > QCOW2_MAX_REFTABLE_BYTES)
        return BAD(call, "the refcounts of %llu clusters do not fit into a qcow2 image: take "
                         "larger clusters or fewer refcount-bits",
                   (unsigned long long)layout->all_clusters);
    header->reftable_clusters = (uint32_t)table;
    header->reftable_offset = cluster;
    layout->blocks_offset = (1 + table) * cluster;
    header->l1_offset = (1 + table + layout->blocks) * cluster;
    return TARN_OK;
}

static int32_t plan(struct tarn_call *call, const struct tarn_image_spec *spec,
                    struct layout *layout)
{
    struct qcow2_header *header = &layout->header;
    int32_t status;

    memset(layout, 0, sizeof(*layout));
    layout->backing_length = spec->backing_name != NULL ? strlen(spec->backing_name) : 0;
    if (spec->subformat != NULL)
        return BAD(call, "qcow2 has no subformat %s", spec->subformat);
    if (spec->preallocation != TARN_PREALLOC_OFF &&
        spec->preallocation != TARN_PREALLOC_METADATA &&
        spec->preallocation != TARN_PREALLOC_FALLOC && spec->preallocation != TARN_PREALLOC_FULL)
        return BAD(call, "preallocation %u is unknown", (unsigned int)spec->preallocation);
    status = apply_compat(call, spec->compat, header);
    if (status == TARN_OK)
        status = apply_features(call, spec, header);
    if (status == TARN_OK)
        status = apply_options(call, spec, header);
    if (status == TARN_OK)
        status = apply_cluster_size(call, spec, header);
    if (status == TARN_OK)
        status = check_backing(call, spec, layout);
    if (status == TARN_OK)
        status = apply_capacity(call, spec->capacity, header);
    return status == TARN_OK ? lay_out(call, spec, layout) : status;
}

int32_t qcow2_measure(struct tarn_call *call, const struct tarn_image_spec *spec, uint64_t *out)
{
    struct layout layout;
    int32_t status = plan(call, spec, &layout);

    *out = 0;
    if (status == TARN_OK)
        *out = layout.all_clusters << layout.header.cluster_bits;
    return status;
}

/* --- writing it ------------------------------------------------------------------------------- */

/* The longest start of an image: header, two extensions, the backing file's name. */
#define START_MAX 2048u

/* Names for the features of this image, for programs too old to know them. */
static const struct {
    uint8_t kind; /* 0 incompatible, 1 compatible */
    uint8_t bit;
    const char *name;
} feature_names[] = {
    { 0, 0, "dirty bit" },
    { 0, 1, "corrupt bit" },
    { 0, 3, "compression type" },
    { 0, 4, "extended L2 entries" },
    { 1, 0, "lazy refcounts" },
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
                           const struct tarn_image_spec *spec, struct layout *layout)
{
    struct qcow2_header *header = &layout->header;
    uint64_t names = sizeof(feature_names) / sizeof(feature_names[0]) * QCOW2_FEATURE_NAME_SIZE + 8;
    uint8_t bytes[START_MAX] = { 0 };
    uint8_t *to = bytes + header->header_length;

    if (spec->backing_name != NULL)
        to = put_extension(to, QCOW2_EXTENSION_BACKING_FORMAT, spec->backing_format,
                           (uint32_t)strlen(spec->backing_format));
    if (header->version >= 3 && (uint64_t)(to - bytes) + names + 8 + layout->backing_length <=
                                    qcow2_cluster_size(header))
        to = put_feature_names(to);
    to += 8; /* the end of the extensions: type 0, length 0 */
    if (spec->backing_name != NULL) {
        header->backing_offset = (uint64_t)(to - bytes);
        header->backing_length = (uint32_t)layout->backing_length;
        if (header->backing_offset + layout->backing_length > qcow2_cluster_size(header))
            return BAD(call, "the name of the backing store does not fit into a cluster of %llu "
                             "bytes: take larger clusters",
                       (unsigned long long)qcow2_cluster_size(header));
        memcpy(to, spec->backing_name, layout->backing_length);
        to += layout->backing_length;
    }
    qcow2_header_encode(header, bytes);
    return tarn_io_pwrite(call, file, bytes, (uint64_t)(to - bytes), 0);
}

static int32_t write_table(struct tarn_call *call, struct tarn_io *file,
                           const struct layout *layout)
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
                            const struct layout *layout)
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
                           const struct layout *layout)
{
    uint64_t length = layout->start_clusters << layout->header.cluster_bits;
    uint64_t needed = layout->all_clusters << layout->header.cluster_bits;
    uint64_t have;
    int32_t status = tarn_io_size(call, file, &have);

    if (status != TARN_OK)
        return status;
    if ((file->flags & TARN_IO_FIXED_SIZE) && have < needed)
        return tarn_fail(call, TARN_E_NO_SPACE, 0,
                         "the image needs %llu bytes and its container has %llu",
                         (unsigned long long)needed, (unsigned long long)have);
    if (have == 0 && (file->flags & TARN_IO_ZERO_NEW))
        return tarn_io_truncate(call, file, length, 0);
    return io_zero(call, file, 0, length, TARN_ZERO_MAY_UNMAP);
}

static int32_t preallocate(struct tarn_call *call, struct tarn_io *file,
                           const struct tarn_image_spec *spec)
{
    struct qcow2_image *image;
    struct qcow2_head head;
    int32_t status = qcow2_head_read(call, file, &head);

    if (status == TARN_OK)
        status = qcow2_image_new(call, &head, true, &image);
    if (status != TARN_OK)
        return status;
    image->unordered = true;
    status = qcow2_guards_build(call, image);
    if (status == TARN_OK)
        status = qcow2_preallocate(call, image, 0, image->size, spec->preallocation);
    if (status == TARN_OK)
        status = qcow2_image_finish(call, image);
    qcow2_image_free(image);
    return status;
}

/* The header comes last: before it nobody takes the container for an image. */
int32_t qcow2_create(struct tarn_call *call, struct tarn_io *file,
                     const struct tarn_image_spec *spec)
{
    struct layout layout;
    int32_t status = plan(call, spec, &layout);

    if (status == TARN_OK)
        status = clear_place(call, file, &layout);
    if (status == TARN_OK)
        status = write_table(call, file, &layout);
    if (status == TARN_OK)
        status = write_blocks(call, file, &layout);
    if (status == TARN_OK)
        status = write_start(call, file, spec, &layout);
    if (status == TARN_OK && spec->preallocation != TARN_PREALLOC_OFF && layout.header.size > 0)
        status = preallocate(call, file, spec);
    return status;
}
