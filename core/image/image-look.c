/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What formats push is passed on to the host's listener, complete whatever size the module's
 * structures have.
 */
#include "core/image/image-look.h"

#include "core/base/sized.h"

struct listening {
    const struct tarn_image_listener *listener;
    const char *format;
};

static int take_image(void *arg, const struct tarn_image_info *told)
{
    const struct listening *listening = arg;
    struct tarn_image_info info;

    if (!TARN_HAS(listening->listener, struct tarn_image_listener, image))
        return TARN_OK;
    sized_copy(&info, sizeof(info), told);
    return listening->listener->image(listening->listener->arg, listening->format, &info);
}

static int take_snapshot(void *arg, const struct tarn_snapshot *told)
{
    const struct listening *listening = arg;
    struct tarn_snapshot snapshot;

    if (!TARN_HAS(listening->listener, struct tarn_image_listener, snapshot))
        return TARN_OK;
    sized_copy(&snapshot, sizeof(snapshot), told);
    return listening->listener->snapshot(listening->listener->arg, &snapshot);
}

static int take_finding(void *arg, const struct tarn_finding *told)
{
    const struct listening *listening = arg;
    struct tarn_finding finding;

    if (!TARN_HAS(listening->listener, struct tarn_image_listener, finding))
        return TARN_OK;
    sized_copy(&finding, sizeof(finding), told);
    return listening->listener->finding(listening->listener->arg, &finding);
}

static int take_check(void *arg, const struct tarn_check_result *told)
{
    const struct listening *listening = arg;
    struct tarn_check_result result;

    if (!TARN_HAS(listening->listener, struct tarn_image_listener, checked))
        return TARN_OK;
    sized_copy(&result, sizeof(result), told);
    return listening->listener->checked(listening->listener->arg, &result);
}

static const struct call_sink sink = {
    .image = take_image,
    .snapshot = take_snapshot,
    .finding = take_finding,
    .check = take_check,
};

int image_describe(struct operation *operation, const struct format_ref *format,
                   struct tarn_io *container, const struct tarn_image_listener *listener,
                   struct tarn_error **error)
{
    struct listening listening = { listener, format->format->name };
    struct call call;

    if (format->format->info == NULL)
        return error_set(error, TARN_E_UNSUPPORTED, 0,
                         "images of the format %s cannot be described", format->format->name);
    call_begin(&call, operation, format->module);
    call.sink = &sink;
    call.sink_arg = &listening;
    return call_end(&call, format->format->info(&call.abi, container), error);
}

static uint32_t check_flags(uint32_t flags)
{
    return (flags & TARN_IMAGE_REPAIR_LEAKS ? TARN_CHECK_REPAIR_LEAKS : 0) |
           (flags & TARN_IMAGE_REPAIR_ALL ? TARN_CHECK_REPAIR_ALL : 0);
}

int image_check(struct operation *operation, const struct format_ref *format,
                struct tarn_io *container, uint32_t flags,
                const struct tarn_image_listener *listener, struct tarn_error **error)
{
    const struct tarn_format *descriptor = format->format;
    struct listening listening = { listener, descriptor->name };
    struct call call;

    if (descriptor->check == NULL)
        return error_set(error, TARN_E_UNSUPPORTED, 0,
                         "images of the format %s have nothing that could be checked",
                         descriptor->name);
    if (flags != 0 && !(descriptor->capabilities & TARN_FORMAT_REPAIR))
        return error_set(error, TARN_E_UNSUPPORTED, 0,
                         "images of the format %s cannot be repaired", descriptor->name);
    call_begin(&call, operation, format->module);
    call.sink = &sink;
    call.sink_arg = &listening;
    return call_end(&call, descriptor->check(&call.abi, container, check_flags(flags)), error);
}
