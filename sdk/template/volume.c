/* SPDX-License-Identifier: BSD-2-Clause
 *
 * volume.c - single volumes of the pool type: their names, their birth in two phases, opening and
 * deleting.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pool.h"

/* --- names ------------------------------------------------------------------------------------ */

int shelf_is_text(const char *name)
{
    const unsigned char *at = (const unsigned char *)name;

    while (*at >= 0x20 && *at != 0x7f)
        at++;
    return *at == '\0';
}

int shelf_is_volume_name(const struct pool *pool, const char *name)
{
    size_t length = strlen(name);
    size_t ending = strlen(pool->suffix);

    return length > ending && length <= 255 && name[0] != '.' && strchr(name, '/') == NULL &&
           shelf_is_text(name) && strcmp(name + length - ending, pool->suffix) == 0;
}

int32_t shelf_volume_name_check(struct tarn_call *call, void *handle, const char *name)
{
    const struct pool *pool = handle;

    if (shelf_is_volume_name(pool, name))
        return TARN_OK;
    return tarn_fail(call, TARN_E_INVALID, 0,
                     "a volume's name has at most 255 bytes, no slash, no control character and no "
                     "dot at its start%s%s", pool->suffix[0] != '\0' ? ", and here ends with " : "",
                     pool->suffix);
}

/* --- birth: a file without a name, and then the name ------------------------------------------ */

struct container {
    int file;
    char name[256];
};

void shelf_volume_abort(struct tarn_call *call, void *handle, void *container)
{
    struct container *born = container;

    (void)call;
    (void)handle;
    close(born->file); /* it has no name: nothing is left */
    free(born);
}

/* Before the name is there, so that nobody opens it with others' permissions. */
static int32_t set_permissions(struct tarn_call *call, int file,
                               const struct tarn_container_spec *spec)
{
    const struct tarn_permissions *wanted = spec->permissions;

    if (wanted->label != NULL)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "this pool sets no security labels");
    if (spec->nocow)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "this pool has no switch for copy-on-write");
    /* TARN_OWNER_UNSET is -1, which leaves it. */
    if (fchown(file, wanted->owner, wanted->group) < 0)
        return shelf_failed(call, "change the owner of", spec->name);
    if (fchmod(file, wanted->mode != TARN_MODE_UNSET ? wanted->mode : 0600) < 0)
        return shelf_failed(call, "change the mode of", spec->name);
    return TARN_OK;
}

static int32_t open_nameless(struct tarn_call *call, const struct pool *pool,
                             const struct tarn_container_spec *spec, int *out)
{
    int folder;
    int32_t status = shelf_folder_open(call, pool, &folder);

    if (status != TARN_OK)
        return status;
    *out = openat(folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (*out < 0)
        status = shelf_failed(call, "make the volume", spec->name);
    close(folder);
    return status;
}

/* Size and reserved space it gets by its store, from the format of the image that is made in it. */
int32_t shelf_volume_allocate(struct tarn_call *call, void *handle,
                              const struct tarn_container_spec *spec, void **out_container,
                              struct tarn_io **out_io)
{
    struct container *born;
    int32_t status = shelf_volume_name_check(call, handle, spec->name);
    int file;

    if (status != TARN_OK)
        return status;
    born = calloc(1, sizeof(*born));
    if (born == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to make a volume");
    strcpy(born->name, spec->name); /* the name check has seen that it fits */
    status = open_nameless(call, handle, spec, &born->file);
    if (status != TARN_OK) {
        free(born);
        return status;
    }
    status = set_permissions(call, born->file, spec);
    file = status == TARN_OK ? fcntl(born->file, F_DUPFD_CLOEXEC, 0) : -1;
    if (status == TARN_OK && file < 0)
        status = shelf_failed(call, "open the volume", spec->name);
    if (status == TARN_OK)
        status = shelf_store_new(call, file, 1, out_io);
    if (status == TARN_OK)
        *out_container = born;
    else
        shelf_volume_abort(call, handle, born);
    return status;
}

/* Durable once it is answered; what cannot be made so is taken back. */
static int32_t give_name(struct tarn_call *call, int folder, const struct container *born)
{
    char self[64];
    int32_t status = TARN_OK;

    snprintf(self, sizeof(self), "/proc/self/fd/%d", born->file);
    if (linkat(AT_FDCWD, self, folder, born->name, AT_SYMLINK_FOLLOW) < 0)
        return shelf_failed(call, "publish the volume", born->name);
    if (fsync(folder) < 0) {
        status = shelf_failed(call, "make the name durable of", born->name);
        unlinkat(folder, born->name, 0);
    }
    return status;
}

int32_t shelf_volume_publish(struct tarn_call *call, void *handle, void *container)
{
    int folder;
    int32_t status = shelf_folder_open(call, handle, &folder);

    if (status == TARN_OK) {
        status = give_name(call, folder, container);
        close(folder);
    }
    shelf_volume_abort(call, handle, container);
    return status;
}

/* --- use and end ------------------------------------------------------------------------------ */

/* The file of a volume, opened; anything else that bears its name is none. */
static int32_t open_file(struct tarn_call *call, int folder, const char *name, int how, int *out)
{
    struct stat known;

    if (fstatat(folder, name, &known, AT_SYMLINK_NOFOLLOW) < 0)
        return shelf_failed(call, "find the volume", name);
    if (!S_ISREG(known.st_mode))
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "\"%s\" is no regular file", name);
    *out = openat(folder, name, how | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    return *out < 0 ? shelf_failed(call, "open the volume", name) : TARN_OK;
}

int32_t shelf_volume_open(struct tarn_call *call, void *handle, const char *name, uint32_t flags,
                          struct tarn_io **out_io)
{
    uint32_t writable = flags & TARN_OPEN_WRITE;
    int folder;
    int file = -1;
    int32_t status;

    if (!shelf_is_volume_name(handle, name))
        return tarn_fail(call, TARN_E_NOT_FOUND, 0, "no volume here can have such a name");
    status = shelf_folder_open(call, handle, &folder);
    if (status != TARN_OK)
        return status;
    status = open_file(call, folder, name, writable ? O_RDWR : O_RDONLY, &file);
    close(folder);
    return status == TARN_OK ? shelf_store_new(call, file, writable, out_io) : status;
}

int32_t shelf_volume_delete(struct tarn_call *call, void *handle, const char *name)
{
    int folder;
    int32_t status;

    if (!shelf_is_volume_name(handle, name))
        return tarn_fail(call, TARN_E_NOT_FOUND, 0, "no volume here can have such a name");
    status = shelf_folder_open(call, handle, &folder);
    if (status != TARN_OK)
        return status;
    if (unlinkat(folder, name, 0) < 0)
        status = shelf_failed(call, "delete the volume", name);
    close(folder);
    return status;
}
