/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * toy-disk.c - see toy-disk.h.
 */
#include "toy-disk.h"

#include <string.h>

#include "tests/unit/disk-bytes.h"
#include "tests/unit/unit.h"

static struct toy *toy_of(struct span_disk *disk)
{
    return (struct toy *)disk;
}

static int32_t toy_find(struct tarn_call *call, struct span_disk *disk, uint64_t offset,
                        uint64_t length, struct span *out)
{
    struct toy *toy = toy_of(disk);
    uint64_t unit = offset / disk->unit;
    uint64_t end = (unit + 1) * disk->unit;

    (void)call;
    toy->finds++;
    out->kind = toy->table[unit];
    while (out->kind != SPAN_PACKED && end < offset + length &&
           toy->table[end / disk->unit] == out->kind)
        end += disk->unit;
    out->length = end - offset; /* may pass the disk's end: what uses it cuts it */
    out->file = disk->container;
    out->host = offset;
    out->unit_offset = unit * disk->unit;
    out->unit_length = disk->unit;
    return TARN_OK;
}

static int32_t toy_unpack(struct tarn_call *call, struct span_disk *disk, const struct span *span,
                          void *buffer)
{
    uint8_t *bytes = buffer;
    int32_t status = tarn_io_pread(call, disk->container, buffer, span->unit_length,
                                   span->unit_offset);

    toy_of(disk)->unpacks++;
    for (uint64_t i = 0; i < span->unit_length; i++)
        bytes[i] = (uint8_t)~bytes[i];
    return status;
}

static int32_t toy_store(struct tarn_call *call, struct span_disk *disk, uint64_t offset,
                         uint64_t length, const void *bytes, uint64_t *out_stored)
{
    struct toy *toy = toy_of(disk);
    int32_t status;

    CU_ASSERT_EQUAL_FATAL(offset % disk->unit, 0);
    CU_ASSERT_FATAL(length % disk->unit == 0 || offset + length == disk->size);
    toy->stores++;
    *out_stored = toy->one_at_a_time && length > disk->unit ? disk->unit : length;
    status = tarn_io_pwrite(call, disk->container, bytes, *out_stored, offset);
    for (uint64_t at = offset; status == TARN_OK && at < offset + *out_stored; at += disk->unit) {
        CU_ASSERT_NOT_EQUAL(toy->table[at / disk->unit], SPAN_DATA);
        toy->table[at / disk->unit] = SPAN_DATA;
    }
    return status;
}

static int32_t toy_erase(struct tarn_call *call, struct span_disk *disk, uint64_t offset,
                         uint64_t length, bool keep_space)
{
    struct toy *toy = toy_of(disk);

    (void)call;
    (void)keep_space;
    if (!toy->erases)
        return TARN_E_UNSUPPORTED;
    CU_ASSERT_EQUAL(offset % disk->unit, 0);
    for (uint64_t at = offset; at < offset + length; at += disk->unit)
        toy->table[at / disk->unit] = SPAN_ZERO;
    return TARN_OK;
}

static int32_t toy_resize(struct tarn_call *call, struct span_disk *disk, uint64_t size,
                          uint32_t flags)
{
    struct toy *toy = toy_of(disk);

    (void)flags;
    if (size > MOST_UNITS * disk->unit)
        return tarn_fail(call, TARN_E_NO_SPACE, 0, "the toy is full");
    for (uint64_t i = (size + disk->unit - 1) / disk->unit; i < MOST_UNITS; i++)
        toy->table[i] = SPAN_ABSENT;
    if (size < disk->size && size % disk->unit != 0 &&
        toy->table[size / disk->unit] == SPAN_DATA)
        memset(((struct memory_io *)disk->container)->bytes + size, 0,
               disk->unit - size % disk->unit);
    disk->size = size;
    return TARN_OK;
}

static int32_t toy_close(struct tarn_call *call, struct span_disk *disk)
{
    (void)call;
    (void)disk; /* the frame's */
    return TARN_OK;
}

const struct span_ops toy_growing = { toy_find, toy_unpack, toy_store, toy_erase, toy_resize,
                                         NULL, toy_close };
const struct span_ops toy_fixed = { toy_find, toy_unpack, toy_store, toy_erase, NULL, NULL,
                                       toy_close };
const struct span_ops toy_readable = { toy_find, toy_unpack, NULL, NULL, NULL, NULL,
                                          toy_close };

void toy_begin(struct frame *frame, const struct span_ops *ops, uint64_t unit, uint64_t size,
                  uint64_t backing_size)
{
    struct span_disk *disk = &frame->toy.disk;

    memset(frame, 0, sizeof(*frame));
    fake_host_init(&frame->host);
    frame->container = memory_io_new(MOST_UNITS * unit);
    frame->container->keep = true;
    disk->ops = ops;
    disk->format = "toy";
    disk->fixed_size = "toys do not grow";
    disk->container = &frame->container->io;
    disk->size = size;
    disk->unit = disk->unpacked_max = unit;
    if (backing_size > 0) {
        frame->backing = memory_io_new(backing_size);
        frame->backing->keep = true;
        memset(frame->backing->bytes, 'b', backing_size);
        disk->backing = &frame->backing->io;
    }
    CU_ASSERT_EQUAL_FATAL(span_disk_init(&frame->host.call, disk, ops->store != NULL), TARN_OK);
}

void toy_end(struct frame *frame)
{
    CU_ASSERT_EQUAL(tarn_io_close(&frame->host.call, &frame->toy.disk.io), TARN_OK);
    memory_io_free(frame->container);
    memory_io_free(frame->backing);
    fake_host_clear(&frame->host);
}

int32_t toy_put(struct frame *frame, uint64_t offset, uint64_t length, int byte)
{
    return disk_put(&frame->host.call, &frame->toy.disk.io, offset, length, byte);
}

bool toy_holds(struct frame *frame, uint64_t offset, uint64_t length, int byte)
{
    return disk_holds(&frame->host.call, &frame->toy.disk.io, offset, length, byte);
}

int32_t toy_zero(struct frame *frame, uint64_t offset, uint64_t length, uint32_t flags)
{
    return tarn_io_zero(&frame->host.call, &frame->toy.disk.io, offset, length, flags);
}
