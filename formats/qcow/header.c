/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * header.c - the head of a qcow image: the fixed part, and the backing store's name.
 */
#include "qcow.h"

#include <string.h>

#include "helpers/be.h"

#define BAD(call, ...) tarn_fail(call, TARN_E_CORRUPT, 0, __VA_ARGS__)

static void decode(const uint8_t *bytes, struct qcow_header *out)
{
    /* At 20 stands the backing store's modification time: QEMU writes 0 and never looks at it. */
    *out = (struct qcow_header){
        .backing_offset = be64_load(bytes + 8),
        .backing_length = be32_load(bytes + 16),
        .size = be64_load(bytes + 24),
        .cluster_bits = bytes[32],
        .l2_bits = bytes[33],
        .crypt_method = be32_load(bytes + 36),
        .l1_offset = be64_load(bytes + 40),
    };
}

static bool geometry_good(const struct qcow_header *header)
{
    return header->cluster_bits >= QCOW_MIN_CLUSTER_BITS &&
           header->cluster_bits <= QCOW_MAX_CLUSTER_BITS &&
           header->l2_bits >= QCOW_MIN_L2_BITS && header->l2_bits <= QCOW_MAX_L2_BITS;
}

/* After geometry_good(). */
static bool size_good(const struct qcow_header *header)
{
    return header->size > 1 && header->size <= INT64_MAX &&
           qcow_l1_bytes(header) / 8 <= QCOW_MAX_L1_ENTRIES;
}

static int32_t check_geometry(struct tarn_call *call, const struct qcow_header *header)
{
    if (header->cluster_bits < QCOW_MIN_CLUSTER_BITS ||
        header->cluster_bits > QCOW_MAX_CLUSTER_BITS)
        return BAD(call, "cluster_bits is %u, qcow allows %u to %u: the header is damaged",
                   header->cluster_bits, QCOW_MIN_CLUSTER_BITS, QCOW_MAX_CLUSTER_BITS);
    if (!geometry_good(header))
        return BAD(call, "l2_bits is %u, qcow allows %u to %u: the header is damaged",
                   header->l2_bits, QCOW_MIN_L2_BITS, QCOW_MAX_L2_BITS);
    if (!size_good(header))
        return BAD(call, "the disk has %llu bytes, qcow with these tables allows 2 to %llu: the "
                         "header is damaged", (unsigned long long)header->size,
                   (unsigned long long)qcow_min(INT64_MAX, QCOW_MAX_L1_ENTRIES *
                                                               qcow_l1_covers(header)));
    if (header->l1_offset < QCOW_HEADER_SIZE || header->l1_offset > INT64_MAX)
        return BAD(call, "the L1 table is at %llu, within the header or beyond any file: the "
                         "header is damaged", (unsigned long long)header->l1_offset);
    return TARN_OK;
}

static int32_t check_codecs(struct tarn_call *call, const struct qcow_header *header)
{
    if (header->crypt_method > 1)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "encryption method %u is unknown; 0 (none) and 1 (AES) are known",
                         header->crypt_method);
    return TARN_OK;
}

static int32_t check_backing(struct tarn_call *call, const struct qcow_head *head)
{
    const struct qcow_header *header = &head->header;

    if (header->backing_offset == 0)
        return TARN_OK;
    if (header->backing_length > QCOW_MAX_NAME)
        return BAD(call, "the name of the backing file has %u bytes, at most %u are allowed: the "
                         "header is damaged", header->backing_length, QCOW_MAX_NAME);
    if (header->backing_offset < QCOW_HEADER_SIZE || header->backing_offset > head->file_size ||
        header->backing_length > head->file_size - header->backing_offset)
        return BAD(call, "the name of the backing file is at %llu, within the header or behind "
                         "the end of the file: the header is damaged",
                   (unsigned long long)header->backing_offset);
    return TARN_OK;
}

static int32_t read_backing_name(struct tarn_call *call, struct tarn_io *file,
                                 const uint8_t *bytes, uint64_t length, struct qcow_head *head)
{
    uint64_t offset = head->header.backing_offset;
    uint64_t end = offset + head->header.backing_length;
    int32_t status = TARN_OK;

    if (offset == 0 || end == offset)
        return TARN_OK;
    if (end <= length)
        memcpy(head->backing_name, bytes + offset, end - offset);
    else
        status = tarn_io_pread(call, file, head->backing_name, end - offset, offset);
    if (status == TARN_OK && memchr(head->backing_name, '\0', end - offset) != NULL)
        return BAD(call, "the name of the backing file contains NUL bytes: the header is damaged");
    return status;
}

int32_t qcow_head_read(struct tarn_call *call, struct tarn_io *file, struct qcow_head *head)
{
    uint8_t bytes[QCOW_HEAD_SIZE];
    uint64_t length;
    int32_t status;

    memset(head, 0, sizeof(*head));
    status = tarn_io_size(call, file, &head->file_size);
    length = qcow_min(sizeof(bytes), head->file_size);
    if (status == TARN_OK)
        status = tarn_io_pread(call, file, bytes, length, 0);
    if (status != TARN_OK)
        return status;
    if (length < 8 || be32_load(bytes) != QCOW_MAGIC)
        return BAD(call, "there is no qcow header: another format, or its start is overwritten");
    if (be32_load(bytes + 4) != 1)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "version %u is not qcow's version 1: later versions are the format qcow2",
                         be32_load(bytes + 4));
    if (length < QCOW_HEADER_SIZE)
        return BAD(call, "the file ends within the qcow header: it was cut off");
    decode(bytes, &head->header);
    status = check_geometry(call, &head->header);
    if (status == TARN_OK)
        status = check_codecs(call, &head->header);
    if (status == TARN_OK)
        status = check_backing(call, head);
    return status == TARN_OK ? read_backing_name(call, file, bytes, length, head) : status;
}

void qcow_header_encode(const struct qcow_header *header, uint8_t *bytes)
{
    memset(bytes, 0, QCOW_HEADER_SIZE);
    be32_store(bytes, QCOW_MAGIC);
    be32_store(bytes + 4, 1);
    be64_store(bytes + 8, header->backing_offset);
    be32_store(bytes + 16, header->backing_length);
    be64_store(bytes + 24, header->size);
    bytes[32] = (uint8_t)header->cluster_bits;
    bytes[33] = (uint8_t)header->l2_bits;
    be32_store(bytes + 36, header->crypt_method);
    be64_store(bytes + 40, header->l1_offset);
}

/* Later versions begin with the same magic and are another format, qcow2. */
int32_t qcow_probe(const struct tarn_probe *probe)
{
    const uint8_t *head = probe->head;
    struct qcow_header header;

    if (probe->head_length < 8 || be32_load(head) != QCOW_MAGIC || be32_load(head + 4) != 1)
        return TARN_PROBE_NO;
    if (probe->head_length < QCOW_HEADER_SIZE)
        return TARN_PROBE_MAGIC;
    decode(head, &header);
    return geometry_good(&header) && size_good(&header) && header.crypt_method <= 1
               ? TARN_PROBE_SURE : TARN_PROBE_MAGIC;
}
