/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * codec.c - unpacking a chunk by its type. Bytes that follow a complete stream are let be: the
 * output is complete, and the checksums of zlib, bzip2 and xz have vouched for it.
 */
#include "codec.h"

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>

#include "dmg.h"

/* No chunk has so much to look back on. */
#define XZ_MEMORY ((uint64_t)64 << 20)

static int32_t unpack_zlib(const uint8_t *in, uint64_t in_size, uint8_t *out, uint64_t size)
{
    z_stream stream = { .next_in = (Bytef *)(uintptr_t)in, .avail_in = (uInt)in_size,
                        .next_out = out, .avail_out = (uInt)size };
    int result;

    if (inflateInit(&stream) != Z_OK)
        return TARN_E_INTERNAL;
    result = inflate(&stream, Z_FINISH);
    inflateEnd(&stream);
    if (result == Z_MEM_ERROR)
        return TARN_E_INTERNAL;
    return result == Z_STREAM_END && stream.avail_out == 0 ? TARN_OK : TARN_E_CORRUPT;
}

static int32_t unpack_bzip2(const uint8_t *in, uint64_t in_size, uint8_t *out, uint64_t size)
{
    unsigned int length = (unsigned int)size;
    int result = BZ2_bzBuffToBuffDecompress((char *)out, &length, (char *)(uintptr_t)in,
                                            (unsigned int)in_size, 0, 0);

    if (result == BZ_MEM_ERROR)
        return TARN_E_INTERNAL;
    return result == BZ_OK && length == size ? TARN_OK : TARN_E_CORRUPT;
}

/* What is called LZMA is a whole xz file. */
static int32_t unpack_xz(const uint8_t *in, uint64_t in_size, uint8_t *out, uint64_t size)
{
    uint64_t limit = XZ_MEMORY;
    size_t in_at = 0;
    size_t out_at = 0;
    lzma_ret result = lzma_stream_buffer_decode(&limit, 0, NULL, in, &in_at, in_size, out, &out_at,
                                                size);

    if (result == LZMA_MEM_ERROR)
        return TARN_E_INTERNAL;
    if (result == LZMA_MEMLIMIT_ERROR)
        return TARN_E_UNSUPPORTED;
    return result == LZMA_OK && out_at == size ? TARN_OK : TARN_E_CORRUPT;
}

static int32_t unpack_adc(const uint8_t *in, uint64_t in_size, uint8_t *out, uint64_t size)
{
    return dmg_adc_decode(in, in_size, out, size) ? TARN_OK : TARN_E_CORRUPT;
}

int32_t dmg_unpack(uint32_t type, const uint8_t *in, uint64_t in_size, uint8_t *out, uint64_t size,
                   struct dmg_fault *fault)
{
    static const struct {
        const char *name;
        int32_t (*unpack)(const uint8_t *in, uint64_t in_size, uint8_t *out, uint64_t size);
    } codecs[] = {
        { "ADC", unpack_adc }, { "zlib", unpack_zlib }, { "bzip2", unpack_bzip2 },
        { "LZFSE", dmg_lzfse_decode }, { "xz", unpack_xz },
    };
    int32_t status = codecs[type - DMG_ADC].unpack(in, in_size, out, size);

    if (status == TARN_E_INTERNAL)
        return dmg_fault_set(fault, status, "no memory to unpack %s data",
                             codecs[type - DMG_ADC].name);
    if (status == TARN_E_UNSUPPORTED)
        return dmg_fault_set(fault, status, "the %s data ask for more than 64 MiB of memory",
                             codecs[type - DMG_ADC].name);
    if (status != TARN_OK)
        return dmg_fault_set(fault, status, "the %llu bytes of %s data do not unpack to exactly "
                             "%llu: they are damaged", (unsigned long long)in_size,
                             codecs[type - DMG_ADC].name, (unsigned long long)size);
    return TARN_OK;
}
