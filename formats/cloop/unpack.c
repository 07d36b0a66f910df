/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * unpack.c - the codecs of cloop blocks. The output is a block and never more, so nothing can swell.
 */
#include "cloop.h"

#include <string.h>
#include <lzma.h>
#include <zlib.h>

/* The dictionary of xz's highest preset is 64 MiB, whatever the size of the block. */
#define XZ_MEMORY ((uint64_t)72 << 20)

static bool unpack_zlib(const uint8_t *packed, uint64_t length, uint8_t *out, uint64_t room,
                        uint64_t *out_used)
{
    z_stream stream;
    int result;

    memset(&stream, 0, sizeof(stream));
    stream.next_in = (z_const Bytef *)packed;
    stream.avail_in = (uInt)length;
    stream.next_out = out;
    stream.avail_out = (uInt)room;
    if (inflateInit(&stream) != Z_OK)
        return false;
    result = inflate(&stream, Z_FINISH);
    *out_used = stream.total_in;
    inflateEnd(&stream);
    return result == Z_STREAM_END && stream.avail_out == 0;
}

static bool unpack_xz(const uint8_t *packed, uint64_t length, uint8_t *out, uint64_t room,
                      uint64_t *out_used)
{
    uint64_t memory = XZ_MEMORY;
    size_t in = 0;
    size_t made = 0;
    lzma_ret result = lzma_stream_buffer_decode(&memory, 0, NULL, packed, &in, length, out, &made,
                                                room);

    *out_used = in;
    return result == LZMA_OK && made == room;
}

bool cloop_unpack(uint32_t codec, const uint8_t *packed, uint64_t length, uint8_t *out,
                  uint64_t room, uint64_t *out_used)
{
    *out_used = length;
    switch (codec) {
    case CLOOP_ZLIB:
        return unpack_zlib(packed, length, out, room, out_used);
    case CLOOP_XZ:
        return unpack_xz(packed, length, out, room, out_used);
    case CLOOP_NONE:
        if (length != room)
            return false;
        memcpy(out, packed, room);
        return true;
    default:
        return false;
    }
}
