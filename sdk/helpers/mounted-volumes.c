/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mounted-volumes.c - a pool's mount: made, found again, judged at every step, and let go.
 */
#include "helpers/mounted-volumes.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helpers/errno-status.h"

#define OPTIONS "nodev,nosuid,noexec" /* nothing on a guest's disk is for this machine to run */

/* --- is it ours? ------------------------------------------------------------------------------ */

/* A number of a mount is used again as soon as it is free, so it means nothing any more once
 * anything was mounted or unmounted: of that the table's descriptor tells each reader once
 * (proc(5)). To be called with the lock. */
static bool is_known(struct mounted_volumes *volumes, uint64_t id)
{
    struct pollfd changes = { .fd = volumes->changes, .events = POLLPRI };

    if (volumes->changes < 0 || poll(&changes, 1, 0) != 0)
        volumes->known = 0;
    return volumes->known != 0 && volumes->known == id;
}

/* To be called with the lock, so that a change is never older than what is kept here. */
static int32_t learn(struct tarn_call *call, struct mounted_volumes *volumes, uint64_t id,
                     bool *out_ours)
{
    struct mount_entry entry;
    bool found;
    int32_t status = mount_find_id(call, id, &entry, &found);

    *out_ours = status == TARN_OK && found && volumes->is_ours(volumes, &entry);
    if (*out_ours)
        volumes->known = id;
    mount_entry_clear(&entry);
    return status;
}

/* The server, if there is one, is not asked: the kernel knows which mount a descriptor is of. */
static int32_t verify(struct tarn_call *call, struct file_volumes *files, int directory)
{
    struct mounted_volumes *volumes = (struct mounted_volumes *)files;
    int32_t status = TARN_OK;
    struct statx st;
    bool ours;

    if (statx(directory, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &st) < 0)
        return tarn_fail(call, status_from_errno(errno), errno, "cannot look at %s", files->path);
    if (!(st.stx_mask & STATX_MNT_ID)) /* Linux 5.8 */
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "this kernel does not tell which mount a folder is of");
    if (!(st.stx_attributes & STATX_ATTR_MOUNT_ROOT))
        return tarn_fail(call, TARN_E_STATE, 0,
                         "nothing is mounted on %s: it was unmounted, so nothing is done there; "
                         "start the pool again", files->path);
    pthread_mutex_lock(&volumes->lock);
    ours = is_known(volumes, st.stx_mnt_id);
    if (!ours)
        status = learn(call, volumes, st.stx_mnt_id, &ours);
    pthread_mutex_unlock(&volumes->lock);
    if (status == TARN_OK && !ours)
        status = tarn_fail(call, TARN_E_STATE, 0,
                           "what is mounted on %s is not the pool's source, so nothing is done "
                           "there; unmount it, and start the pool again", files->path);
    return status;
}

/* What lies on the pool's target, if anything does, and whether it is the pool's. */
static int32_t look(struct tarn_call *call, const struct mounted_volumes *volumes,
                    struct mount_entry *out, bool *out_found, bool *out_ours)
{
    int32_t status = mount_find(call, volumes->files.path, out, out_found);

    *out_ours = status == TARN_OK && *out_found && volumes->is_ours(volumes, out);
    return status;
}

/* --- the handle ------------------------------------------------------------------------------- */

int32_t mounted_volumes_init(struct tarn_call *call, struct mounted_volumes *volumes,
                             bool (*is_ours)(const struct mounted_volumes *,
                                             const struct mount_entry *))
{
    int32_t status = file_volumes_init(call, &volumes->files);

    if (status != TARN_OK)
        return status;
    if (pthread_mutex_init(&volumes->lock, NULL) != 0) {
        file_volumes_fini(&volumes->files);
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to open a pool");
    }
    volumes->files.verify = verify;
    volumes->is_ours = is_ours;
    volumes->known = 0;
    /* Without it the table is read each time. */
    volumes->changes = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
    return TARN_OK;
}

void mounted_volumes_fini(struct mounted_volumes *volumes)
{
    if (volumes->changes >= 0)
        close(volumes->changes);
    pthread_mutex_destroy(&volumes->lock);
    file_volumes_fini(&volumes->files);
}

int32_t mounted_volumes_check(struct tarn_call *call, void *pool, uint32_t *out_active)
{
    struct mount_entry entry;
    bool found, ours;
    int32_t status = look(call, pool, &entry, &found, &ours);

    *out_active = ours;
    mount_entry_clear(&entry);
    return status;
}

/* --- start ------------------------------------------------------------------------------------ */

