/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * kernel-volume.c - the logical units as volumes: "unit:BUS:TARGET:NUMBER", whichever session shows
 * them. Two paths are one disk if they say the same of themselves.
 */
#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "helpers/errno-status.h"
#include "helpers/file-io.h"

#define PATH_SIZE 1024

/* A volume, and the units that are paths to it. */
struct volume {
    const struct kernel_unit *units;
    size_t count;
    char name[KERNEL_UNIT_NAME_SIZE];
    struct kernel_node node;
    char path[PATH_SIZE];
    const char *trouble; /* why it is of no use; NULL: it is not */
};

/* --- what it is ------------------------------------------------------------------------------- */

/* The first path that answers, or the first. */
static const struct kernel_unit *best(const struct volume *volume)
{
    size_t i;

    for (i = 0; i < volume->count; i++)
        if (volume->units[i].status == TARN_OK)
            return &volume->units[i];
    return &volume->units[0];
}

static bool is_one_disk(const struct volume *volume)
{
    const struct kernel_unit *first = best(volume);
    size_t i;

    for (i = 0; i < volume->count; i++)
        if (volume->units[i].status == TARN_OK &&
            strcmp(volume->units[i].identity, first->identity) != 0)
            return false;
    return true;
}

/* Is there no such unit, whatever the kernel still has? */
static bool is_absent(const struct volume *volume)
{
    const struct kernel_unit *unit = best(volume);

    return !kernel_unit_is_volume(unit) ||
           (unit->status == TARN_E_NOT_FOUND && unit->why[0] == '\0');
}

/* The link in the pool's folder; whoever has /dev as that wants the nodes themselves. */
static void find_path(const struct kernel *kernel, const struct block_links *links,
                      struct volume *volume)
{
    const struct kernel_node *node = &volume->node;
    const char *link = NULL;

    if (strcmp(kernel->folder, "/dev") != 0)
        link = block_links_find(links, major(node->device), minor(node->device));
    if (link != NULL)
        snprintf(volume->path, PATH_SIZE, "%s/%s", kernel->folder, link);
    else
        snprintf(volume->path, PATH_SIZE, "%s", node->node);
    if (link == NULL && node->mapping[0] == '\0' && strcmp(kernel->folder, "/dev") != 0)
        volume->trouble = "udev has made no link to it in the pool's target path: its node may be "
                          "another's after the next start";
}

static void look_at(struct tarn_call *call, const struct kernel *kernel,
                    const struct block_links *links, struct volume *volume)
{
    const struct kernel_unit *unit = best(volume);

    kernel_unit_name(volume->name, unit);
    if (kernel_node_find(call, volume->units, volume->count, &volume->node) == TARN_OK)
        find_path(kernel, links, volume);
    else
        volume->trouble = "the kernel has made no disk of it: see what it logged";
    if (unit->status != TARN_OK)
        volume->trouble = unit->why;
    else if (!is_one_disk(volume))
        volume->trouble = "the portals lead to different disks with this number: mend the targets";
}

/* TARN_E_REPLACED, recorded. */
static int32_t identify(struct tarn_call *call, const struct volume *volume)
{
    const struct kernel_unit *unit = best(volume);

    if (unit->status != TARN_OK || unit->identity[0] == '\0')
        return TARN_OK;
    return call->host->identify(call, volume->name, unit->identity, 0);
}

/* --- telling ---------------------------------------------------------------------------------- */

static int64_t nanoseconds(const struct timespec *time)
{
    return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
}

/* 64-bit FNV-1a: the host compares eight bytes. */
static uint64_t hash(const char *text)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);

    for (; *text != '\0'; text++)
        sum = (sum ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return sum;
}

static void take_node(const struct volume *volume, struct tarn_volume_info *info,
                      struct tarn_permissions *permissions)
{
    struct stat st;

    if (volume->node.node[0] == '\0' || stat(volume->node.node, &st) < 0)
        return;
    *permissions = (struct tarn_permissions){ sizeof(*permissions), st.st_mode & 0777, st.st_uid,
                                              st.st_gid, NULL };
    info->permissions = permissions;
    info->atime = nanoseconds(&st.st_atim);
    info->mtime = nanoseconds(&st.st_mtim);
    info->ctime = nanoseconds(&st.st_ctim);
}

static int32_t tell(struct tarn_call *call, struct volume *volume)
{
    const struct kernel_unit *unit = best(volume);
    uint64_t size = volume->node.size;
    const struct tarn_identity identity = { sizeof(identity), 0, volume->node.device,
                                            hash(unit->identity), size, 0, 0 };
    struct tarn_permissions permissions;
    struct tarn_volume_info info = { .struct_size = sizeof(info), .name = volume->name,
                                     .type = "block", .identity = &identity, .capacity = size,
                                     .allocation = size, .physical = size };

    info.key = unit->identity[0] != '\0' ? unit->identity : NULL;
    info.mark = info.key;
    info.path = volume->path[0] != '\0' ? volume->path : volume->name;
    take_node(volume, &info, &permissions);
    if (volume->trouble != NULL) {
        info.status = TARN_VOLUME_UNREADABLE;
        info.status_text = volume->trouble;
    }
    return call->host->emit_volume(call, &info);
}

/* --- all -------------------------------------------------------------------------------------- */

static struct volume volume_at(const struct kernel_units *units, size_t first)
{
    size_t count = 1;

