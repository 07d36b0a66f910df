/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fill-disk.c - see fill-disk.h. What was written goes into `buffer` until a unit is whole; whole
 * units go through the ring, which packs them; runs of units that need no bytes are kept back, to
 * be put as one. Without `pack` there is no ring, and what is written whole is not even copied.
 */
#include "helpers/fill-disk.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "helpers/fill-ring.h"

struct fill_disk {
    struct tarn_io io; /* first */
    struct fill_plan plan;
    struct fill_ring *ring; /* or NULL: nothing is packed */
    uint64_t position;      /* everything below is decided */
    uint8_t *buffer;        /* of one unit: the one that `position` is inside of */
    uint64_t base_size;
    struct fill_unit run; /* SKIPPED or ZERO, not yet passed on; count 0 = none */
    int32_t failed;       /* what ended it, or TARN_OK */
    bool finished;
};

static struct fill_disk *disk_of(struct tarn_io *io)
{
    return (struct fill_disk *)io;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static bool all_zero(const uint8_t *bytes, uint64_t length)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0;
}

/* --- passing on ------------------------------------------------------------------------------ */

/* Puts what is packed; until there is room, or, at the end, all of it. */
static int32_t put_packed(struct tarn_call *call, struct fill_disk *disk, bool all)
{
    const struct fill_unit *unit;
    int32_t status = TARN_OK;

    while (status == TARN_OK &&
           (unit = fill_ring_oldest(disk->ring, all || fill_ring_full(disk->ring))) != NULL) {
        status = tarn_interrupted(call);
        if (status == TARN_OK)
            status = disk->plan.put(call, disk->plan.arg, unit);
        fill_ring_remove(disk->ring);
    }
    return status;
}

/* The bytes of a FILL_PLAIN unit that are not the caller's are in `buffer`. */
static int32_t pass_on(struct tarn_call *call, struct fill_disk *disk,
                       const struct fill_unit *unit)
{
    int32_t status = TARN_OK;

    if (disk->ring == NULL) {
        status = tarn_interrupted(call);
        return status == TARN_OK ? disk->plan.put(call, disk->plan.arg, unit) : status;
    }
    fill_ring_add(disk->ring, unit, &disk->buffer);
    return put_packed(call, disk, false);
}

static int32_t pass_on_run(struct tarn_call *call, struct fill_disk *disk)
{
    struct fill_unit run = disk->run;

    disk->run.count = 0;
    return run.count > 0 ? pass_on(call, disk, &run) : TARN_OK;
}

/* The bytes of the units from `index` on, which end at `end` in the disk. */
static uint64_t length_of(const struct fill_disk *disk, uint64_t index, uint64_t end)
{
    uint64_t start = index * disk->plan.unit;

    if (end == disk->plan.size && disk->plan.pad && end % disk->plan.unit != 0)
        end += disk->plan.unit - end % disk->plan.unit;
    return end - start;
}

/* Units without bytes, up to `end`. */
static int32_t add_run(struct tarn_call *call, struct fill_disk *disk, enum fill_kind kind,
                       uint64_t index, uint64_t end)
{
    int32_t status = TARN_OK;

    if (disk->run.count > 0 && disk->run.kind != kind)
        status = pass_on_run(call, disk);
    if (disk->run.count == 0)
        disk->run = (struct fill_unit){ .kind = kind, .index = index };
    disk->run.plain_length = length_of(disk, disk->run.index, end);
    disk->run.count = (disk->run.plain_length - 1) / disk->plan.unit + 1;
    return status;
}

/* One unit, which ends at `end`; the bytes of the padding are there already. */
static int32_t add_unit(struct tarn_call *call, struct fill_disk *disk, uint64_t index,
                        uint64_t end, const uint8_t *bytes)
{
    struct fill_unit unit = {
        .kind = FILL_PLAIN, .index = index, .count = 1, .plain = bytes,
        .plain_length = length_of(disk, index, end),
    };
    int32_t status;

    if (all_zero(bytes, unit.plain_length))
        return add_run(call, disk, FILL_ZERO, index, end);
    status = pass_on_run(call, disk);
    return status == TARN_OK ? pass_on(call, disk, &unit) : status;
}

/* --- gathering ------------------------------------------------------------------------------- */

