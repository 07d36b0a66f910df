/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * birth.c - a volume in the making. It is made under a name that no list shows, filled, and renamed
 * when it is complete. A thin volume is made only when its bytes are touched: one that nobody
 * fills, or that is a snapshot, is complete with the one command that makes it, which is then left
 * for last and needs no other name.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helpers/calm-call.h"
#include "helpers/errno-status.h"
#include "helpers/file-io.h"
#include "lvm.h"

struct birth {
    struct tarn_io io; /* first: what the host fills */
    struct logical *pool;
    struct logical_wish wish;
    uint64_t size;                 /* bytes of the volume, as lvm rounds them */
    char hidden[LOGICAL_NAME_SIZE]; /* its name; empty = not made yet */
    struct tarn_io *real;
};

static void birth_free(struct birth *birth)
{
    free(birth->wish.name);
    free(birth->wish.origin);
    free(birth);
}

/* --- making it -------------------------------------------------------------------------------- */

/* A new thin volume reads as zeros; others hold what their extents held before. */
static uint32_t io_flags(const struct logical *pool, const struct vg *vg,
                         const struct logical_wish *wish)
{
    const struct lv *thin = wish->thin ? logical_thin_pool(pool, vg) : NULL;
    bool zeros = thin != NULL && wish->origin == NULL && thin->segment_count > 0 &&
                 thin->segments[0].zero;

    return TARN_IO_WRITABLE | TARN_IO_FIXED_SIZE | (zeros ? TARN_IO_ZERO_NEW : 0);
}

static int32_t open_made(struct tarn_call *call, struct birth *birth)
{
    struct vg *vg = NULL;
    const struct lv *lv;
    int fd = -1;
    int32_t status = logical_look(call, birth->pool, &vg);

    if (status != TARN_OK)
        return status;
    lv = vg_find(vg, birth->hidden);
    if (lv == NULL)
        status = tarn_fail(call, TARN_E_IO, 0, "lvm has made the volume %s/%s, and does not list "
                           "it", vg->name, birth->hidden);
    else if (io_flags(birth->pool, vg, &birth->wish) != birth->io.flags)
        status = tarn_fail(call, TARN_E_BUSY, 0, "the thin pool of %s was changed while a volume "
                           "was being made: try again", vg->name);
    else
        status = logical_open_node(call, vg, lv, O_RDWR, &fd);
    if (status == TARN_OK)
        status = file_io_open_fd(call, fd, TARN_IO_WRITABLE, &birth->real);
    vg_unref(vg);
    return status;
}

static int32_t make(struct tarn_call *call, struct birth *birth)
{
    int32_t status;

    logical_hidden_name(birth->hidden);
    status = logical_wish_fulfil(call, birth->pool, &birth->wish, birth->hidden);
    if (status == TARN_OK)
        status = open_made(call, birth);
    if (status != TARN_OK) {
        logical_clear(call, birth->pool, birth->hidden);
        birth->hidden[0] = '\0';
    }
    return status;
}

/* --- its bytes -------------------------------------------------------------------------------- */

static struct birth *birth_of(struct tarn_io *io)
{
    return (struct birth *)(void *)io;
}

/* The store itself, which a thin volume gets only now. */
static int32_t touch(struct tarn_call *call, struct tarn_io *io, struct tarn_io **out)
{
    struct birth *birth = birth_of(io);
    int32_t status = TARN_OK;

    if (birth->real == NULL)
        status = birth->hidden[0] == '\0'
                     ? make(call, birth)
                     : tarn_fail(call, TARN_E_INTERNAL, 0, "this byte store was closed before");
    *out = birth->real;
    return status;
}

static int32_t birth_pread(struct tarn_call *call, struct tarn_io *io, void *buffer,
                           uint64_t length, uint64_t offset)
{
    struct tarn_io *real;
    int32_t status = touch(call, io, &real);

    return status == TARN_OK ? tarn_io_pread(call, real, buffer, length, offset) : status;
}

static int32_t birth_pwrite(struct tarn_call *call, struct tarn_io *io, const void *buffer,
                            uint64_t length, uint64_t offset)
{
    struct tarn_io *real;
    int32_t status = touch(call, io, &real);

    return status == TARN_OK ? tarn_io_pwrite(call, real, buffer, length, offset) : status;
}

static int32_t birth_flush(struct tarn_call *call, struct tarn_io *io)
{
    struct tarn_io *real = birth_of(io)->real;

    return real != NULL ? tarn_io_flush(call, real) : TARN_OK;
}

static int32_t birth_size(struct tarn_call *call, struct tarn_io *io, uint64_t *out)
{
    (void)call;
    *out = birth_of(io)->size;
    return TARN_OK;
}

