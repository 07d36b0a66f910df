/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Zeros, giving space back, and the map of a LUN, over a disk in memory whose target knows some commands
 * and others not, or answers nonsense.
 */
#include <stdlib.h>
#include <string.h>

#include "helpers/be.h"
#include "modules/iscsi/lun-io.h"
#include "tests/unit/fake-host.h"
#include "tests/unit/fake-lun.h"
#include "tests/unit/unit.h"

#define MIB ((uint64_t)1 << 20)

static struct fake_host host;
static struct fake_lun fake;
static struct tarn_io *io;

static void end(void)
{
    CU_ASSERT_EQUAL(tarn_io_close(&host.call, io), TARN_OK);
    fake_lun_clear(&fake);
    fake_host_clear(&host);
}

static bool all_zero(const uint8_t *bytes, uint64_t length)
{
    return length == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0);
}

static void fault(enum fake_fault what, uint64_t after, uint64_t times)
{
    fake.fault = what;
    fake.fault_at = fake.commands + after;
    fake.fault_times = times;
}

/* --- zeros ------------------------------------------------------------------------------------- */

static bool zeroed(uint64_t offset, uint64_t length)
{
    return all_zero(fake.bytes + offset, length) && fake.bytes[offset - 1] != 0 &&
           fake.bytes[offset + length] != 0;
}

static void thin(bool unmap, bool write_same_unmaps)
{
    fake_host_init(&host);
    fake_lun_init(&fake, 8192, 512);
    fake.lun.thin = fake.lun.zeroes_unmapped = true;
    fake.lun.limits.unmap = unmap;
    fake.lun.limits.write_same_unmaps = write_same_unmaps;
    memset(fake.bytes, 0xa5, fake.lun.size);
    CU_ASSERT_EQUAL_FATAL(fake_lun_open(&host.call, &fake, true, &io), TARN_OK);
}

static int32_t zero(uint64_t offset, uint64_t length, uint32_t flags)
{
    return tarn_io_zero(&host.call, io, offset, length, flags);
}

static void zero_by_write_same(void)
{
    thin(false, false);
    fake.lun.limits.longest_write_same = 0;
    CU_ASSERT_EQUAL(zero(1000, MIB, 0), TARN_OK);
    CU_ASSERT(zeroed(1000, MIB));
    CU_ASSERT_EQUAL(fake.count[0x93], 1);
    CU_ASSERT_FALSE(fake.unmapping_same);
    end();
    thin(true, true);
    CU_ASSERT_EQUAL(zero(1000, MIB, 0), TARN_OK);
    CU_ASSERT(zeroed(1000, MIB));
    CU_ASSERT_FALSE(fake.unmapping_same); /* the space shall stay */
    CU_ASSERT_EQUAL(fake.count[0x42], 0);
    end();
}

static void zero_unmapping(void)
{
    thin(true, true);
    CU_ASSERT_EQUAL(zero(512, MIB, TARN_ZERO_MAY_UNMAP | TARN_ZERO_FAST_ONLY), TARN_OK);
    CU_ASSERT(zeroed(512, MIB));
    CU_ASSERT(fake.unmapping_same);
    CU_ASSERT_EQUAL(fake.mapped[1], 0);
    end();
    thin(true, false);
    CU_ASSERT_EQUAL(zero(512, MIB, TARN_ZERO_MAY_UNMAP | TARN_ZERO_FAST_ONLY), TARN_OK);
    CU_ASSERT(zeroed(512, MIB));
    CU_ASSERT_EQUAL(fake.count[0x42], 1);
    CU_ASSERT_EQUAL(fake.count[0x93], 0);
    end();
}

