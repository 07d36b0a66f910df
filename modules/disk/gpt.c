/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * GPT (UEFI specification, chapter 5): headers and entries, in the copy of the table.
 */
#include "gpt.h"

#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "helpers/le.h"

#define HEADER_MIN 92u
#define ENTRY_MIN 128u
#define ENTRIES_MAX ((uint64_t)1024 * 1024) /* bytes; what tools write is 16 KiB */
#define NAME_BYTES 72u
#define ATTRIBUTE_NO_AUTOMOUNT ((uint64_t)1 << 63)

/* One of the two copies, as it is in the scratch. */
struct copy {
    uint8_t header[4096]; /* a sector */
    uint32_t header_size;
    uint64_t lba;
    uint64_t alternate;
    uint64_t entries_lba;
    uint32_t entry_count;
    uint32_t entry_size;
    uint8_t *entries; /* NULL: the copy is not whole */
};

static uint64_t entries_bytes(const struct copy *copy)
{
    return (uint64_t)copy->entry_count * copy->entry_size;
}

static uint32_t checksum(const void *bytes, uint64_t length)
{
    return (uint32_t)crc32(0, bytes, (uInt)length);
}

/* With its own field as zero. */
static uint32_t header_checksum(const struct copy *copy)
{
    uint8_t header[4096];

    memcpy(header, copy->header, sizeof(header));
    le32_store(header + 16, 0);
    return checksum(header, copy->header_size);
}

/* --- reading a copy --------------------------------------------------------------------------- */

static bool take_header(struct copy *copy, const struct scratch *scratch)
{
    const uint8_t *header = copy->header;

    if (memcmp(header, "EFI PART", 8) != 0)
        return false;
    copy->header_size = le32_load(header + 12);
    if (copy->header_size < HEADER_MIN || copy->header_size > scratch->sector ||
        header_checksum(copy) != le32_load(header + 16) || le64_load(header + 24) != copy->lba)
        return false;
    copy->alternate = le64_load(header + 32);
    copy->entries_lba = le64_load(header + 72);
    copy->entry_count = le32_load(header + 80);
    copy->entry_size = le32_load(header + 84);
    return copy->entry_count > 0 && copy->entry_size >= ENTRY_MIN && copy->entry_size % 8 == 0 &&
           entries_bytes(copy) <= ENTRIES_MAX &&
           copy->entries_lba < scratch->size / scratch->sector;
}

/* A part that cannot be read makes the copy useless, and is no failure. */
static bool fetch(struct tarn_call *call, struct scratch *scratch, void *to, uint64_t length,
                  uint64_t lba)
{
    uint64_t offset;

    if (__builtin_mul_overflow(lba, (uint64_t)scratch->sector, &offset))
        return false;
    if (scratch_copy(call, scratch, offset, length) == TARN_OK &&
        scratch_read(call, scratch, to, length, offset) == TARN_OK)
        return true;
    call->host->forget(call);
    return false;
}

static void read_copy(struct tarn_call *call, struct scratch *scratch, uint64_t lba,
                      struct copy *out)
{
    uint8_t *entries;

    memset(out, 0, sizeof(*out));
    out->lba = lba;
    if (!fetch(call, scratch, out->header, scratch->sector, lba) || !take_header(out, scratch))
        return;
    entries = malloc(entries_bytes(out));
    if (entries != NULL && fetch(call, scratch, entries, entries_bytes(out), out->entries_lba) &&
        checksum(entries, entries_bytes(out)) == le32_load(out->header + 88))
        out->entries = entries;
    else
        free(entries);
}

static void clear_copy(struct copy *copy)
{
    free(copy->entries);
}

static uint64_t last_lba(const struct scratch *scratch)
{
    return scratch->size / scratch->sector - 1;
}

/* The backup is where the primary says, or at the end where one is looked for without it. */
static void read_copies(struct tarn_call *call, struct scratch *scratch, struct copy *primary,
                        struct copy *backup)
{
    read_copy(call, scratch, 1, primary);
    read_copy(call, scratch, primary->entries != NULL ? primary->alternate : last_lba(scratch),
              backup);
}

