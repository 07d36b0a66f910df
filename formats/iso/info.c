/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * info.c - whether something is the image of an optical disc, and what it says of itself. The
 * capacity is the size of the file, whatever the volume claims: there may be sessions or partitions
 * behind it, or less than all of it. Texts come from anybody, so what is not plain is shown as "?".
 */
#include "iso.h"

#include <inttypes.h>
#include <string.h>

#define MAX_PROPERTIES 24u

struct facts {
    struct tarn_property entry[MAX_PROPERTIES];
    const struct tarn_property *list[MAX_PROPERTIES + 1];
    uint32_t count;
    char texts[4][ISO_TEXT_LENGTH + 1];
    char ids[2][ISO_ID_LENGTH + 1];
    char created[32];
    char modified[32];
    char volume_size[24];
    char block_size[16];
    char boot_catalogue[16];
};

static void add(struct facts *facts, const char *name, const char *value)
{
    struct tarn_property *entry = &facts->entry[facts->count];

    if (value == NULL || value[0] == '\0')
        return;
    *entry = (struct tarn_property){ sizeof(*entry), 0, name, value };
    facts->list[facts->count++] = entry;
}

/* --- texts and times -------------------------------------------------------------------------- */

static const char *text_of(const uint8_t *bytes, size_t length, char *out)
{
    while (length > 0 && (bytes[length - 1] == ' ' || bytes[length - 1] == '\0'))
        length--;
    for (size_t i = 0; i < length; i++)
        out[i] = (char)(bytes[i] >= 0x20 && bytes[i] < 0x7f ? bytes[i] : '?');
    out[length] = '\0';
    return out;
}

/* YYYYMMDDHHMMSScc and quarters of an hour from UTC; "" if it is not set, or no time. */
static const char *time_of(const uint8_t *bytes, char *out, size_t room)
{
    int quarters = (int8_t)bytes[16];
    int off = quarters < 0 ? -quarters : quarters;
    const char *d = (const char *)bytes;

    out[0] = '\0';
    for (size_t i = 0; i < 16; i++)
        if (bytes[i] < '0' || bytes[i] > '9')
            return out;
    if (off <= 52 && memcmp(bytes, "0000", 4) != 0)
        snprintf(out, room, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2s%c%02d:%02d", d, d + 4, d + 6, d + 8,
                 d + 10, d + 12, quarters < 0 ? '-' : '+', off / 4, off % 4 * 15);
    return out;
}

/* --- what is where ---------------------------------------------------------------------------- */

/* "PX" of Rock Ridge, or "RR" of its first version, among the extensions of a directory record. */
static bool has_rock_ridge(const uint8_t *record, size_t length)
{
    size_t at = 34; /* behind the record of ".", whose name is one byte */

    while (at + 4 <= length && record[at + 2] >= 4) {
        if (memcmp(record + at, "PX", 2) == 0 || memcmp(record + at, "RR", 2) == 0)
            return true;
        at += record[at + 2];
    }
    return false;
}

static int32_t find_rock_ridge(struct tarn_call *call, struct tarn_io *file, uint64_t file_size,
                               const struct iso_volume *volume, bool *out)
{
    uint64_t at = (uint64_t)volume->root * volume->block_size;
    uint8_t record[255];
    int32_t status;

    *out = false;
    if (!iso_block_size_good(volume->block_size) || at > file_size ||
        file_size - at < sizeof(record))
        return TARN_OK;
    status = tarn_io_pread(call, file, record, sizeof(record), at);
    if (status == TARN_OK)
        *out = has_rock_ridge(record, record[0]);
    return status;
}

/* In the bytes before the descriptors: so the same image boots as a disk. */
static int32_t find_partitions(struct tarn_call *call, struct tarn_io *file, uint64_t file_size,
                               const char **out)
{
    uint8_t bytes[1024];
    bool gpt;
    bool mbr = false;
    int32_t status = TARN_OK;

    *out = NULL;
    if (file_size < sizeof(bytes))
        return TARN_OK;
    status = tarn_io_pread(call, file, bytes, sizeof(bytes), 0);
    if (status != TARN_OK)
        return status;
    gpt = memcmp(bytes + 512, "EFI PART", 8) == 0;
    for (size_t i = 446; i < 510 && bytes[510] == 0x55 && bytes[511] == 0xaa; i += 16)
        mbr = mbr || (bytes[i + 4] != 0 && !(gpt && bytes[i + 4] == 0xee));
    *out = gpt ? mbr ? "mbr and gpt" : "gpt" : mbr ? "mbr" : NULL;
    return TARN_OK;
}

static bool is_raw_dump(const uint8_t *head)
{
    static const uint8_t sync[12] = { 0x00, 0xff, 0xff, 0xff, 0xff, 0xff,
                                      0xff, 0xff, 0xff, 0xff, 0xff, 0x00 };

    return memcmp(head, sync, sizeof(sync)) == 0;
}

/* --- probe ------------------------------------------------------------------------------------ */

/* Only of ISO 9660 is it sure, and High Sierra, its predecessor, has a magic at least. A UDF disc
 * without ISO 9660 looks like any disk that a guest has formatted so: it is not recognised. */
