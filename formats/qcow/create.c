/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * create.c - makes an empty image: the header, the backing store's name, an L1 table of zeros.
 */
#include "qcow.h"

#include <string.h>

#define BAD(call, ...) tarn_fail(call, TARN_E_INVALID, 0, __VA_ARGS__)

/* As QEMU chooses: small clusters over a backing store, so that little is copied from it. */
#define DEFAULT_CLUSTER_BITS 12u
#define BACKED_CLUSTER_BITS 9u

static int32_t check_spec(struct tarn_call *call, const struct tarn_image_spec *spec)
{
    if (spec->preallocation != TARN_PREALLOC_OFF)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "qcow images cannot be preallocated: leave it out, or choose qcow2");
    if (spec->subformat != NULL)
        return BAD(call, "qcow has no subformats: leave it out, or choose another format");
    if (spec->compat != NULL)
        return BAD(call, "qcow has no compatibility levels: leave it out, or choose qcow2");
    if (spec->features != NULL && spec->features[0] != NULL)
        return BAD(call, "qcow has no feature %s: leave it out, or choose qcow2",
                   spec->features[0]);
    if (spec->options != NULL && spec->options[0] != NULL)
        return BAD(call, "qcow has no option %s: leave it out", spec->options[0]->name);
    if (spec->backing_name == NULL && spec->backing_format != NULL)
        return BAD(call, "a backing format was given, but no backing store");
    return TARN_OK;
}

/* An L2 table fills a cluster, or more if it would not cover 2 MiB of the disk: that is what both
 * of QEMU's geometries come to. */
static int32_t choose_geometry(struct tarn_call *call, const struct tarn_image_spec *spec,
                               struct qcow_header *out)
{
    uint64_t size = spec->cluster_size;
    uint32_t bits = spec->backing_name != NULL ? BACKED_CLUSTER_BITS : DEFAULT_CLUSTER_BITS;

    if (size != 0) {
        if ((size & (size - 1)) != 0 || size < (uint64_t)1 << QCOW_MIN_CLUSTER_BITS ||
            size > (uint64_t)1 << QCOW_MAX_CLUSTER_BITS)
            return BAD(call, "the cluster size is %llu; it can be a power of two from 512 to 65536",
                       (unsigned long long)size);
        bits = (uint32_t)__builtin_ctzll(size);
    }
    out->cluster_bits = bits;
    out->l2_bits = bits - 3 > 21 - bits ? bits - 3 : 21 - bits;
    return TARN_OK;
}

/* QEMU sees whole sectors only, so a part of one is rounded up. */
static int32_t choose_size(struct tarn_call *call, uint64_t capacity, struct qcow_header *out)
{
    uint64_t most = qcow_min(QCOW_MAX_L1_ENTRIES * qcow_l1_covers(out),
                             (uint64_t)INT64_MAX / QCOW_SECTOR * QCOW_SECTOR);

    if (capacity == 0 || capacity > most)
        return BAD(call, "a qcow image with clusters of %llu bytes holds 1 to %llu bytes, and %llu "
                         "were asked for: choose %s", (unsigned long long)qcow_cluster_size(out),
                   (unsigned long long)most, (unsigned long long)capacity,
                   capacity == 0 ? "another format" : "larger clusters, or qcow2");
    out->size = qcow_round_up(capacity, QCOW_SECTOR);
    return TARN_OK;
}

static int32_t choose_places(struct tarn_call *call, const struct tarn_image_spec *spec,
                             struct qcow_header *out)
{
    size_t length = spec->backing_name != NULL ? strlen(spec->backing_name) : 0;

    if (spec->backing_name != NULL && (length == 0 || length > QCOW_MAX_NAME))
        return BAD(call, "the name of the backing store has %llu bytes; it can have 1 to %u",
                   (unsigned long long)length, QCOW_MAX_NAME);
    if (length > 0) {
        out->backing_offset = QCOW_HEADER_SIZE;
        out->backing_length = (uint32_t)length;
    }
    out->l1_offset = qcow_round_up(QCOW_HEADER_SIZE + length, 8);
    return TARN_OK;
}

static int32_t plan(struct tarn_call *call, const struct tarn_image_spec *spec,
                    struct qcow_header *out, uint64_t *out_end)
{
    int32_t status = check_spec(call, spec);

    *out_end = 0;
    memset(out, 0, sizeof(*out));
    if (status == TARN_OK)
        status = choose_geometry(call, spec, out);
    if (status == TARN_OK)
        status = choose_size(call, spec->capacity, out);
    if (status == TARN_OK)
        status = choose_places(call, spec, out);
    if (status == TARN_OK) /* QEMU fills the table up to a sector's length, and so do we */
        *out_end = out->l1_offset + qcow_round_up(qcow_l1_bytes(out), QCOW_SECTOR);
    return status;
}

int32_t qcow_measure(struct tarn_call *call, const struct tarn_image_spec *spec, uint64_t *out)
{
    struct qcow_header header;

    return plan(call, spec, &header, out);
}

int32_t qcow_create(struct tarn_call *call, struct tarn_io *file,
                    const struct tarn_image_spec *spec)
{
    uint8_t bytes[QCOW_HEADER_SIZE + QCOW_MAX_NAME + 8] = { 0 };
    struct qcow_header header;
    uint64_t end;
    int32_t status = plan(call, spec, &header, &end);

    if (status != TARN_OK)
        return status;
    if (file->flags & TARN_IO_FIXED_SIZE)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "a qcow image grows at the end of its file, and the size of this "
                         "container is fixed: choose raw or qcow2");
    qcow_header_encode(&header, bytes);
    if (header.backing_length > 0)
        memcpy(bytes + header.backing_offset, spec->backing_name, header.backing_length);
    status = tarn_io_pwrite(call, file, bytes, header.l1_offset, 0);
    return status == TARN_OK ? qcow_file_reach(call, file, header.l1_offset, end) : status;
}