/* A target may leave what it was asked to unmap. */
static void zero_unmapping_in_vain(void)
{
    thin(true, false);
    fake.no_unmap = true;
    CU_ASSERT_EQUAL(zero(512, MIB, TARN_ZERO_MAY_UNMAP), TARN_OK);
    CU_ASSERT(zeroed(512, MIB));
    end();
    thin(true, false);
    fake.no_unmap = fake.no_write_same = fake.no_status = true;
    CU_ASSERT_EQUAL(zero(512, MIB, TARN_ZERO_MAY_UNMAP), TARN_OK);
    CU_ASSERT(zeroed(512, MIB));
    CU_ASSERT_EQUAL(zero(2 * MIB, MIB, TARN_ZERO_MAY_UNMAP | TARN_ZERO_FAST_ONLY),
                    TARN_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(host.failures, 0);
    end();
}

static void zero_unsupported(void)
{
    thin(false, false);
    fake.no_write_same = true;
    CU_ASSERT_EQUAL(zero(512, MIB, 0), TARN_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(zero(512, MIB, 0), TARN_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(fake.count[0x93], 1); /* it is not asked again */
    CU_ASSERT_EQUAL(host.failures, 0);
    fake.no_write_same = false;
    end();
    thin(false, false);
    CU_ASSERT_EQUAL(zero(512, MIB, TARN_ZERO_MAY_UNMAP | TARN_ZERO_FAST_ONLY),
                    TARN_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(fake.commands, 0);
    end();
    /* Zeros are promised of nothing that was unmapped. */
    thin(true, true);
    tarn_io_close(&host.call, io);
    fake.lun.zeroes_unmapped = false;
    CU_ASSERT_EQUAL_FATAL(fake_lun_open(&host.call, &fake, true, &io), TARN_OK);
    CU_ASSERT_EQUAL(zero(512, MIB, TARN_ZERO_MAY_UNMAP), TARN_OK);
    CU_ASSERT(zeroed(512, MIB));
    CU_ASSERT_FALSE(fake.unmapping_same);
    CU_ASSERT_EQUAL(tarn_io_discard(&host.call, io, 2 * MIB, MIB), TARN_OK);
    CU_ASSERT_EQUAL(fake.count[0x42], 0);
    end();
}

static void zero_limits(void)
{
    fake_host_init(&host);
    fake_lun_init(&fake, 8192, 512);
    fake.lun.limits.longest_write_same = 100;
    CU_ASSERT_EQUAL_FATAL(fake_lun_open(&host.call, &fake, true, &io), TARN_OK);
    CU_ASSERT_EQUAL(zero(512, 1000 * 512, 0), TARN_OK);
    CU_ASSERT(zeroed(512, 1000 * 512));
    CU_ASSERT_EQUAL(fake.count[0x93], 10);
    CU_ASSERT(fake.most_in_flight > 1);
    fault(FAKE_BREAKS, 2, 1);
    CU_ASSERT_EQUAL(zero(MIB, 1000 * 512, 0), TARN_OK);
    CU_ASSERT(zeroed(MIB, 1000 * 512));
    CU_ASSERT_EQUAL(fake.connects, 2);
    end();
}

static void discard(void)
{
    thin(true, false);
    CU_ASSERT_EQUAL(tarn_io_discard(&host.call, io, 100, 2000), TARN_OK);
    CU_ASSERT_EQUAL(fake.mapped[0], 1);
    CU_ASSERT_EQUAL(fake.mapped[1], 0);
    CU_ASSERT_EQUAL(fake.mapped[3], 0);
    CU_ASSERT_EQUAL(fake.mapped[4], 1);
    CU_ASSERT_EQUAL(tarn_io_discard(&host.call, io, 100, 500), TARN_OK);
    CU_ASSERT_EQUAL(fake.count[0x42], 1);
    end();
}

/* --- maps -------------------------------------------------------------------------------------- */

struct told {
    struct tarn_extent list[64];
    size_t count;
};

static int32_t keep(struct tarn_call *call, const struct tarn_extent *extent, void *arg)
{
    struct told *told = arg;

    (void)call;
    if (told->count < 64)
        told->list[told->count++] = *extent;
    return TARN_OK;
}

static bool is(const struct told *told, size_t index, uint32_t kind, uint64_t offset,
               uint64_t length)
{
    const struct tarn_extent *extent = &told->list[index];

    return index < told->count && extent->kind == kind && extent->offset == offset &&
           extent->length == length;
}

static struct told map(uint64_t offset, uint64_t length)
{
    struct told told = { .count = 0 };

    CU_ASSERT_EQUAL(tarn_io_extents(&host.call, io, offset, length, keep, &told), TARN_OK);
    return told;
}

static void mapped(void)
{
    struct told told;
    unsigned i;

    thin(true, true);
    memset(fake.mapped, 0, 8192);
    for (i = 10; i < 20; i++) /* more pieces than one answer tells */
        fake.mapped[i * 100] = 1;
    told = map(0, 4 * MIB);
    CU_ASSERT_EQUAL(told.count, 21);
    CU_ASSERT(is(&told, 0, TARN_EXTENT_HOLE, 0, 512000));
    CU_ASSERT(is(&told, 1, TARN_EXTENT_DATA, 512000, 512));
    CU_ASSERT(is(&told, 2, TARN_EXTENT_HOLE, 512512, 99 * 512));
    told = map(512100, 500);
    CU_ASSERT_EQUAL(told.count, 2);
    CU_ASSERT(is(&told, 0, TARN_EXTENT_DATA, 512100, 412));
    CU_ASSERT(is(&told, 1, TARN_EXTENT_HOLE, 512512, 88));
    end();
}

static void mapped_as_data(void)
{
    struct told told;

    fake_host_init(&host);
    fake_lun_init(&fake, 8192, 512); /* not thin */
    CU_ASSERT_EQUAL_FATAL(fake_lun_open(&host.call, &fake, true, &io), TARN_OK);
    told = map(100, MIB);
    CU_ASSERT_EQUAL(told.count, 1);
    CU_ASSERT(is(&told, 0, TARN_EXTENT_DATA, 100, MIB));
    CU_ASSERT_EQUAL(fake.commands, 0);
    end();
    thin(true, true);
    memset(fake.mapped, 0, 8192);
    fake.no_status = true;
    told = map(100, MIB);
    CU_ASSERT_EQUAL(told.count, 1);
    CU_ASSERT(is(&told, 0, TARN_EXTENT_DATA, 100, MIB));
    map(100, MIB);
    CU_ASSERT_EQUAL(fake.commands, 1);
    end();
}

/* One range as an answer, whatever is asked. */
static void answer(uint32_t length, uint64_t block, uint32_t blocks, uint8_t kind)
{
    memset(fake.status_answer, 0, sizeof(fake.status_answer));
    be32_store(fake.status_answer, length);
    be64_store(fake.status_answer + 8, block);
    be32_store(fake.status_answer + 16, blocks);
    fake.status_answer[20] = kind;
    fake.status_length = 24;
}

static void mapped_nonsense(void)
{
    struct told told;

    thin(true, true);
    answer(20, 0, 0, 1); /* nothing */
    told = map(0, MIB);
    CU_ASSERT(told.count == 1 && is(&told, 0, TARN_EXTENT_DATA, 0, MIB));
    answer(20, 5, 100, 1); /* a gap before it */
    told = map(0, MIB);
    CU_ASSERT(told.count == 1 && is(&told, 0, TARN_EXTENT_DATA, 0, MIB));
    answer(20, UINT64_MAX - 3, 8, 1);
    told = map(0, MIB);
    CU_ASSERT(told.count == 1 && is(&told, 0, TARN_EXTENT_DATA, 0, MIB));
    answer(20, 0, UINT32_MAX, 1); /* beyond the end */
    told = map(0, MIB);
    CU_ASSERT(told.count == 1 && is(&told, 0, TARN_EXTENT_DATA, 0, MIB));
    answer(UINT32_MAX, 0, 16, 1); /* a longer list than came; then it repeats itself */
    told = map(0, MIB);
    CU_ASSERT_EQUAL(told.count, 2);
    CU_ASSERT(is(&told, 0, TARN_EXTENT_HOLE, 0, 8192));
    CU_ASSERT(is(&told, 1, TARN_EXTENT_DATA, 8192, MIB - 8192));
    answer(20, 0, 8192, 2); /* anchored */
    told = map(0, MIB);
    CU_ASSERT(told.count == 1 && is(&told, 0, TARN_EXTENT_ZERO, 0, MIB));
    fake.status_length = 3;
    told = map(0, MIB);
    CU_ASSERT(told.count == 1 && is(&told, 0, TARN_EXTENT_DATA, 0, MIB));
    end();
}

/* ----------------------------------------------------------------------------------------------- */

static const struct unit_test tests[] = {
    { "zeros by WRITE SAME", zero_by_write_same },
    { "zeros by giving space back", zero_unmapping },
    { "zeros where the target unmaps nothing", zero_unmapping_in_vain },
    { "zeros where the target has no means", zero_unsupported },
    { "zeros within the target's limits, through two portals", zero_limits },
    { "what is discarded is whole blocks", discard },
    { "the map of a thin LUN", mapped },
    { "what nothing is known of is data", mapped_as_data },
    { "what makes no sense is data", mapped_nonsense },
    { NULL, NULL },
};

int main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return unit_main("iscsi-lun-zero", tests);
}
