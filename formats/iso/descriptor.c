/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * descriptor.c - the volume descriptors of a disc: which are there, and their numbers.
 */
#include "iso.h"

#include <string.h>

#include "helpers/be.h"
#include "helpers/le.h"

#define READ_AT_ONCE 4u /* descriptors; as many as most discs have */

bool iso_both16(const uint8_t *bytes, uint32_t *out)
{
    *out = le16_load(bytes);
    return *out == be16_load(bytes + 2);
}

bool iso_both32(const uint8_t *bytes, uint32_t *out)
{
    *out = le32_load(bytes);
    return *out == be32_load(bytes + 4);
}

bool iso_block_size_good(uint32_t block_size)
{
    return block_size == 512 || block_size == 1024 || block_size == 2048;
}

static void note(struct iso_volume *volume, bool same, const char *what)
{
    if (!same && volume->differs == NULL)
        volume->differs = what;
}

/* The escape sequences of UCS-2, levels 1 to 3. */
static bool is_joliet(const uint8_t *sector)
{
    const uint8_t *escape = sector + 88;

    return sector[0] == ISO_SUPPLEMENTARY && escape[0] == 0x25 && escape[1] == 0x2f &&
           (escape[2] == 0x40 || escape[2] == 0x43 || escape[2] == 0x45);
}

void iso_volume_parse(const uint8_t *sector, uint64_t at, struct iso_volume *out)
{
    uint32_t ignored;

    *out = (struct iso_volume){ .at = at, .joliet = is_joliet(sector) };
    note(out, iso_both32(sector + 80, &out->blocks), "volume size");
    note(out, iso_both16(sector + 120, &ignored), "volume set size");
    note(out, iso_both16(sector + 124, &ignored), "volume sequence number");
    note(out, iso_both16(sector + 128, &out->block_size), "block size");
    note(out, iso_both32(sector + 132, &out->path_table_length), "path table length");
    out->path_table = le32_load(sector + 140);
    out->path_table_big = be32_load(sector + 148);
    note(out, iso_both32(sector + 156 + 2, &out->root), "place of the root directory");
    note(out, iso_both32(sector + 156 + 10, &out->root_length), "length of the root directory");
}

static void take_iso(struct iso_discs *discs, const uint8_t *sector, uint64_t at)
{
    static const char boot_id[] = "EL TORITO SPECIFICATION";

    discs->count++;
    switch (sector[0]) {
    case ISO_BOOT:
        if (memcmp(sector + 7, boot_id, sizeof(boot_id) - 1) == 0) {
            discs->el_torito = true;
            discs->boot_catalogue = le32_load(sector + 71);
        }
        break;
    case ISO_PRIMARY: /* a second one is a copy */
        if (discs->primary.at == 0) {
            iso_volume_parse(sector, at, &discs->primary);
            memcpy(discs->sector, sector, ISO_SECTOR);
        }
        break;
    case ISO_SUPPLEMENTARY:
        if (discs->supplementaries < 4)
            iso_volume_parse(sector, at, &discs->supplementary[discs->supplementaries++]);
        break;
    case ISO_TERMINATOR:
        discs->terminated = true;
        break;
    default: /* a partition, or something that is reserved */
        break;
    }
}

/* UDF puts its marks into the same area, mostly behind the terminator. False: here it ends. */
static bool take(struct iso_discs *discs, const uint8_t *sector, uint64_t at)
{
    const char *id = (const char *)sector + 1;

    if (memcmp(id, "CD001", 5) == 0) {
        if (!discs->terminated)
            take_iso(discs, sector, at);
        return true;
    }
    if (memcmp(id, "NSR02", 5) == 0 || memcmp(id, "NSR03", 5) == 0)
        discs->udf = true;
    if (at == ISO_DESCRIPTORS && memcmp(sector + 9, "CDROM", 5) == 0) {
        discs->high_sierra = true;
        memcpy(discs->sector, sector, ISO_SECTOR);
    }
    return discs->udf || memcmp(id, "BEA01", 5) == 0 || memcmp(id, "BOOT2", 5) == 0;
}

int32_t iso_discs_read(struct tarn_call *call, struct tarn_io *file, uint64_t file_size,
                       struct iso_discs *out)
{
    uint8_t sectors[READ_AT_ONCE * ISO_SECTOR];
    uint64_t end = ISO_DESCRIPTORS + ISO_MAX_DESCRIPTORS * ISO_SECTOR;

    memset(out, 0, sizeof(*out));
    end = end < file_size ? end : file_size;
    for (uint64_t at = ISO_DESCRIPTORS; at + ISO_SECTOR <= end;) {
        uint64_t length = end - at < sizeof(sectors) ? end - at : sizeof(sectors);
        int32_t status = tarn_io_pread(call, file, sectors, length, at);

        if (status != TARN_OK)
            return status;
        for (uint64_t i = 0; i + ISO_SECTOR <= length; i += ISO_SECTOR, at += ISO_SECTOR)
            if (!take(out, sectors + i, at))
                return TARN_OK;
    }
    return TARN_OK;
}
