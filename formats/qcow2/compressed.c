/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * compressed.c - compressed clusters: raw deflate or zstd, each exactly one cluster when it is
 * unpacked.
 */
#include "qcow2.h"

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

/* QEMU writes with a window of 4 KiB; others may use all that deflate has. */
#define DEFLATE_WINDOW_BITS (-MAX_WBITS)
/* A frame that wants a window of more than 8 MiB is no cluster of at most 2 MiB. */
#define ZSTD_WINDOW_LOG 23

struct qcow2_decoder {
    z_stream deflate;
    bool deflate_ready;
    ZSTD_DCtx *zstd;
    uint64_t host;   /* what `cluster` holds … */
    uint64_t length; /* … unpacked from so many bytes; 0 = nothing yet */
    uint8_t *packed;
    uint8_t *cluster;
};

static int32_t no_memory(struct tarn_call *call)
{
    return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to decompress a cluster");
}

void qcow2_decoder_free(struct qcow2_decoder *decoder)
{
    if (decoder == NULL)
        return;
    if (decoder->deflate_ready)
        inflateEnd(&decoder->deflate);
    ZSTD_freeDCtx(decoder->zstd);
    free(decoder->packed);
    free(decoder->cluster);
    free(decoder);
}

/* An entry has cluster_bits - 8 bits for the number of sectors: it tells of two clusters at
 * most. */
static int32_t decoder_make(struct tarn_call *call, struct qcow2_image *image)
{
    struct qcow2_decoder *decoder = calloc(1, sizeof(*decoder));

    if (decoder == NULL)
        return no_memory(call);
    decoder->packed = malloc(image->cluster_size * 2);
    decoder->cluster = malloc(image->cluster_size);
    if (image->header.compression_type == 1)
        decoder->zstd = ZSTD_createDCtx();
    else
        decoder->deflate_ready = inflateInit2(&decoder->deflate, DEFLATE_WINDOW_BITS) == Z_OK;
    if (decoder->packed == NULL || decoder->cluster == NULL ||
        (decoder->zstd == NULL && !decoder->deflate_ready) ||
        (decoder->zstd != NULL &&
         ZSTD_isError(ZSTD_DCtx_setParameter(decoder->zstd, ZSTD_d_windowLogMax,
                                             ZSTD_WINDOW_LOG)))) {
        qcow2_decoder_free(decoder);
        return no_memory(call);
    }
    image->decoder = decoder;
    return TARN_OK;
}

/* What follows the stream in its last sector is none of its business. */
static bool unpack_deflate(struct qcow2_decoder *decoder, uint64_t length, uint64_t cluster_size)
{
    z_stream *stream = &decoder->deflate;
    int result;

    if (inflateReset(stream) != Z_OK)
        return false;
    stream->next_in = decoder->packed;
    stream->avail_in = (uInt)length;
    stream->next_out = decoder->cluster;
    stream->avail_out = (uInt)cluster_size;
    result = inflate(stream, Z_FINISH);
    return (result == Z_STREAM_END || result == Z_BUF_ERROR) && stream->avail_out == 0;
}

/* One or several frames; the last must be complete, and none may yield more than the cluster. */
static bool unpack_zstd(struct qcow2_decoder *decoder, uint64_t length, uint64_t cluster_size)
{
    ZSTD_inBuffer in = { decoder->packed, length, 0 };
    ZSTD_outBuffer out = { decoder->cluster, cluster_size, 0 };
    size_t left = 0;

    if (ZSTD_isError(ZSTD_DCtx_reset(decoder->zstd, ZSTD_reset_session_only)))
        return false;
    while (out.pos < out.size) {
        size_t before_in = in.pos;
        size_t before_out = out.pos;

        left = ZSTD_decompressStream(decoder->zstd, &out, &in);
        if (ZSTD_isError(left) || (in.pos == before_in && out.pos == before_out))
            return false;
    }
    return left == 0;
}

int32_t qcow2_decompress(struct tarn_call *call, struct qcow2_image *image, uint64_t host,
                         uint64_t length, const uint8_t **out)
{
    struct qcow2_decoder *decoder;
    bool good;
    int32_t status = image->decoder == NULL ? decoder_make(call, image) : TARN_OK;

    if (status != TARN_OK)
        return status;
    decoder = image->decoder;
    *out = decoder->cluster;
    length = qcow2_min(length, image->file_size - host);
    if (decoder->host == host && decoder->length == length)
        return TARN_OK;
    decoder->length = 0;
    status = tarn_io_pread(call, image->file, decoder->packed, length, host);
    if (status != TARN_OK)
        return status;
    good = decoder->zstd != NULL ? unpack_zstd(decoder, length, image->cluster_size)
                                 : unpack_deflate(decoder, length, image->cluster_size);
    if (!good)
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "the compressed cluster at %llu does not unpack to one cluster of %llu "
                         "bytes: its bytes are damaged", (unsigned long long)host,
                         (unsigned long long)image->cluster_size);
    decoder->host = host;
    decoder->length = length;
    return TARN_OK;
}
