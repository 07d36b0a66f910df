/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * layout.c - the headers, which share a magic number and nothing else, and how they are told apart.
 *
 *   UML 1         in the byte order of the machine that wrote it
 *   UML 2         big-endian, as all the others
 *   UML 3         packed; with alignment
 *   … padded      written by 64-bit machines, for version 3 before December 2005: the compiler's
 *                 padding is in it. That of version 3 is recognised as the kernel does: where the
 *                 name should begin there are four zeros
 *   QEMU 64, 32   version 2 with a name of 1024 bytes, padded as the machine's compiler did
 *
 * Layouts of the same version are told apart by which of them makes sense. In an image of QEMU's
 * the fields of UML 2 would lie in bytes that a guest can write, so those are looked at last; in
 * UML's the fields of QEMU lie behind the end of the name, where there are zeros. QEMU 64 has four
 * bytes of padding where QEMU 32 has the higher half of the size: with those zero, a QEMU 32 header
 * read as QEMU 64 means a bitmap that its file is much too short for.
 */
#include "cow.h"

#include <string.h>

#include "helpers/be.h"
#include "helpers/le.h"

#define BAD(call, ...) tarn_fail(call, TARN_E_CORRUPT, 0, __VA_ARGS__)

#define MAGIC 0x4f4f4f4du /* "OOOM" */

struct layout {
    uint32_t version;
    bool little;
    uint32_t name_at;
    uint32_t name_size;
    uint32_t mtime_at;
    uint32_t size_at;
    uint32_t sector_at;
    uint32_t alignment_at; /* 0 = none */
    uint32_t format_at;    /* 0 = none */
    uint32_t header_size;
};

static const struct layout layouts[] = {
    [COW_UML_1_BIG] = { 1, false, 8, 256, 264, 268, 276, 0, 0, 280 },
    [COW_UML_1_BIG_PADDED] = { 1, false, 8, 256, 264, 272, 280, 0, 0, 288 },
    [COW_UML_1_LITTLE] = { 1, true, 8, 256, 264, 268, 276, 0, 0, 280 },
    [COW_UML_1_LITTLE_PADDED] = { 1, true, 8, 256, 264, 272, 280, 0, 0, 288 },
    [COW_UML_2] = { 2, false, 8, 4096, 4104, 4108, 4116, 0, 0, 4120 },
    [COW_UML_2_PADDED] = { 2, false, 8, 4096, 4104, 4112, 4120, 0, 0, 4128 },
    [COW_UML_3] = { 3, false, 32, 4096, 8, 12, 20, 24, 28, 4128 },
    [COW_UML_3_PADDED] = { 3, false, 36, 4096, 8, 16, 24, 28, 32, 4136 },
    [COW_QEMU_64] = { 2, false, 8, 1024, 1032, 1040, 1048, 0, 0, 1056 },
    [COW_QEMU_32] = { 2, false, 8, 1024, 1032, 1036, 1044, 0, 0, 1048 },
};

bool cow_is_qemu(enum cow_kind kind)
{
    return kind == COW_QEMU_64 || kind == COW_QEMU_32;
}

/* --- where things are ------------------------------------------------------------------------- */

