/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * extensions.c - the first cluster of an image behind its fixed header: the header extensions and
 * the name of the backing file.
 */
#include "head.h"

#include <string.h>

#include "helpers/be.h"

int32_t qcow2_head_copy(struct tarn_call *call, const struct qcow2_head *head, uint64_t offset,
                        uint64_t length, void *to)
{
    if (offset + length <= head->length) {
        memcpy(to, head->bytes + offset, length);
        return TARN_OK;
    }
    if (offset + length > head->file_size)
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "the file ends at %llu, within its first cluster: it was cut off",
                         (unsigned long long)head->file_size);
    return tarn_io_pread(call, head->file, to, length, offset);
}

/* Text that stands in the image without a NUL. One within it would make two programs see two
 * names. */
static int32_t head_text(struct tarn_call *call, const struct qcow2_head *head, const char *what,
                         uint64_t offset, uint64_t length, char *to, uint64_t room)
{
    int32_t status;

    if (length >= room)
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "the %s has %llu bytes, at most %llu are allowed: the header is damaged",
                         what, (unsigned long long)length, (unsigned long long)(room - 1));
    status = qcow2_head_copy(call, head, offset, length, to);
    if (status != TARN_OK)
        return status;
    to[length] = '\0';
    if (strlen(to) != length)
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "the %s contains a NUL byte: the header is damaged", what);
    return TARN_OK;
}

static int32_t read_bitmaps(struct tarn_call *call, struct qcow2_head *head, uint64_t offset,
                            uint32_t length)
{
    uint8_t bytes[24];
    int32_t status;

    if (length != sizeof(bytes))
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "the bitmaps extension has %u bytes instead of 24: the header is damaged",
                         length);
    status = qcow2_head_copy(call, head, offset, sizeof(bytes), bytes);
    if (status != TARN_OK)
        return status;
    head->bitmap_count = be32_load(bytes);
    head->bitmaps_length = be64_load(bytes + 8);
    head->bitmaps_offset = be64_load(bytes + 16);
    if (head->bitmap_count == 0 || head->bitmap_count > QCOW2_MAX_BITMAPS ||
        head->bitmaps_length > QCOW2_MAX_BITMAP_DIRECTORY || head->bitmaps_offset > INT64_MAX ||
        (head->bitmaps_offset & (qcow2_cluster_size(&head->header) - 1)))
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "the bitmaps extension tells of %u bitmaps in %llu bytes at %llu: the "
                         "header is damaged", head->bitmap_count,
                         (unsigned long long)head->bitmaps_length,
                         (unsigned long long)head->bitmaps_offset);
    return TARN_OK;
}

static int32_t read_crypto(struct tarn_call *call, struct qcow2_head *head, uint64_t offset,
                           uint32_t length)
{
    uint8_t bytes[16];
    uint64_t end;
    int32_t status;

    if (length != sizeof(bytes) || head->header.crypt_method != 2)
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "an encryption header of %u bytes does not belong to encryption method "
                         "%u: the header is damaged", length, head->header.crypt_method);
    status = qcow2_head_copy(call, head, offset, sizeof(bytes), bytes);
    if (status != TARN_OK)
        return status;
    head->crypto_offset = be64_load(bytes);
    head->crypto_length = be64_load(bytes + 8);
    if (__builtin_add_overflow(head->crypto_offset, head->crypto_length, &end) ||
        end > INT64_MAX || (head->crypto_offset & (qcow2_cluster_size(&head->header) - 1)))
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "the encryption header is said to have %llu bytes at %llu: the header is "
                         "damaged", (unsigned long long)head->crypto_length,
                         (unsigned long long)head->crypto_offset);
    return TARN_OK;
}

