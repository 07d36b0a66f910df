/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sdk/helpers/span-disk, over a toy format.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/toy-disk.h"
#include "tests/unit/unit.h"

/* --- reading ---------------------------------------------------------------------------------- */

static void what_is_absent_comes_from_below(void)
{
    struct frame frame;

    toy_begin(&frame, &toy_growing, 512, 4096, 1000);
    CU_ASSERT(toy_holds(&frame, 0, 1000, 'b'));
    CU_ASSERT(toy_holds(&frame, 1000, 3096, 0)); /* the backing store ends before */
    frame.toy.table[0] = SPAN_ZERO;
    CU_ASSERT(toy_holds(&frame, 0, 512, 0));
    CU_ASSERT(toy_holds(&frame, 512, 488, 'b'));
    toy_end(&frame);
}

static void a_backing_store_that_was_not_opened_is_not_zeros(void)
{
    struct frame frame;

    toy_begin(&frame, &toy_growing, 512, 4096, 0);
    frame.toy.disk.no_backing = true;
    CU_ASSERT_FALSE(toy_holds(&frame, 0, 1, 0));
    CU_ASSERT_EQUAL(frame.host.status, TARN_E_STATE);
    toy_end(&frame);
}

static void a_packed_unit_is_unpacked_once(void)
{
    struct frame frame;

    toy_begin(&frame, &toy_readable, 512, 4096, 0);
    memset(frame.container->bytes, (uint8_t)~'p', 4096);
    frame.toy.table[0] = frame.toy.table[1] = SPAN_PACKED;
    for (uint64_t at = 0; at < 1024; at += 128)
        CU_ASSERT(toy_holds(&frame, at, 128, 'p'));
    CU_ASSERT(toy_holds(&frame, 0, 1024, 'p'));
    CU_ASSERT_EQUAL(frame.toy.unpacks, 2);
    toy_end(&frame);
}

static void reads_end_with_the_disk(void)
{
    struct frame frame;
    uint8_t byte;

    toy_begin(&frame, &toy_growing, 512, 1000, 0);
    CU_ASSERT(toy_holds(&frame, 0, 1000, 0));
    CU_ASSERT_EQUAL(tarn_io_pread(&frame.host.call, &frame.toy.disk.io, &byte, 1, 1000),
                    TARN_E_INVALID);
    fake_host_reset(&frame.host);
    CU_ASSERT_EQUAL(tarn_io_pread(&frame.host.call, &frame.toy.disk.io, &byte, 1, UINT64_MAX),
                    TARN_E_INVALID);
    toy_end(&frame);
}

/* --- writing ---------------------------------------------------------------------------------- */

static void a_part_of_a_unit_brings_the_rest_along(void)
{
    struct frame frame;

    toy_begin(&frame, &toy_growing, 512, 4096, 4096);
    CU_ASSERT_EQUAL(toy_put(&frame, 600, 10, 'w'), TARN_OK);
    CU_ASSERT(toy_holds(&frame, 512, 88, 'b') && toy_holds(&frame, 600, 10, 'w') &&
              toy_holds(&frame, 610, 414, 'b'));
    CU_ASSERT_EQUAL(frame.toy.table[1], SPAN_DATA);
    CU_ASSERT_EQUAL(frame.toy.table[0], SPAN_ABSENT);
    CU_ASSERT_EQUAL(frame.toy.table[2], SPAN_ABSENT);
    toy_end(&frame);
}

static void whole_units_are_stored_at_once(void)
{
    struct frame frame;

    toy_begin(&frame, &toy_growing, 512, 8192, 0);
    CU_ASSERT_EQUAL(toy_put(&frame, 100, 6000, 'w'), TARN_OK); /* a part, 10 units, a part */
    CU_ASSERT_EQUAL(frame.toy.stores, 3);
    CU_ASSERT(toy_holds(&frame, 100, 6000, 'w') && toy_holds(&frame, 0, 100, 0) &&
              toy_holds(&frame, 6100, 2092, 0));
    CU_ASSERT_EQUAL(toy_put(&frame, 100, 6000, 'x'), TARN_OK); /* in place now */
    CU_ASSERT_EQUAL(frame.toy.stores, 3);
    CU_ASSERT(toy_holds(&frame, 100, 6000, 'x'));
    toy_end(&frame);
}

static void a_format_may_store_less_at_a_time(void)
{
    struct frame frame;

    toy_begin(&frame, &toy_growing, 512, 8192, 0);
    frame.toy.one_at_a_time = true;
    CU_ASSERT_EQUAL(toy_put(&frame, 0, 8192, 'w'), TARN_OK);
    CU_ASSERT_EQUAL(frame.toy.stores, 16);
    CU_ASSERT(toy_holds(&frame, 0, 8192, 'w'));
    toy_end(&frame);
}