/* The defaults, what the type wants, what the definition wants: the last word wins. NULL: no
 * memory. */
static char *join_options(const char *of_type, const char *const *of_pool)
{
    size_t length = sizeof(OPTIONS), i;
    char *all;

    if (of_type != NULL)
        length += 1 + strlen(of_type);
    for (i = 0; of_pool != NULL && of_pool[i] != NULL; i++)
        length += 1 + strlen(of_pool[i]);
    all = malloc(length);
    if (all == NULL)
        return NULL;
    strcpy(all, OPTIONS);
    if (of_type != NULL && of_type[0] != '\0')
        strcat(strcat(all, ","), of_type);
    for (i = 0; of_pool != NULL && of_pool[i] != NULL; i++)
        strcat(strcat(all, ","), of_pool[i]);
    return all;
}

/* Nothing is mounted there, so it can be looked at. */
static int32_t need_target(struct tarn_call *call, const char *path)
{
    struct stat st;

    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return TARN_OK;
    if (errno == ENOENT)
        return tarn_fail(call, TARN_E_NOT_FOUND, errno,
                         "the target %s does not exist: build the pool first", path);
    return tarn_fail(call, TARN_E_INVALID, ENOTDIR, "the target %s is not a directory", path);
}

static int32_t attach_by(struct tarn_call *call, const struct mounted_volumes *volumes,
                         const struct mount_request *request, mount_attach_fn attach)
{
    struct mount_request whole = *request;
    char *options = join_options(request->options, call->pool->mount_options);
    int32_t status;

    if (options == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to mount %s", request->source);
    whole.target = volumes->files.path;
    whole.options = options;
    status = attach(call, &whole);
    free(options);
    return status;
}

/* A program that was given up may have mounted it before. */
static int32_t settle(struct tarn_call *call, const struct mounted_volumes *volumes, int32_t status)
{
    struct mount_entry entry;
    bool found, ours;

    if (status != TARN_E_CANCELLED && status != TARN_E_TIMEOUT)
        return status;
    if (look(call, volumes, &entry, &found, &ours) == TARN_OK && ours) {
        call->host->forget(call);
        status = TARN_OK;
    }
    mount_entry_clear(&entry);
    return status;
}

int32_t mounted_volumes_start(struct tarn_call *call, struct mounted_volumes *volumes,
                              const struct mount_request *request)
{
    return mounted_volumes_start_by(call, volumes, request, mount_attach);
}

int32_t mounted_volumes_start_by(struct tarn_call *call, struct mounted_volumes *volumes,
                                 const struct mount_request *request, mount_attach_fn attach)
{
    struct mount_entry entry;
    bool found, ours;
    int32_t status = look(call, volumes, &entry, &found, &ours);

    if (status == TARN_OK && found && !ours)
        status = tarn_fail(call, TARN_E_BUSY, EBUSY,
                           "%s (%s) is mounted on %s: unmount it, or give the pool another target",
                           entry.source, entry.type, volumes->files.path);
    if (status == TARN_OK && !found)
        status = need_target(call, volumes->files.path);
    if (status == TARN_OK && !found)
        status = settle(call, volumes, attach_by(call, volumes, request, attach));
    mount_entry_clear(&entry);
    return status;
}

/* --- stop ------------------------------------------------------------------------------------- */

int32_t mounted_volumes_stop(struct tarn_call *call, void *pool, uint32_t flags)
{
    const struct mounted_volumes *volumes = pool;
    struct mount_entry entry;
    bool found, ours;
    int32_t status = look(call, volumes, &entry, &found, &ours);

    mount_entry_clear(&entry);
    if (status != TARN_OK || !ours)
        return status;
    return mount_detach(call, volumes->files.path, flags & TARN_STOP_FORCE ? MOUNT_FORCE : 0);
}

/* --- the empty mount point -------------------------------------------------------------------- */

int32_t mounted_volumes_need_unmounted(struct tarn_call *call,
                                       const struct mounted_volumes *volumes)
{
    struct mount_entry entry;
    bool found;
    int32_t status = mount_find(call, volumes->files.path, &entry, &found);

    if (status == TARN_OK && found)
        status = tarn_fail(call, TARN_E_STATE, EBUSY, "%s (%s) is mounted on %s: unmount it first",
                           entry.source, entry.type, volumes->files.path);
    mount_entry_clear(&entry);
    return status;
}

int32_t mounted_volumes_remove(struct tarn_call *call, void *pool)
{
    int32_t status = mounted_volumes_need_unmounted(call, pool);

    return status == TARN_OK ? file_volumes_remove(call, pool) : status;
}