    while (first + count < units->count &&
           kernel_unit_is_same(&units->list[first], &units->list[first + count]))
        count++;
    return (struct volume){ .units = &units->list[first], .count = count };
}

static int32_t tell_all(struct tarn_call *call, const struct kernel *kernel,
                        const struct kernel_sessions *sessions, const struct kernel_units *units)
{
    struct block_links links = { .list = NULL };
    uint64_t capacity = 0;
    int32_t status = block_links_read(call, kernel->folder, &links);
    struct volume volume;
    size_t i;

    for (i = 0; status == TARN_OK && i < units->count; i += volume.count) {
        volume = volume_at(units, i);
        if (is_absent(&volume))
            continue;
        look_at(call, kernel, &links, &volume);
        capacity += volume.node.size;
        status = tell(call, &volume);
        if (status == TARN_OK)
            status = tarn_interrupted(call);
    }
    block_links_clear(&links);
    return status == TARN_OK ? kernel_tell_pool(call, kernel, sessions, capacity) : status;
}

/* A look at the pool by its sessions: all units, or the one called `only`. */
static int32_t begin(struct tarn_call *call, const struct kernel *kernel, const char *only,
                     struct kernel_sessions *sessions, struct kernel_units *units)
{
    int32_t status = kernel_login(call, kernel, only == NULL);

    *sessions = (struct kernel_sessions){ .list = NULL };
    *units = (struct kernel_units){ .list = NULL };
    if (status == TARN_OK)
        status = kernel_sessions_find(call, kernel, sessions);
    if (status == TARN_OK)
        status = kernel_need_session(call, kernel, sessions);
    return status == TARN_OK ? kernel_look(call, sessions, only, units) : status;
}

int32_t kernel_refresh(struct tarn_call *call, void *pool)
{
    const struct kernel *kernel = pool;
    struct kernel_sessions sessions;
    struct kernel_units units;
    int32_t status = begin(call, kernel, NULL, &sessions, &units);

    if (status == TARN_OK)
        status = tell_all(call, kernel, &sessions, &units);
    kernel_units_clear(&units);
    kernel_sessions_clear(&sessions);
    return status;
}

/* --- one -------------------------------------------------------------------------------------- */

/* All of one volume, while it is worked with. */
struct finding {
    struct kernel_sessions sessions;
    struct kernel_units units;
    struct volume volume;
};

static void finding_clear(struct finding *finding)
{
    kernel_units_clear(&finding->units);
    kernel_sessions_clear(&finding->sessions);
}

static int32_t find(struct tarn_call *call, const struct kernel *kernel, const char *name,
                    struct finding *out)
{
    struct block_links links = { .list = NULL };
    int32_t status = begin(call, kernel, name, &out->sessions, &out->units);

    if (status == TARN_OK) {
        out->volume = volume_at(&out->units, 0);
        if (out->units.count == 0 || is_absent(&out->volume))
            status = tarn_fail(call, TARN_E_NOT_FOUND, 0,
                               "the target %s has no volume \"%s\": refresh the pool if it is new",
                               kernel->target.iqn, name);
    }
    if (status == TARN_OK)
        status = block_links_read(call, kernel->folder, &links);
    if (status == TARN_OK)
        look_at(call, kernel, &links, &out->volume);
    block_links_clear(&links);
    return status;
}

int32_t kernel_volume_lookup(struct tarn_call *call, void *pool, const char *name)
{
    struct finding finding;
    int32_t status = find(call, pool, name, &finding);

    if (status == TARN_OK)
        status = tell(call, &finding.volume);
    finding_clear(&finding);
    return status;
}

/* --- opening ---------------------------------------------------------------------------------- */

/* For writing alone, so that nobody mounts it meanwhile, and one that is mounted is refused. */
static int32_t open_node(struct tarn_call *call, const struct volume *volume, bool write, int *out)
{
    const struct kernel_node *node = &volume->node;
    struct stat st;
    int fd = open(node->node, (write ? O_RDWR | O_EXCL : O_RDONLY) | O_CLOEXEC | O_NOCTTY |
                                  O_NONBLOCK);

    if (fd < 0)
        return tarn_fail(call, status_from_errno(errno), errno,
                         errno == EBUSY ? "the volume %s (%s) is mounted, or part of something else"
                                        : "the volume %s (%s) cannot be opened", volume->name,
                         node->node);
    if (fstat(fd, &st) < 0 || st.st_rdev != node->device) {
        close(fd);
        return tarn_fail(call, TARN_E_STATE, 0, "%s is not the node of %s any more", node->node,
                         volume->name);
    }
    *out = fd;
    return TARN_OK;
}

int32_t kernel_volume_open(struct tarn_call *call, void *pool, const char *name, uint32_t flags,
                           struct tarn_io **out_io)
{
    bool write = (flags & TARN_OPEN_WRITE) != 0;
    struct finding finding;
    int fd = -1;
    int32_t status = find(call, pool, name, &finding);

    *out_io = NULL;
    if (status == TARN_OK)
        status = identify(call, &finding.volume);
    if (status == TARN_OK && finding.volume.trouble != NULL)
        status = tarn_fail(call, TARN_E_IO, 0, "the volume %s cannot be opened: %s", name,
                           finding.volume.trouble);
    if (status == TARN_OK)
        status = open_node(call, &finding.volume, write, &fd);
    if (status == TARN_OK)
        status = file_io_open_fd(call, fd, write ? TARN_IO_WRITABLE : 0, out_io);
    finding_clear(&finding);
    return status;
}
