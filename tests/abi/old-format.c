/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The old module's format.
 */
#include "old.h"

#include <string.h>

static const uint8_t crate_bytes[] = "CRATE OF 1.0";
static const struct tarn_magic crate_magic = {
    .struct_size = sizeof(crate_magic),
    .length = sizeof(crate_bytes),
    .bytes = crate_bytes
    LATER
};
static const struct tarn_magic *const crate_magics[] = { &crate_magic, NULL };

static const struct tarn_param label_param = {
    .struct_size = sizeof(label_param),
    .type = TARN_PARAM_STRING,
    .name = "label",
    .summary = "what is written on the crate"
    LATER
};
static const struct tarn_param *const crate_params[] = { &label_param, NULL };

static int32_t crate_probe(const struct tarn_probe *probe)
{
    return probe->head_length >= CRATE_HEADER &&
                   memcmp(probe->head, crate_bytes, sizeof(crate_bytes)) == 0
               ? TARN_PROBE_MAGIC
               : TARN_PROBE_NO;
}

static int32_t tell_snapshot(struct tarn_call *call, uint64_t capacity)
{
    struct tarn_snapshot snapshot = {
        .struct_size = sizeof(snapshot),
        .id = "1",
        .name = "packed",
        .capacity = capacity
        LATER
    };

    return call->host->emit_snapshot(call, &snapshot);
}

static int32_t crate_info(struct tarn_call *call, struct tarn_io *io)
{
    uint8_t head[CRATE_HEADER] = { 0 };
    uint64_t size = 0;
    int32_t status = tarn_io_size(call, io, &size);

    if (status == TARN_OK && size < CRATE_HEADER)
        status = tarn_fail(call, TARN_E_CORRUPT, 0, "a crate has at least 512 bytes");
    if (status == TARN_OK)
        status = tarn_io_pread(call, io, head, sizeof(head) - 1, 0);
    if (status == TARN_OK) {
        struct tarn_property label = {
            .struct_size = sizeof(label),
            .name = "label",
            .value = (const char *)head + sizeof(crate_bytes)
            LATER
        };
        struct tarn_image_file list = {
            .struct_size = sizeof(list), .role = "extent", .name = "packing-list" LATER
        };
        const struct tarn_property *const properties[] = { &label, NULL };
        const struct tarn_image_file *const files[] = { &list, NULL };
        struct tarn_image_info info = {
            .struct_size = sizeof(info),
            .capacity = size - CRATE_HEADER,
            .creator = "the old module",
            .files = files,
            .properties = properties
            LATER
        };

        status = call->host->emit_image(call, &info);
    }
    return status == TARN_OK ? tell_snapshot(call, size - CRATE_HEADER) : status;
}

/* The label that was asked for, or none. */
static const char *label_of(const struct tarn_image_spec *spec)
{
    const struct tarn_property *const *option = spec->options;

    for (; option != NULL && *option != NULL; option++)
        if (strcmp((*option)->name, "label") == 0)
            return (*option)->value;
    return "";
}

static int32_t crate_create(struct tarn_call *call, struct tarn_io *io,
                            const struct tarn_image_spec *spec)
{
    char head[CRATE_HEADER] = { 0 };
    int32_t status;

    memcpy(head, crate_bytes, sizeof(crate_bytes));
    strncpy(head + sizeof(crate_bytes), label_of(spec), CRATE_HEADER - sizeof(crate_bytes) - 1);
    status = tarn_io_pwrite(call, io, head, sizeof(head), 0);
    return status == TARN_OK ? tarn_io_truncate(call, io, CRATE_HEADER + spec->capacity, 0)
                             : status;
}

static int32_t crate_open(struct tarn_call *call, struct tarn_io *io,
                          const struct tarn_image_open *how, struct tarn_io **out)
{
    return old_store_new(call, -1, io, (how->flags & TARN_IMAGE_OPEN_WRITE) != 0, out);
}

/* A crate with an odd number of bytes has one that leaks. */
static int32_t crate_check(struct tarn_call *call, struct tarn_io *io, uint32_t flags)
{
    struct tarn_finding finding = {
        .struct_size = sizeof(finding),
        .kind = TARN_FINDING_LEAK,
        .length = 1,
        .text = "a byte too many"
        LATER
    };
    struct tarn_check_result result = { .struct_size = sizeof(result) LATER };
    int32_t status = tarn_io_size(call, io, &result.image_end);

    (void)flags;
    result.leaks = result.image_end % 2;
    finding.offset = result.image_end - 1;
    if (status == TARN_OK && result.leaks > 0)
        status = call->host->emit_finding(call, &finding);
    return status == TARN_OK ? call->host->emit_check(call, &result) : status;
}

const struct tarn_format crate_format = {
    .struct_size = sizeof(crate_format),
    .capabilities = TARN_FORMAT_PROBE | TARN_FORMAT_READ | TARN_FORMAT_WRITE | TARN_FORMAT_CREATE |
                    TARN_FORMAT_GROW | TARN_FORMAT_SHRINK | TARN_FORMAT_CHECK | TARN_FORMAT_MAP,
    .name = "crate",
    .summary = "a header and the guest's bytes, as of 1.0",
    .magics = crate_magics,
    .params = crate_params,
    .probe = crate_probe,
    .info = crate_info,
    .create = crate_create,
    .open = crate_open,
    .check = crate_check
    LATER
};
