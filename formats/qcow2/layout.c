/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * layout.c - see layout.h.
 */
#include "layout.h"

#include <stdlib.h>
#include <string.h>

#define BAD(call, ...) tarn_fail(call, TARN_E_INVALID, 0, __VA_ARGS__)

#define DEFAULT_CLUSTER_BITS 16u

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

static int32_t read_boolean(struct tarn_call *call, const struct tarn_property *option, bool *out)
{
    *out = strcmp(option->value, "yes") == 0;
    if (!*out && strcmp(option->value, "no") != 0)
        return BAD(call, "%s is %s; it can be yes or no", option->name, option->value);
    return TARN_OK;
}

/* A raw data file is by itself what the guest sees, so that no backing store can show through. */
static int32_t apply_data_file(struct tarn_call *call, const struct tarn_image_spec *spec,
                               bool wanted, bool raw, struct qcow2_header *header)
{
    if (!wanted && !raw)
        return TARN_OK;
    if (!wanted)
        return BAD(call, "data-file-raw says how the data file is used, and none was asked for: "
                         "take data-file too");
    if (header->version < 3)
        return BAD(call, "data-file needs compat 1.1, and 0.10 was asked for");
    if (raw && spec->backing_name != NULL)
        return BAD(call, "with data-file-raw the data file is the whole disk, so that there can be "
                         "no backing store");
    header->incompatible |= QCOW2_DATA_FILE;
    header->autoclear |= raw ? QCOW2_RAW_DATA_FILE : 0;
    return TARN_OK;
}

static int32_t apply_options(struct tarn_call *call, const struct tarn_image_spec *spec,
                             struct qcow2_header *header)
{
    bool data_file = false;
    bool raw = false;
    int32_t status = TARN_OK;

    for (uint32_t i = 0; status == TARN_OK && spec->options != NULL && spec->options[i] != NULL;
         i++) {
        const struct tarn_property *option = spec->options[i];

        if (strcmp(option->name, "refcount-bits") == 0)
            status = apply_refcount_bits(call, option->value, header);
        else if (strcmp(option->name, "compression-type") == 0)
            status = apply_compression(call, option->value, header);
        else if (strcmp(option->name, "data-file") == 0)
            status = read_boolean(call, option, &data_file);
        else if (strcmp(option->name, "data-file-raw") == 0)
            status = read_boolean(call, option, &raw);
        else
            status = BAD(call, "qcow2 has no option %s; it has refcount-bits, compression-type, "
                               "data-file and data-file-raw", option->name);
    }
    return status == TARN_OK ? apply_data_file(call, spec, data_file, raw, header) : status;
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
                             const struct qcow2_layout *layout)
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
static int32_t place_tables(struct tarn_call *call, struct qcow2_layout *layout)
{
    struct qcow2_header *header = &layout->header;
    uint64_t cluster = qcow2_cluster_size(header);
    uint64_t covers = qcow2_block_covers(header);
    uint64_t l1 = qcow2_divide_up((uint64_t)header->l1_size * 8, cluster);
    uint64_t later = 0;
    uint64_t table = 1;
    uint64_t all_blocks = 1;
    uint64_t before;

    if (layout->preallocation != TARN_PREALLOC_OFF)
        later = header->l1_size;
    if (layout->preallocation != TARN_PREALLOC_OFF && !(header->incompatible & QCOW2_DATA_FILE))
        later += qcow2_divide_up(header->size, cluster);
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

/* What is not mapped reads as zeros, whatever the data file holds: a raw one is mapped from the
 * start. */
static int32_t apply_preallocation(struct tarn_call *call, const struct tarn_image_spec *spec,
                                   struct qcow2_layout *layout)
{
    uint32_t wanted = spec->preallocation;

    if (wanted != TARN_PREALLOC_OFF && wanted != TARN_PREALLOC_METADATA &&
        wanted != TARN_PREALLOC_FALLOC && wanted != TARN_PREALLOC_FULL)
        return BAD(call, "preallocation %u is unknown", (unsigned int)wanted);
    if (wanted == TARN_PREALLOC_OFF && (layout->header.autoclear & QCOW2_RAW_DATA_FILE))
        wanted = TARN_PREALLOC_METADATA;
    layout->preallocation = wanted;
    return TARN_OK;
}

int32_t qcow2_lay_out(struct tarn_call *call, const struct tarn_image_spec *spec,
                      struct qcow2_layout *out)
{
    struct qcow2_header *header = &out->header;
    int32_t status;

    memset(out, 0, sizeof(*out));
    out->backing_length = spec->backing_name != NULL ? strlen(spec->backing_name) : 0;
    if (spec->subformat != NULL)
        return BAD(call, "qcow2 has no subformat %s", spec->subformat);
    status = apply_compat(call, spec->compat, header);
    if (status == TARN_OK)
        status = apply_features(call, spec, header);
    if (status == TARN_OK)
        status = apply_options(call, spec, header);
    if (status == TARN_OK)
        status = apply_preallocation(call, spec, out);
    if (status == TARN_OK)
        status = apply_cluster_size(call, spec, header);
    if (status == TARN_OK)
        status = check_backing(call, spec, out);
    if (status == TARN_OK)
        status = apply_capacity(call, spec->capacity, header);
    return status == TARN_OK ? place_tables(call, out) : status;
}
