/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The disk of broken-format.c. Every change is one write of an entry, after what it points to.
 */
#include "broken-format.h"

static struct image *image_of(struct tarn_io *io)
{
    return (struct image *)(void *)io;
}

/* --- entries ---------------------------------------------------------------------------------- */

static int32_t read_number(struct tarn_call *call, struct image *image, uint64_t at, uint64_t *out)
{
    uint8_t bytes[8] = { 0 };
    int32_t status = tarn_io_pread(call, image->file, bytes, 8, at);

    *out = load(bytes);
    return status;
}

static int32_t write_number(struct tarn_call *call, struct image *image, uint64_t at,
                            uint64_t value)
{
    uint8_t bytes[8];

    save(bytes, value);
    return tarn_io_pwrite(call, image->file, bytes, 8, at);
}

static int32_t good_place(struct tarn_call *call, struct image *image, uint64_t place)
{
    uint64_t size;
    int32_t status = tarn_io_size(call, image->file, &size);

    if (FAULT(TRUSTS_PLACE) && place / MOST != 0)
        return *(volatile uint8_t *)NULL;
    if (status == TARN_OK && (place % BOX != 0 || place < 2 * BOX || place >= size))
        return tarn_fail(call, TARN_E_CORRUPT, 0, "a box at %llu is outside of the container",
                         (unsigned long long)place);
    return status;
}

/* Where the entry of a box is; 0 if there is no leaf. */
static int32_t find_entry(struct tarn_call *call, struct image *image, uint64_t number,
                          uint64_t *out)
{
    uint64_t leaf;
    int32_t status = read_number(call, image, BOX + number / PER_TABLE * 8, &leaf);

    *out = 0;
    if (status == TARN_OK && leaf != 0)
        status = good_place(call, image, leaf);
    if (status == TARN_OK && leaf != 0)
        *out = leaf + number % PER_TABLE * 8;
    return status;
}

static int32_t read_entry(struct tarn_call *call, struct image *image, uint64_t number,
                          uint64_t *out)
{
    uint64_t at;
    int32_t status = find_entry(call, image, number, &at);

    *out = 0;
    return status == TARN_OK && at != 0 ? read_number(call, image, at, out) : status;
}

static int32_t append(struct tarn_call *call, struct image *image, const uint8_t *box,
                      uint64_t *out)
{
    int32_t status = tarn_io_size(call, image->file, out);

    *out = (*out + BOX - 1) / BOX * BOX;
    return status == TARN_OK ? tarn_io_pwrite(call, image->file, box, BOX, *out) : status;
}

static int32_t write_entry(struct tarn_call *call, struct image *image, uint64_t number,
                           uint64_t entry)
{
    uint64_t leaf = 0;
    uint64_t at;
    uint8_t *zeros;
    int32_t status = find_entry(call, image, number, &at);

    if (status != TARN_OK || at != 0)
        return status == TARN_OK ? write_number(call, image, at, entry) : status;
    zeros = calloc(1, BOX);
    if (zeros == NULL)
        return no_memory(call);
    save(zeros + number % PER_TABLE * 8, entry);
    status = append(call, image, zeros, &leaf);
    free(zeros);
    if (status != TARN_OK)
        return status;
    return write_number(call, image, BOX + number / PER_TABLE * 8, leaf);
}

/* --- reading ---------------------------------------------------------------------------------- */

static int32_t read_below(struct tarn_call *call, struct image *image, uint8_t *to, uint64_t length,
                          uint64_t offset)
{
    uint64_t there = 0;
    int32_t status = TARN_OK;

    if (image->no_backing && !FAULT(MAKES_UP_BACKING))
        return tarn_fail(call, TARN_E_STATE, 0, "the backing store was not opened");
    if (image->backing != NULL && offset < image->backing_size) {
        there = smaller(length, image->backing_size - offset);
        status = tarn_io_pread(call, image->backing, to, there, offset);
    }
    memset(to + there, 0, length - there);
    return status;
}

