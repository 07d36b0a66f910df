/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Filling the container of a new volume.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/image/copy.h"
#include "core/volume/volume-birth.h"

static struct operation *operation_of(struct birth *birth)
{
    return &birth->visit.operation;
}

static int close_io(struct birth *birth, bool flush, struct tarn_error **error)
{
    struct tarn_io *io = birth->io;
    struct call call;
    int status = TARN_OK;
    int closed;

    if (io == NULL)
        return TARN_OK;
    birth->io = NULL;
    call_begin(&call, operation_of(birth), NULL);
    if (flush)
        status = tarn_io_flush(&call.abi, io);
    closed = tarn_io_close(&call.abi, io);
    return call_end(&call, status != TARN_OK ? status : closed, error);
}

/* --- sharing ---------------------------------------------------------------------------------- */

static bool may_share(const struct birth *birth)
{
    const struct volume_entry *source = birth->source_entry;

    if (source == NULL || birth->two_pools || (birth->flags & TARN_VOLUME_SHARE_NEVER) ||
        birth->visit.session->type.type->volume_clone == NULL)
        return false;
    return birth->spec.backing_name == NULL && source->backing_path == NULL &&
           source->files == NULL && source->format != NULL &&
           birth->format.format != NULL &&
           strcmp(source->format, birth->format.format->name) == 0 &&
           source->info.capacity == birth->def->abi.capacity && birth_is_like_source(birth);
}

int birth_share(struct birth *birth, struct tarn_error **error)
{
    const struct pool_session *session = birth->visit.session;
    bool required = (birth->flags & TARN_VOLUME_SHARE_REQUIRE) != 0;
    struct tarn_error *why = NULL;
    struct call call;
    int status;

    if (!may_share(birth)) {
        if (!required)
            return TARN_OK;
        return error_set(error, TARN_E_UNSUPPORTED, 0,
                         "the bytes of \"%s\" cannot be shared: that takes the same pool, format, "
                         "capacity and kind of image, no backing store, and storage that can "
                         "share",
                         birth->source->name);
    }
    birth->container_spec.clone_of = birth->source->name;
    pool_call_begin(&call, birth->visit.session, operation_of(birth), NULL);
    status = session->type.type->volume_clone(&call.abi, session->handle, &birth->container_spec,
                                              &birth->container, &birth->io);
    status = pool_call_end(&call, birth->visit.session, status, &why);
    birth->shares = status == TARN_OK;
    if (status == TARN_E_UNSUPPORTED && !required) {
        tarn_error_free(why);
        return TARN_OK;
    }
    return status != TARN_OK && why != NULL ? error_pass(error, why) : status;
}

/* --- writing ---------------------------------------------------------------------------------- */

/* Where it will lie. What the definition names as its backing store may be opened for it. */
static int find_place(struct image_place *out, struct birth *birth, struct tarn_error **error)
{
    const struct tarn_pool_def *pool = &birth->visit.session->def->abi;

    if (pool->target_path != NULL && birth->path == NULL &&
        asprintf(&birth->path, "%s/%s", pool->target_path, birth->def->abi.name) < 0) {
        birth->path = NULL;
        return error_set(error, TARN_E_INTERNAL, 0, "no memory to make an image");
    }
    birth->family.image = birth->def->abi.name;
    *out = (struct image_place){
        .path = birth->path,
        .root = pool->target_path,
        .pool = birth->visit.pool->name,
        .approved = birth->spec.backing_name,
        .approved_format = birth->spec.backing_format,
        .recorded = true,
        .family = &birth->family,
    };
    return TARN_OK;
}

static int create_image(struct birth *birth, struct tarn_error **error)
{
    struct image_place place;
    int status = find_place(&place, birth, error);

    if (status != TARN_OK)
        return status;
    return image_create(operation_of(birth), &birth->format, birth->io, &place, &birth->spec,
                        error);
}

static uint32_t fill_flags(const struct birth *birth)
{
    return TARN_IMAGE_OPEN_WRITE | TARN_IMAGE_OPEN_FILL |
           (birth->spec.backing_name == NULL ? TARN_IMAGE_OPEN_NO_BACKING : 0) |
           (birth->def->image.compress ? TARN_IMAGE_OPEN_COMPRESS : 0);
}

/* Upon a backing store parts of clusters are written, whose other parts lie below: it is opened
 * too, as the file that the definition names. */
static int open_target(struct image **out, struct birth *birth, struct tarn_error **error)
{
    struct tarn_io *container = birth->io;
    struct image_place place;
    int status = find_place(&place, birth, error);

    if (status != TARN_OK)
        return status;
    birth->io = NULL; /* the image closes it */
    return image_open(out, operation_of(birth), &birth->format, container, &place,
                      fill_flags(birth), NULL, NULL, error);
}

static int open_source(struct image **out, struct birth *birth, struct tarn_error **error)
{
    struct pool_visit *visit = birth->two_pools ? &birth->source_visit : &birth->visit;

    return volume_image(out, birth->source->pool, visit->session, operation_of(birth),
                        birth->source_entry, 0, error);
}

static int copy_source(struct birth *birth, struct tarn_error **error)
{
    struct image *from = NULL;
    struct image *to = NULL;
    uint64_t length = 0;
    int status = open_source(&from, birth, error);
    int closed;

    if (status == TARN_OK)
        status = open_target(&to, birth, error);
    if (status == TARN_OK)
        status = image_size(&length, from, error);
    if (status == TARN_OK)
        status = image_copy(to, from, length, error);
    if (status == TARN_OK)
        status = image_flush(to, error);
    closed = image_close(to, status == TARN_OK ? error : NULL);
    if (status == TARN_OK)
        status = closed;
    image_close(from, NULL);
    return status;
}

int birth_fill(struct birth *birth, struct tarn_error **error)
{
    int status = TARN_OK;

    if (birth->io == NULL) /* a volume without bytes, such as a folder */
        return TARN_OK;
    if (!birth->shares && birth->format.format != NULL)
        status = create_image(birth, error);
    if (status == TARN_OK && birth->source != NULL && !birth->shares)
        status = copy_source(birth, error);
    if (status != TARN_OK) {
        close_io(birth, false, NULL);
        return status;
    }
    status = family_close(&birth->family, true, error);
    return status == TARN_OK ? close_io(birth, true, error) : status;
}