/* --- writing a copy --------------------------------------------------------------------------- */

static int32_t write_copy(struct tarn_call *call, struct scratch *scratch, struct copy *copy)
{
    int32_t status;

    le64_store(copy->header + 24, copy->lba);
    le64_store(copy->header + 32, copy->alternate);
    le64_store(copy->header + 72, copy->entries_lba);
    le32_store(copy->header + 88, checksum(copy->entries, entries_bytes(copy)));
    le32_store(copy->header + 16, header_checksum(copy));
    status = scratch_write(call, scratch, copy->entries, entries_bytes(copy),
                           copy->entries_lba * scratch->sector);
    if (status == TARN_OK)
        status = scratch_write(call, scratch, copy->header, scratch->sector,
                               copy->lba * scratch->sector);
    return status;
}

/* --- which are whole -------------------------------------------------------------------------- */

static int32_t find_protective(struct tarn_call *call, struct scratch *scratch, bool *out)
{
    uint8_t mbr[512];
    int32_t status = scratch_read(call, scratch, mbr, sizeof(mbr), 0);
    unsigned i;

    *out = false;
    for (i = 0; status == TARN_OK && mbr[510] == 0x55 && mbr[511] == 0xaa && i < 4; i++)
        *out = *out || mbr[446 + 16 * i + 4] == 0xee;
    return status;
}

static int32_t mend_primary(struct tarn_call *call, struct scratch *scratch,
                            const struct copy *backup)
{
    struct copy primary = *backup; /* borrows the entries */
    int32_t status;

    primary.lba = 1;
    primary.alternate = backup->lba;
    primary.entries_lba = 2;
    status = scratch_copy(call, scratch, (uint64_t)2 * scratch->sector, entries_bytes(&primary));
    return status == TARN_OK ? write_copy(call, scratch, &primary) : status;
}

int32_t gpt_examine(struct tarn_call *call, struct scratch *scratch, struct gpt_state *out)
{
    struct copy primary;
    struct copy backup;
    int32_t status;

    memset(out, 0, sizeof(*out));
    status = find_protective(call, scratch, &out->protective);
    if (status != TARN_OK || !out->protective)
        return status;
    read_copies(call, scratch, &primary, &backup);
    out->primary = primary.entries != NULL;
    out->backup = backup.entries != NULL;
    out->at_end = out->backup && backup.lba == last_lba(scratch);
    if (!out->primary && out->backup)
        status = mend_primary(call, scratch, &backup);
    clear_copy(&primary);
    clear_copy(&backup);
    return status;
}

/* --- entries ---------------------------------------------------------------------------------- */

/* The first three parts are little-endian. */
static void guid_text(char *out, const uint8_t *guid)
{
    snprintf(out, GPT_GUID_SIZE, "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x",
             le32_load(guid), le16_load(guid + 4), le16_load(guid + 6), guid[8], guid[9], guid[10],
             guid[11], guid[12], guid[13], guid[14], guid[15]);
}

/* A name that is no text counts as none. */
static void name_text(char *out, const uint8_t *name)
{
    iconv_t converter = iconv_open("UTF-8", "UTF-16LE");
    char *from = (char *)(uintptr_t)name;
    char *to = out;
    size_t left = 0;
    size_t room = GPT_NAME_SIZE - 1;

    memset(out, 0, GPT_NAME_SIZE);
    while (left < NAME_BYTES && le16_load(name + left) != 0)
        left += 2;
    if (converter == (iconv_t)-1)
        return;
    if (iconv(converter, &from, &left, &to, &room) == (size_t)-1)
        memset(out, 0, GPT_NAME_SIZE);
    iconv_close(converter);
}

