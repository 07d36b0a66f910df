/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * lun-zero.c - zeros, and giving space back, by the target's own means. WRITE SAME always ends in
 * zeros, also where the target unmaps for it (SBC-3, 5.49); UNMAP is a request, which it may follow in
 * part: what it has left is looked for, and overwritten.
 */
#include <stdlib.h>

#include "helpers/io-zero.h"
#include "lun-io.h"

/* Of one command, so that it ends before it looks as if the target were dead. */
#define SAME_MOST  ((uint64_t)64 << 20)
#define UNMAP_MOST ((uint64_t)1 << 30)

#define SAME 1u
#define SAME_UNMAP 2u
#define UNMAP 3u

struct sweep {
    uint32_t means; /* SAME, … */
    uint64_t most;
    uint64_t offset;
    uint64_t length;
};

static bool next_sweep(struct lun_io *lun, struct queued *queued, void *arg)
{
    struct sweep *sweep = arg;
    uint64_t part = lun_smaller(sweep->length, sweep->most);

    if (part == 0)
        return false;
    if (sweep->means == UNMAP)
        cdb_unmap(&queued->command, &lun->lun, queued->data, sweep->offset, part);
    else
        cdb_write_same(&queued->command, &lun->lun, sweep->means == SAME_UNMAP, lun->zeros,
                       sweep->offset, part);
    sweep->offset += part;
    sweep->length -= part;
    return true;
}

/* In bytes; the target's limit is in blocks, and 0 where it has told none. */
static uint64_t most_at_once(const struct lun_io *lun, uint64_t told, uint64_t ours)
{
    uint64_t block = lun->lun.block_size;

    return told != 0 && told < ours / block ? told * block : ours - ours % block;
}

/* Whole blocks. TARN_E_UNSUPPORTED, not recorded: the target cannot. */
static int32_t sweep(struct tarn_call *call, struct lun_io *lun, uint32_t means, uint64_t offset,
                     uint64_t length)
{
    const struct vpd_limits *limits = &lun->lun.limits;
    struct sweep swept = {
        .means = means, .offset = offset, .length = length,
        .most = means == UNMAP ? most_at_once(lun, limits->longest_unmap, UNMAP_MOST)
                               : most_at_once(lun, limits->longest_write_same, SAME_MOST),
    };
    const struct queue_work work = { next_sweep, &swept, "zero", true };

    if (lun->zeros == NULL)
        lun->zeros = calloc(1, lun->lun.block_size);
    if (lun->zeros == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to zero a LUN");
    lun->unflushed = true;
    return queue_run(call, lun, &work);
}

/* --- zeros ------------------------------------------------------------------------------------- */

/* Zeros into what is still there. */
static int32_t overwrite(struct tarn_call *call, const struct tarn_extent *extent, void *arg)
{
    struct lun_io *lun = arg;
    int32_t status = TARN_E_UNSUPPORTED;

    if (extent->kind != TARN_EXTENT_DATA)
        return TARN_OK;
    if (!lun->no_write_same)
        status = sweep(call, lun, SAME, extent->offset, extent->length);
    return status == TARN_E_UNSUPPORTED
               ? io_write_zeros(call, &lun->io, extent->offset, extent->length)
               : status;
}

static int32_t refuse_data(struct tarn_call *call, const struct tarn_extent *extent, void *arg)
{
    (void)call;
    (void)arg;
    return extent->kind == TARN_EXTENT_DATA ? TARN_E_UNSUPPORTED : TARN_OK;
}

/* By giving the space back. */
static int32_t zero_unmapping(struct tarn_call *call, struct lun_io *lun, uint64_t offset,
                              uint64_t length, bool fast_only)
{
    int32_t status = TARN_E_UNSUPPORTED;

    if (lun->lun.limits.write_same_unmaps && !lun->no_write_same)
        status = sweep(call, lun, SAME_UNMAP, offset, length);
    if (status != TARN_E_UNSUPPORTED || !lun->lun.limits.unmap)
        return status;
    status = sweep(call, lun, UNMAP, offset, length);
    if (status == TARN_OK)
        status = lun_extents(call, &lun->io, offset, length, fast_only ? refuse_data : overwrite,
                             lun);
    return status;
}

static int32_t zero_blocks(struct tarn_call *call, struct lun_io *lun, uint64_t offset,
                           uint64_t length, uint32_t flags)
{
    bool fast_only = (flags & TARN_ZERO_FAST_ONLY) != 0;
    int32_t status = TARN_E_UNSUPPORTED;

    if ((flags & TARN_ZERO_MAY_UNMAP) && lun->lun.zeroes_unmapped)
        status = zero_unmapping(call, lun, offset, length, fast_only);
    if (status != TARN_E_UNSUPPORTED || fast_only || lun->no_write_same)
        return status;
    status = sweep(call, lun, SAME, offset, length);
    if (status == TARN_E_UNSUPPORTED)
        lun->no_write_same = true;
    return status;
}

/* The whole blocks within a range; *length 0: there are none. */
static void whole_blocks(const struct lun_io *lun, uint64_t *offset, uint64_t *length)
{
    uint64_t block = lun->lun.block_size;
    uint64_t end = *offset + *length;
    uint64_t first = *offset + (block - *offset % block) % block;

    end -= end % block;
    *offset = first;
    *length = end > first ? end - first : 0;
}

int32_t lun_zero(struct tarn_call *call, struct tarn_io *io, uint64_t offset, uint64_t length,
                 uint32_t flags)
{
    struct lun_io *lun = lun_io_of(io);
    uint64_t first = offset;
    uint64_t whole = length;
    int32_t status = lun_may_write(call, lun, offset, length);

    if (status != TARN_OK)
        return status;
    whole_blocks(lun, &first, &whole);
    if (whole == 0)
        return TARN_E_UNSUPPORTED;
    status = ahead_stop(call, lun);
    if (status == TARN_OK)
        status = zero_blocks(call, lun, first, whole, flags);
    if (status == TARN_OK)
        status = io_write_zeros(call, io, offset, first - offset);
    if (status == TARN_OK)
        status = io_write_zeros(call, io, first + whole, offset + length - first - whole);
    return status;
}

/* --- giving back ------------------------------------------------------------------------------- */

/* Where what is given back need not read as zeros, it might show what others have left there. */
int32_t lun_discard(struct tarn_call *call, struct tarn_io *io, uint64_t offset, uint64_t length)
{
    struct lun_io *lun = lun_io_of(io);
    int32_t status = lun_may_write(call, lun, offset, length);

    whole_blocks(lun, &offset, &length);
    if (status != TARN_OK || length == 0 || !lun->lun.zeroes_unmapped)
        return status;
    status = ahead_stop(call, lun);
    if (status == TARN_OK && lun->lun.limits.unmap)
        status = sweep(call, lun, UNMAP, offset, length);
    else if (status == TARN_OK && lun->lun.limits.write_same_unmaps)
        status = sweep(call, lun, SAME_UNMAP, offset, length);
    return status == TARN_E_UNSUPPORTED ? TARN_OK : status;
}
