/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * check.c - is the image sound: its extents, one by one, that they share nothing, and its parent.
 * Mended are redundant tables, and what a crash left; space that nothing uses stays as it is.
 */
#include "check.h"

#include <stdarg.h>
#include <stdio.h>

#define MOST_TOLD 100u

static void tell(struct vmdk_check *check, struct tarn_finding *finding, const char *format,
                 va_list arguments) TARN_PRINTF(3, 0);

static void tell(struct vmdk_check *check, struct tarn_finding *finding, const char *format,
                 va_list arguments)
{
    char text[512];

    if (check->told++ >= MOST_TOLD)
        return;
    vsnprintf(text, sizeof(text), format, arguments);
    finding->struct_size = sizeof(*finding);
    finding->text = text;
    check->call->host->emit_finding(check->call, finding);
}

void vmdk_found(struct vmdk_check *check, uint32_t kind, uint64_t offset, uint64_t length,
                const char *format, ...)
{
    struct tarn_finding finding = { .kind = kind, .offset = offset, .length = length };
    va_list arguments;

    if (kind == TARN_FINDING_CORRUPTION)
        check->result.corruptions++;
    else if (kind == TARN_FINDING_LEAK)
        check->result.leaks++;
    else
        check->result.errors++;
    va_start(arguments, format);
    tell(check, &finding, format, arguments);
    va_end(arguments);
}

void vmdk_mended(struct vmdk_check *check, uint64_t offset, uint64_t length, const char *format,
                 ...)
{
    struct tarn_finding finding = { .kind = TARN_FINDING_CORRUPTION, .repaired = 1,
                                    .offset = offset, .length = length };
    va_list arguments;

    check->result.corruptions_fixed++;
    va_start(arguments, format);
    tell(check, &finding, format, arguments);
    va_end(arguments);
}

int32_t vmdk_found_error(struct vmdk_check *check, int32_t status, const char *what,
                         const char *name)
{
    switch (status) {
    case TARN_OK:
        return TARN_OK;
    case TARN_E_CORRUPT:
        vmdk_found(check, TARN_FINDING_CORRUPTION, 0, 0, "%s \"%s\": it is damaged, or not what "
                   "the descriptor says", what, name);
        break;
    case TARN_E_NOT_FOUND:
        vmdk_found(check, TARN_FINDING_CORRUPTION, 0, 0, "%s \"%s\": it is missing", what, name);
        break;
    case TARN_E_ACCESS:
    case TARN_E_UNSUPPORTED:
        vmdk_found(check, TARN_FINDING_ERROR, 0, 0, "%s \"%s\": it may not or cannot be opened",
                   what, name);
        break;
    default:
        return status;
    }
    check->call->host->forget(check->call);
    return TARN_OK;
}

static int32_t on_fault(struct tarn_call *call, const struct vmdk_line *line, int32_t status,
                        void *arg)
{
    (void)call;
    return vmdk_found_error(arg, status, "the extent", line->name != NULL ? line->name : "");
}

static int32_t check_extents(struct vmdk_check *check)
{
    struct vmdk_image *image = check->image;
    int32_t status = vmdk_check_aliases(check->call, image, NULL, 0);

    if (status == TARN_E_CORRUPT)
        status = vmdk_found_error(check, status, "extents that share bytes, in", "the descriptor");
    for (uint64_t i = 0; i < image->count && status == TARN_OK; i++) {
        struct vmdk_extent *extent = &image->extents[i];

        check->call->host->progress(check->call, i, image->count);
        if (extent->file != NULL && vmdk_extent_sparse(extent))
            status = vmdk_check_extent(check, extent);
    }
    return status;
}

static int32_t check_parent(struct vmdk_check *check)
{
    const struct vmdk_descriptor *descriptor = &check->image->head.descriptor;
    const char *name = descriptor->value[VMDK_KEY_PARENT_HINT];

    if (!vmdk_has_parent(descriptor))
        return TARN_OK;
    return vmdk_found_error(check, vmdk_parent_check(check->call, descriptor), "the parent",
                            name != NULL ? name : "");
}

int32_t vmdk_check(struct tarn_call *call, struct tarn_io *file, uint32_t flags)
{
    struct vmdk_check check = { .call = call, .result = { .struct_size = sizeof(check.result) },
                                .repair = (flags & TARN_CHECK_REPAIR_ALL) != 0 };
    int32_t status = vmdk_image_load(call, file, check.repair, on_fault, &check, &check.image);

    if (status != TARN_OK)
        return status;
    status = check_extents(&check);
    if (status == TARN_OK)
        status = check_parent(&check);
    vmdk_image_free(call, check.image);
    return status == TARN_OK ? call->host->emit_check(call, &check.result) : status;
}
