/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * create.c - the beginning of a new cloop image: a draft of its header, which nobody takes for an
 * image, until fill.c has put the blocks and the table behind it and writes the header itself.
 */
#include "cloop.h"

#include <string.h>
#include <zlib.h>

#define DEFAULT_LEVEL 9

static int32_t refuse(struct tarn_call *call, const char *what)
{
    return tarn_fail(call, TARN_E_INVALID, 0,
                     "a cloop image has no %s: leave it out, or choose another format", what);
}

static int32_t check_spec(struct tarn_call *call, const struct tarn_image_spec *spec)
{
    if (spec->backing_name != NULL)
        return refuse(call, "backing store");
    if (spec->preallocation != TARN_PREALLOC_OFF)
        return refuse(call, "preallocation");
    if (spec->subformat != NULL)
        return refuse(call, "subformats");
    if (spec->features != NULL && spec->features[0] != NULL)
        return refuse(call, "features");
    if (spec->compat != NULL && strcmp(spec->compat, cloop_version_name(CLOOP_V2)) != 0)
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "cloop images are made in version 2.0, not %s", spec->compat);
    return TARN_OK;
}

static int32_t read_level(struct tarn_call *call, const struct tarn_image_spec *spec, int *out)
{
    *out = DEFAULT_LEVEL;
    for (uint32_t i = 0; spec->options != NULL && spec->options[i] != NULL; i++) {
        const char *value = spec->options[i]->value;

        if (strcmp(spec->options[i]->name, "level") != 0)
            return tarn_fail(call, TARN_E_INVALID, 0, "cloop has no option %s; it has level",
                             spec->options[i]->name);
        if (value[0] < '0' || value[0] > '9' || value[1] != '\0')
            return tarn_fail(call, TARN_E_INVALID, 0, "level is %s; it can be 0 to 9", value);
        *out = value[0] - '0';
    }
    return TARN_OK;
}

/* The disk is as long as its blocks: the last one is made whole with zeros, and its true length is
 * nowhere in the image. */
static int32_t plan(struct tarn_call *call, const struct tarn_image_spec *spec,
                    struct cloop_header *out, int *out_level)
{
    uint64_t block = spec->cluster_size != 0 ? spec->cluster_size : CLOOP_DEFAULT_BLOCK;
    int32_t status = check_spec(call, spec);

    if (status == TARN_OK)
        status = read_level(call, spec, out_level);
    if (status != TARN_OK)
        return status;
    if (block % 512 != 0 || block > CLOOP_MAX_BLOCK)
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "cluster_size is %llu; cloop allows multiples of 512 up to %llu",
                         (unsigned long long)block, (unsigned long long)CLOOP_MAX_BLOCK);
    if (spec->capacity == 0)
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "a cloop image has at least one block: the disk must not be empty");
    *out = (struct cloop_header){ .version = CLOOP_V2, .entry = 8, .block = block };
    out->blocks = (spec->capacity - 1) / block + 1;
    if (out->blocks >= CLOOP_MAX_TABLE / out->entry)
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "%llu blocks of %llu bytes are more than others can read: choose a larger "
                         "cluster_size", (unsigned long long)out->blocks,
                         (unsigned long long)block);
    return TARN_OK;
}

/* The most that it can become. */
int32_t cloop_measure(struct tarn_call *call, const struct tarn_image_spec *spec, uint64_t *out)
{
    struct cloop_header header;
    uint64_t packed;
    int level;
    int32_t status = plan(call, spec, &header, &level);

    *out = 0;
    if (status != TARN_OK)
        return status;
    *out = CLOOP_HEADER_SIZE + (header.blocks + 1) * header.entry;
    if (__builtin_mul_overflow(header.blocks, (uint64_t)compressBound((uLong)header.block),
                               &packed) ||
        __builtin_add_overflow(*out, packed, out))
        return tarn_fail(call, TARN_E_INVALID, 0, "no cloop image holds %llu bytes",
                         (unsigned long long)spec->capacity);
    return TARN_OK;
}

int32_t cloop_create(struct tarn_call *call, struct tarn_io *file,
                     const struct tarn_image_spec *spec)
{
    uint8_t bytes[CLOOP_HEADER_SIZE];
    struct cloop_header header;
    int level;
    int32_t status = plan(call, spec, &header, &level);

    if (status != TARN_OK)
        return status;
    cloop_draft_write(&header, level, bytes);
    return tarn_io_pwrite(call, file, bytes, sizeof(bytes), 0);
}