/* Fills a piece of the begun unit with what lies below. */
static int32_t read_base(struct tarn_call *call, struct fill_disk *disk, uint8_t *to,
                         uint64_t length)
{
    uint64_t there = disk->position < disk->base_size
                         ? least(length, disk->base_size - disk->position) : 0;

    memset(to + there, 0, length - there);
    return there > 0 ? tarn_io_pread(call, disk->plan.base, to, there, disk->position) : TARN_OK;
}

/* A piece of a unit; `bytes` for FILL_PLAIN. */
static int32_t fill_piece(struct tarn_call *call, struct fill_disk *disk, enum fill_kind kind,
                          uint64_t length, const uint8_t *bytes)
{
    uint64_t unit = disk->plan.unit;
    uint64_t index = disk->position / unit;
    uint8_t *to = disk->buffer + disk->position % unit;
    int32_t status = TARN_OK;

    if (kind == FILL_PLAIN)
        memcpy(to, bytes, length);
    else if (kind == FILL_ZERO)
        memset(to, 0, length);
    else
        status = read_base(call, disk, to, length);
    disk->position += length;
    if (status != TARN_OK || (disk->position % unit != 0 && disk->position < disk->plan.size))
        return status;
    if (disk->position % unit != 0 && disk->plan.pad)
        memset(to + length, 0, unit - disk->position % unit);
    return add_unit(call, disk, index, disk->position, disk->buffer);
}

/* Where the whole units end that begin at `position` and of which [position, end) is known. */
static uint64_t whole_end(const struct fill_disk *disk, uint64_t end)
{
    if (disk->position % disk->plan.unit != 0)
        return disk->position;
    return end == disk->plan.size ? end : end - end % disk->plan.unit;
}

/* Decides [position, end): FILL_SKIPPED, FILL_ZERO, or FILL_PLAIN with bytes. */
static int32_t advance(struct tarn_call *call, struct fill_disk *disk, enum fill_kind kind,
                       uint64_t end, const uint8_t *bytes)
{
    uint64_t unit = disk->plan.unit;
    int32_t status = TARN_OK;

    while (disk->position < end && status == TARN_OK) {
        uint64_t start = disk->position;
        uint64_t whole = whole_end(disk, end);

        if (kind != FILL_PLAIN && whole > start) {
            disk->position = whole;
            status = add_run(call, disk, kind, start / unit, whole);
        } else if (disk->ring == NULL && whole - start >= unit) {
            disk->position += unit;
            status = add_unit(call, disk, start / unit, disk->position, bytes);
        } else {
            status = fill_piece(call, disk, kind, least(end - start, unit - start % unit), bytes);
        }
        if (bytes != NULL)
            bytes += disk->position - start;
    }
    return status;
}

/* --- the byte store -------------------------------------------------------------------------- */

static int32_t check_range(struct tarn_call *call, const struct fill_disk *disk, uint64_t offset,
                           uint64_t length)
{
    if (offset > disk->plan.size || length > disk->plan.size - offset)
        return tarn_fail(call, TARN_E_NO_SPACE, 0,
                         "the disk ends at %llu: nothing can be written beyond",
                         (unsigned long long)disk->plan.size);
    return TARN_OK;
}

static int32_t check_use(struct tarn_call *call, const struct fill_disk *disk)
{
    if (disk->failed != TARN_OK)
        return tarn_fail(call, disk->failed, 0,
                         "an earlier write into this image failed: begin with a new one");
    return TARN_OK;
}

static int32_t check_write(struct tarn_call *call, const struct fill_disk *disk, uint64_t offset,
                           uint64_t length)
{
    int32_t status = check_use(call, disk);

    if (status == TARN_OK && disk->finished)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "this image is complete: its format can only be written once");
    if (status == TARN_OK)
        status = check_range(call, disk, offset, length);
    if (status == TARN_OK && length > 0 && offset < disk->position)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "a write at %llu after one that ended at %llu: this format is written in "
                         "ascending order, nothing twice", (unsigned long long)offset,
                         (unsigned long long)disk->position);
    return status;
}

