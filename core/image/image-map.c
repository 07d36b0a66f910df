/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The map of an image: what the format tells, with what it leaves to its backing image told by that
 * one, and neighbours that are alike made one.
 */
#include <string.h>

#include "core/base/sized.h"
#include "core/image/image.h"

struct mapper {
    image_extent_fn emit;
    void *arg;
    uint64_t first, length;     /* of the range */
    struct tarn_extent pending; /* length 0 = none yet */
    struct tarn_error **error;
};

struct layer {
    struct mapper *mapper;
    struct image *image;
    uint32_t depth;
};

static int mapper_flush(struct mapper *mapper)
{
    if (mapper->pending.length == 0)
        return TARN_OK;
    return mapper->emit(mapper->arg, &mapper->pending);
}

static bool continues(const struct tarn_extent *a, const struct tarn_extent *b)
{
    if (a->kind != b->kind || a->flags != b->flags || a->depth != b->depth ||
        a->offset + a->length != b->offset)
        return false;
    return !(a->flags & TARN_EXTENT_HOST) || a->host_offset + a->length == b->host_offset;
}

static int mapper_add(struct mapper *mapper, const struct tarn_extent *extent)
{
    int status;

    if (mapper->pending.length != 0 && continues(&mapper->pending, extent)) {
        mapper->pending.length += extent->length;
        return TARN_OK;
    }
    status = mapper_flush(mapper);
    mapper->pending = *extent;
    return status;
}

static int map_layer(struct mapper *mapper, struct image *image, uint32_t depth, uint64_t offset,
                     uint64_t length);

/* What lies beyond the end of the backing image reads as zeros, and nothing is stored for it. */
static int map_backing(struct layer *layer, const struct tarn_extent *extent)
{
    struct tarn_extent hole = *extent;
    uint64_t size = 0;
    uint64_t within = 0;
    int status = TARN_OK;

    if (layer->image->backing == NULL)
        return mapper_add(layer->mapper, extent);
    status = image_size(&size, layer->image->backing, layer->mapper->error);
    if (status == TARN_OK && size > extent->offset) {
        within = size - extent->offset < extent->length ? size - extent->offset : extent->length;
        status = map_layer(layer->mapper, layer->image->backing, layer->depth + 1, extent->offset,
                           within);
    }
    if (status != TARN_OK || within == extent->length)
        return status;
    hole.kind = TARN_EXTENT_HOLE;
    hole.flags = 0;
    hole.offset += within;
    hole.length -= within;
    return mapper_add(layer->mapper, &hole);
}

static int32_t take_extent(struct tarn_call *call, const struct tarn_extent *extent, void *arg)
{
    struct layer *layer = arg;
    struct mapper *mapper = layer->mapper;
    struct tarn_extent own;
    int32_t status = tarn_interrupted(call);

    if (status != TARN_OK)
        return status;
    sized_copy(&own, sizeof(own), extent);
    if (layer->depth == 0)
        operation_progress(layer->image->call.operation, own.offset - mapper->first,
                           mapper->length);
    own.depth = layer->depth;
    if (!(own.flags & TARN_EXTENT_HOST))
        own.host_offset = 0;
    if (own.kind == TARN_EXTENT_BACKING)
        return map_backing(layer, &own);
    return mapper_add(mapper, &own);
}

static int map_layer(struct mapper *mapper, struct image *image, uint32_t depth, uint64_t offset,
                     uint64_t length)
{
    struct layer layer = { mapper, image, depth };
    struct tarn_error *why = NULL;
    int status;

    module_enter(image->format.module);
    status = tarn_io_extents(&image->call.abi, image->guest, offset, length, take_extent, &layer);
    module_leave(image->format.module);
    why = image->call.error;
    image->call.error = NULL;
    if (status != TARN_OK && why != NULL)
        return error_pass(mapper->error, why);
    tarn_error_free(why);
    return status;
}

int image_map(struct image *image, uint64_t offset, uint64_t length, image_extent_fn emit,
              void *arg, struct tarn_error **error)
{
    struct mapper mapper = { emit, arg, offset, length, { 0 }, error };
    int status = map_layer(&mapper, image, 0, offset, length);

    return status == TARN_OK ? mapper_flush(&mapper) : status;
}