static int32_t birth_zero(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                          uint64_t length, uint32_t flags)
{
    struct tarn_io *real;
    int32_t status = touch(call, io, &real);

    return status == TARN_OK ? tarn_io_zero(call, real, offset, length, flags) : status;
}

static int32_t birth_discard(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                             uint64_t length)
{
    struct tarn_io *real = birth_of(io)->real;

    return real != NULL ? tarn_io_discard(call, real, offset, length) : TARN_OK;
}

/* What is to be reserved was settled when the volume was asked for. */
static int32_t birth_allocate(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                              uint64_t length)
{
    const struct birth *birth = birth_of(io);

    if (offset <= birth->size && length <= birth->size - offset)
        return TARN_OK;
    return tarn_fail(call, TARN_E_NO_SPACE, ENOSPC,
                     "cannot reserve %llu bytes at %llu: the volume has only %llu",
                     (unsigned long long)length, (unsigned long long)offset,
                     (unsigned long long)birth->size);
}

static int32_t birth_close(struct tarn_call *call, struct tarn_io *io)
{
    struct birth *birth = birth_of(io);
    int32_t status = tarn_io_close(call, birth->real);

    birth->real = NULL;
    return status;
}

static int32_t begin_io(struct tarn_call *call, struct birth *birth)
{
    const struct logical_wish *wish = &birth->wish;
    struct vg *vg = NULL;
    int32_t status = logical_recall(call, birth->pool, &vg);

    if (status != TARN_OK)
        return status;
    birth->size = (wish->size + vg->extent - 1) / vg->extent * vg->extent;
    birth->io = (struct tarn_io){
        .struct_size = sizeof(birth->io),
        .flags = io_flags(birth->pool, vg, wish),
        .fd = -1,
        .pread = birth_pread,
        .pwrite = birth_pwrite,
        .flush = birth_flush,
        .size = birth_size,
        .zero = birth_zero,
        .discard = birth_discard,
        .allocate = birth_allocate,
        .close = birth_close,
    };
    vg_unref(vg);
    return TARN_OK;
}

/* --- phase one -------------------------------------------------------------------------------- */

static bool copy_text(char **out, const char *text)
{
    *out = text != NULL ? strdup(text) : NULL;
    return text == NULL || *out != NULL;
}

static int32_t fill_wish(struct tarn_call *call, const struct logical *pool,
                         const struct tarn_container_spec *spec, const char *origin,
                         struct logical_wish *wish)
{
    *wish = (struct logical_wish){
        .size = spec->size > spec->capacity ? spec->size : spec->capacity,
        .clone = spec->clone_of != NULL,
        .layout = pool->settings.layout,
        .permissions = { sizeof(wish->permissions), spec->permissions->mode,
                         spec->permissions->owner, spec->permissions->group, NULL },
    };
    /* An image may take more than its guest sees: who reserves all of that means all of this. */
    wish->allocation = spec->allocation < spec->capacity ? spec->allocation : wish->size;
    if (!copy_text(&wish->name, spec->name) || !copy_text(&wish->origin, origin))
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to make a volume");
    return call->volume != NULL ? logical_layout_of_volume(call, &wish->layout) : TARN_OK;
}

