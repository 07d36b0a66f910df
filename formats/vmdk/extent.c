/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * extent.c - what a header says becomes an extent that can be read: where its tables are, and that
 * they lie in the file.
 */
#include "vmdk.h"

#include "helpers/le.h"

static const char *name_of(const struct vmdk_extent *extent)
{
    return extent->line->name != NULL ? extent->line->name : "";
}

/* --- sizes ------------------------------------------------------------------------------------ */

/* The two sizes of an extent are equal, but for a capacity that was rounded up to a grain, and for
 * a growth that was interrupted: the header grows first, and then bears the mark. */
static int32_t check_capacity(struct tarn_call *call, const struct vmdk_extent *extent)
{
    uint64_t length = extent->length;
    uint64_t capacity = extent->capacity;

    if (capacity >= length && (capacity - length < extent->grain || extent->unclean))
        return TARN_OK;
    return VMDK_CORRUPT(call, "the extent \"%s\" has %llu sectors by the descriptor and %llu by "
                        "its own header: one of them is damaged, or of another image",
                        name_of(extent), (vmdk_ull)(length / VMDK_SECTOR),
                        (vmdk_ull)(capacity / VMDK_SECTOR));
}

/* Places `count` entries at `sector`. */
static int32_t place(struct tarn_call *call, const struct vmdk_extent *extent, uint64_t sector,
                     const char *what, uint64_t *out)
{
    uint64_t bytes;
    uint64_t end;

    if (__builtin_mul_overflow(sector, VMDK_SECTOR, out) ||
        __builtin_mul_overflow(extent->directory_count, extent->entry_size, &bytes) ||
        __builtin_add_overflow(*out, bytes, &end) || end > extent->file_size ||
        (*out == 0 && bytes != 0))
        return VMDK_CORRUPT(call, "the %s of the extent \"%s\" would be %llu entries at sector "
                            "%llu, and the file has %llu bytes: it is truncated or damaged", what,
                            name_of(extent), (vmdk_ull)extent->directory_count, (vmdk_ull)sector,
                            (vmdk_ull)extent->file_size);
    return TARN_OK;
}

static int32_t count_entries(struct tarn_call *call, struct vmdk_extent *extent)
{
    uint64_t covers = extent->grain * extent->table_entries; /* at most 2^23 * 4096 */

    extent->directory_count = vmdk_divide_up(extent->capacity, covers);
    extent->grain_count = vmdk_divide_up(extent->length, extent->grain);
    return check_capacity(call, extent);
}

/* --- hosted and stream ------------------------------------------------------------------------ */

#define MARKER_END_OF_STREAM 0u
#define MARKER_FOOTER 3u

static bool is_marker(const uint8_t *bytes, uint64_t sectors, uint32_t type)
{
    return le64_load(bytes) == sectors && le32_load(bytes + 8) == 0 &&
           le32_load(bytes + 12) == type;
}

/* A stream that was written in one go has its directory at the end, told by a second header: its
 * marker, itself, and the mark of the end are the last three sectors. */
static int32_t read_footer(struct tarn_call *call, const struct vmdk_extent *extent,
                           struct vmdk_header *header)
{
    uint8_t bytes[3 * VMDK_SECTOR];
    struct vmdk_header footer;
    char room[160];
    const char *fault = "is missing: the image is incomplete";
    int32_t status;

    if (extent->file_size < 4 * VMDK_SECTOR)
        return VMDK_CORRUPT(call, "the footer of the extent \"%s\" %s", name_of(extent), fault);
    status = tarn_io_pread(call, extent->file, bytes, sizeof(bytes),
                           extent->file_size - sizeof(bytes));
    if (status != TARN_OK)
        return status;
    if (is_marker(bytes, 1, MARKER_FOOTER) && vmdk_header_magic(bytes + VMDK_SECTOR) &&
        is_marker(bytes + 2 * VMDK_SECTOR, 0, MARKER_END_OF_STREAM))
        fault = vmdk_header_decode(bytes + VMDK_SECTOR, &footer, room, sizeof(room));
    if (fault == NULL && (footer.capacity != header->capacity || footer.grain != header->grain ||
                          footer.table_entries != header->table_entries ||
                          footer.flags != header->flags))
        fault = "contradicts the header";
    if (fault == NULL && footer.directory_offset == VMDK_GD_AT_END)
        fault = "tells of no directory";
    if (fault != NULL)
        return VMDK_CORRUPT(call, "the footer of the extent \"%s\" %s", name_of(extent), fault);
    header->directory_offset = footer.directory_offset;
    header->redundant_offset = footer.redundant_offset;
    return TARN_OK;
}

