/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * head.h - the first cluster of a qcow2 image, and the numbers of the format. See qcow2.h.
 */
#ifndef FORMAT_QCOW2_HEAD_H
#define FORMAT_QCOW2_HEAD_H

#include <stdbool.h>

#include <tarn/format.h>

#define QCOW2_MAGIC 0x514649fbu

#define QCOW2_HEADER_V2 72u
#define QCOW2_HEADER_V3 104u
#define QCOW2_HEADER_WRITTEN 112u /* what `create` writes: up to and with the compression type */

#define QCOW2_MIN_CLUSTER_BITS 9u
#define QCOW2_MAX_CLUSTER_BITS 21u
#define QCOW2_MIN_EXTENDED_BITS 14u /* 32 subclusters of at least 512 bytes */
#define QCOW2_SUBCLUSTERS 32u

/* What QEMU refuses beyond, so that nobody makes an image that others cannot open. */
#define QCOW2_MAX_L1_ENTRIES (((uint32_t)32 << 20) / 8)
#define QCOW2_MAX_REFTABLE_BYTES ((uint64_t)8 << 20)
#define QCOW2_MAX_SNAPSHOTS 65536u
#define QCOW2_MAX_SNAPSHOT_TABLE ((uint64_t)64 << 20)
#define QCOW2_MAX_SNAPSHOT_EXTRA 1024u
#define QCOW2_MAX_BITMAPS 65535u
#define QCOW2_MAX_BITMAP_DIRECTORY ((uint64_t)1024 * QCOW2_MAX_BITMAPS)
#define QCOW2_MAX_NAME 1023u

/* incompatible_features */
#define QCOW2_DIRTY ((uint64_t)1 << 0)
#define QCOW2_CORRUPT ((uint64_t)1 << 1)
#define QCOW2_DATA_FILE ((uint64_t)1 << 2)
#define QCOW2_COMPRESSION ((uint64_t)1 << 3)
#define QCOW2_EXTENDED_L2 ((uint64_t)1 << 4)
#define QCOW2_KNOWN_INCOMPATIBLE ((uint64_t)0x1f)
/* compatible_features */
#define QCOW2_LAZY_REFCOUNTS ((uint64_t)1 << 0)
/* autoclear_features */
#define QCOW2_BITMAPS ((uint64_t)1 << 0)
#define QCOW2_RAW_DATA_FILE ((uint64_t)1 << 1)

/* L1, L2 and refcount table entries */
#define QCOW2_OFFSET_MASK (((uint64_t)1 << 56) - 512)
#define QCOW2_REFTABLE_MASK (~(uint64_t)511)
#define QCOW2_COPIED ((uint64_t)1 << 63) /* the refcount is exactly 1 */
#define QCOW2_COMPRESSED ((uint64_t)1 << 62)
#define QCOW2_ZERO ((uint64_t)1)

/* Places of the header that are written on their own */
#define QCOW2_AT_SIZE 24u
#define QCOW2_AT_L1_SIZE 36u
#define QCOW2_AT_REFTABLE 48u
#define QCOW2_AT_INCOMPATIBLE 72u
#define QCOW2_AT_AUTOCLEAR 88u

/* Header extensions */
#define QCOW2_EXTENSION_END 0u
#define QCOW2_EXTENSION_BACKING_FORMAT 0xe2792acau
#define QCOW2_EXTENSION_FEATURE_NAMES 0x6803f857u
#define QCOW2_EXTENSION_BITMAPS 0x23852875u
#define QCOW2_EXTENSION_CRYPTO 0x0537be77u
#define QCOW2_EXTENSION_DATA_FILE 0x44415441u
#define QCOW2_FEATURE_NAME_SIZE 48u /* u8 kind, u8 bit, 46 bytes of name */

/* --- header.c: the fixed part ----------------------------------------------------------------- */

struct qcow2_header {
    uint32_t version;
    uint32_t backing_length;
    uint64_t backing_offset;
    uint64_t size; /* of the guest's disk */
    uint32_t cluster_bits;
    uint32_t crypt_method;
    uint32_t l1_size; /* entries */
    uint32_t reftable_clusters;
    uint64_t l1_offset;
    uint64_t reftable_offset;
    uint32_t snapshot_count;
    uint32_t refcount_order; /* a refcount has 1 << order bits */
    uint64_t snapshots_offset;
    uint64_t incompatible;
    uint64_t compatible;
    uint64_t autoclear;
    uint32_t header_length;
    uint32_t compression_type; /* 0 zlib, 1 zstd */
};