static int32_t begin(struct tarn_call *call, struct logical *pool,
                     const struct tarn_container_spec *spec, const char *origin,
                     void **out_container, struct tarn_io **out_io)
{
    struct birth *birth = calloc(1, sizeof(*birth));
    int32_t status;

    if (birth == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to make a volume");
    birth->pool = pool;
    status = fill_wish(call, pool, spec, origin, &birth->wish);
    if (status == TARN_OK)
        status = logical_wish_settle(call, pool, &birth->wish);
    if (status == TARN_OK)
        status = begin_io(call, birth);
    if (status == TARN_OK && !birth->wish.thin)
        status = make(call, birth);
    if (status != TARN_OK) {
        birth_free(birth);
        return status;
    }
    *out_container = birth;
    *out_io = &birth->io;
    return TARN_OK;
}

/* The backing store of the definition, if it is one: only snapshots have any. */
static int32_t find_origin(struct tarn_call *call, const struct logical *pool, const char **out)
{
    const char *path = call->volume != NULL ? call->volume->backing_path : NULL;
    const char *name = path != NULL ? strrchr(path, '/') : NULL;
    size_t length;

    *out = NULL;
    if (path == NULL)
        return TARN_OK;
    length = strlen(pool->group);
    if (name != NULL && name[1] != '\0' && strncmp(path, "/dev/", 5) == 0 &&
        (size_t)(name - path) == 5 + length && strncmp(path + 5, pool->group, length) == 0) {
        *out = name + 1;
        return TARN_OK;
    }
    return tarn_fail(call, TARN_E_INVALID, 0,
                     "the backing store %s is no volume of the group %s: it has to be one, since "
                     "the new volume becomes its snapshot", path, pool->group);
}

/* A backing store that an image format knows is the image's, and none of ours. */
static bool is_snapshot(const struct tarn_call *call)
{
    return call->volume != NULL && call->volume->backing_path != NULL &&
           (call->volume->format == NULL || strcmp(call->volume->format, "raw") == 0);
}

int32_t logical_volume_allocate(struct tarn_call *call, void *pool,
                                const struct tarn_container_spec *spec, void **out_container,
                                struct tarn_io **out_io)
{
    const char *origin = NULL;
    int32_t status = is_snapshot(call) ? find_origin(call, pool, &origin) : TARN_OK;

    *out_container = NULL;
    *out_io = NULL;
    return status == TARN_OK ? begin(call, pool, spec, origin, out_container, out_io) : status;
}

/* Only a thin volume shares its bytes for good. */
int32_t logical_volume_clone(struct tarn_call *call, void *pool,
                             const struct tarn_container_spec *spec, void **out_container,
                             struct tarn_io **out_io)
{
    const struct lv *source = NULL;
    struct vg *vg = NULL;
    bool thin;
    int32_t status = logical_look_at(call, pool, spec->clone_of, &vg, &source);

    *out_container = NULL;
    *out_io = NULL;
    if (status != TARN_OK)
        return status;
    thin = lv_is_thin(source);
    vg_unref(vg);
    if (!thin)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "only volumes in a thin pool share their bytes: copy \"%s\"",
                         spec->clone_of);
    return begin(call, pool, spec, spec->clone_of, out_container, out_io);
}

/* --- phase two -------------------------------------------------------------------------------- */

static bool is_taken(struct tarn_call *call, const struct birth *birth)
{
    struct calm_call calm;
    struct vg *vg = NULL;
    bool taken = logical_look(calm_call_begin(&calm, call), birth->pool, &vg) == TARN_OK &&
                 vg_find(vg, birth->wish.name) != NULL;

    vg_unref(vg);
    return taken;
}

/* udev gives the node its own owner and mode when it hears of the volume, which it has by now. */
static int32_t apply_permissions(struct tarn_call *call, const struct birth *birth)
{
    const struct tarn_permissions *wanted = &birth->wish.permissions;
    const struct lv *lv = NULL;
    struct vg *vg = NULL;
    int fd = -1;
    int32_t status;

    if (wanted->mode == TARN_MODE_UNSET && wanted->owner == TARN_OWNER_UNSET &&
        wanted->group == TARN_OWNER_UNSET)
        return TARN_OK;
    status = logical_look_at(call, birth->pool, birth->wish.name, &vg, &lv);
    if (status == TARN_OK)
        status = logical_open_node(call, vg, lv, O_RDONLY, &fd);
    if (status == TARN_OK && ((wanted->mode != TARN_MODE_UNSET && fchmod(fd, wanted->mode) < 0) ||
                              fchown(fd, wanted->owner, wanted->group) < 0))
        status = tarn_fail(call, status_from_errno(errno), errno,
                           "the permissions of /dev/%s/%s cannot be set", vg->name, lv->name);
    if (fd >= 0)
        close(fd);
    vg_unref(vg);
    return status;
}

static int32_t publish(struct tarn_call *call, struct birth *birth)
{
    struct logical *pool = birth->pool;
    const char *name = birth->wish.name;
    bool made = birth->hidden[0] != '\0';
    int32_t status = made ? logical_lvrename(call, pool, birth->hidden, name)
                          : logical_wish_fulfil(call, pool, &birth->wish, name);

    if (status == TARN_OK) {
        status = apply_permissions(call, birth);
        if (status != TARN_OK)
            logical_clear(call, pool, name);
        return status;
    }
    if (made)
        logical_clear(call, pool, birth->hidden);
    else if (status == TARN_E_TIMEOUT || status == TARN_E_CANCELLED)
        logical_clear(call, pool, name);
    if (status == TARN_E_IO && is_taken(call, birth)) {
        call->host->forget(call);
        status = tarn_fail(call, TARN_E_EXISTS, 0, "there is a %s/%s already: choose another name",
                           pool->group, name);
    }
    return status;
}

int32_t logical_volume_publish(struct tarn_call *call, void *pool, void *container)
{
    struct birth *birth = container;
    int32_t status = publish(call, birth);

    (void)pool;
    birth_free(birth);
    return status;
}

void logical_volume_abort(struct tarn_call *call, void *pool, void *container)
{
    struct birth *birth = container;

    if (birth->hidden[0] != '\0')
        logical_clear(call, pool, birth->hidden);
    birth_free(birth);
}
