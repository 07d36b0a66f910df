/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * image.c - reading what describes an image: its ends, then its block tables.
 */
#include "dmg.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "codec.h"

static int32_t identify_wrapper(struct tarn_call *call, struct dmg_image *image,
                                const uint8_t *tail, uint64_t tail_length)
{
    uint64_t length = dmg_min(image->file_size, DMG_WRAPPER_V2_SIZE);
    uint8_t head[DMG_WRAPPER_V2_SIZE];
    int32_t status = tarn_io_pread(call, image->file, head, length, 0);

    if (status != TARN_OK)
        return status;
    image->wrapper = dmg_wrapper_parse(head, length, tail, tail_length);
    if (image->wrapper.version != 0)
        return TARN_OK;
    return tarn_fail(call, TARN_E_CORRUPT, 0,
                     "the file does not end with a dmg trailer: it is no dmg image, or was cut "
                     "off");
}

int32_t dmg_image_identify(struct tarn_call *call, struct tarn_io *file, struct dmg_image *out)
{
    uint8_t tail[DMG_KOLY_SIZE];
    struct dmg_fault fault;
    uint64_t length;
    int32_t status;

    memset(out, 0, sizeof(*out));
    out->file = file;
    status = tarn_io_size(call, file, &out->file_size);
    length = dmg_min(out->file_size, sizeof(tail));
    if (status == TARN_OK)
        status = tarn_io_pread(call, file, tail, length, out->file_size - length);
    if (status != TARN_OK)
        return status;
    if (length < sizeof(tail) || !dmg_koly_here(tail))
        return identify_wrapper(call, out, tail, length);
    status = dmg_koly_parse(tail, out->file_size, &out->koly, &fault);
    return status == TARN_OK ? status : dmg_fault_fail(call, &fault);
}

static int32_t refuse_part(const struct dmg_koly *koly, struct dmg_fault *fault)
{
    char before[32] = "";
    char after[32] = "";

    if (koly->segment > 1 && koly->segment <= koly->segments)
        snprintf(before, sizeof(before), " 1 to %u", (unsigned int)koly->segment - 1);
    if (koly->segment < koly->segments)
        snprintf(after, sizeof(after), " %u to %u", (unsigned int)koly->segment + 1,
                 (unsigned int)koly->segments);
    return dmg_fault_set(fault, TARN_E_UNSUPPORTED,
                         "this is part %u of an image in %u parts; parts%s%s%s are missing: make "
                         "one image of them first", (unsigned int)koly->segment,
                         (unsigned int)koly->segments, before,
                         before[0] != '\0' && after[0] != '\0' ? " and" : "", after);
}

static int32_t read_description(struct tarn_call *call, struct tarn_io *file, uint64_t offset,
                                uint64_t length, uint8_t **out)
{
    int32_t status;

    *out = malloc(length > 0 ? length : 1);
    if (*out == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for the description of the image");
    status = tarn_io_pread(call, file, *out, length, offset);
    if (status == TARN_OK)
        return status;
    free(*out);
    *out = NULL;
    return status;
}

/* Where an image has both descriptions, it means the property list. */
static int32_t parse_description(const struct dmg_image *image, uint8_t *bytes,
                                 struct dmg_tables *tables, struct dmg_fault *fault)
{
    const struct dmg_koly *koly = &image->koly;
    int32_t status = koly->plist_length > 0
        ? dmg_plist_tables(tables, koly, bytes, koly->plist_length, fault)
        : dmg_fork_tables(tables, koly, bytes, koly->fork_length, fault);

    return status == TARN_OK ? dmg_tables_finish(tables, fault) : status;
}

int32_t dmg_image_load(struct tarn_call *call, struct dmg_image *image, struct dmg_fault *fault)
{
    const struct dmg_koly *koly = &image->koly;
    bool plist = koly->plist_length > 0;
    uint8_t *bytes;
    int32_t status;

    fault->status = TARN_OK;
    if (image->wrapper.version != 0)
        return dmg_fault_set(fault, TARN_E_UNSUPPORTED,
                             "the image is encrypted: decrypt it with hdiutil or vfdecrypt first");
    if (koly->segments > 1)
        return refuse_part(koly, fault);
    if (!plist && koly->fork_length == 0)
        return dmg_fault_set(fault, TARN_E_CORRUPT,
                             "the trailer names neither a property list nor a resource fork");
    status = read_description(call, image->file, plist ? koly->plist_offset : koly->fork_offset,
                              plist ? koly->plist_length : koly->fork_length, &bytes);
    if (status != TARN_OK)
        return status;
    status = parse_description(image, bytes, &image->tables, fault);
    free(bytes);
    return status;
}

void dmg_image_clear(struct dmg_image *image)
{
    dmg_tables_free(&image->tables);
}

int32_t dmg_image_unpack(struct tarn_call *call, const struct dmg_image *image,
                         const struct dmg_chunk *chunk, uint8_t *packed, uint8_t *out,
                         struct dmg_fault *fault)
{
    int32_t status = tarn_io_pread(call, image->file, packed, chunk->length, chunk->offset);
    struct dmg_fault why;

    fault->status = TARN_OK;
    if (status != TARN_OK)
        return status;
    status = dmg_unpack(chunk->type, packed, chunk->length, out, chunk->count * DMG_SECTOR, &why);
    if (status == TARN_OK)
        return status;
    return dmg_fault_set(fault, status, "sectors %llu to %llu: %s",
                         (unsigned long long)chunk->sector,
                         (unsigned long long)(chunk->sector + chunk->count - 1), why.text);
}

/* The register behind a CRC-32 is its complement, and zeros only shift it: that is what combining
 * with the CRC 0 does. */
uint32_t dmg_crc_zeros(uint32_t crc, uint64_t length)
{
    return ~(uint32_t)crc32_combine(~crc & UINT32_MAX, 0, (z_off_t)length);
}
