/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * open.c - the bytes of volumes. A volume is opened by the number that the kernel gave it, which is
 * right also before udev has made the links, or after somebody has moved them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "dm.h"
#include "helpers/errno-status.h"
#include "helpers/file-io.h"
#include "node-io.h"

static int32_t fail_open(struct tarn_call *call, const struct vg *vg, const struct lv *lv,
                         int error)
{
    return tarn_fail(call, status_from_errno(error), error, "/dev/%s/%s cannot be opened", vg->name,
                     lv->name);
}

/* Between the question and the opening the number may have been given to another device. */
static int32_t check_number(struct tarn_call *call, const struct vg *vg, const struct lv *lv,
                            int fd)
{
    struct dm_state state;
    struct stat st;
    int32_t status = dm_look(call, vg, lv, &state);

    if (status != TARN_OK)
        return status;
    if (fstat(fd, &st) == 0 && state.active && st.st_rdev == state.device)
        return TARN_OK;
    return tarn_fail(call, TARN_E_IO, 0, "/dev/%s/%s was deactivated while it was being opened: "
                     "try again", vg->name, lv->name);
}

int32_t logical_open_node(struct tarn_call *call, const struct vg *vg, const struct lv *lv,
                          int flags, int *out_fd)
{
    struct dm_state state;
    char node[64];
    int32_t status = dm_look(call, vg, lv, &state);

    *out_fd = -1;
    if (status != TARN_OK)
        return status;
    if (!state.active)
        return tarn_fail(call, TARN_E_ACCESS, 0,
                         "the volume %s/%s is not active: use lvchange -ay %s/%s, or start the "
                         "pool again if it is the pool's own", vg->name, lv->name, vg->name,
                         lv->name);
    snprintf(node, sizeof(node), "/dev/dm-%u", minor(state.device));
    *out_fd = open(node, flags | O_CLOEXEC | O_NONBLOCK);
    if (*out_fd < 0)
        return fail_open(call, vg, lv, errno);
    status = check_number(call, vg, lv, *out_fd);
    if (status != TARN_OK) {
        close(*out_fd);
        *out_fd = -1;
    }
    return status;
}

int32_t logical_volume_open(struct tarn_call *call, void *pool, const char *name, uint32_t flags,
                            struct tarn_io **out_io)
{
    bool write = (flags & TARN_OPEN_WRITE) != 0;
    const struct lv *lv = NULL;
    struct vg *vg = NULL;
    int fd = -1;
    int32_t status = logical_look_at(call, pool, name, &vg, &lv);

    *out_io = NULL;
    if (status == TARN_OK)
        status = logical_open_node(call, vg, lv, write ? O_RDWR : O_RDONLY, &fd);
    if (status == TARN_OK)
        status = file_io_open_fd(call, fd, write ? TARN_IO_WRITABLE : 0, out_io);
    /* The space of these comes as their bytes are written. */
    if (status == TARN_OK && (lv_is_thin(lv) || lv->origin[0] != '\0'))
        (*out_io)->allocate = NULL;
    vg_unref(vg);
    return status;
}

/* --- only when it is read --------------------------------------------------------------------- */

static struct node_io *node_of(struct tarn_io *io)
{
    return (struct node_io *)(void *)io;
}

static int32_t become_real(struct tarn_call *call, struct node_io *node)
{
    int fd;
    int32_t status;

    if (node->real != NULL)
        return TARN_OK;
    status = logical_open_node(call, node->vg, node->lv, O_RDONLY, &fd);
    return status == TARN_OK ? file_io_open_fd(call, fd, 0, &node->real) : status;
}

static int32_t node_pread(struct tarn_call *call, struct tarn_io *io, void *buffer, uint64_t length,
                          uint64_t offset)
{
    struct node_io *node = node_of(io);
    int32_t status = become_real(call, node);

    return status == TARN_OK ? tarn_io_pread(call, node->real, buffer, length, offset) : status;
}

static int32_t node_size(struct tarn_call *call, struct tarn_io *io, uint64_t *out)
{
    (void)call;
    *out = node_of(io)->size;
    return TARN_OK;
}

void node_io_begin(struct node_io *node, const struct vg *vg, const struct lv *lv, uint64_t size)
{
    *node = (struct node_io){
        .io = { .struct_size = sizeof(node->io), .flags = TARN_IO_FIXED_SIZE, .fd = -1,
                .pread = node_pread, .size = node_size },
        .vg = vg,
        .lv = lv,
        .size = size,
    };
}

void node_io_end(struct tarn_call *call, struct node_io *node)
{
    tarn_io_close(call, node->real);
    node->real = NULL;
}
