/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * formats/qcow2/tally.c, and the check that counts by windows: whatever memory it has, it finds and
 * repairs the same.
 */
#include <stdlib.h>
#include <string.h>

#include "formats/qcow2/check.h"
#include "tests/unit/random-numbers.h"
#include "tests/unit/test-qcow2-fixture.h"

#define CLUSTER ((uint64_t)512)
#define CAPACITY ((uint64_t)2 << 20)

/* --- counts ----------------------------------------------------------------------------------- */

#define CLUSTERS 20000u

/* Counts the same list of clusters in every window, and compares each with a plain array. */
static void count_in_windows(uint32_t chunks, const uint32_t *list, uint64_t length)
{
    static uint16_t expected[CLUSTERS];
    struct fake_host host;
    struct tally tally;
    uint64_t known = 0;
    uint64_t windows = 0;

    fake_host_init(&host);
    memset(expected, 0, sizeof(expected));
    for (uint64_t i = 0; i < length; i++)
        expected[list[i]]++;
    CU_ASSERT_EQUAL_FATAL(tally_begin(&host.call, &tally, CLUSTERS, chunks), TARN_OK);
    for (uint64_t low = 0; low != TALLY_NONE; low = tally.next) {
        tally_start(&tally, low);
        for (uint64_t i = 0; i < length; i++) {
            uint16_t *count = tally_at(&tally, list[i]);

            if (count != NULL)
                ++*count;
        }
        CU_ASSERT_EQUAL(low, known);
        for (; known < CLUSTERS && tally_knows(&tally, known); known++)
            CU_ASSERT_EQUAL(tally_get(&tally, known), expected[known]);
        for (uint64_t at = tally_skip(&tally, low, known); at < known;
             at = tally_skip(&tally, at + 1, known))
            CU_ASSERT(tally_get(&tally, at) == expected[at]);
        CU_ASSERT_FATAL(++windows <= CLUSTERS / TALLY_CHUNK + 1);
    }
    CU_ASSERT_EQUAL(known, CLUSTERS);
    CU_ASSERT(chunks < 1000 || windows == 1);
    tally_end(&tally);
    fake_host_clear(&host);
}

static void any_number_of_chunks_counts_the_same(void)
{
    static uint32_t list[4000];
    static const uint32_t chunks[] = { 1, 2, 3, 4, 7, 40, 1000 };

    for (uint64_t order = 0; order < 3; order++) {
        random_start(77 + order);
        for (uint32_t i = 0; i < 4000; i++)
            list[i] = order == 0 ? i * 5 : order == 1 ? CLUSTERS - 1 - i * 5
                                                      : (uint32_t)random_below(CLUSTERS);
        for (size_t i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++)
            count_in_windows(chunks[i], list, 4000);
    }
}

/* A container that claims everything takes no more than one that is full. */
static void an_enormous_container_is_counted(void)
{
    struct fake_host host;
    struct tally tally;

    fake_host_init(&host);
    CU_ASSERT_EQUAL_FATAL(tally_begin(&host.call, &tally, (uint64_t)1 << 47, TALLY_CHUNKS_MAX),
                          TARN_OK);
    CU_ASSERT_EQUAL(tally.span, TALLY_SPAN_MAX);
    tally_start(&tally, 0);
    ++*tally_at(&tally, 5);
    CU_ASSERT_PTR_NULL(tally_at(&tally, ((uint64_t)1 << 46) + 300));
    CU_ASSERT_EQUAL(tally.next, ((uint64_t)1 << 46) + 256); /* nothing lies in between */
    CU_ASSERT(tally_knows(&tally, (uint64_t)1 << 46));
    CU_ASSERT_EQUAL(tally_get(&tally, (uint64_t)1 << 46), 0);
    tally_start(&tally, tally.next);
    CU_ASSERT_PTR_NULL(tally_at(&tally, 5));
    ++*tally_at(&tally, ((uint64_t)1 << 46) + 300);
    CU_ASSERT_EQUAL(tally_get(&tally, ((uint64_t)1 << 46) + 300), 1);
    CU_ASSERT_EQUAL(tally.next, TALLY_NONE);
    tally_end(&tally);
    fake_host_clear(&host);
}

/* --- checks ----------------------------------------------------------------------------------- */

