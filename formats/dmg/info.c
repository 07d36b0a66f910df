/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * info.c - what an image says of itself: the trailer gives the size, the types of its chunks what
 * kind of image it is, the tables the names of the partitions.
 */
#include "dmg.h"

#include <inttypes.h>

#define PARTITIONS_TOLD 16u
#define MAX_PROPERTIES  (PARTITIONS_TOLD + 4)

struct properties {
    struct tarn_property entry[MAX_PROPERTIES];
    const struct tarn_property *list[MAX_PROPERTIES + 1];
    uint32_t count;
};

static void add(struct properties *properties, const char *name, const char *value)
{
    struct tarn_property *entry = &properties->entry[properties->count];

    *entry = (struct tarn_property){ sizeof(*entry), 0, name, value };
    properties->list[properties->count++] = entry;
}

/* Apple's four letters for images by how they are packed, and by what. */
static const struct {
    uint32_t type;
    const char *subformat;
    const char *compression;
} kinds[] = {
    { DMG_ADC, "UDCO", "adc" },      { DMG_ZLIB, "UDZO", "zlib" }, { DMG_BZIP2, "UDBZ", "bzip2" },
    { DMG_LZFSE, "ULFO", "lzfse" },  { DMG_LZMA, "ULMO", "lzma" },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static uint32_t types_in(const struct dmg_tables *tables)
{
    uint32_t types = 0;

    for (uint64_t i = 0; i < tables->chunks; i++)
        if (dmg_is_packed(tables->chunk[i].type))
            types |= (uint32_t)1 << (tables->chunk[i].type - DMG_ADC);
    return types;
}

/* UDRO: nothing is packed. Several codecs in one image have no name of their own. */
static void tell_kind(const struct dmg_tables *tables, struct tarn_image_info *info, char *mixture,
                      size_t room)
{
    uint32_t types = types_in(tables);
    size_t length = 0;

    info->subformat = "UDRO";
    mixture[0] = '\0';
    for (size_t i = 0; i < KINDS; i++) {
        if (!(types & (uint32_t)1 << (kinds[i].type - DMG_ADC)))
            continue;
        info->subformat = length == 0 ? kinds[i].subformat : "mixed";
        length += (size_t)snprintf(mixture + length, room - length, "%s%s",
                                   length > 0 ? "+" : "", kinds[i].compression);
    }
    if (length > 0)
        info->compression = mixture;
}

static int32_t emit_encrypted(struct tarn_call *call, const struct dmg_wrapper *wrapper)
{
    struct properties properties = { .count = 0 };
    char length[24];
    struct tarn_image_info info = { .struct_size = sizeof(info), .encryption = "aes",
                                    .properties = properties.list };

    if (wrapper->key_bits == 256)
        info.encryption = "aes-256";
    else if (wrapper->key_bits == 128 || wrapper->version == 1)
        info.encryption = "aes-128";
    add(&properties, "encryption-version", wrapper->version == 1 ? "1" : "2");
    snprintf(length, sizeof(length), "%" PRIu64, wrapper->length);
    if (wrapper->length > 0)
        add(&properties, "encrypted-bytes", length);
    return call->host->emit_image(call, &info);
}

/* A part of an image knows of the whole what the trailer says, no more. */
static int32_t emit_part(struct tarn_call *call, const struct dmg_koly *koly)
{
    struct properties properties = { .count = 0 };
    char segment[40];
    struct tarn_image_info info = { .struct_size = sizeof(info),
                                    .capacity = koly->sectors * DMG_SECTOR,
                                    .properties = properties.list };

    snprintf(segment, sizeof(segment), "%" PRIu32 " of %" PRIu32, koly->segment, koly->segments);
    add(&properties, "segment", segment);
    return call->host->emit_image(call, &info);
}

static int32_t emit_whole(struct tarn_call *call, const struct dmg_image *image)
{
    const struct dmg_tables *tables = &image->tables;
    struct properties properties = { .count = 0 };
    char name[PARTITIONS_TOLD][24];
    char mixture[40];
    char partitions[24];
    char chunks[24];
    struct tarn_image_info info = { .struct_size = sizeof(info),
                                    .capacity = image->koly.sectors * DMG_SECTOR,
                                    .cluster_size = tables->unpacked_max,
                                    .properties = properties.list };

    tell_kind(tables, &info, mixture, sizeof(mixture));
    add(&properties, "description", image->koly.plist_length > 0 ? "plist" : "resource-fork");
    snprintf(partitions, sizeof(partitions), "%" PRIu64, tables->count);
    add(&properties, "partitions", partitions);
    snprintf(chunks, sizeof(chunks), "%" PRIu64, tables->chunks);
    add(&properties, "chunks", chunks);
    for (uint32_t i = 0; i < PARTITIONS_TOLD && i < tables->count; i++) {
        if (tables->table[i].name[0] == '\0')
            continue;
        snprintf(name[i], sizeof(name[i]), "partition-%" PRIu32, i);
        add(&properties, name[i], tables->table[i].name);
    }
    return call->host->emit_image(call, &info);
}

int32_t dmg_info(struct tarn_call *call, struct tarn_io *file)
{
    struct dmg_fault fault;
    struct dmg_image image;
    int32_t status = dmg_image_identify(call, file, &image);

    if (status != TARN_OK)
        return status;
    if (image.wrapper.version != 0)
        return emit_encrypted(call, &image.wrapper);
    if (image.koly.segments > 1)
        return emit_part(call, &image.koly);
    status = dmg_image_load(call, &image, &fault);
    if (status == TARN_OK)
        status = emit_whole(call, &image);
    else if (fault.status != TARN_OK)
        status = dmg_fault_fail(call, &fault);
    dmg_image_clear(&image);
    return status;
}
