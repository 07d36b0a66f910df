/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * mapping.c - where one cluster of the guest lies: the L1 and L2 tables.
 */
#include "qcow2.h"

#include <string.h>

#include "helpers/be.h"

/* The descriptor of compressed bytes: below bit x the offset, above the number of 512-byte sectors
 * that are touched after the first one, where x = 62 - (cluster_bits - 8). */
static uint32_t sectors_bit(const struct qcow2_image *image)
{
    return 62 - (image->header.cluster_bits - 8);
}

static uint64_t encode_compressed(const struct qcow2_image *image,
                                  const struct qcow2_mapping *mapping)
{
    uint64_t sectors = ((mapping->host & 511) + mapping->compressed - 1) / 512;

    return QCOW2_COMPRESSED | sectors << sectors_bit(image) | mapping->host;
}

static const char *decode_compressed(const struct qcow2_image *image, uint64_t entry,
                                     uint64_t bitmap, struct qcow2_mapping *out)
{
    uint32_t x = sectors_bit(image);
    uint64_t sectors = ((entry & (QCOW2_COMPRESSED - 1)) >> x) + 1;

    if (entry & QCOW2_COPIED)
        return "a compressed cluster has the COPIED flag";
    if (bitmap != 0)
        return "a compressed cluster has a subcluster bitmap";
    if (qcow2_external(image))
        return "a cluster in an external data file is compressed";
    out->host = entry & (((uint64_t)1 << x) - 1);
    out->compressed = sectors * 512 - (out->host & 511);
    out->placed = true;
    return NULL;
}

static const char *decode_bitmap(const struct qcow2_image *image, uint64_t bitmap,
                                 struct qcow2_mapping *out)
{
    out->allocated = (uint32_t)bitmap;
    out->zero = (uint32_t)(bitmap >> 32);
    if (out->allocated & out->zero)
        return "a subcluster is both allocated and zero";
    if (out->allocated != 0 && !out->placed && !qcow2_external(image))
        return "a subcluster is allocated in a cluster that is not";
    return NULL;
}

const char *qcow2_mapping_decode(const struct qcow2_image *image, uint64_t entry, uint64_t bitmap,
                                 struct qcow2_mapping *out)
{
    bool zero = (entry & QCOW2_ZERO) != 0;

    *out = (struct qcow2_mapping){ 0 };
    if (entry & QCOW2_COMPRESSED)
        return decode_compressed(image, entry, bitmap, out);
    out->host = entry & QCOW2_OFFSET_MASK;
    out->copied = (entry & QCOW2_COPIED) != 0;
    out->placed = out->host != 0 || (qcow2_external(image) && out->copied);
    if (entry & ~(QCOW2_OFFSET_MASK | QCOW2_COPIED | QCOW2_ZERO))
        return "reserved bits are set";
    if (out->host & (image->cluster_size - 1))
        return "the offset is not the start of a cluster";
    if (zero && (image->header.version < 3 || image->subclusters > 1))
        return "the zero flag is set, which this image cannot have";
    if (image->subclusters > 1)
        return decode_bitmap(image, bitmap, out);
    out->zero = zero;
    out->allocated = out->placed && !zero;
    return NULL;
}

static uint64_t l2_index(const struct qcow2_image *image, uint64_t guest)
{
    return (guest >> image->header.cluster_bits) & (qcow2_l2_entries(&image->header) - 1);
}

