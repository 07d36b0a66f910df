/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * check-extent.c - every entry of a sparse extent: does it point into the file, to bytes of its
 * own, and do the redundant tables say the same.
 */
#include "check.h"

#include <stdlib.h>

#include "helpers/le.h"

#define MARKER_TABLE 1u
#define MARKER_DIRECTORY 2u

struct walk {
    struct vmdk_check *check;
    struct vmdk_extent *extent;
    struct vmdk_map map;
    bool first_pass;    /* the others only look for overlaps */
    uint64_t previous;  /* where the last grain ended, 0 = none yet */
    uint8_t *second;    /* a redundant table */
    bool keep_mark;     /* of an unclean end: it explains what is there */
};

static const char *name_of(const struct walk *walk)
{
    return walk->extent->line->name;
}

static void corrupt(struct walk *walk, uint64_t offset, const char *what, uint64_t number)
{
    if (walk->first_pass)
        vmdk_found(walk->check, TARN_FINDING_CORRUPTION, offset, 0, "\"%s\": %s %llu",
                   name_of(walk), what, (vmdk_ull)number);
}

/* Bytes of the file that only one thing may use. */
static void use(struct walk *walk, uint64_t offset, uint64_t length, const char *what,
                uint64_t number)
{
    uint64_t first = offset / VMDK_SECTOR;
    uint64_t end = vmdk_divide_up(offset + length, VMDK_SECTOR);
    bool mine = first >= walk->map.first && first < walk->map.first + walk->map.count;

    /* Told in the pass in which it starts; one that starts before has been told then. */
    if (!vmdk_map_use(&walk->map, first, end - first) && mine)
        vmdk_found(walk->check, TARN_FINDING_CORRUPTION, offset, length,
                   "\"%s\": %s %llu overlaps something else", name_of(walk), what,
                   (vmdk_ull)number);
}

/* --- grains ----------------------------------------------------------------------------------- */

/* A packed grain says which it is, and how long. */
static int32_t packed_length(struct walk *walk, uint64_t index, uint64_t host, uint64_t *out)
{
    struct vmdk_extent *extent = walk->extent;
    uint8_t marker[VMDK_MARKER_SIZE];
    uint64_t length;
    int32_t status = tarn_io_pread(walk->check->call, extent->file, marker, sizeof(marker), host);

    *out = 0;
    if (status != TARN_OK)
        return status;
    length = le32_load(marker + 8);
    if (le64_load(marker) != index * (extent->grain / VMDK_SECTOR))
        corrupt(walk, host, "the marker is another grain's, not that of grain", index);
    else if (length == 0 || length > VMDK_PACKED_MAX(extent->grain) ||
             length > extent->file_size - host - VMDK_MARKER_SIZE)
        corrupt(walk, host, "the marker tells of an impossible length, at grain", index);
    else
        *out = length + VMDK_MARKER_SIZE;
    return TARN_OK;
}

static void count_grain(struct walk *walk, uint64_t host, uint64_t length)
{
    struct tarn_check_result *result = &walk->check->result;

    if (!walk->first_pass)
        return;
    result->allocated_clusters++;
    if (walk->extent->kind == VMDK_EXTENT_STREAM)
        result->compressed_clusters++;
    if (walk->previous != 0 && walk->previous != host)
        result->fragmented_clusters++;
    walk->previous = vmdk_round_up(host + length, VMDK_SECTOR);
}

static int32_t check_grain(struct walk *walk, uint64_t index, const struct vmdk_grain *grain)
{
    const struct vmdk_extent *extent = walk->extent;
    bool packed = extent->kind == VMDK_EXTENT_STREAM;
    uint64_t length = packed ? VMDK_MARKER_SIZE : vmdk_grain_length(extent, index);
    int32_t status = TARN_OK;

    if (grain->kind == VMDK_GRAIN_BAD)
        corrupt(walk, 0, "the table has an unknown entry for grain", index);
    if (grain->kind != VMDK_GRAIN_STORED)
        return TARN_OK;
    if (grain->host > extent->file_size || extent->file_size - grain->host < length) {
        corrupt(walk, grain->host, "behind the end of the file is grain", index);
        return TARN_OK;
    }
    if (packed)
        status = packed_length(walk, index, grain->host, &length);
    if (status != TARN_OK || length == 0)
        return status;
    count_grain(walk, grain->host, packed ? length : extent->grain);
    use(walk, grain->host, length, "grain", index);
    return TARN_OK;
}