static int32_t attach_hosted(struct tarn_call *call, struct vmdk_extent *extent,
                             const struct vmdk_header *from)
{
    struct vmdk_header header = *from;
    int32_t status = TARN_OK;

    extent->kind = header.compression != 0 ? VMDK_EXTENT_STREAM : VMDK_EXTENT_HOSTED;
    extent->version = header.version;
    extent->capacity = header.capacity * VMDK_SECTOR;
    extent->grain = header.grain * VMDK_SECTOR;
    extent->entry_size = 4;
    extent->table_entries = header.table_entries;
    extent->overhead = header.overhead * VMDK_SECTOR;
    if (!extent->own_file) { /* the descriptor was read from there */
        extent->text = header.descriptor_offset * VMDK_SECTOR;
        extent->text_length = header.descriptor_size * VMDK_SECTOR;
    }
    extent->zero_entries = (header.flags & VMDK_FLAG_ZERO_GRAINS) != 0;
    extent->unclean = header.unclean != 0;
    if (extent->overhead > extent->file_size)
        return VMDK_CORRUPT(call, "the extent \"%s\" has %llu bytes, less than its own metadata: "
                            "it is truncated", name_of(extent), (vmdk_ull)extent->file_size);
    if (header.directory_offset == VMDK_GD_AT_END)
        status = read_footer(call, extent, &header);
    if (status == TARN_OK)
        status = count_entries(call, extent);
    if (status == TARN_OK)
        status = place(call, extent, header.directory_offset, "grain directory",
                       &extent->directory);
    if (status == TARN_OK && (header.flags & VMDK_FLAG_REDUNDANT) && header.redundant_offset != 0)
        status = place(call, extent, header.redundant_offset, "redundant grain directory",
                       &extent->redundant);
    return status;
}

/* --- those of ESX ----------------------------------------------------------------------------- */

static int32_t attach_cowd(struct tarn_call *call, struct vmdk_extent *extent,
                           const struct vmdk_cowd *header)
{
    int32_t status;

    extent->kind = VMDK_EXTENT_COWD;
    extent->version = header->version;
    extent->capacity = (uint64_t)header->capacity * VMDK_SECTOR;
    extent->grain = (uint64_t)header->grain * VMDK_SECTOR;
    extent->entry_size = 4;
    extent->table_entries = VMDK_COWD_TABLE_ENTRIES;
    extent->overhead = VMDK_COWD_SIZE;
    extent->unclean = header->unclean;
    status = count_entries(call, extent);
    if (status == TARN_OK)
        status = place(call, extent, header->directory_offset, "grain directory",
                       &extent->directory);
    /* After a crash the count may have reached the storage, and the grains that it counts not. */
    if (status == TARN_OK && !extent->unclean &&
        header->free_sector > vmdk_divide_up(extent->file_size, VMDK_SECTOR))
        status = VMDK_CORRUPT(call, "the extent \"%s\" has %llu bytes, and %llu sectors are in use "
                              "by its header: it is truncated", name_of(extent),
                              (vmdk_ull)extent->file_size, (vmdk_ull)header->free_sector);
    return status;
}

static int32_t check_volatile(struct tarn_call *call, const struct vmdk_extent *extent,
                              uint64_t sector)
{
    uint8_t bytes[VMDK_SECTOR];
    const char *fault;
    uint64_t at;
    int32_t status;

    if (__builtin_mul_overflow(sector, VMDK_SECTOR, &at) || at > extent->file_size ||
        extent->file_size - at < VMDK_SECTOR)
        return VMDK_CORRUPT(call, "the extent \"%s\" has its second header behind the end of the "
                            "file: it is truncated or damaged", name_of(extent));
    status = tarn_io_pread(call, extent->file, bytes, sizeof(bytes), at);
    if (status != TARN_OK)
        return status;
    fault = vmdk_sesparse_check_volatile(bytes);
    return fault != NULL ? VMDK_CORRUPT(call, "the extent \"%s\" %s", name_of(extent), fault)
                         : TARN_OK;
}

static int32_t attach_sesparse(struct tarn_call *call, struct vmdk_extent *extent,
                               const struct vmdk_sesparse *header)
{
    int32_t status;

    extent->kind = VMDK_EXTENT_SESPARSE;
    extent->capacity = header->capacity * VMDK_SECTOR;
    extent->grain = header->grain * VMDK_SECTOR;
    extent->entry_size = 8;
    extent->table_entries = (uint32_t)(header->table_size * VMDK_SECTOR / 8);
    status = count_entries(call, extent);
    if (status == TARN_OK && extent->directory_count * 8 > vmdk_min(header->directory_size,
                                                                    UINT32_MAX) * VMDK_SECTOR)
        status = VMDK_CORRUPT(call, "the extent \"%s\" has a grain directory of %llu sectors, too "
                              "few for its size", name_of(extent),
                              (vmdk_ull)header->directory_size);
    if (status == TARN_OK)
        status = place(call, extent, header->directory_offset, "grain directory",
                       &extent->directory);
    if (status == TARN_OK &&
        (__builtin_mul_overflow(header->tables_offset, VMDK_SECTOR, &extent->tables_base) ||
         __builtin_mul_overflow(header->grains_offset, VMDK_SECTOR, &extent->grains_base) ||
         extent->tables_base > extent->file_size || extent->grains_base > extent->file_size))
        status = VMDK_CORRUPT(call, "the extent \"%s\" has its tables or grains behind the end of "
                              "the file: it is truncated or damaged", name_of(extent));
    return status == TARN_OK ? check_volatile(call, extent, header->volatile_offset) : status;
}

int32_t vmdk_extent_attach(struct tarn_call *call, struct vmdk_extent *extent,
                           const struct vmdk_head *head)
{
    switch (head->kind) {
    case VMDK_HEAD_HOSTED:
        return attach_hosted(call, extent, &head->hosted);
    case VMDK_HEAD_COWD:
        return attach_cowd(call, extent, &head->cowd);
    case VMDK_HEAD_SESPARSE:
        return attach_sesparse(call, extent, &head->sesparse);
    case VMDK_HEAD_TEXT:
    default:
        return VMDK_CORRUPT(call, "the file of the extent \"%s\" has no header of a sparse extent: "
                            "it is damaged, or another file", name_of(extent));
    }
}