/* The entry of the L1 table for `guest`; 0 behind its end. */
static int32_t load_l1(struct tarn_call *call, struct qcow2_image *image, uint64_t guest,
                       uint64_t *out)
{
    uint64_t index = guest / qcow2_l1_covers(&image->header);
    uint64_t table;
    int32_t status;

    *out = 0;
    if (index >= image->l1_size)
        return TARN_OK;
    status = qcow2_load64(call, image, QCOW2_PAGE_L1, image->l1_offset + index * 8, out);
    if (status != TARN_OK || *out == 0)
        return status;
    table = *out & QCOW2_OFFSET_MASK;
    if ((*out & ~(QCOW2_OFFSET_MASK | QCOW2_COPIED)) || (table & (image->cluster_size - 1)) ||
        table == 0)
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "entry %llu of the L1 table is 0x%llx, which is no place of an L2 table: "
                         "check the image", (unsigned long long)index, (unsigned long long)*out);
    if (table >= image->file_size || image->cluster_size > image->file_size - table)
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "the L2 table at %llu passes the end of the file at %llu: it was cut "
                         "off; check the image", (unsigned long long)table,
                         (unsigned long long)image->file_size);
    if (qcow2_guards_hit(image, table, image->cluster_size) != NULL)
        return qcow2_mark_corrupt(call, image, "the L2 table at %llu overlaps the %s",
                                  (unsigned long long)table,
                                  qcow2_guards_hit(image, table, image->cluster_size));
    return TARN_OK;
}

static int32_t check_place(struct tarn_call *call, const struct qcow2_image *image, uint64_t guest,
                           const struct qcow2_mapping *mapping)
{
    uint64_t end;

    if (!mapping->placed)
        return TARN_OK;
    if (qcow2_external(image)) {
        if (mapping->host != guest)
            return tarn_fail(call, TARN_E_CORRUPT, 0,
                             "the cluster at %llu of the disk lies at %llu of the data file; they "
                             "must be equal: check the image", (unsigned long long)guest,
                             (unsigned long long)mapping->host);
        return TARN_OK;
    }
    /* Compressed bytes are counted in whole sectors, of which the last may pass the end. */
    end = mapping->host + (mapping->compressed > 511 ? mapping->compressed - 511 : 1);
    if (end > image->file_size)
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "the cluster at %llu of the disk lies at %llu, behind the end of the file "
                         "at %llu: it was cut off; check the image", (unsigned long long)guest,
                         (unsigned long long)mapping->host,
                         (unsigned long long)image->file_size);
    return TARN_OK;
}

int32_t qcow2_mapping_load(struct tarn_call *call, struct qcow2_image *image, uint64_t guest,
                           struct qcow2_mapping *out, uint64_t *out_covered)
{
    uint64_t entry_size = qcow2_l2_entry_size(&image->header);
    uint64_t covers = qcow2_l1_covers(&image->header);
    uint64_t l1_entry;
    uint64_t at;
    uint64_t entry;
    uint64_t bitmap = 0;
    const char *fault;
    int32_t status = load_l1(call, image, guest, &l1_entry);

    if (status != TARN_OK)
        return status;
    *out = (struct qcow2_mapping){ 0 };
    if (out_covered != NULL)
        *out_covered = l1_entry == 0 ? covers - guest % covers : image->cluster_size;
    if (l1_entry == 0)
        return TARN_OK;
    at = (l1_entry & QCOW2_OFFSET_MASK) + l2_index(image, guest) * entry_size;
    status = qcow2_load64(call, image, QCOW2_PAGE_L2, at, &entry);
    if (status == TARN_OK && entry_size == 16)
        status = qcow2_load64(call, image, QCOW2_PAGE_L2, at + 8, &bitmap);
    if (status != TARN_OK)
        return status;
    fault = qcow2_mapping_decode(image, entry, bitmap, out);
    if (fault != NULL)
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "the L2 entry 0x%llx for %llu of the disk is damaged (%s): check the "
                         "image", (unsigned long long)entry, (unsigned long long)guest, fault);
    return check_place(call, image, guest, out);
}

