/* SPDX-License-Identifier: BSD-2-Clause
 *
 * signature.c - what a device carries, by libblkid.
 */
#include "helpers/signature.h"

#include <blkid.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helpers/errno-status.h"
#include "helpers/signature-label.h"

#define WIPED_MAX 256 /* a device that carries more than that is one that cannot be wiped */

/* --- one device, open ------------------------------------------------------------------------- */

struct probe {
    blkid_probe blkid;
    const char *path;
    int fd;
    bool is_device;
};

static void probe_close(struct probe *probe)
{
    blkid_free_probe(probe->blkid);
    if (probe->fd >= 0)
        close(probe->fd);
}

static int32_t open_path(struct tarn_call *call, struct probe *probe, int flags)
{
    struct stat st;

    if (stat(probe->path, &st) < 0)
        return tarn_fail(call, status_from_errno(errno), errno, "%s cannot be looked at",
                         probe->path);
    if (!S_ISBLK(st.st_mode) && !S_ISREG(st.st_mode))
        return tarn_fail(call, TARN_E_INVALID, ENOTBLK, "%s is neither a block device nor a file",
                         probe->path);
    probe->is_device = S_ISBLK(st.st_mode);
    /* O_EXCL: of a block device, nobody else (a mount, LVM, swap) may have hold of it. */
    if (probe->is_device && flags & O_RDWR)
        flags |= O_EXCL;
    probe->fd = open(probe->path, flags | O_NONBLOCK | O_CLOEXEC);
    if (probe->fd >= 0)
        return TARN_OK;
    if (errno == EBUSY)
        return tarn_fail(call, TARN_E_BUSY, errno,
                         "%s is in use: unmount, deactivate or detach it first", probe->path);
    return tarn_fail(call, status_from_errno(errno), errno, "%s cannot be opened", probe->path);
}

/* `damaged`: what has a wrong checksum counts too. */
static int prepare(blkid_probe blkid, bool damaged)
{
    int flags = BLKID_SUBLKS_LABEL | BLKID_SUBLKS_UUID | BLKID_SUBLKS_TYPE | BLKID_SUBLKS_USAGE |
                BLKID_SUBLKS_MAGIC | (damaged ? BLKID_SUBLKS_BADCSUM : 0);

    return blkid_probe_enable_superblocks(blkid, 1) < 0 ||
           blkid_probe_set_superblocks_flags(blkid, flags) < 0 ||
           blkid_probe_enable_partitions(blkid, 1) < 0 ||
           blkid_probe_set_partitions_flags(blkid, BLKID_PARTS_MAGIC |
                                            (damaged ? BLKID_PARTS_FORCE_GPT : 0)) < 0 ? -1 : 0;
}

static int32_t probe_open(struct tarn_call *call, struct probe *probe, const char *path, int flags,
                          bool damaged)
{
    int32_t status;

    *probe = (struct probe){ .path = path, .fd = -1 };
    status = open_path(call, probe, flags);
    if (status != TARN_OK)
        return status;
    probe->blkid = blkid_new_probe();
    if (probe->blkid != NULL && blkid_probe_set_device(probe->blkid, probe->fd, 0, 0) == 0 &&
        prepare(probe->blkid, damaged) == 0)
        return TARN_OK;
    probe_close(probe);
    return tarn_fail(call, TARN_E_IO, 0, "%s cannot be examined by libblkid", path);
}

/* --- what was found --------------------------------------------------------------------------- */

static const char *value(blkid_probe blkid, const char *name)
{
    const char *text;

    return blkid_probe_lookup_value(blkid, name, &text, NULL) == 0 ? text : NULL;
}

