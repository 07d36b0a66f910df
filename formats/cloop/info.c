/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * info.c - whether something is a cloop image, and what it says of itself.
 */
#include "cloop.h"

#include <inttypes.h>

/* An image that begins with a header is surely one: its table begins with its own end. Of a header
 * at the end only the numbers can be judged, and who appended it to what is not known. */
int32_t cloop_probe(const struct tarn_probe *probe)
{
    struct cloop_header header;

    if (cloop_header_parse(probe->head, probe->head_length, false, probe->size, &header) ==
        CLOOP_GOOD)
        return TARN_PROBE_SURE;
    if (probe->tail_length < CLOOP_HEADER_SIZE)
        return TARN_PROBE_NO;
    return cloop_header_parse((const uint8_t *)probe->tail + probe->tail_length -
                              CLOOP_HEADER_SIZE, CLOOP_HEADER_SIZE, true, probe->size,
                              &header) == CLOOP_GOOD ? TARN_PROBE_MAGIC : TARN_PROBE_NO;
}

/* Each block of a version 4.0 image says how it is packed; what the first says stands for all. */
static int32_t find_codec(struct tarn_call *call, struct tarn_io *file,
                          const struct cloop_header *header, const char **out)
{
    struct cloop_header first = *header;
    struct cloop_table table;
    struct cloop_block block;
    int32_t status;

    *out = cloop_codec_name(CLOOP_ZLIB);
    if (header->version != CLOOP_V4)
        return TARN_OK;
    first.blocks = 1; /* no more of the table is read */
    status = cloop_table_init(call, &table, file, &first);
    if (status != TARN_OK)
        return status;
    status = cloop_table_look(call, &table, 0, &block);
    cloop_table_clear(&table);
    *out = cloop_codec_name(block.codec);
    return status;
}

int32_t cloop_info(struct tarn_call *call, struct tarn_io *file)
{
    struct cloop_header header;
    char blocks[24];
    struct tarn_property count = { sizeof(count), 0, "blocks", blocks };
    struct tarn_property last = { sizeof(last), 0, "header", "last" };
    const struct tarn_property *properties[] = { &count, NULL, NULL };
    struct tarn_image_info info = { .struct_size = sizeof(info), .properties = properties };
    int32_t status = cloop_header_read(call, file, &header);

    if (status == TARN_OK)
        status = find_codec(call, file, &header, &info.compression);
    if (status != TARN_OK)
        return status;
    snprintf(blocks, sizeof(blocks), "%" PRIu64, header.blocks);
    if (header.last)
        properties[1] = &last;
    info.capacity = header.block * header.blocks;
    info.cluster_size = header.block;
    info.compat = cloop_version_name(header.version);
    return call->host->emit_image(call, &info);
}
