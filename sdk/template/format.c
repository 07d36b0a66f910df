/* SPDX-License-Identifier: BSD-2-Clause
 *
 * format.c - the volume format. The callbacks come in the order of tarn-format(3), after the header
 * that they read: whatever an image says is checked before it is used, since it may come from
 * anybody.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"

static const uint8_t magic_bytes[AT_VERSION] = "shelf image\n";
static const struct tarn_magic magic = {
    .struct_size = sizeof(magic),
    .length = sizeof(magic_bytes),
    .bytes = magic_bytes,
};
static const struct tarn_magic *const magics[] = { &magic, NULL };

/* --- the header ------------------------------------------------------------------------------- */

struct header {
    uint64_t capacity;
    char title[TITLE_SIZE];
};

static int is_ours(const uint8_t *bytes)
{
    return memcmp(bytes, magic_bytes, sizeof(magic_bytes)) == 0;
}

static int32_t parse(struct tarn_call *call, struct header *out, const uint8_t *bytes,
                     uint64_t size)
{
    uint64_t version = load(bytes + AT_VERSION, 4);

    if (!is_ours(bytes))
        return tarn_fail(call, TARN_E_CORRUPT, 0, "there is no header of a shelf image");
    if (version != 1)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "the image is of version %llu, known is 1",
                         (unsigned long long)version);
    out->capacity = load(bytes + AT_CAPACITY, 8);
    if (out->capacity > CAPACITY_MAX || out->capacity > size - HEADER)
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "the header tells a capacity of %llu bytes, and behind it are %llu",
                         (unsigned long long)out->capacity, (unsigned long long)(size - HEADER));
    memcpy(out->title, bytes + AT_TITLE, TITLE_SIZE);
    out->title[TITLE_SIZE - 1] = '\0';
    return TARN_OK;
}

static int32_t read_header(struct tarn_call *call, struct tarn_io *io, struct header *out)
{
    uint8_t bytes[AT_TITLE + TITLE_SIZE];
    uint64_t size = 0;
    int32_t status = tarn_io_size(call, io, &size);

    if (status == TARN_OK && size < HEADER)
        status = tarn_fail(call, TARN_E_CORRUPT, 0, "the image is cut off within its header");
    if (status == TARN_OK)
        status = tarn_io_pread(call, io, bytes, sizeof(bytes), 0);
    return status == TARN_OK ? parse(call, out, bytes, size) : status;
}

/* --- callbacks -------------------------------------------------------------------------------- */

static int32_t probe(const struct tarn_probe *probe)
{
    if (probe->head_length < AT_TITLE || !is_ours(probe->head))
        return TARN_PROBE_NO;
    return load((const uint8_t *)probe->head + AT_VERSION, 4) == 1 ? TARN_PROBE_SURE
                                                                   : TARN_PROBE_MAGIC;
}

static int32_t info(struct tarn_call *call, struct tarn_io *io)
{
    struct header header;
    struct tarn_property title = { sizeof(title), 0, "title", header.title };
    const struct tarn_property *const properties[] = { &title, NULL };
    struct tarn_image_info info = { .struct_size = sizeof(info) };
    int32_t status = read_header(call, io, &header);

    if (status != TARN_OK)
        return status;
    info.capacity = header.capacity;
    info.properties = header.title[0] != '\0' ? properties : NULL;
    return call->host->emit_image(call, &info);
}

/* What is not known is refused, never passed over. */
static int32_t check_spec(struct tarn_call *call, const struct tarn_image_spec *spec)
{
    if (spec->backing_name != NULL)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "shelf images have no backing store");
    if (spec->subformat != NULL || spec->compat != NULL || spec->cluster_size != 0 ||
        (spec->features != NULL && spec->features[0] != NULL))
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "shelf images have no subformat, compat level, cluster size or feature");
    if (spec->capacity > CAPACITY_MAX)
        return tarn_fail(call, TARN_E_INVALID, 0, "no disk has %llu bytes",
                         (unsigned long long)spec->capacity);
    return TARN_OK;
}

static int32_t measure(struct tarn_call *call, const struct tarn_image_spec *spec, uint64_t *out)
{
    *out = HEADER + spec->capacity;
    return check_spec(call, spec);
}

static const char *option(const struct tarn_image_spec *spec, const char *name)
{
    const struct tarn_property *const *options = spec->options;

    for (; options != NULL && *options != NULL; options++)
        if (strcmp((*options)->name, name) == 0 && (*options)->value != NULL)
            return (*options)->value;
    return "";
}

static int32_t create(struct tarn_call *call, struct tarn_io *io,
                      const struct tarn_image_spec *spec)
{
    uint8_t header[AT_TITLE + TITLE_SIZE] = { 0 };
    const char *title = option(spec, "title");
    int32_t status = check_spec(call, spec);

    if (status == TARN_OK && strlen(title) >= TITLE_SIZE)
        status = tarn_fail(call, TARN_E_INVALID, 0, "a title has at most %u bytes", TITLE_SIZE - 1);
    if (status == TARN_OK)
        status = shelf_make_room(call, io, 0, HEADER + spec->capacity);
    if (status == TARN_OK)
        status = shelf_reserve(call, io, spec);
    memcpy(header, magic_bytes, sizeof(magic_bytes));
    store(header + AT_VERSION, 1, 4);
    store(header + AT_CAPACITY, spec->capacity, 8);
    memcpy(header + AT_TITLE, title, strnlen(title, TITLE_SIZE - 1));
    return status == TARN_OK ? tarn_io_pwrite(call, io, header, sizeof(header), 0) : status;
}

static int32_t check_how(struct tarn_call *call, const struct tarn_io *io,
                         const struct tarn_image_open *how)
{
    if (how->flags & TARN_IMAGE_OPEN_COMPRESS)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "shelf images hold nothing compressed");
    if (how->snapshot != NULL)
        return tarn_fail(call, TARN_E_NOT_FOUND, 0, "shelf images have no snapshot \"%s\"",
                         how->snapshot);
    if ((how->flags & TARN_IMAGE_OPEN_WRITE) && !(io->flags & TARN_IO_WRITABLE))
        return tarn_fail(call, TARN_E_ACCESS, 0, "the container is open for reading only");
    return TARN_OK;
}

static int32_t open_disk(struct tarn_call *call, struct tarn_io *io,
                         const struct tarn_image_open *how, struct tarn_io **out)
{
    struct header header;
    int32_t status = check_how(call, io, how);

    if (status == TARN_OK)
        status = read_header(call, io, &header);
    if (status != TARN_OK)
        return status;
    return shelf_disk_new(call, io, header.capacity, how->flags & TARN_IMAGE_OPEN_WRITE, out);
}

static const struct tarn_param title_param = {
    .struct_size = sizeof(title_param),
    .type = TARN_PARAM_STRING,
    .name = "title",
    .summary = "a title of at most 63 bytes, for people",
};
static const struct tarn_param *const params[] = { &title_param, NULL };

const struct tarn_format shelf_format = {
    .struct_size = sizeof(shelf_format),
    .capabilities = TARN_FORMAT_PROBE | TARN_FORMAT_READ | TARN_FORMAT_WRITE | TARN_FORMAT_CREATE |
                    TARN_FORMAT_GROW | TARN_FORMAT_SHRINK,
    .name = "shelf",
    .summary = "a header and the guest's bytes",
    .magics = magics,
    .params = params,
    .probe = probe,
    .info = info,
    .measure = measure,
    .create = create,
    .open = open_disk,
};