int32_t iso_probe(const struct tarn_probe *probe)
{
    const uint8_t *sector;
    struct iso_volume volume;

    if (probe->head_length < ISO_DESCRIPTORS + 14)
        return TARN_PROBE_NO;
    sector = (const uint8_t *)probe->head + ISO_DESCRIPTORS;
    if (memcmp(sector + 9, "CDROM", 5) == 0)
        return TARN_PROBE_MAGIC;
    if (memcmp(sector + 1, "CD001", 5) != 0 || (sector[0] > 3 && sector[0] != ISO_TERMINATOR))
        return TARN_PROBE_NO;
    if (sector[0] != ISO_PRIMARY || probe->head_length < ISO_HEAD_SIZE)
        return TARN_PROBE_MAGIC;
    iso_volume_parse(sector, ISO_DESCRIPTORS, &volume);
    return sector[6] == 1 && iso_block_size_good(volume.block_size) ? TARN_PROBE_SURE
                                                                    : TARN_PROBE_MAGIC;
}

/* --- info ------------------------------------------------------------------------------------- */

static void add_texts(struct facts *facts, const uint8_t *sector, bool high_sierra)
{
    static const struct {
        const char *name;
        size_t at;
    } texts[] = {
        { "volume-set-id", ISO_VOLUME_SET }, { "publisher", ISO_PUBLISHER },
        { "preparer", ISO_PREPARER }, { "application", ISO_APPLICATION },
    };
    size_t shift = high_sierra ? 8 : 0; /* its fields lie that much further */

    add(facts, "volume-id", text_of(sector + ISO_VOLUME_ID + shift, ISO_ID_LENGTH, facts->ids[0]));
    add(facts, "system-id", text_of(sector + ISO_SYSTEM_ID + shift, ISO_ID_LENGTH, facts->ids[1]));
    for (size_t i = 0; i < 4 && !high_sierra; i++)
        add(facts, texts[i].name,
            text_of(sector + texts[i].at, ISO_TEXT_LENGTH, facts->texts[i]));
}

static void add_volume(struct facts *facts, const struct iso_discs *discs, uint64_t file_size)
{
    const struct iso_volume *volume = &discs->primary;
    uint64_t size = (uint64_t)volume->blocks * volume->block_size;

    snprintf(facts->volume_size, sizeof(facts->volume_size), "%" PRIu64, size);
    snprintf(facts->block_size, sizeof(facts->block_size), "%" PRIu32, volume->block_size);
    add(facts, "volume-size", facts->volume_size);
    add(facts, "block-size", facts->block_size);
    add(facts, "created", time_of(discs->sector + ISO_CREATED, facts->created,
                                  sizeof(facts->created)));
    add(facts, "modified", time_of(discs->sector + ISO_MODIFIED, facts->modified,
                                   sizeof(facts->modified)));
    if (size > file_size)
        add(facts, "truncated", "the volume is larger than the file");
    if (volume->differs != NULL)
        add(facts, "byte-orders-differ", volume->differs);
}

static void add_extensions(struct facts *facts, const struct iso_discs *discs, bool rock_ridge)
{
    bool joliet = false;
    bool enhanced = false;

    for (uint32_t i = 0; i < discs->supplementaries; i++)
        if (discs->supplementary[i].joliet)
            joliet = true;
        else
            enhanced = true;
    if (joliet)
        add(facts, "joliet", "yes");
    if (enhanced)
        add(facts, "enhanced", "yes");
    if (rock_ridge)
        add(facts, "rock-ridge", "yes");
    if (discs->udf)
        add(facts, "udf", "yes");
    if (discs->el_torito) {
        snprintf(facts->boot_catalogue, sizeof(facts->boot_catalogue), "sector %" PRIu32,
                 discs->boot_catalogue);
        add(facts, "el-torito", facts->boot_catalogue);
    }
}

int32_t iso_info(struct tarn_call *call, struct tarn_io *file)
{
    struct facts facts = { .count = 0 };
    struct tarn_image_info info = { .struct_size = sizeof(info), .properties = facts.list };
    struct iso_discs discs;
    const char *partitions = NULL;
    uint8_t head[12] = { 1 };
    bool rock_ridge = false;
    int32_t status = tarn_io_size(call, file, &info.capacity);

    if (status == TARN_OK)
        status = iso_discs_read(call, file, info.capacity, &discs);
    if (status == TARN_OK && discs.primary.at != 0)
        status = find_rock_ridge(call, file, info.capacity, &discs.primary, &rock_ridge);
    if (status == TARN_OK)
        status = find_partitions(call, file, info.capacity, &partitions);
    if (status == TARN_OK && discs.count == 0 && info.capacity >= sizeof(head))
        status = tarn_io_pread(call, file, head, sizeof(head), 0);
    if (status != TARN_OK)
        return status;
    if (discs.primary.at != 0 || discs.high_sierra)
        add_texts(&facts, discs.sector, discs.high_sierra);
    if (discs.primary.at != 0)
        add_volume(&facts, &discs, info.capacity);
    if (discs.high_sierra)
        add(&facts, "standard", "High Sierra");
    if (is_raw_dump(head))
        add(&facts, "raw-sectors", "a dump of 2352 bytes a sector, which no guest can read");
    add_extensions(&facts, &discs, rock_ridge);
    add(&facts, "partition-table", partitions);
    if (facts.texts[3][0] != '\0')
        info.creator = facts.texts[3];
    return call->host->emit_image(call, &info);
}
