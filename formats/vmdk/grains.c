/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * grains.c - where the bytes of the disk are, and how the packed grains of streams are unpacked.
 */
#include "vmdk.h"

#include <stdlib.h>
#include <zlib.h>

#include "helpers/le.h"

/* Shorter requests of a flat extent do not ask the filesystem for holes. */
#define ASK_FOR_HOLES ((uint64_t)65536)

struct vmdk_extent *vmdk_extent_at(struct vmdk_image *image, uint64_t offset)
{
    uint64_t low = 0;
    uint64_t high = image->count;

    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;

        if (image->extents[middle].start <= offset)
            low = middle;
        else
            high = middle;
    }
    return &image->extents[low]; /* of several that start there the last: empty ones come first */
}

/* --- flat ------------------------------------------------------------------------------------- */

struct run {
    bool hole;
    uint64_t length; /* 0 = nothing seen yet */
};

#define RUN_ENDS INT32_MAX /* no status */

static int32_t join_run(struct tarn_call *call, const struct tarn_extent *extent, void *arg)
{
    struct run *run = arg;
    bool hole = extent->kind == TARN_EXTENT_HOLE || extent->kind == TARN_EXTENT_ZERO;

    (void)call;
    if (run->length > 0 && run->hole != hole)
        return RUN_ENDS;
    run->hole = hole;
    run->length += extent->length;
    return TARN_OK;
}

/* Holes of the file are zeros; but spans that are not data consist of whole units. */
static int32_t find_flat(struct tarn_call *call, const struct vmdk_image *image,
                         const struct vmdk_extent *extent, uint64_t offset, uint64_t length,
                         struct span *out)
{
    uint64_t host = extent->host + (offset - extent->start);
    uint64_t before = (image->disk.unit - offset % image->disk.unit) % image->disk.unit;
    struct run run = { false, 0 };
    int32_t status = TARN_OK;

    *out = (struct span){ .kind = SPAN_DATA, .length = length, .file = extent->file,
                          .host = host };
    if (length < ASK_FOR_HOLES)
        return TARN_OK;
    status = tarn_io_extents(call, extent->file, host, length, join_run, &run);
    if (status != TARN_OK && status != RUN_ENDS)
        return status;
    out->length = run.length;
    if (!run.hole)
        return TARN_OK;
    if (before != 0) {
        out->length = vmdk_min(before, run.length);
        return TARN_OK;
    }
    if (offset + run.length != extent->start + extent->length)
        run.length -= run.length % image->disk.unit;
    if (run.length > 0)
        *out = (struct span){ .kind = SPAN_ZERO, .length = run.length };
    return TARN_OK;
}

/* --- sparse ----------------------------------------------------------------------------------- */

static struct vmdk_grain decode_sesparse(const struct vmdk_extent *extent, uint64_t entry)
{
    uint64_t grain = (entry >> 48 & 0xfff) | (entry & 0xffffffffffffu) << 12;
    struct vmdk_grain out = { VMDK_GRAIN_BAD, entry };

    switch (entry >> 60) {
    case 0:
        return (struct vmdk_grain){ entry == 0 ? VMDK_GRAIN_ABSENT : VMDK_GRAIN_BAD, entry };
    case 1: /* unmapped by the guest */
    case 2:
        return (struct vmdk_grain){ VMDK_GRAIN_ZERO, 0 };
    case 3:
        if (grain > (UINT64_MAX - extent->grains_base) / extent->grain)
            return out;
        return (struct vmdk_grain){ VMDK_GRAIN_STORED,
                                    extent->grains_base + grain * extent->grain };
    default:
        return out;
    }
}

struct vmdk_grain vmdk_grain_decode(const struct vmdk_extent *extent, const uint8_t *table,
                                    uint32_t entry)
{
    uint32_t sector;

    if (extent->entry_size == 8)
        return decode_sesparse(extent, le64_load(table + (size_t)entry * 8));
    sector = le32_load(table + (size_t)entry * 4);
    if (sector == 0)
        return (struct vmdk_grain){ VMDK_GRAIN_ABSENT, 0 };
    if (sector == 1)
        return (struct vmdk_grain){ extent->zero_entries ? VMDK_GRAIN_ZERO : VMDK_GRAIN_BAD, 1 };
    return (struct vmdk_grain){ VMDK_GRAIN_STORED, (uint64_t)sector * VMDK_SECTOR };
}

uint64_t vmdk_grain_length(const struct vmdk_extent *extent, uint64_t index)
{
    return vmdk_min(extent->grain, extent->length - index * extent->grain);
}

