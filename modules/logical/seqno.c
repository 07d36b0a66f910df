/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * seqno.c - have the metadata of a group changed since they were reported? And if they have, is
 * there a volume of some name now? LVM counts the changes in the metadata themselves (`seqno`), of
 * which each device has a copy; a change is complete once the header of the copies points to the
 * new text. So two reads of a device tell what would otherwise take a program.
 *
 * On disk (LVM2, format_text): a label in one of the first four sectors, "LABELONE", 32 bytes on
 * it the header of the physical volume: UUID[32], size, then pairs of (offset, size) of its data
 * areas up to a pair of zeros, then those of its metadata areas. A metadata area begins with a
 * sector: checksum, magic[16], version, start, size, and "raw locations" of (offset, size,
 * checksum, flags), the first of which is the text that counts. The text begins
 * `NAME {\nid = "…"\nseqno = N\n`; a volume in it, and some other things, `\nNAME {\n`. Integers
 * are little endian. Whatever is not so is left to lvm.
 */
#include "report.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helpers/le.h"

#define SECTOR   512u
#define BLOCK    4096u /* what can be read past the page cache of any device: lvm writes past it */
#define LABELS   4u
#define AREAS    8u    /* more pairs than any header of ours has */
#define HEADER   512u
#define LOCATION 40u   /* of the first raw location in the sector of a metadata area */
#define IGNORED  1u    /* a flag of it */
#define TEXT_MAX (4u << 20) /* of 10,000 volumes */

struct device {
    int fd;
    uint8_t *buffer; /* of two blocks, aligned */
};

/* At `offset` at least `length` bytes, up to a block, or NULL. */
static const uint8_t *peek(const struct device *device, uint64_t offset, size_t length)
{
    uint64_t begin = offset / BLOCK * BLOCK;
    size_t skip = (size_t)(offset - begin);
    ssize_t got;

    if (offset > INT64_MAX - 2 * BLOCK || length > BLOCK)
        return NULL;
    got = pread(device->fd, device->buffer, 2 * BLOCK, (off_t)begin);
    return got >= 0 && (size_t)got >= skip + length ? device->buffer + skip : NULL;
}

static const uint8_t *find_label(const uint8_t *head)
{
    unsigned i;

    for (i = 0; i < LABELS; i++)
        if (memcmp(head + i * SECTOR, "LABELONE", 8) == 0 &&
            memcmp(head + i * SECTOR + 24, "LVM2 001", 8) == 0)
            return head + i * SECTOR;
    return NULL;
}

/* Where the first metadata area begins; 0 = there is none. */
static uint64_t find_area(const struct device *device)
{
    const uint8_t *head = peek(device, 0, LABELS * SECTOR);
    const uint8_t *label = head != NULL ? find_label(head) : NULL;
    unsigned at, lists = 0;

    if (label == NULL || le32_load(label + 20) != 32)
        return 0;
    for (at = 32 + 32 + 8; at + 16 <= SECTOR && at < 32 + 40 + 16 * AREAS; at += 16) {
        uint64_t offset = le64_load(label + at);

        if (lists == 1)
            return offset;
        lists += offset == 0;
    }
    return 0;
}

/* Where the text that counts begins on the device, and how long it is. One that goes on at the
 * start of the area is left to lvm. */
static bool find_text(const struct device *device, uint64_t *out_offset, uint64_t *out_length)
{
    uint64_t area = find_area(device), offset, size;
    const uint8_t *bytes = area != 0 ? peek(device, area, SECTOR) : NULL;

    if (bytes == NULL || memcmp(bytes + 4, " LVM2 x[5A%r0N*>", 16) != 0)
        return false;
    size = le64_load(bytes + 32);
    offset = le64_load(bytes + LOCATION);
    *out_length = le64_load(bytes + LOCATION + 8);
    *out_offset = area + offset;
    return !(le32_load(bytes + LOCATION + 20) & IGNORED) && size <= INT64_MAX - area &&
           offset >= SECTOR && offset <= size && *out_length <= size - offset &&
           *out_length <= TEXT_MAX;
}

/* Of the report's group; with `seqno`, also of its time. */
static bool begins_as(const struct vg *vg, bool seqno, const char *text, size_t length)
{
    char wanted[HEADER];
    int wanted_length =
        seqno ? snprintf(wanted, sizeof(wanted), "%s {\nid = \"%s\"\nseqno = %llu\n", vg->name,
                         vg->uuid, (unsigned long long)vg->seqno)
              : snprintf(wanted, sizeof(wanted), "%s {\nid = \"%s\"\n", vg->name, vg->uuid);

    return wanted_length > 0 && (size_t)wanted_length < sizeof(wanted) &&
           (size_t)wanted_length <= length && memcmp(text, wanted, (size_t)wanted_length) == 0;
}

static int open_device(const struct pv *pv)
{
    return open(pv->name, O_RDONLY | O_DIRECT | O_CLOEXEC | O_NONBLOCK);
}

static bool is_same_on(const struct vg *vg, const struct pv *pv, uint8_t *buffer)
{
    struct device device = { open_device(pv), buffer };
    uint64_t offset, length;
    const uint8_t *text = NULL;

    if (device.fd < 0)
        return false;
    if (find_text(&device, &offset, &length)) {
        length = length < HEADER ? length : HEADER;
        text = peek(&device, offset, (size_t)length);
    }
    close(device.fd);
    return text != NULL && begins_as(vg, true, (const char *)text, (size_t)length);
}

bool vg_is_current(const struct vg *vg)
{
    uint8_t *buffer = vg->missing == 0 ? aligned_alloc(BLOCK, 2 * BLOCK) : NULL;
    bool same = buffer != NULL, any = false;
    size_t i;

    for (i = 0; same && i < vg->pv_count; i++)
        if (vg->pvs[i].metadata) {
            same = is_same_on(vg, &vg->pvs[i], buffer);
            any = true;
        }
    free(buffer);
    return same && any;
}

/* --- one name --------------------------------------------------------------------------------- */

static bool text_lacks(const struct vg *vg, const struct device *device, const char *name)
{
    uint64_t offset, length, begin;
    char wanted[HEADER];
    uint8_t *whole;
    size_t room, wanted_length;
    bool lacks = false;

    if (!find_text(device, &offset, &length))
        return false;
    begin = offset / BLOCK * BLOCK;
    room = (size_t)((offset - begin + length + BLOCK - 1) / BLOCK * BLOCK);
    whole = aligned_alloc(BLOCK, room);
    wanted_length = (size_t)snprintf(wanted, sizeof(wanted), "\n%s {\n", name);
    if (whole != NULL && wanted_length < sizeof(wanted) &&
        pread(device->fd, whole, room, (off_t)begin) == (ssize_t)room)
        lacks = begins_as(vg, false, (char *)whole + (offset - begin), (size_t)length) &&
                memmem(whole + (offset - begin), (size_t)length, wanted, wanted_length) == NULL;
    free(whole);
    return lacks;
}

bool vg_lacks(const struct vg *vg, const char *name)
{
    uint8_t *buffer = vg->missing == 0 ? aligned_alloc(BLOCK, 2 * BLOCK) : NULL;
    bool lacks = false;
    size_t i;

    for (i = 0; buffer != NULL && !lacks && i < vg->pv_count; i++) {
        struct device device = { -1, buffer };

        if (!vg->pvs[i].metadata)
            continue;
        device.fd = open_device(&vg->pvs[i]);
        lacks = device.fd >= 0 && text_lacks(vg, &device, name);
        if (device.fd >= 0)
            close(device.fd);
        break; /* the copies are alike */
    }
    free(buffer);
    return lacks;
}
