/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * read.c - guest bytes out of an image: stored, compressed, zero, or from below.
 */
#include "qcow2.h"

#include <string.h>

/* The last cluster of a file may be cut: QEMU does not write the zeros behind the end of a disk.
 * That it begins within the file was seen when its mapping was loaded. A data file may end
 * anywhere. */
static int32_t read_data(struct tarn_call *call, struct qcow2_image *image, uint8_t *to,
                         uint64_t length, uint64_t host)
{
    uint64_t size = image->file_size;
    uint64_t there;
    int32_t status = TARN_OK;

    if (qcow2_external(image))
        status = tarn_io_size(call, image->data, &size);
    if (status != TARN_OK)
        return status;
    there = host < size ? qcow2_min(length, size - host) : 0;
    memset(to + there, 0, length - there);
    return there > 0 ? tarn_io_pread(call, image->data, to, there, host) : TARN_OK;
}

static int32_t read_below(struct tarn_call *call, struct qcow2_image *image, uint8_t *to,
                          uint64_t length, uint64_t guest)
{
    uint64_t there;

    if (image->has_backing && image->backing == NULL)
        return tarn_fail(call, TARN_E_STATE, 0,
                         "%llu bytes at %llu lie in the backing store, and the image was opened "
                         "without it", (unsigned long long)length, (unsigned long long)guest);
    there = guest < image->backing_size ? qcow2_min(length, image->backing_size - guest) : 0;
    memset(to + there, 0, length - there);
    return there > 0 ? tarn_io_pread(call, image->backing, to, there, guest) : TARN_OK;
}

static int32_t read_compressed(struct tarn_call *call, struct qcow2_image *image, uint8_t *to,
                               const struct qcow2_run *run, uint64_t guest)
{
    const uint8_t *cluster;
    int32_t status = qcow2_decompress(call, image, run->host, run->compressed, &cluster);

    if (status == TARN_OK)
        memcpy(to, cluster + (guest & (image->cluster_size - 1)), run->length);
    return status;
}

int32_t qcow2_read(struct tarn_call *call, struct qcow2_image *image, void *buffer,
                   uint64_t length, uint64_t offset)
{
    uint8_t *to = buffer;
    int32_t status = TARN_OK;

    while (length > 0 && status == TARN_OK) {
        struct qcow2_run run;

        status = qcow2_run_at(call, image, offset, length, &run);
        if (status != TARN_OK)
            return status;
        switch (run.kind) {
        case QCOW2_RUN_DATA:
            status = read_data(call, image, to, run.length, run.host);
            break;
        case QCOW2_RUN_ZERO:
            memset(to, 0, run.length);
            break;
        case QCOW2_RUN_UNALLOCATED:
            status = read_below(call, image, to, run.length, offset);
            break;
        case QCOW2_RUN_COMPRESSED:
            status = read_compressed(call, image, to, &run, offset);
            break;
        }
        to += run.length;
        offset += run.length;
        length -= run.length;
        if (length > 0 && status == TARN_OK)
            status = tarn_interrupted(call);
    }
    return status;
}