static int32_t check_grain(struct tarn_call *call, const struct vmdk_image *image,
                           const struct vmdk_extent *extent, uint64_t index,
                           const struct vmdk_grain *grain)
{
    uint64_t needed = extent->kind == VMDK_EXTENT_STREAM ? VMDK_MARKER_SIZE
                                                         : vmdk_grain_length(extent, index);

    if (grain->kind == VMDK_GRAIN_BAD)
        return VMDK_CORRUPT(call, "grain %llu of \"%s\" has the unknown entry 0x%llx: the grain "
                            "table is damaged", (vmdk_ull)index, extent->line->name,
                            (vmdk_ull)grain->host);
    if (grain->kind != VMDK_GRAIN_STORED)
        return TARN_OK;
    if (grain->host > extent->file_size || extent->file_size - grain->host < needed)
        return VMDK_CORRUPT(call, "grain %llu of \"%s\" would be at %llu, and the file has %llu "
                            "bytes: it is truncated or damaged", (vmdk_ull)index,
                            extent->line->name, (vmdk_ull)grain->host,
                            (vmdk_ull)extent->file_size);
    return image->disk.io.flags & TARN_IO_WRITABLE ? vmdk_guard_check(call, extent, grain->host)
                                                   : TARN_OK;
}

static bool in_a_row(const struct vmdk_extent *extent, const struct vmdk_grain *first,
                     const struct vmdk_grain *next, uint64_t distance)
{
    return next->kind == first->kind &&
           (first->kind != VMDK_GRAIN_STORED ||
            next->host == first->host + distance * extent->grain);
}

/* How many grains from `index` on are like the first, up to `count`, within one table. */
static int32_t count_alike(struct tarn_call *call, struct vmdk_image *image,
                           struct vmdk_extent *extent, uint64_t index, uint64_t count,
                           struct vmdk_grain *out, uint64_t *out_alike)
{
    uint32_t entry = (uint32_t)(index % extent->table_entries);
    uint64_t most = vmdk_min(count, extent->table_entries - entry);
    struct vmdk_table *table;
    uint64_t alike = 1;
    int32_t status = vmdk_table_get(call, image, extent, index / extent->table_entries, &table);

    if (status != TARN_OK)
        return status;
    *out_alike = most;
    *out = (struct vmdk_grain){ VMDK_GRAIN_ABSENT, 0 };
    if (table == NULL)
        return TARN_OK;
    *out = vmdk_grain_decode(extent, table->bytes, entry);
    status = check_grain(call, image, extent, index, out);
    if (out->kind == VMDK_GRAIN_STORED && extent->kind == VMDK_EXTENT_STREAM)
        most = 1;
    for (; alike < most && status == TARN_OK; alike++) {
        struct vmdk_grain next = vmdk_grain_decode(extent, table->bytes, entry + (uint32_t)alike);

        if (!in_a_row(extent, out, &next, alike))
            break;
        status = check_grain(call, image, extent, index + alike, &next);
    }
    *out_alike = alike;
    return status;
}

static void describe(const struct vmdk_extent *extent, uint64_t index,
                     const struct vmdk_grain *grain, uint64_t within, struct span *out)
{
    if (grain->kind == VMDK_GRAIN_ZERO) {
        out->kind = SPAN_ZERO;
    } else if (grain->kind == VMDK_GRAIN_STORED && extent->kind == VMDK_EXTENT_STREAM) {
        out->kind = SPAN_PACKED;
        out->unit_offset = extent->start + index * extent->grain;
        out->unit_length = vmdk_grain_length(extent, index);
        out->cookie = grain->host;
    } else if (grain->kind == VMDK_GRAIN_STORED) {
        out->kind = SPAN_DATA;
        out->file = extent->file;
        out->host = grain->host + within;
    } else {
        out->kind = SPAN_ABSENT;
    }
}

static int32_t find_sparse(struct tarn_call *call, struct vmdk_image *image,
                           struct vmdk_extent *extent, uint64_t offset, uint64_t length,
                           struct span *out)
{
    uint64_t first = (offset - extent->start) / extent->grain;
    uint64_t within = (offset - extent->start) % extent->grain;
    uint64_t wanted = vmdk_divide_up(within + length, extent->grain);
    uint64_t found = 0;
    struct vmdk_grain grain = { VMDK_GRAIN_ABSENT, 0 };