static int32_t decide(struct tarn_call *call, struct fill_disk *disk, enum fill_kind kind,
                      uint64_t offset, uint64_t length, const void *bytes)
{
    int32_t status = check_write(call, disk, offset, length);

    if (status != TARN_OK || length == 0)
        return status;
    status = advance(call, disk, FILL_SKIPPED, offset, NULL);
    if (status == TARN_OK)
        status = advance(call, disk, kind, offset + length, bytes);
    disk->failed = status;
    return status;
}

static int32_t fill_pwrite(struct tarn_call *call, struct tarn_io *io, const void *buffer,
                           uint64_t length, uint64_t offset)
{
    return decide(call, disk_of(io), FILL_PLAIN, offset, length, buffer);
}

static int32_t fill_zero(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                         uint64_t length, uint32_t flags)
{
    (void)flags; /* it never writes zeros, and never keeps space */
    return decide(call, disk_of(io), FILL_ZERO, offset, length, NULL);
}

/* What was written stays, what was not is skipped. */
static int32_t fill_discard(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                            uint64_t length)
{
    return check_range(call, disk_of(io), offset, length);
}

static int32_t fill_size(struct tarn_call *call, struct tarn_io *io, uint64_t *out)
{
    (void)call;
    *out = disk_of(io)->plan.size;
    return TARN_OK;
}

static int32_t complete(struct tarn_call *call, struct fill_disk *disk)
{
    int32_t status = advance(call, disk, FILL_SKIPPED, disk->plan.size, NULL);

    if (status == TARN_OK)
        status = pass_on_run(call, disk);
    if (status == TARN_OK && disk->ring != NULL)
        status = put_packed(call, disk, true);
    if (status == TARN_OK)
        status = tarn_interrupted(call);
    return status == TARN_OK ? disk->plan.finish(call, disk->plan.arg) : status;
}

static int32_t fill_flush(struct tarn_call *call, struct tarn_io *io)
{
    struct fill_disk *disk = disk_of(io);
    int32_t status = check_use(call, disk);

    if (status != TARN_OK || disk->finished)
        return status;
    disk->failed = complete(call, disk);
    disk->finished = disk->failed == TARN_OK;
    return disk->failed;
}

static void free_disk(struct fill_disk *disk)
{
    fill_ring_free(disk->ring);
    free(disk->buffer);
    free(disk);
}

static int32_t fill_close(struct tarn_call *call, struct tarn_io *io)
{
    struct fill_disk *disk = disk_of(io);
    struct fill_plan plan = disk->plan;

    free_disk(disk); /* first: the threads may still use `arg` */
    return plan.close(call, plan.arg);
}

/* Padded, the disk must still be a disk. */
static bool sensible(const struct fill_plan *plan)
{
    return plan->unit > 0 && plan->unit <= UINT32_MAX && plan->packed_room <= UINT32_MAX &&
           plan->size <= INT64_MAX - plan->unit;
}

int32_t fill_disk_open(struct tarn_call *call, const struct fill_plan *plan, struct tarn_io **out)
{
    struct fill_disk *disk;
    int32_t status = TARN_OK;

    *out = NULL;
    if (!sensible(plan))
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "a disk of %llu bytes in units of %llu cannot be written",
                         (unsigned long long)plan->size, (unsigned long long)plan->unit);
    disk = calloc(1, sizeof(*disk));
    if (disk == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to write an image");
    disk->plan = *plan;
    disk->buffer = malloc(plan->unit);
    disk->ring = plan->pack != NULL ? fill_ring_new(plan) : NULL;
    if (disk->buffer == NULL || (plan->pack != NULL && disk->ring == NULL))
        status = tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for units of %llu bytes",
                           (unsigned long long)plan->unit);
    if (status == TARN_OK && plan->base != NULL)
        status = tarn_io_size(call, plan->base, &disk->base_size);
    if (status != TARN_OK) {
        free_disk(disk);
        return status;
    }
    disk->io = (struct tarn_io){
        .struct_size = sizeof(disk->io), .fd = -1,
        .flags = TARN_IO_WRITABLE | TARN_IO_FIXED_SIZE | TARN_IO_ZERO_NEW,
        .pwrite = fill_pwrite, .flush = fill_flush, .size = fill_size, .zero = fill_zero,
        .discard = fill_discard, .close = fill_close,
    };
    *out = &disk->io;
    return TARN_OK;
}
