/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dm.c - one ioctl per look: DM_TABLE_STATUS tells the device's numbers along with what its target
 * says. A volume is found by its UUID, "LVM-" and those of the group and of the volume, which no
 * escaping changes.
 */
#include "dm.h"

#include <errno.h>
#include <libdevmapper.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "helpers/errno-status.h"

#define SECTOR UINT64_C(512)

/* "LVM-", two UUIDs of 32 characters, "-tpool", NUL */
#define UUID_SIZE 80

/* libdevmapper says on stderr what fails; what matters of it is in an errno. */
static void keep_silent(int level, const char *file, int line, int error, const char *format, ...)
    TARN_PRINTF(5, 6);

static void keep_silent(int level, const char *file, int line, int error, const char *format, ...)
{
    (void)level;
    (void)file;
    (void)line;
    (void)error;
    (void)format;
}

static int32_t enter(struct tarn_call *call)
{
    int32_t status = TARN_OK;

    if (TARN_HAS(call->host, struct tarn_host, domain_enter))
        status = call->host->domain_enter(call, "libdevmapper");
    if (status == TARN_OK && !dm_log_is_non_default())
        dm_log_with_errno_init(keep_silent);
    return status;
}

/* The library keeps its descriptor open until then, and without O_CLOEXEC: whatever the host starts
 * meanwhile would get it. */
static void leave(struct tarn_call *call)
{
    dm_lib_release();
    if (TARN_HAS(call->host, struct tarn_host, domain_leave))
        call->host->domain_leave(call, "libdevmapper");
}

/* Without the hyphens. */
static char *add_uuid(char *to, const char *uuid)
{
    size_t room = 32;

    for (; *uuid != '\0' && room > 0; uuid++)
        if (*uuid != '-') {
            *to++ = *uuid;
            room--;
        }
    return to;
}

/* What the volumes of a thin pool lie on is a layer beneath the pool. */
static void make_uuid(char out[UUID_SIZE], const struct vg *vg, const struct lv *lv)
{
    char *end = out + sprintf(out, "LVM-");

    end = add_uuid(end, vg->uuid);
    end = add_uuid(end, lv->uuid);
    strcpy(end, lv_is_thin_pool(lv) ? "-tpool" : "");
}

/* --- targets ---------------------------------------------------------------------------------- */

static void take_thin(struct dm_state *out, struct dm_pool *memory, const char *text)
{
    struct dm_status_thin *status = NULL;

    if (!dm_get_status_thin(memory, text, &status))
        return;
    out->used = status->mapped_sectors * SECTOR;
    out->room = out->size;
    out->failed = status->fail;
    if (status->fail)
        out->trouble = "its thin pool has failed: repair it with lvconvert --repair";
}

static void take_thin_pool(struct dm_state *out, struct dm_pool *memory, const char *text)
{
    struct dm_status_thin_pool *status = NULL;

    if (!dm_get_status_thin_pool(memory, text, &status))
        return;
    out->used = status->used_data_blocks;
    out->room = status->total_data_blocks;
    out->metadata_used = status->used_metadata_blocks;
    out->metadata_room = status->total_metadata_blocks;
    out->failed = status->fail || status->error;
    if (out->failed)
        out->trouble = "it has failed: repair it with lvconvert --repair";
    else if (status->needs_check)
        out->trouble = "its metadata need a check: deactivate it, and run lvconvert --repair";
    else if (status->out_of_data_space)
        out->trouble = "it is full, and writing fails: extend it with lvextend";
    else if (status->read_only)
        out->trouble = "it is read-only: extend its metadata with lvextend --poolmetadatasize";
}

static void take_snapshot(struct dm_state *out, struct dm_pool *memory, const char *text)
{
    struct dm_status_snapshot *status = NULL;

    if (!dm_get_status_snapshot(memory, text, &status))
        return;
    if (status->has_metadata_sectors || status->total_sectors > 0) {
        out->used = status->used_sectors * SECTOR;
        out->room = status->total_sectors * SECTOR;
    }
    out->failed = status->invalid || status->overflow;
    if (out->failed)
        out->trouble = "its store was full, which lost it: delete it";
    else if (status->merge_failed)
        out->trouble = "merging it into its origin has failed";
}

static void take_raid(struct dm_state *out, struct dm_pool *memory, const char *text)
{
    struct dm_status_raid *status = NULL;

    if (!dm_get_status_raid(memory, text, &status) || status->dev_health == NULL)
        return;
    if (strchr(status->dev_health, 'D') != NULL)
        out->trouble = "a device in it has failed: replace it with lvconvert --repair";
}

static void take_target(struct dm_state *out, const char *type, const char *text)
{
    struct dm_pool *memory = dm_pool_create("tarn", 1024);

    if (memory == NULL)
        return;
    if (strcmp(type, "thin") == 0)
        take_thin(out, memory, text);
    else if (strcmp(type, "thin-pool") == 0)
        take_thin_pool(out, memory, text);
    else if (strcmp(type, "snapshot") == 0)
        take_snapshot(out, memory, text);
    else if (strcmp(type, "raid") == 0)
        take_raid(out, memory, text);
    dm_pool_destroy(memory);
}

/* --- looks ------------------------------------------------------------------------------------ */

static void take_status(struct dm_state *out, struct dm_task *task, const struct dm_info *info)
{
    uint64_t start, length;
    char *type = NULL, *text = NULL;
    void *next = NULL;

    out->active = info->live_table != 0;
    out->opens = info->open_count > 0 ? (uint32_t)info->open_count : 0;
    out->device = makedev(info->major, info->minor);
    do {
        next = dm_get_next_target(task, next, &start, &length, &type, &text);
        if (type != NULL)
            out->size += length * SECTOR;
        if (type != NULL && text != NULL)
            take_target(out, type, text);
    } while (next != NULL);
}

/* 0, or an errno. Never waits for what is suspended: nothing is flushed. */
static int ask(const char *uuid, struct dm_state *out)
{
    struct dm_task *task = dm_task_create(DM_DEVICE_STATUS);
    struct dm_info info = { 0 };
    int error = 0;

    if (task == NULL)
        return ENODEV;
    if (!dm_task_set_uuid(task, uuid) || !dm_task_no_flush(task))
        error = ENOMEM;
    else if (!dm_task_run(task) || !dm_task_get_info(task, &info))
        error = dm_task_get_errno(task) != 0 ? dm_task_get_errno(task) : EIO;
    else if (info.exists)
        take_status(out, task, &info);
    dm_task_destroy(task);
    return error;
}

int32_t dm_look(struct tarn_call *call, const struct vg *vg, const struct lv *lv,
                struct dm_state *out)
{
    char uuid[UUID_SIZE];
    int32_t status;
    int error;

    *out = (struct dm_state){ 0 };
    make_uuid(uuid, vg, lv);
    status = enter(call);
    if (status != TARN_OK)
        return status;
    error = ask(uuid, out);
    leave(call);
    if (error == 0)
        return TARN_OK;
    return tarn_fail(call, status_from_errno(error), error,
                     "the kernel's device mapper does not tell about %s/%s: is /dev/mapper/control "
                     "there, and the module dm_mod loaded?", vg->name, lv->name);
}