static int32_t name_bytes(struct tarn_call *call, uint8_t out[NAME_BYTES], const char *name)
{
    iconv_t converter = iconv_open("UTF-16LE", "UTF-8");
    char *from = (char *)(uintptr_t)name;
    char *to = (char *)out;
    size_t left = strlen(name);
    size_t room = NAME_BYTES;
    bool fits;

    memset(out, 0, NAME_BYTES);
    if (converter == (iconv_t)-1)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "this system cannot convert to UTF-16");
    fits = iconv(converter, &from, &left, &to, &room) != (size_t)-1;
    iconv_close(converter);
    if (!fits)
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "\"%s\" is no name for a partition: at most 36 characters", name);
    return TARN_OK;
}

int32_t gpt_check_name(struct tarn_call *call, const char *name)
{
    uint8_t bytes[NAME_BYTES];

    return name_bytes(call, bytes, name);
}

static bool is_used(const uint8_t *entry)
{
    static const uint8_t unused[16];

    return memcmp(entry, unused, sizeof(unused)) != 0;
}

static void take_entry(struct gpt_entry *out, const uint8_t *entry)
{
    guid_text(out->type, entry);
    guid_text(out->uuid, entry + 16);
    out->start = le64_load(entry + 32);
    out->unmounted = (le64_load(entry + 48) & ATTRIBUTE_NO_AUTOMOUNT) != 0;
    name_text(out->name, entry + 56);
}

int32_t gpt_read(struct tarn_call *call, struct scratch *scratch, char disk_id[GPT_GUID_SIZE],
                 struct gpt_entry **out, size_t *out_count)
{
    struct copy primary;
    struct gpt_entry *list = NULL;
    uint32_t i;

    *out_count = 0;
    read_copy(call, scratch, 1, &primary);
    if (primary.entries != NULL)
        list = calloc(primary.entry_count, sizeof(*list));
    if (list == NULL) {
        bool whole = primary.entries != NULL;

        clear_copy(&primary);
        return tarn_fail(call, whole ? TARN_E_INTERNAL : TARN_E_CORRUPT, 0,
                         whole ? "no memory for the partitions of %s"
                               : "the GPT of %s is damaged", scratch->name);
    }
    guid_text(disk_id, primary.header + 56);
    for (i = 0; i < primary.entry_count; i++) {
        const uint8_t *entry = primary.entries + (size_t)i * primary.entry_size;

        if (is_used(entry))
            take_entry(&list[(*out_count)++], entry);
    }
    clear_copy(&primary);
    *out = list;
    return TARN_OK;
}

static int32_t mark_copy(struct tarn_call *call, struct scratch *scratch, struct copy *copy,
                         uint64_t start, bool unmounted, const uint8_t *name)
{
    uint32_t i;

    for (i = 0; copy->entries != NULL && i < copy->entry_count; i++) {
        uint8_t *entry = copy->entries + (size_t)i * copy->entry_size;
        uint64_t attributes = le64_load(entry + 48);

        if (!is_used(entry) || le64_load(entry + 32) != start)
            continue;
        if (unmounted)
            attributes |= ATTRIBUTE_NO_AUTOMOUNT;
        else
            attributes &= ~ATTRIBUTE_NO_AUTOMOUNT;
        le64_store(entry + 48, attributes);
        if (name != NULL)
            memcpy(entry + 56, name, NAME_BYTES);
        return write_copy(call, scratch, copy);
    }
    return tarn_fail(call, TARN_E_INTERNAL, 0, "the new entry is not in the GPT of %s",
                     scratch->name);
}

int32_t gpt_mark(struct tarn_call *call, struct scratch *scratch, uint64_t start, bool unmounted,
                 const char *name)
{
    uint8_t bytes[NAME_BYTES];
    struct copy primary;
    struct copy backup;
    int32_t status = name != NULL ? name_bytes(call, bytes, name) : TARN_OK;

    if (status != TARN_OK)
        return status;
    read_copies(call, scratch, &primary, &backup);
    status = mark_copy(call, scratch, &primary, start, unmounted, name != NULL ? bytes : NULL);
    if (status == TARN_OK)
        status = mark_copy(call, scratch, &backup, start, unmounted, name != NULL ? bytes : NULL);
    clear_copy(&primary);
    clear_copy(&backup);
    return status;
}