/* Labels are anybody's: what cannot stand in a line of text becomes a "?". */
static void take(char *out, size_t room, const char *text)
{
    char *at;

    snprintf(out, room, "%s", text != NULL ? text : "");
    for (at = out; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = '?';
}

static void describe(struct signature *out, blkid_probe blkid)
{
    const char *table = value(blkid, "PTTYPE");
    const char *offset = value(blkid, table != NULL ? "PTMAGIC_OFFSET" : "SBMAGIC_OFFSET");

    *out = (struct signature){ .offset = offset != NULL ? strtoull(offset, NULL, 10) : 0 };
    take(out->type, sizeof(out->type), table != NULL ? table : value(blkid, "TYPE"));
    take(out->usage, sizeof(out->usage), table != NULL ? "partition-table"
                                                       : value(blkid, "USAGE"));
    take(out->label, sizeof(out->label), table != NULL ? NULL : value(blkid, "LABEL"));
    take(out->uuid, sizeof(out->uuid), value(blkid, table != NULL ? "PTUUID" : "UUID"));
}

/* blkid_do_probe: 0 found one, 1 there are no more, negative an error. */
static int32_t walk(struct tarn_call *call, struct probe *probe, struct signature *out, size_t room,
                    size_t *out_count)
{
    size_t count = 0;
    int result;

    while ((result = blkid_do_probe(probe->blkid)) == 0) {
        int32_t status = tarn_interrupted(call);

        if (status != TARN_OK)
            return status;
        if (count < room)
            describe(&out[count], probe->blkid);
        count++;
    }
    *out_count = count;
    return result > 0 ? TARN_OK
                      : tarn_fail(call, status_from_errno(errno), errno, "%s cannot be read",
                                  probe->path);
}

static int32_t find(struct tarn_call *call, const char *path, bool damaged, struct signature *out,
                    size_t room, size_t *out_count)
{
    struct signature label;
    struct probe probe;
    int32_t status = probe_open(call, &probe, path, O_RDONLY, damaged);

    *out_count = 0;
    if (status != TARN_OK)
        return status;
    status = walk(call, &probe, out, room, out_count);
    if (status == TARN_OK && signature_label_find(probe.fd, &label)) {
        if (*out_count < room)
            out[*out_count] = label;
        ++*out_count;
    }
    probe_close(&probe);
    return status;
}

int32_t signature_find(struct tarn_call *call, const char *path, struct signature *out,
                       size_t room, size_t *out_count)
{
    return find(call, path, false, out, room, out_count);
}

int32_t signature_refuse(struct tarn_call *call, const char *path)
{
    struct signature first;
    char label[sizeof(first.label) + 16] = "", more[32] = "";
    size_t count;
    int32_t status = find(call, path, true, &first, 1, &count);

    if (status != TARN_OK || count == 0)
        return status;
    if (first.label[0] != '\0')
        snprintf(label, sizeof(label), " labelled \"%s\"", first.label);
    if (count > 1)
        snprintf(more, sizeof(more), ", and %zu more", count - 1);
    return tarn_fail(call, TARN_E_EXISTS, 0,
                     "%s carries %s (%s)%s at byte %llu%s: what is on it is lost if it is "
                     "overwritten, so that must be asked for", path, first.type, first.usage, label,
                     (unsigned long long)first.offset, more);
}

/* --- wiping ----------------------------------------------------------------------------------- */

/* After each one that is wiped libblkid looks again at the same place, so that a copy (of GPT, of
 * btrfs) turns up as the next one. */
static int32_t wipe_all(struct tarn_call *call, struct probe *probe, bool *out_table)
{
    struct signature label;
    int result = 0, i;

    *out_table = false;
    for (i = 0; i < WIPED_MAX && (result = blkid_do_probe(probe->blkid)) == 0; i++) {
        int32_t status = tarn_interrupted(call);

        if (status != TARN_OK)
            return status;
        *out_table |= value(probe->blkid, "PTTYPE") != NULL;
        if (blkid_do_wipe(probe->blkid, 0) != 0) {
            result = -1;
            break;
        }
    }
    if (result > 0 && signature_label_find(probe->fd, &label)) {
        *out_table = true;
        result = signature_label_wipe(probe->fd, &label) ? 1 : -1;
    }
    if (result > 0)
        return TARN_OK;
    return tarn_fail(call, TARN_E_IO, errno, "the signatures on %s cannot be removed", probe->path);
}

/* The kernel forgets the partitions that the table told of. That it has none, or that it does so
 * by itself, is no failure: nobody uses the device. */
static int32_t settle(struct tarn_call *call, struct probe *probe, bool table)
{
    if (fsync(probe->fd) < 0)
        return tarn_fail(call, status_from_errno(errno), errno,
                         "that %s was wiped cannot be made durable", probe->path);
    if (table && probe->is_device)
        ioctl(probe->fd, BLKRRPART);
    return TARN_OK;
}

int32_t signature_wipe(struct tarn_call *call, const char *path)
{
    struct signature left;
    struct probe probe;
    size_t count = 0;
    bool table;
    int32_t status = probe_open(call, &probe, path, O_RDWR, true);

    if (status != TARN_OK)
        return status;
    status = wipe_all(call, &probe, &table);
    if (status == TARN_OK)
        status = settle(call, &probe, table);
    probe_close(&probe);
    if (status == TARN_OK)
        status = find(call, path, true, &left, 1, &count);
    if (status == TARN_OK && count > 0)
        status = tarn_fail(call, TARN_E_IO, 0, "%s still carries %s at byte %llu after it was "
                           "wiped", path, left.type, (unsigned long long)left.offset);
    return status;
}