static void a_packed_unit_that_is_written_forgets_its_old_bytes(void)
{
    struct frame frame;

    toy_begin(&frame, &toy_growing, 512, 4096, 0);
    memset(frame.container->bytes, (uint8_t)~'p', 4096);
    frame.toy.table[0] = SPAN_PACKED;
    CU_ASSERT(toy_holds(&frame, 0, 512, 'p'));
    CU_ASSERT_EQUAL(toy_put(&frame, 1, 1, 'w'), TARN_OK);
    CU_ASSERT(toy_holds(&frame, 0, 1, 'p') && toy_holds(&frame, 1, 1, 'w') &&
              toy_holds(&frame, 2, 510, 'p'));
    toy_end(&frame);
}

static void the_last_unit_may_be_short(void)
{
    struct frame frame;

    toy_begin(&frame, &toy_fixed, 512, 1000, 0);
    CU_ASSERT_EQUAL(toy_put(&frame, 0, 1000, 'w'), TARN_OK);
    CU_ASSERT(toy_holds(&frame, 0, 1000, 'w'));
    CU_ASSERT_EQUAL(toy_put(&frame, 999, 2, 'x'), TARN_E_NO_SPACE);
    CU_ASSERT(toy_holds(&frame, 0, 1000, 'w'));
    toy_end(&frame);
}

