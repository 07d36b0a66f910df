/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * stream.c - streamOptimized images are written from the front to the back, each grain once: packed
 * grains, behind those of a grain table the table, at the end the directory, the footer that tells
 * where it is, and a mark of the end.
 */
#include "vmdk.h"

#include <stdlib.h>
#include <zlib.h>

#include "helpers/fill-disk.h"
#include "helpers/le.h"

#define MARKER_TABLE 1u
#define MARKER_DIRECTORY 2u
#define MARKER_FOOTER 3u
#define MARKER_END 0u

/* A sector that says what the next ones are. */
static void put_marker(uint8_t *sector, uint64_t sectors, uint32_t type)
{
    memset(sector, 0, VMDK_SECTOR);
    le64_store(sector, sectors);
    le32_store(sector + 12, type);
}

/* --- the end ---------------------------------------------------------------------------------- */

static int32_t write_footer(struct tarn_call *call, struct tarn_io *file,
                            const struct vmdk_header *header, uint64_t directory, uint64_t at)
{
    struct vmdk_header footer = *header;
    uint8_t bytes[3 * VMDK_SECTOR];

    footer.directory_offset = directory / VMDK_SECTOR;
    put_marker(bytes, 1, MARKER_FOOTER);
    vmdk_header_encode(&footer, bytes + VMDK_SECTOR);
    put_marker(bytes + 2 * VMDK_SECTOR, 0, MARKER_END);
    return tarn_io_pwrite(call, file, bytes, sizeof(bytes), at);
}

/* The directory of `count` entries, the footer and the end, from `at` on. */
static int32_t write_end(struct tarn_call *call, struct tarn_io *file,
                         const struct vmdk_header *header, const uint8_t *directory,
                         uint64_t count, uint64_t at)
{
    uint64_t length = vmdk_round_up(count * 4, VMDK_SECTOR);
    uint8_t marker[VMDK_SECTOR];
    int32_t status;

    put_marker(marker, length / VMDK_SECTOR, MARKER_DIRECTORY);
    status = tarn_io_pwrite(call, file, marker, sizeof(marker), at);
    at += VMDK_SECTOR;
    if (status == TARN_OK && length > 0)
        status = tarn_io_pwrite(call, file, directory, length, at);
    return status == TARN_OK ? write_footer(call, file, header, at, at + length) : status;
}

static uint64_t directory_count(const struct vmdk_header *header)
{
    return vmdk_divide_up(header->capacity, header->grain * header->table_entries);
}

static uint8_t *new_directory(const struct vmdk_header *header)
{
    return calloc(1, vmdk_round_up(directory_count(header) * 4, VMDK_SECTOR) + VMDK_SECTOR);
}

uint64_t vmdk_stream_end(const struct vmdk_header *header)
{
    return vmdk_round_up(directory_count(header) * 4, VMDK_SECTOR) + 4 * VMDK_SECTOR;
}

int32_t vmdk_stream_finish_empty(struct tarn_call *call, struct tarn_io *file,
                                 const struct vmdk_header *header)
{
    uint8_t *directory = new_directory(header);
    int32_t status;

    if (directory == NULL)
        return VMDK_NO_MEMORY(call);
    status = write_end(call, file, header, directory, directory_count(header),
                       header->overhead * VMDK_SECTOR);
    free(directory);
    return status;
}

/* --- the grains ------------------------------------------------------------------------------- */

struct stream {
    struct vmdk_image *image;
    struct tarn_io *file;
    struct vmdk_header header;
    uint64_t at;        /* where the next thing goes */
    uint64_t table;     /* which one is being filled */
    bool table_used;
    uint8_t *entries;   /* of it, behind room for its marker */
    uint8_t *directory;
    uint8_t *packed;    /* a grain with its marker, in whole sectors */
};

static uint64_t table_bytes(const struct stream *stream)
{
    return vmdk_round_up((uint64_t)stream->header.table_entries * 4, VMDK_SECTOR);
}

static int32_t append(struct tarn_call *call, struct stream *stream, const void *bytes,
                      uint64_t length)
{
    int32_t status;

    if (stream->at > (uint64_t)UINT32_MAX * VMDK_SECTOR - length)
        return tarn_fail(call, TARN_E_NO_SPACE, 0, "a streamOptimized image has at most 2 TiB of "
                         "packed data");
    status = tarn_io_pwrite(call, stream->file, bytes, length, stream->at);
    stream->at += length;
    return status;
}

static int32_t end_table(struct tarn_call *call, struct stream *stream)
{
    uint64_t length = table_bytes(stream);

    if (!stream->table_used)
        return TARN_OK;
    put_marker(stream->entries, length / VMDK_SECTOR, MARKER_TABLE);
    le32_store(stream->directory + stream->table * 4,
               (uint32_t)((stream->at + VMDK_SECTOR) / VMDK_SECTOR));
    stream->table_used = false;
    return append(call, stream, stream->entries, VMDK_SECTOR + length);
}