/* --- tables ----------------------------------------------------------------------------------- */

/* Streams may say before a table that it is one. */
static int32_t check_marker(struct walk *walk, uint64_t place, uint64_t length, uint32_t type,
                            uint64_t number)
{
    uint8_t sector[VMDK_SECTOR];
    uint64_t expected = vmdk_divide_up(length, VMDK_SECTOR);
    int32_t status;

    if (walk->extent->kind != VMDK_EXTENT_STREAM || !walk->first_pass || place < 2 * VMDK_SECTOR)
        return TARN_OK;
    status = tarn_io_pread(walk->check->call, walk->extent->file, sector, sizeof(sector),
                           place - VMDK_SECTOR);
    if (status == TARN_OK && le32_load(sector + 8) == 0 && le32_load(sector + 12) == type &&
        le64_load(sector) != expected)
        corrupt(walk, place - VMDK_SECTOR, type == MARKER_TABLE
                    ? "wrong is the marker of grain table" : "wrong is the marker of directory",
                number);
    return status;
}

static bool in_file(const struct walk *walk, uint64_t place)
{
    const struct vmdk_extent *extent = walk->extent;

    return place >= VMDK_SECTOR && place <= extent->file_size &&
           extent->file_size - place >= vmdk_table_bytes(extent);
}

/* A new table that only one directory knows is what a crash leaves. */
static void directories_differ(struct walk *walk, uint64_t number, uint64_t second)
{
    bool crash = walk->extent->unclean && (second == 0 || in_file(walk, second));

    walk->keep_mark = true;
    if (walk->first_pass)
        vmdk_found(walk->check, crash ? TARN_FINDING_LEAK : TARN_FINDING_CORRUPTION, second, 0,
                   "\"%s\": the redundant directory says other things of grain table %llu",
                   name_of(walk), (vmdk_ull)number);
}

/* The redundant table: there, of its own, and the same. */
static int32_t check_second(struct walk *walk, uint64_t number, const uint8_t *bytes)
{
    struct vmdk_extent *extent = walk->extent;
    uint64_t second = 0;
    int32_t status;

    if (extent->redundant == 0)
        return TARN_OK;
    status = vmdk_directory_get(walk->check->call, walk->check->image, extent,
                                VMDK_TABLE_REDUNDANT, number, &second);
    if (status != TARN_OK)
        return status;
    if ((second == 0) != (bytes == NULL) || (second != 0 && !in_file(walk, second))) {
        directories_differ(walk, number, second);
        return TARN_OK;
    }
    if (second == 0)
        return TARN_OK;
    use(walk, second, vmdk_table_bytes(extent), "redundant grain table", number);
    return walk->first_pass ? vmdk_check_copy(walk->check, extent, number, second, bytes,
                                              walk->second)
                            : TARN_OK;
}

static int32_t check_table(struct walk *walk, uint64_t number)
{
    struct vmdk_check *check = walk->check;
    struct vmdk_extent *extent = walk->extent;
    uint64_t first = number * extent->table_entries;
    uint64_t place = 0;
    struct vmdk_table *table = NULL;
    uint8_t *bytes = NULL;
    int32_t status = vmdk_directory_get(check->call, check->image, extent, VMDK_TABLE_DIRECTORY,
                                        number, &place);

    if (status == TARN_OK && place != 0 && !in_file(walk, place)) {
        corrupt(walk, place, "outside of the file is grain table", number);
        return TARN_OK;
    }
    if (status == TARN_OK && place != 0) {
        use(walk, place, vmdk_table_bytes(extent), "grain table", number);
        status = check_marker(walk, place, vmdk_table_bytes(extent), MARKER_TABLE, number);
    }
    if (status == TARN_OK)
        status = vmdk_table_get(check->call, check->image, extent, number, &table);
    if (status == TARN_OK && table != NULL) /* the cache may drop it meanwhile */
        bytes = memcpy(walk->second + vmdk_table_bytes(extent), table->bytes,
                       vmdk_table_bytes(extent));
    if (status == TARN_OK)
        status = check_second(walk, number, bytes);
    for (uint32_t i = 0; bytes != NULL && i < extent->table_entries && status == TARN_OK; i++) {
        struct vmdk_grain grain = vmdk_grain_decode(extent, bytes, i);

        if (first + i < extent->grain_count)
            status = check_grain(walk, first + i, &grain);
    }
    return status;
}

