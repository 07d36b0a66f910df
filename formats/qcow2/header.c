/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * header.c - the fixed header of a qcow2 image: bytes to numbers, checked, and back.
 */
#include "head.h"

#include <string.h>

#include "helpers/be.h"

#define BAD(call, ...) tarn_fail(call, TARN_E_CORRUPT, 0, __VA_ARGS__)

static void decode_common(const uint8_t *bytes, struct qcow2_header *header)
{
    header->version = be32_load(bytes + 4);
    header->backing_offset = be64_load(bytes + 8);
    header->backing_length = be32_load(bytes + 16);
    header->cluster_bits = be32_load(bytes + 20);
    header->size = be64_load(bytes + 24);
    header->crypt_method = be32_load(bytes + 32);
    header->l1_size = be32_load(bytes + 36);
    header->l1_offset = be64_load(bytes + 40);
    header->reftable_offset = be64_load(bytes + 48);
    header->reftable_clusters = be32_load(bytes + 56);
    header->snapshot_count = be32_load(bytes + 60);
    header->snapshots_offset = be64_load(bytes + 64);
    header->incompatible = header->compatible = header->autoclear = 0;
    header->refcount_order = 4; /* version 2 knows 16-bit refcounts only */
    header->header_length = QCOW2_HEADER_V2;
    header->compression_type = 0;
}

static void decode_version3(const uint8_t *bytes, uint64_t length, struct qcow2_header *header)
{
    header->incompatible = be64_load(bytes + 72);
    header->compatible = be64_load(bytes + 80);
    header->autoclear = be64_load(bytes + 88);
    header->refcount_order = be32_load(bytes + 96);
    header->header_length = be32_load(bytes + 100);
    if (header->header_length > 104 && length > 104)
        header->compression_type = bytes[104];
}

static int32_t check_geometry(struct tarn_call *call, const struct qcow2_header *header)
{
    if (header->cluster_bits < QCOW2_MIN_CLUSTER_BITS ||
        header->cluster_bits > QCOW2_MAX_CLUSTER_BITS)
        return BAD(call, "cluster_bits is %u, qcow2 allows %u to %u: the header is damaged",
                   header->cluster_bits, QCOW2_MIN_CLUSTER_BITS, QCOW2_MAX_CLUSTER_BITS);
    if (header->version >= 3 && (header->header_length < QCOW2_HEADER_V3 ||
                                 header->header_length > qcow2_cluster_size(header)))
        return BAD(call, "the header says that it is %u bytes long, which is less than %u or more "
                         "than a cluster: the header is damaged",
                   header->header_length, QCOW2_HEADER_V3);
    if (header->refcount_order > 6)
        return BAD(call, "refcount_order is %u, qcow2 allows 0 to 6: the header is damaged",
                   header->refcount_order);
    if (qcow2_extended(header) && header->cluster_bits < QCOW2_MIN_EXTENDED_BITS)
        return BAD(call, "extended L2 entries need clusters of at least 16 KiB, these have %llu "
                         "bytes: the header is damaged",
                   (unsigned long long)qcow2_cluster_size(header));
    if (header->size > INT64_MAX)
        return BAD(call, "the disk is said to have %llu bytes: the header is damaged",
                   (unsigned long long)header->size);
    return TARN_OK;
}

static int32_t check_codecs(struct tarn_call *call, const struct qcow2_header *header)
{
    bool marked = (header->incompatible & QCOW2_COMPRESSION) != 0;

    if (header->compression_type > 1)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "compression type %u is unknown; 0 (zlib) and 1 (zstd) are known",
                         header->compression_type);
    if (marked != (header->compression_type != 0))
        return BAD(call, "the compression type is %u, but its feature bit is %s: the header is "
                         "damaged", header->compression_type, marked ? "set" : "not set");
    if (header->crypt_method > 2)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "encryption method %u is unknown",
                         header->crypt_method);
    return TARN_OK;
}

/* A table of `length` bytes at `offset`: on a cluster, and not beyond what any file can hold. */
static int32_t check_table(struct tarn_call *call, const struct qcow2_header *header,
                           const char *name, uint64_t offset, uint64_t length)
{
    uint64_t end;

    if (offset & (qcow2_cluster_size(header) - 1))
        return BAD(call, "the %s is at %llu, which is not the start of a cluster: the header is "
                         "damaged", name, (unsigned long long)offset);
    if (__builtin_add_overflow(offset, length, &end) || end > INT64_MAX)
        return BAD(call, "the %s at %llu with %llu bytes passes the end of any file: the header "
                         "is damaged", name, (unsigned long long)offset,
                   (unsigned long long)length);
    return TARN_OK;
}

