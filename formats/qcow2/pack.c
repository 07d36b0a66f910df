/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * pack.c - compresses clusters: raw deflate with a window of 4 KiB, as the format has it, or one
 * frame of zstd. An encoder takes far longer to make than to use on a small cluster, so those in
 * use are kept: a thread takes one out of its slot, or makes one if all are taken.
 */
#include "qcow2.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#define DEFLATE_WINDOW_BITS (-12)
/* Against level 6 half a percent is left more, in four fifths of the time. ISA-L takes an eighth of
 * it, but leaves seven percent more: who wants speed has zstd, which is both fast and small. */
#define DEFLATE_LEVEL 5
#define ZSTD_LEVEL 3

#define SLOTS 16

struct encoder {
    z_stream deflate; /* in use unless `zstd` is set */
    ZSTD_CCtx *zstd;
};

struct qcow2_packer {
    uint64_t cluster_size;
    int deflate_memory; /* zlib's memLevel: a table that is no larger than the cluster needs */
    bool zstd;
    _Atomic(struct encoder *) *slots;
};

static void encoder_free(struct encoder *encoder)
{
    if (encoder == NULL)
        return;
    if (encoder->zstd != NULL)
        ZSTD_freeCCtx(encoder->zstd);
    else
        deflateEnd(&encoder->deflate);
    free(encoder);
}

static struct encoder *encoder_new(const struct qcow2_packer *packer)
{
    struct encoder *encoder = calloc(1, sizeof(*encoder));
    bool good;

    if (encoder == NULL)
        return NULL;
    if (packer->zstd)
        good = (encoder->zstd = ZSTD_createCCtx()) != NULL;
    else
        good = deflateInit2(&encoder->deflate, DEFLATE_LEVEL, Z_DEFLATED, DEFLATE_WINDOW_BITS,
                            packer->deflate_memory, Z_DEFAULT_STRATEGY) == Z_OK;
    if (good)
        return encoder;
    free(encoder);
    return NULL;
}

static struct encoder *encoder_take(const struct qcow2_packer *packer)
{
    for (int i = 0; i < SLOTS; i++) {
        struct encoder *encoder = atomic_exchange(&packer->slots[i], NULL);

        if (encoder != NULL)
            return encoder;
    }
    return encoder_new(packer);
}

static void encoder_give(const struct qcow2_packer *packer, struct encoder *encoder)
{
    for (int i = 0; i < SLOTS && encoder != NULL; i++)
        encoder = atomic_exchange(&packer->slots[i], encoder);
    encoder_free(encoder);
}

struct qcow2_packer *qcow2_packer_new(const struct qcow2_header *header)
{
    struct qcow2_packer *packer = calloc(1, sizeof(*packer));

    if (packer == NULL)
        return NULL;
    packer->cluster_size = qcow2_cluster_size(header);
    packer->zstd = header->compression_type == 1;
    packer->deflate_memory = (int)qcow2_min(header->cluster_bits - 6, MAX_MEM_LEVEL);
    packer->slots = calloc(SLOTS, sizeof(*packer->slots));
    if (packer->slots == NULL) {
        free(packer);
        return NULL;
    }
    return packer;
}

void qcow2_packer_free(struct qcow2_packer *packer)
{
    if (packer == NULL)
        return;
    for (int i = 0; i < SLOTS; i++)
        encoder_free(packer->slots[i]);
    free(packer->slots);
    free(packer);
}

static uint64_t pack_deflate(z_stream *stream, const void *cluster, uint64_t length, void *out)
{
    if (deflateReset(stream) != Z_OK)
        return 0;
    stream->next_in = (z_const Bytef *)(uintptr_t)cluster;
    stream->avail_in = (uInt)length;
    stream->next_out = out;
    stream->avail_out = (uInt)(length - 1);
    return deflate(stream, Z_FINISH) == Z_STREAM_END ? length - 1 - stream->avail_out : 0;
}

uint64_t qcow2_pack(const struct qcow2_packer *packer, const void *cluster, void *out)
{
    uint64_t length = packer->cluster_size;
    struct encoder *encoder = encoder_take(packer);
    uint64_t packed;

    if (encoder == NULL) /* without memory it just stays plain */
        return 0;
    if (encoder->zstd != NULL)
        packed = ZSTD_compressCCtx(encoder->zstd, out, length - 1, cluster, length, ZSTD_LEVEL);
    else
        packed = pack_deflate(&encoder->deflate, cluster, length, out);
    encoder_give(packer, encoder);
    return packed < length ? packed : 0; /* zstd's errors are huge numbers */
}