int32_t qcow2_mapping_store(struct tarn_call *call, struct qcow2_image *image, uint64_t guest,
                            const struct qcow2_mapping *mapping)
{
    uint64_t entry = mapping->placed ? mapping->host : 0;
    uint64_t bitmap = (uint64_t)mapping->zero << 32 | mapping->allocated;
    uint64_t l1_entry;
    uint64_t at;
    int32_t status = load_l1(call, image, guest, &l1_entry);

    if (status != TARN_OK)
        return status;
    if (mapping->compressed != 0)
        entry = encode_compressed(image, mapping);
    else if (mapping->placed && mapping->copied)
        entry |= QCOW2_COPIED;
    if (image->subclusters == 1 && mapping->zero)
        entry |= QCOW2_ZERO;
    at = (l1_entry & QCOW2_OFFSET_MASK) +
         l2_index(image, guest) * qcow2_l2_entry_size(&image->header);
    status = qcow2_store64(call, image, QCOW2_PAGE_L2, at, entry);
    if (status == TARN_OK && image->subclusters > 1)
        status = qcow2_store64(call, image, QCOW2_PAGE_L2, at + 8, bitmap);
    return status;
}

/* The table is shared with a snapshot: this image goes on with a copy. A shared table is never
 * changed, so that what the storage holds of it is all there is. */
static int32_t copy_table(struct tarn_call *call, struct qcow2_image *image, uint64_t from,
                          uint64_t to)
{
    uint8_t *buffer;
    int32_t status = qcow2_bounce(call, image, &buffer);

    if (status == TARN_OK)
        status = tarn_io_pread(call, image->file, buffer, image->cluster_size, from);
    if (status == TARN_OK)
        status = qcow2_file_write(call, image, buffer, image->cluster_size, to);
    return status;
}

/* A table whose first clusters are all marked as zeros, in one write. */
static int32_t write_marks(struct tarn_call *call, struct qcow2_image *image, uint64_t clusters,
                           uint64_t to)
{
    uint64_t entry_size = qcow2_l2_entry_size(&image->header);
    uint8_t *buffer;
    int32_t status = qcow2_bounce(call, image, &buffer);

    if (status != TARN_OK)
        return status;
    memset(buffer, 0, image->cluster_size);
    for (uint64_t i = 0; i < clusters; i++) {
        if (image->subclusters > 1)
            be64_store(buffer + i * entry_size + 8, (uint64_t)UINT32_MAX << 32);
        else
            be64_store(buffer + i * entry_size, QCOW2_ZERO);
    }
    return qcow2_file_write(call, image, buffer, image->cluster_size, to);
}

/* Makes a table instead of the one that the L1 entry `old` tells of. Where there is none, its first
 * `zeros` clusters are marked as such. */
static int32_t new_table(struct tarn_call *call, struct qcow2_image *image, uint64_t guest,
                         uint64_t old, uint64_t zeros)
{
    uint64_t index = guest / qcow2_l1_covers(&image->header);
    uint64_t table;
    uint64_t count;
    int32_t status = qcow2_clusters_take(call, image, 1, &table, &count);

    if (status != TARN_OK)
        return status;
    if (old != 0)
        status = copy_table(call, image, old & QCOW2_OFFSET_MASK, table);
    else if (zeros != 0)
        status = write_marks(call, image, zeros, table);
    else
        status = qcow2_file_zero(call, image, table, image->cluster_size);
    if (status == TARN_OK)
        status = qcow2_store64(call, image, QCOW2_PAGE_L1, image->l1_offset + index * 8,
                               table | QCOW2_COPIED);
    if (status != TARN_OK) {
        qcow2_clusters_untake(call, image, table, 1);
        return status;
    }
    return old == 0 ? TARN_OK
                    : qcow2_clusters_release(call, image, old & QCOW2_OFFSET_MASK,
                                             image->cluster_size);
}

int32_t qcow2_mapping_prepare(struct tarn_call *call, struct qcow2_image *image, uint64_t guest)
{
    uint64_t old;
    int32_t status = load_l1(call, image, guest, &old);

    if (status != TARN_OK || (old & QCOW2_COPIED))
        return status;
    return new_table(call, image, guest, old, 0);
}

int32_t qcow2_mapping_mark_table(struct tarn_call *call, struct qcow2_image *image, uint64_t guest,
                                 uint64_t clusters)
{
    return new_table(call, image, guest, 0, clusters);
}