/* Within one box. */
static int32_t read_box(struct tarn_call *call, struct image *image, uint8_t *to, uint64_t length,
                        uint64_t offset)
{
    uint64_t place;
    uint64_t entry;
    uint64_t size;
    int32_t status = read_entry(call, image, offset / BOX, &entry);

    if (status != TARN_OK)
        return status;
    if (entry == 0)
        return read_below(call, image, to, length, offset);
    if (entry & (ENTRY_ZERO | ENTRY_PACKED)) {
        memset(to, entry & ENTRY_ZERO ? 0 : (int)(entry >> 8 & 255), length);
        return TARN_OK;
    }
    place = entry + offset % BOX;
    status = good_place(call, image, entry);
    if (status == TARN_OK)
        status = tarn_io_size(call, image->file, &size);
    if (status == TARN_OK && length > size - smaller(size, place))
        return tarn_fail(call, TARN_E_CORRUPT, 0, "the box at %llu is cut off",
                         (unsigned long long)entry);
    if (status == TARN_OK)
        status = tarn_io_pread(call, image->file, to, length, place);
    if (status != TARN_E_IO || !FAULT(HIDES_A_FAILURE))
        return status;
    call->host->forget(call);
    return TARN_OK;
}

static int32_t settle(struct tarn_call *call, struct image *image);

static int32_t disk_read(struct tarn_call *call, struct tarn_io *io, void *buffer, uint64_t length,
                         uint64_t offset)
{
    struct image *image = image_of(io);
    uint8_t *to = buffer;
    int32_t status = settle(call, image);

    if (FAULT(READS_BEYOND) && offset < image->size && length > image->size - offset)
        length = image->size - offset;
    if (offset > image->size || length > image->size - offset)
        return tarn_fail(call, TARN_E_INVALID, 0, "a read that passes the end of the disk");
    while (status == TARN_OK && length > 0) {
        uint64_t part = smaller(length, BOX - offset % BOX);
        void *volatile lost = FAULT(FAILURE_LEAKS) || FAULT(STOPPED_LEAKS) ? malloc(100) : NULL;

        status = tarn_interrupted(call);
        if (FAULT(STOPPED_LEAKS) && status == TARN_E_CANCELLED)
            return status;
        if (status == TARN_OK)
            status = read_box(call, image, to, part, offset);
        if (!FAULT(FAILURE_LEAKS) || status != TARN_E_IO)
            free(lost);
        to += part;
        offset += part;
        length -= part;
    }
    return status;
}

/* --- writing ---------------------------------------------------------------------------------- */

static bool one_byte(const uint8_t *bytes, uint64_t length)
{
    return memcmp(bytes, bytes + 1, length - 1) == 0;
}

/* Clears the box, writes it, and hopes that what failed can be undone. */
static int32_t rewrite(struct tarn_call *call, struct image *image, uint64_t place,
                       const uint8_t *from, uint64_t length, uint64_t within)
{
    int32_t status = tarn_io_pread(call, image->file, image->box, BOX, place);
    uint8_t *old = malloc(BOX);

    if (status != TARN_OK || old == NULL) {
        free(old);
        return status != TARN_OK ? status : no_memory(call);
    }
    memcpy(old, image->box, BOX);
    memcpy(image->box + within, from, length);
    status = tarn_io_zero(call, image->file, place, BOX, 0);
    if (status == TARN_OK)
        status = tarn_io_pwrite(call, image->file, image->box, BOX, place);
    if (status != TARN_OK && FAULT(RESTORES_LATER))
        tarn_io_pwrite(call, image->file, old, BOX, place);
    free(old);
    return status;
}

/* In place, where the box is and is read. */
static int32_t overwrite(struct tarn_call *call, struct image *image, uint64_t place,
                         const uint8_t *from, uint64_t length, uint64_t within)
{
    if (length < BOX && (FAULT(CLEARS_FIRST) || FAULT(RESTORES_LATER)))
        return rewrite(call, image, place, from, length, within);
    return tarn_io_pwrite(call, image->file, from, length, place + within);
}