static bool power_of_two(uint64_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

static uint64_t round_up(uint64_t value, uint64_t to)
{
    return (value + to - 1) / to * to;
}

/* Versions 1 and 2 of UML round the bitmap's length down where they should round up, so that the
 * last sectors may have no bit. Who reads them must have the data where they are. */
bool cow_lay_out(struct cow_head *head)
{
    const struct layout *layout = &layouts[head->kind];
    uint64_t sector = head->sector;

    if (head->size == 0 || head->size > INT64_MAX / 2)
        return false;
    head->sectors = (head->size + sector - 1) / sector;
    head->bitmap_offset = layout->header_size;
    head->bitmap_length = (head->sectors + 7) / 8;
    if (layout->alignment_at != 0)
        head->bitmap_offset = round_up(layout->header_size, head->alignment);
    else if (!cow_is_qemu(head->kind))
        head->bitmap_length = (head->size + sector - 1) / (8 * sector);
    head->covered = head->bitmap_length * 8 < head->sectors ? head->bitmap_length * 8
                                                            : head->sectors;
    head->data_offset = round_up(head->bitmap_offset + head->bitmap_length,
                                 layout->alignment_at != 0 ? head->alignment : sector);
    return true;
}

/* --- the fields ------------------------------------------------------------------------------- */

static uint32_t load32(const struct layout *layout, const uint8_t *from)
{
    return layout->little ? le32_load(from) : be32_load(from);
}

static void decode(enum cow_kind kind, const uint8_t *bytes, struct cow_head *out)
{
    const struct layout *layout = &layouts[kind];

    memset(out, 0, sizeof(*out));
    out->kind = kind;
    out->version = layout->version;
    out->mtime = load32(layout, bytes + layout->mtime_at);
    out->size = layout->little ? le64_load(bytes + layout->size_at)
                               : be64_load(bytes + layout->size_at);
    out->sector = load32(layout, bytes + layout->sector_at);
    out->alignment = layout->alignment_at != 0 ? load32(layout, bytes + layout->alignment_at)
                                               : out->sector;
    memcpy(out->name, bytes + layout->name_at, layout->name_size);
}

uint64_t cow_head_encode(const struct cow_head *head, uint8_t *bytes)
{
    const struct layout *layout = &layouts[head->kind];

    be32_store(bytes, MAGIC);
    be32_store(bytes + 4, layout->version);
    memcpy(bytes + layout->name_at, head->name, strlen(head->name));
    be32_store(bytes + layout->mtime_at, head->mtime);
    be64_store(bytes + layout->size_at, head->size);
    be32_store(bytes + layout->sector_at, head->sector);
    if (layout->alignment_at != 0)
        be32_store(bytes + layout->alignment_at, head->alignment);
    return layout->header_size;
}

/* NULL if the header makes sense as that layout; else why not. */
static const char *fault_of(enum cow_kind kind, const uint8_t *bytes, uint64_t length,
                            uint64_t file_size, struct cow_head *out)
{
    const struct layout *layout = &layouts[kind];

    if (length < layout->header_size)
        return "the file is shorter than its header";
    decode(kind, bytes, out);
    if (!power_of_two(out->sector) || out->sector < COW_SECTOR || out->sector > COW_MAX_SECTOR)
        return "the sector size is no power of two from 512 to 65536";
    if (!power_of_two(out->alignment) || out->alignment < out->sector ||
        out->alignment > COW_MAX_ALIGNMENT)
        return "the alignment is no power of two from the sector size to 1 MiB";
    if (layout->format_at != 0 && be32_load(bytes + layout->format_at) != 0)
        return "the cow_format is not 0, a bitmap";
    if (memchr(out->name, '\0', layout->name_size) == NULL)
        return "the name of the base has no end";
    if (kind == COW_QEMU_64 && be32_load(bytes + 1036) != 0)
        return "there is no padding before the size";
    if (cow_is_qemu(kind) && out->size % COW_SECTOR != 0)
        return "the size is no multiple of 512";
    if (!cow_lay_out(out))
        return "the size is 0, or more than a file can have";
    if (out->bitmap_offset + out->bitmap_length > file_size)
        return "the file is shorter than its bitmap";
    return NULL;
}

#define CANDIDATES 4

/* The layouts to try, in order. */
static uint32_t candidates(const uint8_t *bytes, uint64_t length, enum cow_kind out[CANDIDATES],
                           uint32_t *out_version)
{
    bool big = length >= 8 && be32_load(bytes) == MAGIC;
    bool little = length >= 8 && le32_load(bytes) == MAGIC;
    bool named = length >= 36 && be32_load(bytes + 32) != 0;

    *out_version = big ? be32_load(bytes + 4) : little ? le32_load(bytes + 4) : 0;
    if (little) {
        out[0] = COW_UML_1_LITTLE;
        out[1] = COW_UML_1_LITTLE_PADDED;
        return *out_version == 1 ? 2 : 0;
    }
    switch (*out_version) {
    case 1:
        out[0] = COW_UML_1_BIG;
        out[1] = COW_UML_1_BIG_PADDED;
        return 2;
    case 2:
        out[0] = COW_QEMU_64;
        out[1] = COW_QEMU_32;
        out[2] = COW_UML_2;
        out[3] = COW_UML_2_PADDED;
        return 4;
    case 3:
        out[0] = named ? COW_UML_3 : COW_UML_3_PADDED;
        return 1;
    default:
        return 0;
    }
}

static const char *parse(const uint8_t *bytes, uint64_t length, uint64_t file_size,
                         struct cow_head *out, uint32_t *out_version)
{
    enum cow_kind kinds[CANDIDATES];
    uint32_t count = candidates(bytes, length, kinds, out_version);
    const char *fault = "";

    for (uint32_t i = 0; i < count && fault != NULL; i++)
        fault = fault_of(kinds[i], bytes, length, file_size, out);
    return fault;
}

int32_t cow_probe(const struct tarn_probe *probe)
{
    struct cow_head head;
    uint32_t version;
    const char *fault = parse(probe->head, probe->head_length, probe->size, &head, &version);

    if (fault == NULL)
        return TARN_PROBE_SURE;
    return fault[0] != '\0' ? TARN_PROBE_MAGIC : TARN_PROBE_NO;
}

/* --- reading it ------------------------------------------------------------------------------- */

static bool is_text(const char *name)
{
    for (; *name != '\0'; name++)
        if ((unsigned char)*name < 0x20 || *name == 0x7f)
            return false;
    return true;
}

int32_t cow_head_read(struct tarn_call *call, struct tarn_io *file, struct cow_head *out,
                      uint64_t *out_file_size)
{
    uint8_t bytes[COW_HEAD_SIZE] = { 0 };
    uint64_t length;
    uint32_t version;
    const char *fault;
    int32_t status = tarn_io_size(call, file, out_file_size);

    length = *out_file_size < sizeof(bytes) ? *out_file_size : sizeof(bytes);
    if (status == TARN_OK)
        status = tarn_io_pread(call, file, bytes, length, 0);
    if (status != TARN_OK)
        return status;
    fault = parse(bytes, length, *out_file_size, out, &version);
    if (fault != NULL && fault[0] == '\0' && version == 0)
        return BAD(call, "the file does not begin as a cow image");
    if (fault != NULL && fault[0] == '\0')
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "the version of the cow image is %u; known are 1, 2 and 3",
                         (unsigned int)version);
    if (fault != NULL)
        return BAD(call, "the header of the cow image, version %u, is damaged: %s",
                   (unsigned int)version, fault);
    if (!is_text(out->name) || (out->name[0] == '\0' && !cow_is_qemu(out->kind)))
        return BAD(call, "the cow image has no name of its base that could be one: its header is "
                         "damaged");
    return TARN_OK;
}
