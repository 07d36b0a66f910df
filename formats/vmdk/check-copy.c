/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * check-copy.c - the redundant grain tables, and what else a crash may leave of an extent that
 * bears the mark of an unclean end.
 */
#include "check.h"

#include "helpers/le.h"

/* After a crash one of the two tables may know a grain that the other does not: the grain is there,
 * and belonged to a write that was never completed. Two different grains are no such thing. */
static bool crash_did_it(const struct vmdk_extent *extent, const uint8_t *table,
                         const uint8_t *copy)
{
    if (!extent->unclean)
        return false;
    for (uint32_t i = 0; i < extent->table_entries; i++) {
        uint32_t one = le32_load(table + (size_t)i * 4);
        uint32_t other = le32_load(copy + (size_t)i * 4);

        if (one != other && one > 1 && other > 1)
            return false;
    }
    return true;
}

int32_t vmdk_check_copy(struct vmdk_check *check, const struct vmdk_extent *extent, uint64_t number,
                        uint64_t place, const uint8_t *table, uint8_t *room)
{
    static const char text[] = "\"%s\": the redundant copy differs from grain table %llu";
    uint64_t length = vmdk_table_bytes(extent);
    int32_t status = tarn_io_pread(check->call, extent->file, room, length, place);

    if (status != TARN_OK || memcmp(room, table, length) == 0)
        return status;
    if (check->repair) {
        status = tarn_io_pwrite(check->call, extent->file, table, length, place);
        if (status == TARN_OK)
            vmdk_mended(check, place, length, text, extent->line->name, (vmdk_ull)number);
        return status;
    }
    vmdk_found(check, crash_did_it(extent, table, room) ? TARN_FINDING_LEAK
                                                        : TARN_FINDING_CORRUPTION,
               place, length, text, extent->line->name, (vmdk_ull)number);
    return TARN_OK;
}

/* The header says more than the descriptor if a growth was interrupted between the two. */
static int32_t shorten(struct vmdk_check *check, struct vmdk_extent *extent)
{
    bool cowd = extent->kind == VMDK_EXTENT_COWD;
    uint8_t bytes[8];
    int32_t status;

    if (extent->capacity - extent->length < extent->grain)
        return TARN_OK;
    le64_store(bytes, extent->length / VMDK_SECTOR);
    status = tarn_io_pwrite(check->call, extent->file, bytes, cowd ? 4 : 8, 12);
    if (status == TARN_OK)
        vmdk_mended(check, 0, 0, "\"%s\": it was about to grow", extent->line->name);
    return status == TARN_OK ? tarn_io_flush(check->call, extent->file) : status;
}

/* What it counts as used may not have reached the storage. */
static int32_t recount(struct vmdk_check *check, const struct vmdk_extent *extent)
{
    uint8_t bytes[4];

    if (extent->kind != VMDK_EXTENT_COWD)
        return TARN_OK;
    le32_store(bytes, (uint32_t)vmdk_divide_up(extent->file_size, VMDK_SECTOR));
    return tarn_io_pwrite(check->call, extent->file, bytes, sizeof(bytes), VMDK_COWD_FREE_AT);
}

int32_t vmdk_check_unmark(struct vmdk_check *check, struct vmdk_extent *extent)
{
    int32_t status;

    if (!check->repair) {
        check->call->host->log(check->call, TARN_LOG_WARNING,
                               "the image was not closed cleanly: a repair takes the mark away");
        return TARN_OK;
    }
    status = shorten(check, extent);
    if (status == TARN_OK)
        status = recount(check, extent);
    if (status == TARN_OK)
        status = tarn_io_flush(check->call, extent->file);
    return status == TARN_OK ? vmdk_mark(check->call, extent, false) : status;
}