static int32_t put_grain(struct tarn_call *call, struct stream *stream,
                         const struct fill_unit *unit)
{
    uint64_t table = unit->index / stream->header.table_entries;
    uint64_t entry = unit->index % stream->header.table_entries;
    uint64_t length = vmdk_round_up(VMDK_MARKER_SIZE + unit->packed_length, VMDK_SECTOR);
    int32_t status = TARN_OK;

    if (stream->table != table)
        status = end_table(call, stream);
    if (status != TARN_OK)
        return status;
    if (!stream->table_used)
        memset(stream->entries + VMDK_SECTOR, 0, table_bytes(stream));
    stream->table = table;
    stream->table_used = true;
    le32_store(stream->entries + VMDK_SECTOR + entry * 4, (uint32_t)(stream->at / VMDK_SECTOR));
    le64_store(stream->packed, unit->index * stream->header.grain);
    le32_store(stream->packed + 8, (uint32_t)unit->packed_length);
    memcpy(stream->packed + VMDK_MARKER_SIZE, unit->packed, unit->packed_length);
    memset(stream->packed + VMDK_MARKER_SIZE + unit->packed_length, 0,
           length - VMDK_MARKER_SIZE - unit->packed_length);
    return append(call, stream, stream->packed, length);
}

static int32_t stream_put(struct tarn_call *call, void *arg, const struct fill_unit *unit)
{
    switch (unit->kind) {
    case FILL_SKIPPED:
    case FILL_ZERO:
        return TARN_OK;
    case FILL_PACKED:
        return put_grain(call, arg, unit);
    case FILL_PLAIN:
    default:
        return tarn_fail(call, TARN_E_INTERNAL, 0, "zlib could not pack a grain");
    }
}

static int32_t stream_finish(struct tarn_call *call, void *arg)
{
    struct stream *stream = arg;
    int32_t status = end_table(call, stream);

    if (status == TARN_OK)
        status = write_end(call, stream->file, &stream->header, stream->directory,
                           directory_count(&stream->header), stream->at);
    return status == TARN_OK ? tarn_io_flush(call, stream->file) : status;
}

static void stream_free(struct stream *stream)
{
    free(stream->entries);
    free(stream->directory);
    free(stream->packed);
    free(stream);
}

static int32_t stream_close(struct tarn_call *call, void *arg)
{
    struct stream *stream = arg;

    vmdk_image_free(call, stream->image);
    stream_free(stream);
    return TARN_OK;
}

/* RFC 1950; what does not pack becomes a little longer than it was, and is stored so all the same:
 * there are no plain grains in a stream. */
static uint64_t stream_pack(const void *arg, const void *bytes, uint64_t length, void *out)
{
    uLongf packed = compressBound((uLong)length);

    (void)arg;
    return compress2(out, &packed, bytes, (uLong)length, Z_DEFAULT_COMPRESSION) == Z_OK ? packed
                                                                                        : 0;
}

/* --- opening ---------------------------------------------------------------------------------- */

static int32_t check_empty(struct tarn_call *call, struct vmdk_image *image)
{
    struct vmdk_extent *extent = &image->extents[0];
    int32_t status = TARN_OK;

    for (uint64_t i = 0; i < extent->directory_count && status == TARN_OK; i++) {
        uint64_t table = 0;

        status = vmdk_directory_get(call, image, extent, VMDK_TABLE_DIRECTORY, i, &table);
        if (status == TARN_OK && table != 0)
            status = VMDK_REFUSE(call, "the image holds data already, and streamOptimized images "
                                 "are written once: make a new one");
    }
    return status;
}

static int32_t new_stream(struct tarn_call *call, struct vmdk_image *image, struct stream **out)
{
    struct stream *stream = calloc(1, sizeof(*stream));
    const struct vmdk_header *header = &image->head.hosted;
    uint64_t grain = header->grain * VMDK_SECTOR;

    *out = stream;
    if (stream == NULL)
        return VMDK_NO_MEMORY(call);
    stream->image = image;
    stream->file = image->head.file;
    stream->header = *header;
    stream->at = header->overhead * VMDK_SECTOR;
    stream->directory = new_directory(header);
    stream->entries = calloc(1, VMDK_SECTOR + table_bytes(stream));
    stream->packed = malloc(vmdk_round_up(compressBound((uLong)grain) + VMDK_MARKER_SIZE,
                                          VMDK_SECTOR));
    if (stream->directory != NULL && stream->entries != NULL && stream->packed != NULL)
        return TARN_OK;
    stream_free(stream);
    return VMDK_NO_MEMORY(call);
}

/* Without its footer the image is none, until it is complete. */
int32_t vmdk_stream_open(struct tarn_call *call, struct vmdk_image *image, struct tarn_io **out)
{
    uint64_t grain = image->head.hosted.grain * VMDK_SECTOR;
    struct fill_plan plan = {
        .size = image->disk.size, .unit = grain, .packed_room = compressBound((uLong)grain),
        .pad = 1, .pack = stream_pack, .put = stream_put, .finish = stream_finish,
        .close = stream_close,
    };
    struct stream *stream = NULL;
    int32_t status = TARN_OK;

    if (image->head.hosted.directory_offset != VMDK_GD_AT_END || image->extents[0].own_file ||
        vmdk_has_parent(&image->head.descriptor))
        status = VMDK_REFUSE(call, "only a streamOptimized image that was just made by tarn can be "
                             "filled");
    if (status == TARN_OK)
        status = check_empty(call, image);
    if (status == TARN_OK)
        status = new_stream(call, image, &stream);
    if (status != TARN_OK)
        return status;
    status = tarn_io_truncate(call, stream->file, stream->at, TARN_TRUNCATE_SHRINK);
    plan.arg = stream;
    if (status == TARN_OK)
        status = fill_disk_open(call, &plan, out);
    if (status != TARN_OK)
        stream_free(stream);
    return status;
}