/* Extensions of an unknown type are meant to be skipped. */
static int32_t read_extension(struct tarn_call *call, struct qcow2_head *head, uint32_t type,
                              uint64_t offset, uint32_t length)
{
    switch (type) {
    case QCOW2_EXTENSION_BACKING_FORMAT:
        return head_text(call, head, "format of the backing file", offset, length,
                         head->backing_format, sizeof(head->backing_format));
    case QCOW2_EXTENSION_DATA_FILE:
        return head_text(call, head, "name of the data file", offset, length, head->data_file,
                         sizeof(head->data_file));
    case QCOW2_EXTENSION_FEATURE_NAMES:
        head->feature_names_offset = offset;
        head->feature_names_length = length;
        return TARN_OK;
    case QCOW2_EXTENSION_BITMAPS:
        return read_bitmaps(call, head, offset, length);
    case QCOW2_EXTENSION_CRYPTO:
        return read_crypto(call, head, offset, length);
    default:
        return TARN_OK;
    }
}

/* They stand between the fixed header and the name of the backing file, or else the end of the
 * first cluster. Each is at least 8 bytes long, so the loop is bounded by the cluster. */
static int32_t read_extensions(struct tarn_call *call, struct qcow2_head *head)
{
    const struct qcow2_header *header = &head->header;
    uint64_t end = header->backing_offset != 0 ? header->backing_offset
                                               : qcow2_cluster_size(header);
    uint64_t offset = header->header_length;
    int32_t status = TARN_OK;

    end = qcow2_min(end, head->file_size);
    while (status == TARN_OK && offset + 8 <= end) {
        uint8_t bytes[8];
        uint32_t type;
        uint32_t length;

        status = qcow2_head_copy(call, head, offset, sizeof(bytes), bytes);
        if (status != TARN_OK)
            return status;
        type = be32_load(bytes);
        length = be32_load(bytes + 4);
        offset += sizeof(bytes);
        if (type == QCOW2_EXTENSION_END)
            return TARN_OK;
        if (length > end - offset)
            return tarn_fail(call, TARN_E_CORRUPT, 0,
                             "the header extension 0x%08x has %u bytes and passes the end of its "
                             "area: the header is damaged", type, length);
        if (head->extension_count < QCOW2_EXTENSIONS_TOLD)
            head->extensions[head->extension_count++] = type;
        status = read_extension(call, head, type, offset, length);
        offset += qcow2_round_up(length, 8);
    }
    return status;
}

static int32_t check_features(struct tarn_call *call, const struct qcow2_head *head)
{
    uint64_t unknown = head->header.incompatible & ~QCOW2_KNOWN_INCOMPATIBLE;
    char names[512];
    int32_t status;

    if (unknown == 0)
        return TARN_OK;
    status = qcow2_features_name(call, head, QCOW2_FEATURE_INCOMPATIBLE, unknown, names,
                                 sizeof(names));
    if (status != TARN_OK)
        return status;
    return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                     "the image uses incompatible features that are unknown here: %s; use a "
                     "program that knows them", names);
}

int32_t qcow2_head_read(struct tarn_call *call, struct tarn_io *file, struct qcow2_head *head)
{
    const struct qcow2_header *header = &head->header;
    int32_t status;

    memset(head, 0, offsetof(struct qcow2_head, backing_name));
    head->backing_name[0] = head->backing_format[0] = head->data_file[0] = '\0';
    head->file = file;
    status = tarn_io_size(call, file, &head->file_size);
    head->length = qcow2_min(head->file_size, QCOW2_HEAD_SIZE);
    if (status == TARN_OK)
        status = tarn_io_pread(call, file, head->bytes, head->length, 0);
    if (status == TARN_OK)
        status = qcow2_header_decode(call, head->bytes, head->length, &head->header);
    if (status == TARN_OK)
        status = read_extensions(call, head);
    if (status == TARN_OK)
        status = check_features(call, head);
    if (status == TARN_OK && header->backing_offset != 0)
        status = head_text(call, head, "name of the backing file", header->backing_offset,
                           header->backing_length, head->backing_name,
                           sizeof(head->backing_name));
    return status;
}