static void a_reader_writes_nothing(void)
{
    struct frame frame;

    toy_begin(&frame, &toy_readable, 512, 4096, 0);
    CU_ASSERT_EQUAL(toy_put(&frame, 0, 1, 'w'), TARN_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(toy_zero(&frame, 0, 512, 0), TARN_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(frame.container->writes, 0);
    toy_end(&frame);
}

/* --- zeros ------------------------------------------------------------------------------------ */

static void zeros_are_marks_where_there_are_any(void)
{
    struct frame frame;

    toy_begin(&frame, &toy_growing, 512, 4096, 4096);
    frame.toy.erases = true;
    CU_ASSERT_EQUAL(toy_zero(&frame, 100, 2000, TARN_ZERO_MAY_UNMAP), TARN_OK);
    CU_ASSERT(toy_holds(&frame, 0, 100, 'b') && toy_holds(&frame, 100, 2000, 0) &&
              toy_holds(&frame, 2100, 1996, 'b'));
    CU_ASSERT_EQUAL(frame.toy.table[1], SPAN_ZERO);
    CU_ASSERT_EQUAL(frame.toy.table[3], SPAN_ZERO);
    CU_ASSERT_EQUAL(frame.toy.stores, 2);
    toy_end(&frame);
}

static void zeros_are_written_where_there_is_no_mark(void)
{
    struct frame frame;

    toy_begin(&frame, &toy_growing, 512, 4096, 4096);
    CU_ASSERT_EQUAL(toy_zero(&frame, 100, 2000, TARN_ZERO_FAST_ONLY), TARN_E_UNSUPPORTED);
    CU_ASSERT(toy_holds(&frame, 0, 4096, 'b'));
    CU_ASSERT_EQUAL(toy_zero(&frame, 100, 2000, 0), TARN_OK);
    CU_ASSERT(toy_holds(&frame, 0, 100, 'b') && toy_holds(&frame, 100, 2000, 0) &&
              toy_holds(&frame, 2100, 1996, 'b'));
    toy_end(&frame);
}

static void nothing_is_written_where_zeros_are_anyway(void)
{
    struct frame frame;

    toy_begin(&frame, &toy_growing, 512, 4096, 0);
    CU_ASSERT_EQUAL(toy_zero(&frame, 100, 2000, TARN_ZERO_FAST_ONLY), TARN_OK);
    CU_ASSERT_EQUAL(frame.container->writes, 0);
    toy_end(&frame);
}

/* --- the size --------------------------------------------------------------------------------- */

static void a_format_says_why_it_cannot_grow(void)
{
    struct frame frame;

    toy_begin(&frame, &toy_fixed, 512, 4096, 0);
    CU_ASSERT_EQUAL(tarn_io_truncate(&frame.host.call, &frame.toy.disk.io, 8192, 0),
                    TARN_E_UNSUPPORTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(frame.host.error, "toys do not grow"));
    toy_end(&frame);
}

static void growth_hides_a_longer_backing_store(void)
{
    struct frame frame;

    toy_begin(&frame, &toy_growing, 512, 1000, 4096);
    frame.toy.erases = true;
    CU_ASSERT_EQUAL(tarn_io_truncate(&frame.host.call, &frame.toy.disk.io, 8000, 0), TARN_OK);
    CU_ASSERT(toy_holds(&frame, 0, 1000, 'b') && toy_holds(&frame, 1000, 7000, 0));
    toy_end(&frame);
}

static void a_smaller_size_takes_the_word(void)
{
    struct frame frame;

    toy_begin(&frame, &toy_growing, 512, 4096, 0);
    CU_ASSERT_EQUAL(tarn_io_truncate(&frame.host.call, &frame.toy.disk.io, 512, 0),
                    TARN_E_INVALID);
    CU_ASSERT_EQUAL(tarn_io_truncate(&frame.host.call, &frame.toy.disk.io, 512,
                                     TARN_TRUNCATE_SHRINK), TARN_OK);
    CU_ASSERT_EQUAL(frame.toy.disk.size, 512);
    toy_end(&frame);
}

/* --- the map ---------------------------------------------------------------------------------- */

struct map {
    struct tarn_extent extents[16];
    size_t count;
};

static int32_t take(struct tarn_call *call, const struct tarn_extent *extent, void *arg)
{
    struct map *map = arg;

    (void)call;
    CU_ASSERT_FATAL(map->count < 16);
    map->extents[map->count++] = *extent;
    return TARN_OK;
}

static void the_map_tells_each_kind(void)
{
    static const uint32_t kinds[] = { TARN_EXTENT_BACKING, TARN_EXTENT_ZERO, TARN_EXTENT_DATA,
                                      TARN_EXTENT_DATA, TARN_EXTENT_ZERO };
    static const uint64_t lengths[] = { 512, 512, 512, 512, 1952 };
    struct map map = { .count = 0 };
    struct frame frame;

    toy_begin(&frame, &toy_growing, 512, 4000, 700);
    frame.toy.table[1] = SPAN_ZERO;
    frame.toy.table[2] = SPAN_DATA;
    frame.toy.table[3] = SPAN_PACKED;
    CU_ASSERT_EQUAL(tarn_io_extents(&frame.host.call, &frame.toy.disk.io, 0, 4000, take, &map),
                    TARN_OK);
    CU_ASSERT_EQUAL_FATAL(map.count, 5);
    for (size_t i = 0; i < map.count; i++) {
        CU_ASSERT_EQUAL(map.extents[i].kind, kinds[i]);
        CU_ASSERT_EQUAL(map.extents[i].length, lengths[i]);
    }
    CU_ASSERT_EQUAL(map.extents[2].flags, TARN_EXTENT_HOST);
    CU_ASSERT_EQUAL(map.extents[2].host_offset, 1024);
    CU_ASSERT_EQUAL(map.extents[3].flags, TARN_EXTENT_COMPRESSED);
    toy_end(&frame);
}

/* --- all of it, at random --------------------------------------------------------------------- */

static uint64_t random_next(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (*state * 0x2545f4914f6cdd1du) >> 16;
}

static void play(uint64_t seed, uint64_t unit, uint64_t backing_size, bool erases)
{
    uint64_t size = 40 * unit - seed % unit;
    uint8_t *model = calloc(1, size);
    struct frame frame;

    toy_begin(&frame, &toy_growing, unit, size, backing_size);
    frame.toy.erases = erases;
    frame.toy.one_at_a_time = seed % 2 == 0;
    CU_ASSERT_PTR_NOT_NULL_FATAL(model);
    memset(model, 'b', backing_size < size ? backing_size : size);
    for (int step = 0; step < 500; step++) {
        uint64_t offset = random_next(&seed) % size;
        uint64_t length = 1 + random_next(&seed) % (5 * unit);
        int byte = 'a' + (int)(random_next(&seed) % 26);

        length = length < size - offset ? length : size - offset;
        if (random_next(&seed) % 3 == 0) {
            byte = 0;
            CU_ASSERT_EQUAL(toy_zero(&frame, offset, length, (uint32_t)(step % 2)), TARN_OK);
        } else {
            CU_ASSERT_EQUAL(toy_put(&frame, offset, length, byte), TARN_OK);
        }
        memset(model + offset, byte, length);
    }
    for (uint64_t at = 0; at < size; at++)
        CU_ASSERT_FATAL(toy_holds(&frame, at, 1, model[at]));
    free(model);
    toy_end(&frame);
}

static void random_steps_agree_with_an_array(void)
{
    for (uint64_t seed = 1; seed <= 8; seed++) {
        play(seed, 512, 0, true);
        play(seed, 512, 7000, true);
        play(seed, 1000, 90000, false); /* a unit need not be a power of two */
    }
}

static const struct unit_test tests[] = {
    { "what is absent comes from below", what_is_absent_comes_from_below },
    { "a backing store that was not opened is not zeros",
      a_backing_store_that_was_not_opened_is_not_zeros },
    { "a packed unit is unpacked once", a_packed_unit_is_unpacked_once },
    { "reads end with the disk", reads_end_with_the_disk },
    { "a part of a unit brings the rest along", a_part_of_a_unit_brings_the_rest_along },
    { "whole units are stored at once", whole_units_are_stored_at_once },
    { "a format may store less at a time", a_format_may_store_less_at_a_time },
    { "a packed unit that is written forgets its old bytes",
      a_packed_unit_that_is_written_forgets_its_old_bytes },
    { "the last unit may be short", the_last_unit_may_be_short },
    { "a reader writes nothing", a_reader_writes_nothing },
    { "zeros are marks where there are any", zeros_are_marks_where_there_are_any },
    { "zeros are written where there is no mark", zeros_are_written_where_there_is_no_mark },
    { "nothing is written where zeros are anyway", nothing_is_written_where_zeros_are_anyway },
    { "a format says why it cannot grow", a_format_says_why_it_cannot_grow },
    { "growth hides a longer backing store", growth_hides_a_longer_backing_store },
    { "a smaller size takes the word", a_smaller_size_takes_the_word },
    { "the map tells each kind", the_map_tells_each_kind },
    { "random steps agree with an array", random_steps_agree_with_an_array },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("span-disk", tests);
}
