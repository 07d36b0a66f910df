/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Filling the container of a new volume.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/image/copy.h"
#include "core/volume/volume-birth.h"

#define COPY_CHUNK (1024u * 1024u)

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
    /* What the storage says that the source rests on is no part of its image. */
    return birth->spec.backing_name == NULL && !birth->is_snapshot &&
           (source->backing_path == NULL || source->backing_path == source->info.backing_path) &&
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
    call.abi.volume = &birth->def->abi;
    call.volume_xml = birth->def->xml;
    status = session->type.type->volume_clone(&call.abi, session->handle, &birth->container_spec,
                                              &birth->container, &birth->io);
    birth_take(birth, status);
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

/* --- bytes: what volumes of a type's own formats hold (TARN_POOL_BYTES) ---------------------- */

/* One end of a copy: an image, or the bytes of a container. */
struct end {
    struct image *image; /* NULL: io */
    struct tarn_io *io;
};

static bool holds_bytes(const struct birth *birth)
{
    const struct pool_visit *visit = birth->two_pools ? &birth->source_visit : &birth->visit;

    return birth->source_entry->info.format != NULL &&
           (visit->session->type.type->flags & TARN_POOL_BYTES);
}

static int open_ends(struct end *from, struct end *to, struct birth *birth,
                     struct tarn_error **error)
{
    struct pool_visit *visit = birth->two_pools ? &birth->source_visit : &birth->visit;
    int status = holds_bytes(birth)
                     ? volume_container(&from->io, visit->session, operation_of(birth),
                                        birth->source->name, CONTAINER_READ, error)
                     : open_source(&from->image, birth, error);

    if (status == TARN_OK && birth->format.format != NULL)
        return open_target(&to->image, birth, error);
    to->io = birth->io;
    return status;
}

static int length_of(uint64_t *out, const struct end *end, struct operation *operation,
                     struct tarn_error **error)
{
    struct call call;

    if (end->image != NULL)
        return image_size(out, end->image, error);
    call_begin(&call, operation, NULL);
    return call_end(&call, tarn_io_size(&call.abi, end->io, out), error);
}

static int read_end(const struct end *end, struct operation *operation, void *buffer,
                    uint64_t length, uint64_t offset, struct tarn_error **error)
{
    struct call call;
    int status;

    if (end->image != NULL)
        return image_pread(end->image, buffer, length, offset, error);
    call_begin(&call, operation, NULL);
    status = tarn_interrupted(&call.abi);
    if (status == TARN_OK)
        status = tarn_io_pread(&call.abi, end->io, buffer, length, offset);
    return call_end(&call, status, error);
}

static bool is_zero(const unsigned char *bytes, uint64_t length)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0;
}

/* A new image reads as zeros; a container has what was there before. */
static int write_end(const struct end *end, struct operation *operation,
                     const unsigned char *buffer, uint64_t length, uint64_t offset,
                     struct tarn_error **error)
{
    struct call call;

    if (end->image != NULL && is_zero(buffer, length))
        return TARN_OK;
    if (end->image != NULL)
        return image_pwrite(end->image, buffer, length, offset, error);
    call_begin(&call, operation, NULL);
    return call_end(&call, tarn_io_pwrite(&call.abi, end->io, buffer, length, offset), error);
}

static int copy_all(const struct end *to, const struct end *from, struct operation *operation,
                    struct tarn_error **error)
{
    unsigned char *buffer = malloc(COPY_CHUNK);
    uint64_t offset = 0;
    uint64_t length = 0;
    int status = buffer != NULL ? length_of(&length, from, operation, error)
                                : error_set(error, TARN_E_INTERNAL, 0, "no memory to copy");

    while (status == TARN_OK && offset < length) {
        uint64_t part = length - offset < COPY_CHUNK ? length - offset : COPY_CHUNK;

        operation_progress(operation, offset, length);
        status = read_end(from, operation, buffer, part, offset, error);
        if (status == TARN_OK)
            status = write_end(to, operation, buffer, part, offset, error);
        offset += part;
    }
    free(buffer);
    return status;
}

/* The container of the new volume stays open. */
static int copy_bytes(struct birth *birth, struct tarn_error **error)
{
    struct end from = { NULL, NULL };
    struct end to = { NULL, NULL };
    int status = open_ends(&from, &to, birth, error);
    int closed;

    if (status == TARN_OK)
        status = copy_all(&to, &from, operation_of(birth), error);
    if (status == TARN_OK && to.image != NULL)
        status = image_flush(to.image, error);
    closed = image_close(to.image, status == TARN_OK ? error : NULL);
    image_close(from.image, NULL);
    if (from.io != NULL)
        container_close(from.io, operation_of(birth), NULL);
    return status == TARN_OK ? closed : status;
}

/* --- images ----------------------------------------------------------------------------------- */

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
        status = birth->format.format == NULL || holds_bytes(birth) ? copy_bytes(birth, error)
                                                                    : copy_source(birth, error);
    if (status != TARN_OK) {
        close_io(birth, false, NULL);
        return status;
    }
    status = family_close(&birth->family, true, error);
    return status == TARN_OK ? close_io(birth, true, error) : status;
}
