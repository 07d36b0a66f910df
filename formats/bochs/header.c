/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * header.c - the head of a bochs image.
 */
#include "bochs.h"

#include <string.h>

#include "helpers/le.h"

#define BAD(call, ...) tarn_fail(call, TARN_E_CORRUPT, 0, __VA_ARGS__)

#define TYPE "Redolog"
#define TYPE_AT 32u
#define SUBTYPE_AT 48u
#define VERSION_AT 64u
#define VERSION_1 0x00010000u
#define VERSION_2 0x00020000u
#define LAST_FIELD 96u /* the fields end here; the rest of the sector is zero */

static const char *const subtypes[] = {
    [BOCHS_GROWING] = "Growing", [BOCHS_UNDOABLE] = "Undoable", [BOCHS_VOLATILE] = "Volatile",
};

const char *const bochs_subformats[] = {
    [BOCHS_GROWING] = "growing", [BOCHS_UNDOABLE] = "undoable", [BOCHS_VOLATILE] = "volatile",
};

static bool says(const uint8_t *bytes, const char *text)
{
    return memcmp(bytes, text, strlen(text) + 1) == 0;
}

static bool decode_subtype(const uint8_t *bytes, enum bochs_subtype *out)
{
    for (uint32_t i = BOCHS_GROWING; i <= BOCHS_VOLATILE; i++) {
        if (says(bytes + SUBTYPE_AT, subtypes[i])) {
            *out = (enum bochs_subtype)i;
            return true;
        }
    }
    return false;
}

uint64_t bochs_size_at(const struct bochs_header *header)
{
    return header->version == 1 ? 84 : 88;
}

/* Version 1 has no timestamp, so its size comes earlier. */
static void decode(const uint8_t *bytes, struct bochs_header *out)
{
    out->version = le32_load(bytes + VERSION_AT) == VERSION_1 ? 1 : 2;
    out->length = le32_load(bytes + 68);
    out->catalog = le32_load(bytes + 72);
    out->bitmap = le32_load(bytes + 76);
    out->extent = le32_load(bytes + 80);
    out->timestamp = out->version == 2 ? le32_load(bytes + 84) : 0;
    out->size = le64_load(bytes + bochs_size_at(out));
}

static bool catalog_good(const struct bochs_header *header)
{
    return header->length >= BOCHS_HEADER_SIZE && header->length <= BOCHS_MAX_HEADER &&
           header->length % 4 == 0 && header->catalog > 0 &&
           header->catalog <= BOCHS_MAX_CATALOG;
}

static bool extent_good(const struct bochs_header *header)
{
    return header->extent >= BOCHS_SECTOR && header->extent <= BOCHS_MAX_EXTENT &&
           (header->extent & (header->extent - 1)) == 0;
}

/* One bit for each sector, and perhaps some more. After extent_good(). */
static bool bitmap_good(const struct bochs_header *header)
{
    return header->bitmap <= BOCHS_MAX_BITMAP &&
           header->bitmap * 8 >= header->extent / BOCHS_SECTOR;
}

static bool size_good(const struct bochs_header *header)
{
    return header->size > 0 && header->size % BOCHS_SECTOR == 0 &&
           header->size <= bochs_most(header);
}

static int32_t check(struct tarn_call *call, const struct bochs_header *header)
{
    if (!catalog_good(header))
        return BAD(call, "the catalog has %u entries at %u; 1 to %u at 512 to %u are allowed: the "
                         "header is damaged", header->catalog, header->length, BOCHS_MAX_CATALOG,
                   BOCHS_MAX_HEADER);
    if (!extent_good(header))
        return BAD(call, "an extent has %u bytes; powers of two from 512 to %u are allowed: the "
                         "header is damaged", header->extent, BOCHS_MAX_EXTENT);
    if (!bitmap_good(header))
        return BAD(call, "a bitmap has %u bytes; %u to %u are allowed for extents of %u bytes: "
                         "the header is damaged", header->bitmap,
                   (header->extent / BOCHS_SECTOR + 7) / 8, BOCHS_MAX_BITMAP, header->extent);
    if (!size_good(header))
        return BAD(call, "the disk has %llu bytes; whole sectors up to the catalog's %llu are "
                         "allowed: the header is damaged", (unsigned long long)header->size,
                   (unsigned long long)bochs_most(header));
    return TARN_OK;
}

int32_t bochs_header_read(struct tarn_call *call, struct tarn_io *file, struct bochs_header *out,
                          uint64_t *out_file_size)
{
    uint8_t bytes[BOCHS_HEADER_SIZE] = { 0 };
    uint32_t version;
    int32_t status = tarn_io_size(call, file, out_file_size);

    if (status == TARN_OK)
        status = tarn_io_pread(call, file, bytes, bochs_min(sizeof(bytes), *out_file_size), 0);
    if (status != TARN_OK)
        return status;
    if (!says(bytes, BOCHS_MAGIC) || !says(bytes + TYPE_AT, TYPE))
        return BAD(call, "there is no bochs header: another format, or its start is overwritten");
    if (*out_file_size < sizeof(bytes))
        return BAD(call, "the file ends within the bochs header: it was cut off");
    if (!decode_subtype(bytes, &out->subtype))
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "this kind of redolog is unknown; Growing, Undoable and Volatile are "
                         "known");
    version = le32_load(bytes + VERSION_AT);
    if (version != VERSION_1 && version != VERSION_2)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "bochs version 0x%08x is unknown; 0x%08x and 0x%08x are known", version,
                         VERSION_1, VERSION_2);
    decode(bytes, out);
    return check(call, out);
}

void bochs_header_encode(const struct bochs_header *header, uint8_t *bytes)
{
    memset(bytes, 0, BOCHS_HEADER_SIZE);
    memcpy(bytes, BOCHS_MAGIC, sizeof(BOCHS_MAGIC));
    memcpy(bytes + TYPE_AT, TYPE, sizeof(TYPE));
    memcpy(bytes + SUBTYPE_AT, subtypes[BOCHS_GROWING],
           strlen(subtypes[BOCHS_GROWING]));
    le32_store(bytes + VERSION_AT, VERSION_2);
    le32_store(bytes + 68, header->length);
    le32_store(bytes + 72, header->catalog);
    le32_store(bytes + 76, header->bitmap);
    le32_store(bytes + 80, header->extent);
    le64_store(bytes + 88, header->size);
}

int32_t bochs_probe(const struct tarn_probe *probe)
{
    const uint8_t *head = probe->head;
    struct bochs_header header;
    uint32_t version;

    if (probe->head_length < LAST_FIELD || !says(head, BOCHS_MAGIC) ||
        !says(head + TYPE_AT, TYPE))
        return TARN_PROBE_NO;
    version = le32_load(head + VERSION_AT);
    if ((version != VERSION_1 && version != VERSION_2) || !decode_subtype(head, &header.subtype))
        return TARN_PROBE_MAGIC;
    decode(head, &header);
    return catalog_good(&header) && extent_good(&header) && bitmap_good(&header) &&
                   size_good(&header)
               ? TARN_PROBE_SURE : TARN_PROBE_MAGIC;
}
