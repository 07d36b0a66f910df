/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Requests about images: the container is the host's, and read and written through it.
 */
#include "core/isolate/host/site.h"
#include "core/isolate/store.h"
#include "core/isolate/wire-shapes.h"

static int32_t probe(struct request *request, const struct tarn_format *format)
{
    const struct tarn_probe *seen = wire_get_struct(&request->reader, &shape_probe);
    int32_t sure;

    if (seen == NULL || !wire_end(&request->reader))
        return site_broken(request);
    sure = format->probe(seen);
    wire_put_u32(&request->reply, sure > 0 ? (uint32_t)sure : 0);
    return TARN_OK;
}

static int32_t measure(struct request *request, const struct tarn_format *format)
{
    const struct tarn_image_spec *spec = wire_get_struct(&request->reader, &shape_image_spec);
    uint64_t size = 0;
    int32_t status;

    if (spec == NULL || !wire_end(&request->reader))
        return site_broken(request);
    status = format->measure(&request->call.abi, spec, &size);
    wire_put_u64(&request->reply, size);
    return status;
}

static int32_t create(struct request *request, const struct tarn_format *format,
                      struct tarn_io *container)
{
    const struct tarn_image_spec *spec = wire_get_struct(&request->reader, &shape_image_spec);

    if (spec == NULL || !wire_end(&request->reader))
        return site_broken(request);
    return format->create(&request->call.abi, container, spec);
}

/* An image that is open keeps its container. */
static int32_t open_image(struct request *request, const struct tarn_format *format,
                          struct tarn_io **container)
{
    const struct tarn_image_open *how = wire_get_struct(&request->reader, &shape_image_open);
    struct tarn_io *guest = NULL;
    int32_t status;

    if (how == NULL || !wire_end(&request->reader))
        return site_broken(request);
    status = format->open(&request->call.abi, *container, how, &guest);
    if (status == TARN_OK)
        status = site_lend(request, guest, *container);
    if (status == TARN_OK)
        *container = NULL;
    return status;
}

static int32_t use(struct request *request, const struct tarn_format *format, uint32_t op)
{
    struct tarn_io *container = store_client_new(&request->site->peer, &request->reader);
    int32_t status;

    if (container == NULL)
        return site_broken(request);
    switch (op) {
    case FRAME_IMAGE_INFO:
        status = format->info(&request->call.abi, container);
        break;
    case FRAME_IMAGE_CREATE:
        status = create(request, format, container);
        break;
    case FRAME_IMAGE_OPEN:
        status = open_image(request, format, &container);
        break;
    default:
        status = format->check(&request->call.abi, container, wire_get_u32(&request->reader));
    }
    store_client_free(container);
    return status;
}

static bool has(const struct tarn_format *format, uint32_t op)
{
    switch (op) {
    case FRAME_PROBE:
        return format->probe != NULL;
    case FRAME_IMAGE_INFO:
        return format->info != NULL;
    case FRAME_IMAGE_MEASURE:
        return format->measure != NULL;
    case FRAME_IMAGE_CREATE:
        return format->create != NULL;
    case FRAME_IMAGE_OPEN:
        return format->open != NULL;
    default:
        return format->check != NULL;
    }
}

int32_t request_of_format(struct request *request, uint32_t op)
{
    const struct tarn_format *const *formats = request->site->module->formats;
    uint32_t number = wire_get_u32(&request->reader);
    const struct tarn_format *format = NULL;
    uint32_t i;

    for (i = 0; formats != NULL && formats[i] != NULL; i++)
        if (i == number)
            format = formats[i];
    if (format == NULL || !has(format, op))
        return site_broken(request);
    if (op == FRAME_PROBE)
        return probe(request, format);
    if (op == FRAME_IMAGE_MEASURE)
        return measure(request, format);
    return use(request, format, op);
}