static int32_t check_tables(struct tarn_call *call, const struct qcow2_header *header)
{
    uint64_t needed = qcow2_divide_up(header->size, qcow2_l1_covers(header));
    uint64_t reftable = (uint64_t)header->reftable_clusters << header->cluster_bits;
    int32_t status;

    if (header->l1_size > QCOW2_MAX_L1_ENTRIES)
        return BAD(call, "the L1 table has %u entries, at most %u are allowed: the header is "
                         "damaged", header->l1_size, QCOW2_MAX_L1_ENTRIES);
    if (header->l1_size < needed)
        return BAD(call, "the L1 table has %u entries, a disk of %llu bytes needs %llu: the "
                         "header is damaged", header->l1_size, (unsigned long long)header->size,
                   (unsigned long long)needed);
    if (reftable > QCOW2_MAX_REFTABLE_BYTES)
        return BAD(call, "the refcount table has %llu bytes, at most %llu are allowed: the header "
                         "is damaged", (unsigned long long)reftable,
                   (unsigned long long)QCOW2_MAX_REFTABLE_BYTES);
    if (header->snapshot_count > QCOW2_MAX_SNAPSHOTS)
        return BAD(call, "%u snapshots are more than the %u that are allowed: the header is "
                         "damaged", header->snapshot_count, QCOW2_MAX_SNAPSHOTS);
    status = check_table(call, header, "L1 table", header->l1_offset,
                         (uint64_t)header->l1_size * 8);
    if (status == TARN_OK)
        status = check_table(call, header, "refcount table", header->reftable_offset, reftable);
    if (status == TARN_OK)
        status = check_table(call, header, "snapshot table", header->snapshots_offset,
                             header->snapshot_count);
    return status;
}

static int32_t check_backing(struct tarn_call *call, const struct qcow2_header *header)
{
    uint64_t cluster = qcow2_cluster_size(header);

    if (header->backing_offset > cluster)
        return BAD(call, "the name of the backing file is at %llu, behind the first cluster: the "
                         "header is damaged", (unsigned long long)header->backing_offset);
    if (header->backing_offset != 0 &&
        (header->backing_length > QCOW2_MAX_NAME ||
         header->backing_length > cluster - header->backing_offset))
        return BAD(call, "the name of the backing file has %u bytes, more than %u or than fit "
                         "into the first cluster: the header is damaged",
                   header->backing_length, QCOW2_MAX_NAME);
    return TARN_OK;
}

int32_t qcow2_header_decode(struct tarn_call *call, const uint8_t *bytes, uint64_t length,
                            struct qcow2_header *out)
{
    int32_t status;

    if (length < QCOW2_HEADER_V2 || be32_load(bytes) != QCOW2_MAGIC)
        return BAD(call, "there is no qcow2 header: another format, or its start is overwritten");
    decode_common(bytes, out);
    if (out->version != 2 && out->version != 3)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "qcow2 version %u is unknown; 2 and 3 are known", out->version);
    if (out->version == 3 && length < QCOW2_HEADER_V3)
        return BAD(call, "the file ends within the qcow2 header: it was cut off");
    if (out->version == 3)
        decode_version3(bytes, length, out);
    status = check_geometry(call, out);
    if (status == TARN_OK)
        status = check_codecs(call, out);
    if (status == TARN_OK)
        status = check_tables(call, out);
    if (status == TARN_OK)
        status = check_backing(call, out);
    return status;
}

void qcow2_header_encode(const struct qcow2_header *header, uint8_t *bytes)
{
    be32_store(bytes, QCOW2_MAGIC);
    be32_store(bytes + 4, header->version);
    be64_store(bytes + 8, header->backing_offset);
    be32_store(bytes + 16, header->backing_length);
    be32_store(bytes + 20, header->cluster_bits);
    be64_store(bytes + 24, header->size);
    be32_store(bytes + 32, header->crypt_method);
    be32_store(bytes + 36, header->l1_size);
    be64_store(bytes + 40, header->l1_offset);
    be64_store(bytes + 48, header->reftable_offset);
    be32_store(bytes + 56, header->reftable_clusters);
    be32_store(bytes + 60, header->snapshot_count);
    be64_store(bytes + 64, header->snapshots_offset);
    if (header->version < 3)
        return;
    be64_store(bytes + 72, header->incompatible);
    be64_store(bytes + 80, header->compatible);
    be64_store(bytes + 88, header->autoclear);
    be32_store(bytes + 96, header->refcount_order);
    be32_store(bytes + 100, header->header_length);
    memset(bytes + 104, 0, QCOW2_HEADER_WRITTEN - 104);
    bytes[104] = (uint8_t)header->compression_type;
}

/* The magic alone also starts images of version 1, which are another format, qcow. */
int32_t qcow2_probe(const struct tarn_probe *probe)
{
    const uint8_t *head = probe->head;
    uint32_t version;
    uint32_t cluster_bits;

    if (probe->head_length < 8 || be32_load(head) != QCOW2_MAGIC)
        return TARN_PROBE_NO;
    version = be32_load(head + 4);
    if (version < 2)
        return TARN_PROBE_NO;
    if (version > 3 || probe->head_length < QCOW2_HEADER_V2)
        return TARN_PROBE_MAGIC;
    cluster_bits = be32_load(head + 20);
    if (cluster_bits < QCOW2_MIN_CLUSTER_BITS || cluster_bits > QCOW2_MAX_CLUSTER_BITS ||
        be64_load(head + 24) > INT64_MAX || be32_load(head + 36) > QCOW2_MAX_L1_ENTRIES)
        return TARN_PROBE_MAGIC;
    return TARN_PROBE_SURE;
}
