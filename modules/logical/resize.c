/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * resize.c - growing and shrinking. Shrinking cuts off bytes: it takes the word of the caller, and
 * is refused all the same where a filesystem would be cut.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "dm.h"
#include "helpers/calm-call.h"
#include "helpers/file-io.h"
#include "helpers/le.h"
#include "helpers/signature.h"
#include "lvm.h"

/* --- filesystems ------------------------------------------------------------------------------ */

/* ext2 to ext4: the superblock is at 1024; blocks (low, and high with the feature 64bit), and the
 * block size as a power. */
static uint64_t ext_size(const uint8_t *bytes)
{
    uint64_t blocks = le32_load(bytes + 4);

    if (le32_load(bytes + 0x60) & 0x80)
        blocks |= (uint64_t)le32_load(bytes + 0x150) << 32;
    return le32_load(bytes + 24) <= 6 ? blocks * (UINT64_C(1024) << le32_load(bytes + 24)) : 0;
}

/* How many bytes the filesystem takes, 0 = not known. libblkid tells that only from 2.39 on. */
static uint64_t filesystem_size(struct tarn_call *call, struct tarn_io *io, const char *type)
{
    uint8_t bytes[1024];

    if (strncmp(type, "ext", 3) == 0 &&
        tarn_io_pread(call, io, bytes, sizeof(bytes), 1024) == TARN_OK)
        return ext_size(bytes);
    /* btrfs: the superblock is at 64 KiB, total_bytes at 0x70 of it. */
    if (strcmp(type, "btrfs") == 0 &&
        tarn_io_pread(call, io, bytes, sizeof(bytes), 65536) == TARN_OK)
        return le64_load(bytes + 0x70);
    return 0;
}

static int32_t refuse_filesystem(struct tarn_call *call, const char *path,
                                 const struct signature *found, uint64_t size, uint64_t wanted)
{
    if (size == 0)
        return tarn_fail(call, TARN_E_STATE, 0,
                         "%s holds a filesystem, %s, whose size is not known: remove it (wipefs) "
                         "before the volume is shrunk", path, found->type);
    if (size <= wanted)
        return TARN_OK;
    return tarn_fail(call, TARN_E_STATE, 0,
                     "%s holds a filesystem, %s, of %llu bytes, and %llu would cut it: shrink the "
                     "filesystem first (%s)", path, found->type, (unsigned long long)size,
                     (unsigned long long)wanted,
                     strcmp(found->type, "btrfs") == 0 ? "btrfs filesystem resize" : "resize2fs");
}

static int32_t check_filesystem(struct tarn_call *call, const struct vg *vg, const struct lv *lv,
                                uint64_t wanted)
{
    struct signature found = { .type = "" };
    struct tarn_io *io = NULL;
    size_t count = 0;
    char path[300];
    int fd;
    int32_t status = logical_open_node(call, vg, lv, O_RDONLY, &fd);

    if (status == TARN_OK)
        status = file_io_open_fd(call, fd, 0, &io);
    snprintf(path, sizeof(path), "/dev/%s/%s", vg->name, lv->name);
    if (status == TARN_OK)
        status = signature_find(call, path, &found, 1, &count);
    if (status == TARN_OK && count > 0 && strcmp(found.usage, "filesystem") == 0)
        status = refuse_filesystem(call, path, &found, filesystem_size(call, io, found.type),
                                   wanted);
    tarn_io_close(call, io);
    return status;
}

/* --- what is allowed -------------------------------------------------------------------------- */

static int32_t check_kind(struct tarn_call *call, const struct vg *vg, const struct lv *lv)
{
    size_t i;

    if (report_has_word(lv->layout, "pool"))
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "%s/%s is no volume, but holds others",
                         vg->name, lv->name);
    if (lv->origin[0] != '\0' && !lv_is_thin(lv))
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "the volume %s/%s is a snapshot, and has the size of its origin: only a "
                         "thin one can have another", vg->name, lv->name);
    for (i = 0; i < vg->lv_count; i++)
        if (!lv_is_thin(&vg->lvs[i]) && strcmp(vg->lvs[i].origin, lv->name) == 0)
            return tarn_fail(call, TARN_E_BUSY, 0,
                             "the volume %s/%s has the snapshot %s, and must keep its size: delete "
                             "the snapshot first", vg->name, lv->name, vg->lvs[i].name);
    return TARN_OK;
}

