/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the partition table makes of sizes: they are counted in sectors, or in cylinders, and end
 * where the table's numbers do.
 */
#include "disk.h"
#include "place.h"

static int32_t tell(struct tarn_call *call, const struct disk *disk, const char *operation)
{
    const struct table *table = &disk->table;
    uint64_t grain = grain_of(table, disk->node.optimal, disk->node.misaligned).length;
    uint64_t sectors = disk->scratch.size / table->sector;
    struct tarn_capability capability = { .struct_size = sizeof(capability),
                                          .support = TARN_SUPPORT_NATIVE,
                                          .operation = operation };

    if (table->label->sectors_max != 0 && table->label->sectors_max < sectors)
        sectors = table->label->sectors_max;
    capability.minimum = grain * table->sector;
    capability.maximum = sectors / grain * grain * table->sector;
    capability.granularity = grain * table->sector;
    return call->host->emit_capability(call, &capability);
}

int32_t disk_capabilities(struct tarn_call *call, void *pool)
{
    static const char *const sized[] = { TARN_OPERATION_CREATE, TARN_OPERATION_GROW,
                                         TARN_OPERATION_SHRINK };
    struct disk disk;
    int32_t status = disk_open(call, pool, 0, &disk);
    size_t i;

    if (status == TARN_OK)
        status = disk_look(call, &disk);
    for (i = 0; i < sizeof(sized) / sizeof(sized[0]) && status == TARN_OK; i++)
        status = tell(call, &disk, sized[i]);
    disk_close(&disk);
    return status;
}