    while (found < wanted) {
        struct vmdk_grain next;
        uint64_t alike = 0;
        int32_t status = tarn_interrupted(call);

        if (status == TARN_OK)
            status = count_alike(call, image, extent, first + found, wanted - found, &next,
                                 &alike);
        if (status != TARN_OK)
            return status;
        if (found > 0 && (!in_a_row(extent, &grain, &next, found) ||
                          (extent->kind == VMDK_EXTENT_STREAM && next.kind == VMDK_GRAIN_STORED)))
            break;
        if (found == 0)
            grain = next;
        found += alike;
        if (extent->kind == VMDK_EXTENT_STREAM && next.kind == VMDK_GRAIN_STORED)
            break;
    }
    *out = (struct span){ .length = vmdk_min(length, found * extent->grain - within) };
    describe(extent, first, &grain, within, out);
    return TARN_OK;
}

int32_t vmdk_find(struct tarn_call *call, struct span_disk *disk, uint64_t offset, uint64_t length,
                  struct span *out)
{
    struct vmdk_image *image = (struct vmdk_image *)disk;
    struct vmdk_extent *extent = vmdk_extent_at(image, offset);

    length = vmdk_min(length, extent->start + extent->length - offset);
    if (vmdk_extent_sparse(extent))
        return find_sparse(call, image, extent, offset, length, out);
    if (extent->kind == VMDK_EXTENT_FLAT)
        return find_flat(call, image, extent, offset, length, out);
    *out = (struct span){ .kind = SPAN_ZERO, .length = length };
    return TARN_OK;
}

/* --- packed grains ---------------------------------------------------------------------------- */

/* Exactly `length` bytes come out, or more if that is not the whole grain: RFC 1950. What follows
 * the stream in its last sector is none of its business. */
static bool inflate_grain(const uint8_t *packed, uint64_t packed_length, void *bytes,
                          uint64_t length, bool whole)
{
    z_stream stream = { .next_in = (Bytef *)(uintptr_t)packed, .avail_in = (uInt)packed_length,
                        .next_out = bytes, .avail_out = (uInt)length };
    int result;

    if (inflateInit(&stream) != Z_OK)
        return false;
    result = inflate(&stream, Z_FINISH);
    inflateEnd(&stream);
    return stream.avail_out == 0 &&
           (result == Z_STREAM_END || (!whole && (result == Z_OK || result == Z_BUF_ERROR)));
}

/* Reads the marker and the packed bytes: usually in one go. */
static int32_t read_packed(struct tarn_call *call, const struct vmdk_image *image,
                           const struct vmdk_extent *extent, uint64_t host, uint64_t sector,
                           uint64_t *out_length)
{
    uint64_t have = vmdk_min(extent->grain, extent->file_size - host);
    uint64_t needed;
    int32_t status = tarn_io_pread(call, extent->file, image->packed, have, host);

    if (status != TARN_OK)
        return status;
    *out_length = le32_load(image->packed + 8);
    if (le64_load(image->packed) != sector || *out_length == 0 ||
        *out_length > VMDK_PACKED_MAX(extent->grain) ||
        *out_length > extent->file_size - host - VMDK_MARKER_SIZE)
        return VMDK_CORRUPT(call, "the grain at %llu of \"%s\" says that it is sector %llu in %llu "
                            "bytes, and sector %llu was looked for: it is damaged", (vmdk_ull)host,
                            extent->line->name, (vmdk_ull)le64_load(image->packed),
                            (vmdk_ull)*out_length, (vmdk_ull)sector);
    needed = *out_length + VMDK_MARKER_SIZE;
    return needed > have ? tarn_io_pread(call, extent->file, image->packed + have, needed - have,
                                         host + have)
                         : TARN_OK;
}

int32_t vmdk_unpack(struct tarn_call *call, struct span_disk *disk, const struct span *span,
                    void *buffer)
{
    struct vmdk_image *image = (struct vmdk_image *)disk;
    const struct vmdk_extent *extent = vmdk_extent_at(image, span->unit_offset);
    uint64_t length;
    int32_t status;

    if (image->packed == NULL)
        image->packed = malloc(VMDK_PACKED_MAX(disk->unpacked_max) + VMDK_MARKER_SIZE);
    if (image->packed == NULL)
        return VMDK_NO_MEMORY(call);
    status = read_packed(call, image, extent, span->cookie,
                         (span->unit_offset - extent->start) / VMDK_SECTOR, &length);
    if (status != TARN_OK)
        return status;
    if (!inflate_grain(image->packed + VMDK_MARKER_SIZE, length, buffer, span->unit_length,
                       span->unit_length == extent->grain))
        return VMDK_CORRUPT(call, "the grain at %llu of \"%s\" does not unpack to %llu bytes: it "
                            "is damaged", (vmdk_ull)span->cookie, extent->line->name,
                            (vmdk_ull)span->unit_length);
    return TARN_OK;
}