/* A disk of 4096 clusters: its container has about 17 chunks of them. */
static void make(struct image *image)
{
    struct tarn_image_spec spec = spec_of(CAPACITY);

    spec.cluster_size = CLUSTER;
    image_make(image, &qcow2_format, &spec);
    CU_ASSERT_EQUAL_FATAL(image_open(image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    for (uint64_t i = 0; i < 16; i++) /* in an order that is not that of the disk */
        image_write(image, i * 7 % 16 * (CAPACITY / 16), CAPACITY / 16, (uint8_t)(i + 1));
    image_close(image);
}

static uint64_t any_table(const struct image *image, uint64_t kind)
{
    uint64_t first = image_get64(image, kind < 2 ? 40 : 48);

    if (kind == 0 || kind == 2)
        return first;
    return image_get64(image, first + random_below(kind == 1 ? 64 : 16) * 8) &
           ~(((uint64_t)1 << 63) | 511);
}

/* Puts a likely value, or any, into some entries of all tables. */
static void damage(struct image *image)
{
    for (uint64_t i = 1 + random_below(4); i > 0; i--) {
        uint64_t kind = random_below(20);
        uint64_t at = any_table(image, kind < 4 ? kind : kind % 2 ? 1 : 3) + random_below(64) * 8;
        uint64_t clusters = image->file->size / CLUSTER + random_below(3);
        uint64_t value = random_below(clusters) * CLUSTER;

        if (at + 8 > image->file->size)
            continue;
        switch (random_below(5)) {
        case 0:
            value = 0;
            break;
        case 1:
            value |= (uint64_t)1 << 63;
            break;
        case 2:
            value = image_get64(image, at) ^ (uint64_t)1 << random_below(64);
            break;
        case 3:
            value = (uint64_t)1 << 62 | (value + random_below(500)) | random_below(3) << 61;
            break;
        default:
            break;
        }
        image_put64(image, at, value);
    }
}

static int in_order(const void *a, const void *b)
{
    const struct tarn_finding *first = a;
    const struct tarn_finding *second = b;

    if (first->offset != second->offset)
        return first->offset < second->offset ? -1 : 1;
    return strcmp(first->text, second->text);
}

static bool same_findings(struct image *one, struct image *other)
{
    struct fake_host *hosts[2] = { &one->host, &other->host };
    uint64_t count = one->host.finding_count;

    if (other->host.finding_count != count)
        return false;
    if (count >= CHECK_FINDINGS_TOLD) /* which ones depends on their order */
        return true;
    for (int i = 0; i < 2 && count > 0; i++)
        qsort(hosts[i]->findings, count, sizeof(*hosts[i]->findings), in_order);
    for (uint64_t i = 0; i < count; i++)
        if (in_order(&hosts[0]->findings[i], &hosts[1]->findings[i]) != 0 ||
            hosts[0]->findings[i].kind != hosts[1]->findings[i].kind ||
            hosts[0]->findings[i].length != hosts[1]->findings[i].length ||
            hosts[0]->findings[i].repaired != hosts[1]->findings[i].repaired)
            return false;
    return true;
}

/* `damaged` is checked with much and with little memory. */
static void compare(const struct image *damaged, uint32_t flags, uint32_t chunks, uint64_t seed)
{
    struct image one;
    struct image other;
    int32_t first;
    int32_t second;
    bool same;

    image_of(&one, &qcow2_format, damaged->file->bytes, damaged->file->size);
    image_of(&other, &qcow2_format, damaged->file->bytes, damaged->file->size);
    first = qcow2_format.check(&one.host.call, &one.file->io, flags);
    second = qcow2_check_within(&other.host.call, &other.file->io, flags, chunks);
    same = first == second && same_findings(&one, &other) &&
           memcmp(&one.host.check, &other.host.check, sizeof(one.host.check)) == 0 &&
           one.file->size == other.file->size &&
           memcmp(one.file->bytes, other.file->bytes, one.file->size) == 0;
    if (!same)
        printf("# seed %llu, flags %u, %u chunks: %d %d, %llu and %llu findings\n",
               (unsigned long long)seed, flags, chunks, first, second,
               (unsigned long long)one.host.finding_count,
               (unsigned long long)other.host.finding_count);
    CU_ASSERT(same);
    image_free(&one);
    image_free(&other);
}

static void any_damage_is_found_and_repaired_the_same(void)
{
    static const uint32_t flags[] = { 0, TARN_CHECK_REPAIR_LEAKS, TARN_CHECK_REPAIR_ALL };
    struct image sound;

    make(&sound);
    for (uint64_t seed = 0; seed < 150; seed++) {
        struct image image;

        random_start(seed);
        image_of(&image, &qcow2_format, sound.file->bytes, sound.file->size);
        if (seed > 0)
            damage(&image);
        for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
            compare(&image, flags[i], 1 + (uint32_t)(seed % 6), seed);
        image_free(&image);
    }
    image_free(&sound);
}

/* --- repairs that are cut off ----------------------------------------------------------------- */

static bool reads_as_before(struct image *image, const struct image *sound)
{
    static uint8_t ours[CAPACITY];
    static uint8_t theirs[CAPACITY];
    struct image before;
    bool same;

    image_of(&before, &qcow2_format, sound->file->bytes, sound->file->size);
    CU_ASSERT_EQUAL_FATAL(image_open(&before, 0), TARN_OK);
    CU_ASSERT_EQUAL_FATAL(image_open(image, 0), TARN_OK);
    same = tarn_io_pread(&image->host.call, image->disk, ours, CAPACITY, 0) == TARN_OK &&
           tarn_io_pread(&before.host.call, before.disk, theirs, CAPACITY, 0) == TARN_OK &&
           memcmp(ours, theirs, CAPACITY) == 0;
    image_close(image);
    image_free(&before);
    return same;
}

/* After any of its writes a repair by windows can be begun anew, and no byte of the disk is lost. */
static void cut_off(const struct image *sound, struct image *damaged)
{
    struct memory_io *start = memory_io_of(damaged->file->bytes, damaged->file->size);
    uint64_t step;

    damaged->file->record = true;
    CU_ASSERT_EQUAL_FATAL(qcow2_check_within(&damaged->host.call, &damaged->file->io,
                                             TARN_CHECK_REPAIR_ALL, 2), TARN_OK);
    CU_ASSERT_EQUAL(damaged->host.check.corruptions + damaged->host.check.leaks, 0);
    CU_ASSERT(damaged->host.check.corruptions_fixed > 0);
    step = damaged->file->journal_length / 12 + 1;
    for (uint64_t count = 0; count <= damaged->file->journal_length; count += step) {
        struct image after;

        image_of(&after, &qcow2_format, NULL, 0);
        memory_io_free(after.file);
        after.file = memory_io_replay(start, damaged->file->journal, count, NULL);
        after.file->keep = true;
        CU_ASSERT(reads_as_before(&after, sound));
        CU_ASSERT_EQUAL(qcow2_check_within(&after.host.call, &after.file->io,
                                           TARN_CHECK_REPAIR_ALL, 3), TARN_OK);
        CU_ASSERT_EQUAL(after.host.check.corruptions + after.host.check.leaks, 0);
        CU_ASSERT(reads_as_before(&after, sound));
        image_free(&after);
    }
    memory_io_free(start);
}

static void a_repair_that_is_cut_off_does_no_harm(void)
{
    struct image sound;
    struct image image;
    uint64_t reftable;

    make(&sound);
    reftable = image_get64(&sound, 48);
    image_of(&image, &qcow2_format, sound.file->bytes, sound.file->size);
    for (uint64_t i = 0; i < 8; i++) /* in place: a half of the counts is lost */
        memset(image.file->bytes + image_get64(&image, reftable + i * 8), 0, CLUSTER / 2);
    cut_off(&sound, &image);
    image_free(&image);
    image_of(&image, &qcow2_format, sound.file->bytes, sound.file->size);
    memset(image.file->bytes + reftable, 0, CLUSTER); /* a new structure */
    cut_off(&sound, &image);
    image_free(&image);
    image_free(&sound);
}

static const struct unit_test tests[] = {
    { "any number of chunks counts the same", any_number_of_chunks_counts_the_same },
    { "an enormous container is counted", an_enormous_container_is_counted },
    { "any damage is found and repaired the same", any_damage_is_found_and_repaired_the_same },
    { "a repair that is cut off does no harm", a_repair_that_is_cut_off_does_no_harm },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("qcow2-tally", tests);
}
