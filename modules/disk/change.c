/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A change of the table: the kernel lets go of what will not be there, the table is written, the
 * kernel is told what is there. Killed in between, the kernel lacks partitions until the pool is
 * started again; the table is the old one or the new one.
 */
#include <stdio.h>
#include <string.h>

#include "disk.h"
#include "helpers/image-lock.h"

static void tell_repaired(struct tarn_call *call, const struct disk *disk)
{
    const struct gpt_state *gpt = &disk->table.gpt;
    char text[256];
    const char *what;

    if (disk->table.label->code != LABEL_CODE_GPT || (gpt->primary && gpt->backup && gpt->at_end))
        return;
    what = !gpt->primary  ? "the primary GPT was damaged, and was written anew from the backup"
           : !gpt->backup ? "the backup GPT was missing or damaged, and was written anew"
                          : "the backup GPT was not at the end of the disk, and was moved there";
    snprintf(text, sizeof(text), "%s: %s", disk->pool->device, what);
    call->host->notify(call, TARN_NOTICE_REPAIRED, NULL, text);
}

/* The failure that is recorded stays the first. */
static void go_back(struct tarn_call *call, struct disk *disk, const struct changes *changes)
{
    changes_take_back(changes, &disk->scratch);
    if (disk_look_at_kernel(call, disk) == TARN_OK &&
        kernel_let_go(call, disk, &disk->table) == TARN_OK)
        kernel_tell(call, disk, &disk->table);
}

/* A virtual machine may have the whole disk: the mark that QEMU leaves on images tells so. Ours
 * goes with the descriptor. */
static int32_t carry_out(struct tarn_call *call, struct disk *disk, const struct table *wanted,
                         const struct changes *changes)
{
    int32_t status = image_lock(call, disk->fd, true);

    if (status == TARN_OK)
        status = kernel_let_go(call, disk, wanted);
    if (status != TARN_OK)
        return status;
    status = changes_store(call, changes, &disk->scratch);
    if (status == TARN_OK)
        status = kernel_tell(call, disk, wanted);
    if (status != TARN_OK)
        go_back(call, disk, changes);
    return status;
}

int32_t change_commit(struct tarn_call *call, struct disk *disk)
{
    struct changes changes = { NULL, 0, 0 };
    struct table wanted;
    int32_t status = table_read(call, &wanted, &disk->scratch);

    if (status != TARN_OK)
        return status;
    status = changes_find(call, &changes, &disk->scratch, wanted.label, &disk->table.gpt);
    if (status == TARN_OK)
        status = carry_out(call, disk, &wanted, &changes);
    changes_clear(&changes);
    if (status != TARN_OK) {
        table_clear(&wanted);
        return status;
    }
    tell_repaired(call, disk);
    table_clear(&disk->table);
    disk->table = wanted;
    return TARN_OK;
}