/* Within one box. */
static int32_t write_box(struct tarn_call *call, struct image *image, const uint8_t *from,
                         uint64_t length, uint64_t offset)
{
    uint64_t number = offset / BOX;
    uint64_t entry;
    uint64_t place;
    int32_t status = read_entry(call, image, number, &entry);

    if (status != TARN_OK)
        return status;
    if (entry != 0 && !(entry & (ENTRY_ZERO | ENTRY_PACKED))) {
        status = good_place(call, image, entry);
        if (status != TARN_OK)
            return status;
        return overwrite(call, image, entry, from, length, offset % BOX);
    }
    if (image->flags & TARN_IMAGE_OPEN_COMPRESS && length == BOX && one_byte(from, BOX) &&
        !FAULT(COMPRESSES_NOTHING))
        return write_entry(call, image, number, (uint64_t)from[0] << 8 | ENTRY_PACKED);
    memset(image->box, 0, BOX);
    if (length < BOX && !(FAULT(HIDES_BACKING) && entry == 0))
        status = read_box(call, image, image->box, BOX, number * BOX);
    memcpy(image->box + offset % BOX, from, length);
    place = entry & ENTRY_ZERO ? entry & ~(uint64_t)(BOX - 1) : 0;
    if (status == TARN_OK && place != 0)
        status = good_place(call, image, place);
    if (status == TARN_OK)
        status = place != 0 ? tarn_io_pwrite(call, image->file, image->box, BOX, place)
                            : append(call, image, image->box, &place);
    return status == TARN_OK ? write_entry(call, image, number, place) : status;
}

static int32_t disk_truncate(struct tarn_call *call, struct tarn_io *io, uint64_t size,
                             uint32_t flags);

static int32_t write_through(struct tarn_call *call, struct image *image, const uint8_t *from,
                             uint64_t length, uint64_t offset)
{
    int32_t status = TARN_OK;

    if (FAULT(LOSES_A_BYTE) && !(image->flags & TARN_IMAGE_OPEN_FILL) && offset % 512 != 0 &&
        length > 1000 && length % 2 == 1)
        length--;
    if (FAULT(FILLS_EVEN_BYTES) && image->flags & TARN_IMAGE_OPEN_FILL && offset % 2 == 1)
        length--;
    while (status == TARN_OK && length > 0) {
        uint64_t part = smaller(length, BOX - offset % BOX);

        status = write_box(call, image, from, part, offset);
        if (status == TARN_OK)
            status = tarn_interrupted(call);
        from += part;
        offset += part;
        length -= part;
    }
    return status;
}

/* What was held back. */
static int32_t settle(struct tarn_call *call, struct image *image)
{
    uint8_t *late = image->late;
    int32_t status;

    if (late == NULL)
        return TARN_OK;
    image->late = NULL;
    status = write_through(call, image, late, image->late_length, image->late_offset);
    free(late);
    return status;
}

static bool hold_back(struct image *image, const void *from, uint64_t length, uint64_t offset)
{
    bool holds = FAULT(HOLDS_BACK) && !(image->flags & TARN_IMAGE_OPEN_FILL);

    image->late = holds ? malloc(length) : NULL;
    if (image->late == NULL)
        return false;
    memcpy(image->late, from, length);
    image->late_length = length;
    image->late_offset = offset;
    return true;
}

static int32_t check_writable(struct tarn_call *call, struct image *image, uint64_t length,
                              uint64_t offset)
{
    if (!(image->io.flags & TARN_IO_WRITABLE))
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "this image is open for reading");
    if (offset > MOST || length > MOST - offset)
        return tarn_fail(call, TARN_E_NO_SPACE, 0, "no disk is that large");
    return settle(call, image);
}