static inline uint64_t qcow2_cluster_size(const struct qcow2_header *header)
{
    return (uint64_t)1 << header->cluster_bits;
}

static inline bool qcow2_extended(const struct qcow2_header *header)
{
    return (header->incompatible & QCOW2_EXTENDED_L2) != 0;
}

/* Bytes of an L2 entry, and entries of an L2 table, which is one cluster. */
static inline uint64_t qcow2_l2_entry_size(const struct qcow2_header *header)
{
    return qcow2_extended(header) ? 16 : 8;
}

static inline uint64_t qcow2_l2_entries(const struct qcow2_header *header)
{
    return qcow2_cluster_size(header) / qcow2_l2_entry_size(header);
}

/* Guest bytes below one L1 entry. At most 2^21 * 2^18. */
static inline uint64_t qcow2_l1_covers(const struct qcow2_header *header)
{
    return qcow2_l2_entries(header) << header->cluster_bits;
}

/* Clusters that one refcount block, which is a cluster, counts. */
static inline uint64_t qcow2_block_covers(const struct qcow2_header *header)
{
    return (qcow2_cluster_size(header) * 8) >> header->refcount_order;
}

static inline uint64_t qcow2_divide_up(uint64_t value, uint64_t by)
{
    return value / by + (value % by != 0);
}

static inline uint64_t qcow2_round_up(uint64_t value, uint64_t to)
{
    return qcow2_divide_up(value, to) * to;
}

static inline uint64_t qcow2_min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline uint64_t qcow2_max(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Decodes and checks the fixed header. `length` is what there is of it, up to a cluster. Checks
 * all that the header alone can show; not the features, whose names stand in an extension. */
int32_t qcow2_header_decode(struct tarn_call *call, const uint8_t *bytes, uint64_t length,
                            struct qcow2_header *out);
/* Writes the header's QCOW2_HEADER_V2 or QCOW2_HEADER_WRITTEN bytes. */
void qcow2_header_encode(const struct qcow2_header *header, uint8_t *bytes);

/* tarn_format.probe */
int32_t qcow2_probe(const struct tarn_probe *probe);

/* --- extensions.c: all that the first cluster says -------------------------------------------- */

#define QCOW2_EXTENSIONS_TOLD 16u

#define QCOW2_HEAD_SIZE 4096u /* read at once; nearly every image's first cluster ends before */

struct qcow2_head {
    struct tarn_io *file;
    uint64_t file_size;
    uint64_t length; /* valid bytes of `bytes` */
    struct qcow2_header header;
    uint32_t bitmap_count; /* of the bitmaps extension; 0 = none */
    uint32_t extension_count; /* those that `extensions` has room for */
    uint32_t extensions[QCOW2_EXTENSIONS_TOLD]; /* the types, in order */
    uint32_t feature_names_length;
    uint64_t feature_names_offset;
    uint64_t bitmaps_offset;
    uint64_t bitmaps_length;
    uint64_t crypto_offset; /* of the full disk encryption header; 0 = none */
    uint64_t crypto_length;
    char backing_name[QCOW2_MAX_NAME + 1]; /* "" = none, as for the next two */
    char backing_format[64];
    char data_file[QCOW2_MAX_NAME + 1];
    uint8_t bytes[QCOW2_HEAD_SIZE];
};

/* Reads and checks the head of an image. One read of the container if everything stands in its
 * first QCOW2_HEAD_SIZE bytes. */
int32_t qcow2_head_read(struct tarn_call *call, struct tarn_io *file, struct qcow2_head *head);
/* Copies bytes of the first cluster; they may lie behind what the head holds of it. */
int32_t qcow2_head_copy(struct tarn_call *call, const struct qcow2_head *head, uint64_t offset,
                        uint64_t length, void *to);

/* --- features.c ------------------------------------------------------------------------------- */

enum qcow2_feature_kind {
    QCOW2_FEATURE_INCOMPATIBLE,
    QCOW2_FEATURE_COMPATIBLE,
    QCOW2_FEATURE_AUTOCLEAR
};

/* The names of the features `bits`, with commas between; "" if there are none. What is unknown here
 * is called as the image calls it. */
int32_t qcow2_features_name(struct tarn_call *call, const struct qcow2_head *head,
                            enum qcow2_feature_kind kind, uint64_t bits, char *out, uint64_t room);
/* NULL for an unknown one. */
const char *qcow2_extension_name(uint32_t type);

#endif
