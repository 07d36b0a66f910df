/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * codec.c - compressed clusters: raw deflate, from exactly as many bytes as the L2 entry says to
 * exactly one cluster.
 */
#include "qcow.h"

#include <stdlib.h>
#include <zlib.h>

/* QEMU reads with a window of 4 KiB, so nothing larger is written; others may use all that deflate
 * has. */
#define WRITTEN_WINDOW_BITS (-12)
#define READ_WINDOW_BITS (-MAX_WBITS)
/* zlib then takes pieces of at most 64 KiB, which malloc() has at hand for the next cluster. */
#define PACK_MEMORY_LEVEL 8

struct qcow_codec {
    z_stream stream;
    uint8_t *packed; /* of a cluster's size: an entry tells of less */
};

void qcow_codec_free(struct qcow_codec *codec)
{
    if (codec == NULL)
        return;
    inflateEnd(&codec->stream);
    free(codec->packed);
    free(codec);
}

static int32_t codec_make(struct tarn_call *call, struct qcow_image *image)
{
    struct qcow_codec *codec = calloc(1, sizeof(*codec));

    if (codec != NULL)
        codec->packed = malloc(image->cluster_size);
    if (codec == NULL || codec->packed == NULL ||
        inflateInit2(&codec->stream, READ_WINDOW_BITS) != Z_OK) {
        if (codec != NULL)
            free(codec->packed);
        free(codec);
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to decompress a cluster");
    }
    image->codec = codec;
    return TARN_OK;
}

/* The stream may go on when the cluster is full: some writers do not end it. */
static bool inflate_cluster(struct qcow_codec *codec, uint64_t packed, void *to, uint64_t length)
{
    z_stream *stream = &codec->stream;
    int result;

    if (inflateReset(stream) != Z_OK)
        return false;
    stream->next_in = codec->packed;
    stream->avail_in = (uInt)packed;
    stream->next_out = to;
    stream->avail_out = (uInt)length;
    result = inflate(stream, Z_FINISH);
    return (result == Z_STREAM_END || result == Z_BUF_ERROR) && stream->avail_out == 0;
}

int32_t qcow_unpack(struct tarn_call *call, struct span_disk *disk, const struct span *span,
                    void *buffer)
{
    struct qcow_image *image = qcow_image_of(disk);
    uint64_t host = qcow_packed_offset(&image->header, span->cookie);
    uint64_t length = qcow_packed_length(&image->header, span->cookie);
    int32_t status = image->codec == NULL ? codec_make(call, image) : TARN_OK;

    if (status != TARN_OK)
        return status;
    if (length == 0 || !qcow_within(image, host, length))
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "the compressed cluster of %llu bytes at %llu is empty or passes the end "
                         "of the file: the file was cut off, or an L2 table is damaged",
                         (unsigned long long)length, (unsigned long long)host);
    status = tarn_io_pread(call, disk->container, image->codec->packed, length, host);
    if (status == TARN_OK && !inflate_cluster(image->codec, length, buffer, image->cluster_size))
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "the compressed cluster at %llu does not unpack to one cluster of %llu "
                         "bytes: its bytes are damaged", (unsigned long long)host,
                         (unsigned long long)image->cluster_size);
    return status;
}

uint64_t qcow_pack(const void *bytes, uint64_t length, void *out)
{
    z_stream stream = { .next_in = (void *)(uintptr_t)bytes, .avail_in = (uInt)length,
                        .next_out = out, .avail_out = (uInt)length - 1 };
    bool good;

    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WRITTEN_WINDOW_BITS,
                     PACK_MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
        return 0;
    good = deflate(&stream, Z_FINISH) == Z_STREAM_END;
    deflateEnd(&stream);
    return good ? length - 1 - stream.avail_out : 0;
}