/* --- all of it -------------------------------------------------------------------------------- */

/* The metadata at fixed places. */
static int32_t use_fixed(struct walk *walk)
{
    const struct vmdk_extent *extent = walk->extent;
    const struct vmdk_head *head = &walk->check->image->head;
    uint64_t directory = extent->directory_count * extent->entry_size;
    bool cowd = extent->kind == VMDK_EXTENT_COWD;

    use(walk, 0, cowd ? VMDK_COWD_SIZE : VMDK_SECTOR, "header", 0);
    if (!extent->own_file)
        use(walk, head->descriptor_at, head->hosted.descriptor_size * VMDK_SECTOR, "descriptor",
            0);
    if (directory > 0)
        use(walk, extent->directory, directory, "directory", 0);
    if (directory > 0 && extent->redundant != 0)
        use(walk, extent->redundant, directory, "redundant directory", 0);
    return directory > 0 ? check_marker(walk, extent->directory, directory, MARKER_DIRECTORY, 0)
                         : TARN_OK;
}

static int32_t one_pass(struct walk *walk)
{
    struct vmdk_check *check = walk->check;
    int32_t status = use_fixed(walk);

    for (uint64_t i = 0; i < walk->extent->directory_count && status == TARN_OK; i++) {
        status = tarn_interrupted(check->call);
        if (status == TARN_OK)
            status = check_table(walk, i);
        if (status == TARN_E_CORRUPT)
            status = vmdk_found_error(check, status, "a damaged table of", name_of(walk));
    }
    return status;
}

/* Space between the metadata and the end of the file that nothing uses; a stream has none that
 * could be told from its markers, and seSparse keeps its own books. */
static bool counts_leaks(const struct vmdk_extent *extent)
{
    return extent->kind == VMDK_EXTENT_HOSTED || extent->kind == VMDK_EXTENT_COWD;
}

static int32_t all_passes(struct walk *walk)
{
    struct vmdk_extent *extent = walk->extent;
    uint64_t sectors = vmdk_divide_up(extent->file_size, VMDK_SECTOR);
    int32_t status = vmdk_map_new(walk->check->call, sectors, &walk->map);

    walk->first_pass = true;
    for (uint64_t first = 0; first < sectors && status == TARN_OK;) {
        vmdk_map_begin(&walk->map, first, sectors);
        status = one_pass(walk);
        /* What lies before the grains is metadata, used or not. */
        vmdk_map_use(&walk->map, 0, extent->overhead / VMDK_SECTOR);
        first = vmdk_map_end(&walk->map, extent->grain / VMDK_SECTOR, sectors);
        walk->first_pass = false;
    }
    walk->map.leaks += walk->map.free_run / (extent->grain / VMDK_SECTOR);
    free(walk->map.bits);
    return status;
}

int32_t vmdk_check_extent(struct vmdk_check *check, struct vmdk_extent *extent)
{
    struct walk walk = { .check = check, .extent = extent };
    uint64_t before = check->result.corruptions;
    int32_t status;

    walk.second = malloc(2 * vmdk_table_bytes(extent));
    if (walk.second == NULL)
        return VMDK_NO_MEMORY(check->call);
    check->result.total_clusters += extent->grain_count;
    status = all_passes(&walk);
    free(walk.second);
    if (status != TARN_OK)
        return status;
    if (counts_leaks(extent) && walk.map.leaks > 0) {
        vmdk_found(check, TARN_FINDING_LEAK, 0, 0, "\"%s\": nothing uses the space of %llu grains",
                   name_of(&walk), (vmdk_ull)walk.map.leaks);
        check->result.leaks += walk.map.leaks - 1;
    }
    if (!extent->own_file)
        check->result.image_end = walk.map.used_end * VMDK_SECTOR;
    if (!extent->unclean || walk.keep_mark || check->result.corruptions != before)
        return TARN_OK;
    return vmdk_check_unmark(check, extent);
}