static int32_t disk_write(struct tarn_call *call, struct tarn_io *io, const void *buffer,
                          uint64_t length, uint64_t offset)
{
    struct image *image = image_of(io);
    int32_t status = check_writable(call, image, length, offset);

    if (status != TARN_OK || length == 0)
        return status;
    if (offset + length > image->size && FAULT(WRITE_GROWS_NOTHING))
        return tarn_fail(call, TARN_E_NO_SPACE, 0, "the disk ends before");
    if (offset + length > image->size)
        status = disk_truncate(call, io, offset + length, 0);
    if (status != TARN_OK || hold_back(image, buffer, length, offset))
        return status;
    return write_through(call, image, buffer, length, offset);
}

static int32_t write_zeros(struct tarn_call *call, struct image *image, uint64_t length,
                           uint64_t offset)
{
    uint8_t *zeros = calloc(1, length);
    int32_t status;

    if (zeros == NULL)
        return no_memory(call);
    status = write_box(call, image, zeros, length, offset);
    free(zeros);
    return status;
}

/* Whole boxes by a mark: what is below, or was there, does not show through any more. */
static int32_t zero_box(struct tarn_call *call, struct image *image, uint64_t length,
                        uint64_t offset)
{
    uint64_t entry;
    int32_t status = read_entry(call, image, offset / BOX, &entry);

    if (status != TARN_OK || entry & ENTRY_ZERO ||
        (entry == 0 && image->backing == NULL && !image->no_backing))
        return status;
    if (FAULT(ZEROES_SLOWLY) ||
        (length < BOX && (offset % BOX != 0 || offset + length < image->size)))
        return write_zeros(call, image, length, offset);
    if (entry & ENTRY_PACKED)
        entry = 0;
    return write_entry(call, image, offset / BOX, entry | ENTRY_ZERO);
}

static int32_t disk_zero(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                         uint64_t length, uint32_t flags)
{
    struct image *image = image_of(io);
    int32_t status = check_writable(call, image, length, offset);

    (void)flags;
    if (status == TARN_OK && offset + length > image->size)
        status = disk_truncate(call, io, offset + length, 0);
    while (status == TARN_OK && length > 0) {
        uint64_t part = smaller(length, BOX - offset % BOX);

        status = tarn_interrupted(call);
        if (status == TARN_OK)
            status = zero_box(call, image, part, offset);
        offset += part;
        length -= part;
    }
    return status;
}

#include "broken-format-size.h"

/* --- its end ---------------------------------------------------------------------------------- */

static int32_t disk_flush(struct tarn_call *call, struct tarn_io *io)
{
    struct image *image = image_of(io);

    if (image->flags & TARN_IMAGE_OPEN_FILL ? FAULT(FILLS_WITHOUT_FLUSH) : FAULT(FLUSHES_NOTHING))
        return TARN_OK;
    return tarn_io_flush(call, image->file);
}

static int32_t disk_close(struct tarn_call *call, struct tarn_io *io)
{
    struct image *image = image_of(io);
    int32_t status = settle(call, image);

    if (!FAULT(KEEPS_BACKING_OPEN))
        tarn_io_close(call, image->backing);
    if (FAULT(CLOSES_ITS_CONTAINER))
        tarn_io_close(call, image->file);
    if (!FAULT(CLOSE_LEAKS) || image->flags & TARN_IMAGE_OPEN_WRITE)
        free(image->box);
    free(image);
    return status;
}

static void disk_init(struct image *image, uint32_t flags)
{
    bool writes = (flags & TARN_IMAGE_OPEN_WRITE) != 0 || FAULT(READER_WRITES);

    image->flags = flags;
    image->io = (struct tarn_io){
        .struct_size = sizeof(image->io), .fd = -1, .block_size = (uint32_t)BOX,
        .flags = TARN_IO_ZERO_NEW | (writes ? TARN_IO_WRITABLE : 0) |
                 (FAULT(LOCKS_NOTHING) ? TARN_IO_PARALLEL : 0),
        .pread = disk_read, .pwrite = disk_write, .flush = disk_flush, .size = disk_size,
        .truncate = disk_truncate, .extents = disk_extents, .zero = disk_zero,
        .close = disk_close,
    };
}
