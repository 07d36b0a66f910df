/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * vpd.c - reading what a logical unit says of itself.
 */
#include "vpd.h"

#include <string.h>

#include "helpers/be.h"

#define PAGE_HEAD 4       /* bytes before the content of a page */
#define DESCRIPTOR_HEAD 4 /* and before that of a designation descriptor */

/* Designators, SPC-4, table 533. */
#define TYPE_T10_VENDOR 0x1
#define TYPE_EUI64      0x2
#define TYPE_NAA        0x3
#define TYPE_SCSI_NAME  0x8
#define CODE_BINARY     0x1
#define ANY_NAA         0xff

/* --- pages ------------------------------------------------------------------------------------- */

/* The content of a page: what it says and what has come. false: it is another page. */
static bool content(const uint8_t *page, size_t length, uint8_t code, const uint8_t **out,
                    size_t *out_length)
{
    if (length < PAGE_HEAD || page[1] != code)
        return false;
    *out = page + PAGE_HEAD;
    *out_length = be16_load(page + 2);
    if (*out_length > length - PAGE_HEAD)
        *out_length = length - PAGE_HEAD;
    return true;
}

bool vpd_has_page(const uint8_t *pages, size_t length, uint8_t page)
{
    const uint8_t *list;
    size_t count;

    return content(pages, length, VPD_PAGES, &list, &count) && count > 0 &&
           memchr(list, page, count) != NULL;
}

/* --- text -------------------------------------------------------------------------------------- */

static bool is_blank(uint8_t byte)
{
    return byte <= ' ' || byte == 0x7f;
}

/* Appends it, with "_" for blanks within and what is no ASCII, as far as there is room. */
static size_t put_text(char out[VPD_TEXT_SIZE], size_t used, const uint8_t *text, size_t length)
{
    size_t i = 0;

    while (length > 0 && is_blank(text[length - 1]))
        length--;
    while (i < length && is_blank(text[i]))
        i++;
    for (; i < length && used < VPD_TEXT_SIZE - 1; i++)
        if (!is_blank(text[i]))
            out[used++] = text[i] < 0x7f ? (char)text[i] : '_';
        else if (!is_blank(text[i - 1]))
            out[used++] = '_';
    out[used] = '\0';
    return used;
}

static size_t put_hex(char out[VPD_TEXT_SIZE], size_t used, const uint8_t *bytes, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    size_t i;

    for (i = 0; i < length && used + 2 < VPD_TEXT_SIZE; i++) {
        out[used++] = digits[bytes[i] >> 4];
        out[used++] = digits[bytes[i] & 0xf];
    }
    out[used] = '\0';
    return used;
}

bool vpd_serial(const uint8_t *page, size_t length, char out[VPD_TEXT_SIZE])
{
    const uint8_t *text;
    size_t count;

    out[0] = '\0';
    return content(page, length, VPD_SERIAL, &text, &count) && put_text(out, 0, text, count) > 0;
}

/* --- identity ---------------------------------------------------------------------------------- */

/* What is looked for, the best first. udev's scsi_id has the same order, without the SCSI name. */
static const struct designator {
    uint8_t type;
    uint8_t naa;
} designators[] = {
    { TYPE_NAA, 6 },           { TYPE_NAA, 5 },          { TYPE_NAA, ANY_NAA },
    { TYPE_EUI64, ANY_NAA },   { TYPE_T10_VENDOR, ANY_NAA },
    { TYPE_SCSI_NAME, ANY_NAA },
};

/* Of the logical unit, not of a port or the target (association), and of that kind? */
static bool is_designator(const uint8_t *descriptor, const struct designator *wanted)
{
    if ((descriptor[1] & 0x30) != 0 || (descriptor[1] & 0x0f) != wanted->type ||
        descriptor[3] == 0)
        return false;
    return wanted->naa == ANY_NAA || descriptor[DESCRIPTOR_HEAD] >> 4 == wanted->naa;
}

static bool put_identity(const uint8_t *descriptor, char out[VPD_TEXT_SIZE])
{
    const uint8_t *name = descriptor + DESCRIPTOR_HEAD;

    out[0] = (char)('0' + (descriptor[1] & 0x0f));
    if ((descriptor[0] & 0x0f) == CODE_BINARY)
        return put_hex(out, 1, name, descriptor[3]) > 1;
    return put_text(out, 1, name, descriptor[3]) > 1;
}

static bool find_designator(const uint8_t *list, size_t length, const struct designator *wanted,
                            char out[VPD_TEXT_SIZE])
{
    while (length >= DESCRIPTOR_HEAD && length - DESCRIPTOR_HEAD >= list[3]) {
        size_t step = DESCRIPTOR_HEAD + (size_t)list[3];

        if (is_designator(list, wanted) && put_identity(list, out))
            return true;
        list += step;
        length -= step;
    }
    return false;
}

bool vpd_identity(const uint8_t *page, size_t length, char out[VPD_TEXT_SIZE])
{
    const uint8_t *list;
    size_t count;
    size_t i;

    if (content(page, length, VPD_IDENTITY, &list, &count))
        for (i = 0; i < sizeof(designators) / sizeof(designators[0]); i++)
            if (find_designator(list, count, &designators[i], out))
                return true;
    out[0] = '\0';
    return false;
}

/* --- limits ------------------------------------------------------------------------------------ */

static uint32_t number32(const uint8_t *page, size_t length, size_t offset)
{
    return offset + 4 <= length ? be32_load(page + offset) : 0;
}

void vpd_limits(const uint8_t *page, size_t length, struct vpd_limits *out)
{
    const uint8_t *start;
    size_t count;

    if (!content(page, length, VPD_LIMITS, &start, &count))
        return;
    length = PAGE_HEAD + count;
    out->longest_transfer = number32(page, length, 8);
    out->optimal_transfer = number32(page, length, 12);
    out->longest_unmap = number32(page, length, 20);
    out->most_unmap_ranges = number32(page, length, 24);
    out->unmap_granularity = number32(page, length, 28);
    out->longest_write_same = length >= 44 ? be64_load(page + 36) : 0;
}

void vpd_provisioning(const uint8_t *page, size_t length, struct vpd_limits *out)
{
    const uint8_t *start;
    size_t count;

    if (!content(page, length, VPD_PROVISIONING, &start, &count) || count < 2)
        return;
    out->unmap = (page[5] & 0x80) != 0;
    out->write_same_unmaps = (page[5] & 0x40) != 0;
}
