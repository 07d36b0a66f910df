/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * modules/disk/place.c: where new partitions go.
 */
#include "modules/disk/place.h"
#include "tests/unit/unit.h"

#define MIB 2048u /* sectors */

static struct grain grain_on(const char *label, uint32_t sector, uint64_t optimal, uint64_t offset)
{
    const struct table table = { .label = label_find(label), .sector = sector,
                                 .cylinder = 16065 };

    return grain_of(&table, optimal, offset);
}

static void partitions_begin_at_a_mebibyte(void)
{
    CU_ASSERT_EQUAL(grain_on("gpt", 512, 0, 0).start, MIB);
    CU_ASSERT_EQUAL(grain_on("dos", 4096, 0, 0).start, 256);
    CU_ASSERT_EQUAL(grain_on("gpt", 512, 65536, 0).start, MIB);
}

static void or_at_what_the_disk_likes_best(void)
{
    CU_ASSERT_EQUAL(grain_on("gpt", 512, 3 * 512 * 1024, 0).start, 3 * 1024);
    CU_ASSERT_EQUAL(grain_on("gpt", 512, 3 * 256 * 1024, 0).start, 3 * 1024);
    CU_ASSERT_EQUAL(grain_on("gpt", 512, 4 * 1024 * 1024, 0).start, 4 * MIB);
}

static void what_a_bad_bridge_tells_is_not_believed(void)
{
    CU_ASSERT_EQUAL(grain_on("gpt", 512, 65535 * 512, 0).start, MIB);
    CU_ASSERT_EQUAL(grain_on("gpt", 512, UINT64_MAX, 0).start, MIB);
    CU_ASSERT_EQUAL(grain_on("gpt", 512, 0, 100).offset, 0);
}

static void a_shifted_disk_shifts_them(void)
{
    struct grain grain = grain_on("gpt", 512, 0, 3584);
    const struct gap gap = { 34, 100 * MIB, false };

    CU_ASSERT_EQUAL(grain.offset, 7);
    CU_ASSERT_EQUAL(place_usable(&gap, &grain).start, MIB + 7);
}

static void cylinders_only_where_the_table_wants_them(void)
{
    CU_ASSERT_EQUAL(grain_on("sun", 512, 0, 0).start, 16065);
    CU_ASSERT_EQUAL(grain_on("sun", 512, 0, 0).length, 16065);
    CU_ASSERT_EQUAL(grain_on("dos", 512, 0, 0).length, 1);
    CU_ASSERT_EQUAL(grain_on("bsd", 512, 0, 0).length, 1);
}

static void the_smallest_gap_is_taken(void)
{
    const struct grain grain = grain_on("gpt", 512, 0, 0);
    const struct gap gaps[] = { { 34, 100 * MIB, false },
                                { 200 * MIB, 210 * MIB, false },
                                { 300 * MIB, 320 * MIB, false } };
    struct gap place = { 0, 0, false };
    uint64_t largest = 0;

    CU_ASSERT(place_find(gaps, 3, false, &grain, 9 * MIB, &place, &largest));
    CU_ASSERT_EQUAL(place.start, 200 * MIB);
    CU_ASSERT_EQUAL(place.end, 209 * MIB);
    CU_ASSERT(place_find(gaps, 3, false, &grain, 11 * MIB, &place, &largest));
    CU_ASSERT_EQUAL(place.start, 300 * MIB);
}

static void a_gap_can_be_used_up_exactly(void)
{
    const struct grain grain = grain_on("gpt", 512, 0, 0);
    const struct gap gaps[] = { { 34, 10 * MIB, false }, { 20 * MIB, 29 * MIB, false } };
    struct gap place = { 0, 0, false };
    uint64_t largest = 0;

    CU_ASSERT(place_find(gaps, 2, false, &grain, 9 * MIB, &place, &largest));
    CU_ASSERT_EQUAL(place.start, MIB);
    CU_ASSERT_EQUAL(place.end, 10 * MIB);
}

static void what_would_fit_is_told(void)
{
    const struct grain grain = grain_on("gpt", 512, 0, 0);
    const struct gap gaps[] = { { 34, 10 * MIB, false }, { 20 * MIB + 1, 50 * MIB, false } };
    struct gap place = { 0, 0, false };
    uint64_t largest = 0;

    CU_ASSERT_FALSE(place_find(gaps, 2, false, &grain, 29 * MIB + 1, &place, &largest));
    CU_ASSERT_EQUAL(largest, 29 * MIB); /* from the next mebibyte on */
    CU_ASSERT_FALSE(place_find(gaps, 2, true, &grain, 1, &place, &largest));
    CU_ASSERT_EQUAL(largest, 0);
    CU_ASSERT_FALSE(place_find(gaps, 2, false, &grain, 0, &place, &largest));
}

static void a_logical_partition_has_a_sector_before_it(void)
{
    const struct grain grain = grain_on("dos", 512, 0, 0);
    const struct gap gaps[] = { { 10 * MIB, 12 * MIB, true } };
    struct gap place = { 0, 0, false };
    uint64_t largest = 0;

    CU_ASSERT(place_find(gaps, 1, true, &grain, MIB, &place, &largest));
    CU_ASSERT_EQUAL(place.start, 11 * MIB);
    CU_ASSERT_EQUAL(largest, MIB);
}

static void what_is_reserved_is_cut_out(void)
{
    struct gap gaps[4] = { { 0, 100, false }, { 200, 300, true } };
    size_t count = place_cut(gaps, 2, 40, 60);

    CU_ASSERT_EQUAL(count, 3);
    CU_ASSERT(gaps[0].start == 0 && gaps[0].end == 40);
    CU_ASSERT(gaps[2].start == 60 && gaps[2].end == 100 && !gaps[2].logical);
    CU_ASSERT_EQUAL(place_cut(gaps, 3, 90, 250), 4); /* over two */
    CU_ASSERT(gaps[2].end == 90 && gaps[1].end == 200 && gaps[3].start == 250);
    CU_ASSERT(gaps[3].end == 300 && gaps[3].logical);
}

static void a_partition_grows_into_what_is_behind_it(void)
{
    const struct gap gaps[] = { { 100, 200, false }, { 300, 400, true } };

    CU_ASSERT_EQUAL(place_limit(gaps, 2, false, 100), 200);
    CU_ASSERT_EQUAL(place_limit(gaps, 2, false, 101), 101);
    CU_ASSERT_EQUAL(place_limit(gaps, 2, false, 300), 300);
    CU_ASSERT_EQUAL(place_limit(gaps, 2, true, 300), 400);
}

static const struct unit_test tests[] = {
    { "partitions begin at a mebibyte", partitions_begin_at_a_mebibyte },
    { "or at what the disk likes best", or_at_what_the_disk_likes_best },
    { "what a bad bridge tells is not believed", what_a_bad_bridge_tells_is_not_believed },
    { "a shifted disk shifts them", a_shifted_disk_shifts_them },
    { "cylinders only where the table wants them", cylinders_only_where_the_table_wants_them },
    { "the smallest gap is taken", the_smallest_gap_is_taken },
    { "a gap can be used up exactly", a_gap_can_be_used_up_exactly },
    { "what would fit is told", what_would_fit_is_told },
    { "a logical partition has a sector before it", a_logical_partition_has_a_sector_before_it },
    { "what is reserved is cut out", what_is_reserved_is_cut_out },
    { "a partition grows into what is behind it", a_partition_grows_into_what_is_behind_it },
    { NULL, NULL },
};

int main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return unit_main("disk-place", tests);
}