static int32_t check_shrink(struct tarn_call *call, const struct vg *vg, const struct lv *lv,
                            uint64_t size, uint32_t flags)
{
    if (!(flags & TARN_TRUNCATE_SHRINK))
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "the volume %s/%s has %llu bytes, and %llu are less: data would be lost; "
                         "say that it shall shrink", vg->name, lv->name,
                         (unsigned long long)lv->size, (unsigned long long)size);
    if (size == 0)
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "a logical volume has at least one byte: delete it instead");
    return check_filesystem(call, vg, lv, size);
}

static int32_t check_grow(struct tarn_call *call, const struct logical *pool, const struct vg *vg,
                          const struct lv *lv, uint64_t more, uint32_t flags)
{
    if (lv_is_thin(lv) && (flags & TARN_TRUNCATE_ALLOCATE))
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "the volume %s/%s is thin, and nothing can be reserved for it: grow it "
                         "without that", vg->name, lv->name);
    if (lv_is_thin(lv))
        return logical_thin_afford(call, pool, vg, more);
    if (more <= vg->free)
        return TARN_OK;
    return tarn_fail(call, TARN_E_NO_SPACE, 0,
                     "the volume would take %llu bytes more, and the volume group %s has %llu "
                     "left: delete volumes, or add a device with vgextend",
                     (unsigned long long)more, vg->name, (unsigned long long)vg->free);
}

static bool has_size(struct tarn_call *call, struct logical *pool, const char *name, uint64_t size)
{
    struct calm_call calm;
    struct vg *vg = NULL;
    const struct lv *lv = NULL;
    bool has = false;

    if (logical_look(calm_call_begin(&calm, call), pool, &vg) == TARN_OK)
        lv = vg_find(vg, name);
    has = lv != NULL && lv->size == size;
    vg_unref(vg);
    return has;
}

/* lvm that was given up may have done its work before. */
static int32_t run(struct tarn_call *call, struct logical *pool, const char *name, uint64_t size,
                   bool shrinks)
{
    struct lvm_line line;
    int32_t status;

    lvm_begin_change(&line, pool, shrinks ? "lvreduce" : "lvextend");
    if (shrinks)
        lvm_word(&line, "--force");
    lvm_word(&line, "--size");
    lvm_word(&line, "%llub", (unsigned long long)size);
    lvm_word(&line, "%s/%s", pool->group, name);
    status = lvm_run(call, &line, 0, NULL, NULL);
    if ((status == TARN_E_CANCELLED || status == TARN_E_TIMEOUT) &&
        has_size(call, pool, name, size)) {
        call->host->forget(call);
        return TARN_OK;
    }
    return status;
}

int32_t logical_volume_resize(struct tarn_call *call, void *handle, const char *name,
                              uint64_t size, uint32_t flags)
{
    struct logical *pool = handle;
    const struct lv *lv = NULL;
    struct vg *vg = NULL;
    uint64_t now = 0;
    int32_t status = logical_look_at(call, pool, name, &vg, &lv);

    if (status != TARN_OK)
        return status;
    if (size > INT64_MAX - vg->extent)
        status = tarn_fail(call, TARN_E_INVALID, 0, "no volume holds %llu bytes",
                           (unsigned long long)size);
    size = (size + vg->extent - 1) / vg->extent * vg->extent;
    now = lv->size;
    if (status == TARN_OK && size != now)
        status = check_kind(call, vg, lv);
    if (status == TARN_OK && size < now)
        status = check_shrink(call, vg, lv, size, flags);
    else if (status == TARN_OK && size > now)
        status = check_grow(call, pool, vg, lv, size - now, flags);
    vg_unref(vg);
    return status == TARN_OK && size != now ? run(call, pool, name, size, size < now) : status;
}
