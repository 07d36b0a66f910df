/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * create.c - makes an empty image, with the geometry that Bochs' own bximage chooses, or with
 * extents of another size.
 */
#include "bochs.h"

#include <stdlib.h>
#include <string.h>

#define BAD(call, ...) tarn_fail(call, TARN_E_INVALID, 0, __VA_ARGS__)

/* bximage's smallest. A byte of the bitmap stands for eight sectors. */
#define LEAST_CATALOG 512u
#define LEAST_EXTENT  (8 * BOCHS_SECTOR)
#define MOST ((uint64_t)BOCHS_MAX_CATALOG * BOCHS_MAX_EXTENT)

static int32_t check_spec(struct tarn_call *call, const struct tarn_image_spec *spec)
{
    if (spec->preallocation != TARN_PREALLOC_OFF)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "bochs images cannot be preallocated: leave it out, or choose qcow2");
    if (spec->backing_name != NULL || spec->backing_format != NULL)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "growing bochs images have no backing store: choose qcow2");
    if (spec->subformat != NULL && strcmp(spec->subformat, bochs_subformats[BOCHS_GROWING]) != 0)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "bochs images of the kind %s cannot be made: choose growing",
                         spec->subformat);
    if (spec->compat != NULL)
        return BAD(call, "bochs has no compatibility levels: leave it out");
    if (spec->features != NULL && spec->features[0] != NULL)
        return BAD(call, "bochs has no feature %s: leave it out", spec->features[0]);
    if (spec->options != NULL && spec->options[0] != NULL)
        return BAD(call, "bochs has no option %s: leave it out", spec->options[0]->name);
    if (spec->capacity == 0 || spec->capacity > MOST)
        return BAD(call, "a bochs image holds 1 to %llu bytes, and %llu were asked for: choose "
                         "another format", (unsigned long long)MOST,
                   (unsigned long long)spec->capacity);
    return TARN_OK;
}

/* Extents and catalog grow by turns, extents first, until the disk fits. bximage also rounds the
 * size to whole cylinders; nobody needs that. */
static void choose_geometry(struct bochs_header *header)
{
    bool extents = true;

    header->catalog = LEAST_CATALOG;
    header->bitmap = 1;
    header->extent = LEAST_EXTENT;
    for (; bochs_most(header) < header->size; extents = !extents) {
        if (extents)
            header->bitmap *= 2;
        else
            header->catalog *= 2;
        header->extent = header->bitmap * LEAST_EXTENT;
    }
}

/* With extents of the size that was asked for only the catalog is left to grow. */
static int32_t fit_catalog(struct tarn_call *call, uint64_t extent, struct bochs_header *header)
{
    if (extent < LEAST_EXTENT || extent > BOCHS_MAX_EXTENT || (extent & (extent - 1)) != 0)
        return BAD(call, "the cluster size is %llu; extents of a bochs image have a power of two "
                         "from %u to %u bytes", (unsigned long long)extent, LEAST_EXTENT,
                   BOCHS_MAX_EXTENT);
    header->extent = (uint32_t)extent;
    header->bitmap = header->extent / LEAST_EXTENT;
    header->catalog = LEAST_CATALOG;
    while (bochs_most(header) < header->size && header->catalog < BOCHS_MAX_CATALOG)
        header->catalog *= 2;
    if (bochs_most(header) < header->size)
        return BAD(call, "%u extents of %llu bytes are too few for the disk: choose larger "
                         "clusters, or leave their size out", BOCHS_MAX_CATALOG,
                   (unsigned long long)extent);
    return TARN_OK;
}

static int32_t plan(struct tarn_call *call, const struct tarn_image_spec *spec,
                    struct bochs_header *out)
{
    int32_t status = check_spec(call, spec);

    *out = (struct bochs_header){ .version = 2, .length = BOCHS_HEADER_SIZE,
                                  .size = bochs_round_up(spec->capacity, BOCHS_SECTOR) };
    if (status == TARN_OK && spec->cluster_size != 0)
        return fit_catalog(call, spec->cluster_size, out);
    if (status == TARN_OK)
        choose_geometry(out);
    return status;
}

int32_t bochs_measure(struct tarn_call *call, const struct tarn_image_spec *spec, uint64_t *out)
{
    struct bochs_header header;
    int32_t status = plan(call, spec, &header);

    *out = status == TARN_OK ? bochs_data_offset(&header) : 0;
    return status;
}

int32_t bochs_create(struct tarn_call *call, struct tarn_io *file,
                     const struct tarn_image_spec *spec)
{
    struct bochs_header header;
    uint8_t *bytes;
    int32_t status = plan(call, spec, &header);

    if (status != TARN_OK)
        return status;
    bytes = malloc(bochs_data_offset(&header));
    if (bytes == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for the catalog");
    bochs_header_encode(&header, bytes);
    memset(bytes + BOCHS_HEADER_SIZE, 0xff, bochs_catalog_bytes(&header));
    status = tarn_io_pwrite(call, file, bytes, bochs_data_offset(&header), 0);
    free(bytes);
    return status;
}
