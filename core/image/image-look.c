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
    struct image *image; /* that is checked; NULL while one is described */
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

static int open_related(void *arg, struct call *call, uint32_t role, const char *name,
                        const char *format, uint32_t flags, struct tarn_io **out)
{
    const struct listening *listening = arg;

    return image_open_related(listening->image, call, role, name, format, flags, out);
}

/* Who describes an image opens no other file. */
static const struct call_sink describing = { .image = take_image, .snapshot = take_snapshot };
static const struct call_sink checking = {
    .finding = take_finding,
    .check = take_check,
    .open_related = open_related,
};

int image_describe(struct operation *operation, const struct format_ref *format,
                   struct tarn_io *container, const struct tarn_image_listener *listener,
                   struct tarn_error **error)
{
    struct listening listening = { listener, format->format->name, NULL };
    struct call call;

    if (format->format->info == NULL)
        return error_set(error, TARN_E_UNSUPPORTED, 0,
                         "images of the format %s cannot be described", format->format->name);
    call_begin(&call, operation, format->module);
    call.sink = &describing;
    call.sink_arg = &listening;
    return call_end(&call, format->format->info(&call.abi, container), error);
}

static uint32_t check_flags(uint32_t flags)
{
    return (flags & TARN_IMAGE_REPAIR_LEAKS ? TARN_CHECK_REPAIR_LEAKS : 0) |
           (flags & TARN_IMAGE_REPAIR_ALL ? TARN_CHECK_REPAIR_ALL : 0);
}

int image_check(struct operation *operation, const struct format_ref *format,
                struct tarn_io *container, const struct image_place *place, uint32_t flags,
                const struct tarn_image_listener *listener, struct tarn_error **error)
{
    const struct tarn_format *descriptor = format->format;
    struct image image;
    struct listening listening = { listener, descriptor->name, &image };
    int status;

    if (descriptor->check == NULL)
        return error_set(error, TARN_E_UNSUPPORTED, 0,
                         "images of the format %s have nothing that could be checked",
                         descriptor->name);
    if (flags != 0 && !(descriptor->capabilities & TARN_FORMAT_REPAIR))
        return error_set(error, TARN_E_UNSUPPORTED, 0,
                         "images of the format %s cannot be repaired", descriptor->name);
    status = image_prepare(&image, operation, format, container, place, &checking, &listening,
                           error);
    if (status == TARN_OK) {
        status = descriptor->check(image_enter(&image), container, check_flags(flags));
        status = image_leave_with_reason(&image, status, error);
    }
    image_release(&image);
    return status;
}
