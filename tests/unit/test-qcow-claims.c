/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who uses which bytes: however small the memory for it, the answer is the same.
 */
#include <stdlib.h>
#include <string.h>

#include "formats/qcow/claims.h"
#include "tests/unit/format-fixture.h"
#include "tests/unit/random-numbers.h"

#define FILE_SIZE ((uint64_t)200000)

struct sums {
    uint64_t twice;
    uint64_t unused;
};

static int32_t add_up(struct tarn_call *call, void *arg, uint64_t offset, uint64_t length,
                      bool twice)
{
    struct sums *sums = arg;

    (void)call;
    CU_ASSERT(length > 0 && offset + length <= FILE_SIZE);
    if (twice)
        sums->twice += length;
    else
        sums->unused += length;
    return TARN_OK;
}

/* The passes that it took. */
static uint64_t judge(const struct claim *list, uint64_t count, uint64_t most, struct sums *out)
{
    struct claims claims = { .tell = add_up, .arg = out };
    struct fake_host host;
    uint64_t passes = 0;
    bool more = true;

    fake_host_init(&host);
    *out = (struct sums){ 0, 0 };
    CU_ASSERT_EQUAL_FATAL(claims_begin(&host.call, &claims, FILE_SIZE, most), TARN_OK);
    while (more) {
        for (uint64_t i = 0; i < count; i++)
            CU_ASSERT_EQUAL(claims_add(&host.call, &claims, list[i].start,
                                       list[i].end - list[i].start), TARN_OK);
        CU_ASSERT_EQUAL(claims_next(&host.call, &claims, FILE_SIZE, &more), TARN_OK);
        passes++;
        CU_ASSERT_FATAL(passes < FILE_SIZE);
    }
    claims_end(&claims);
    fake_host_clear(&host);
    return passes;
}

/* By a counter for each byte. */
static struct sums expected(const struct claim *list, uint64_t count)
{
    uint8_t *users = calloc(1, FILE_SIZE);
    struct sums sums = { 0, 0 };

    CU_ASSERT_PTR_NOT_NULL_FATAL(users);
    for (uint64_t i = 0; i < count; i++)
        for (uint64_t at = list[i].start; at < list[i].end; at++)
            users[at]++;
    for (uint64_t at = 0; at < FILE_SIZE; at++) {
        sums.twice += users[at] > 1 ? users[at] - 1u : 0;
        sums.unused += users[at] == 0;
    }
    free(users);
    return sums;
}

static void compare(const struct claim *list, uint64_t count)
{
    static const uint64_t sizes[] = { 8, 20, 100, 5000 };
    struct sums right = expected(list, count);

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct sums sums;

        judge(list, count, sizes[i], &sums);
        CU_ASSERT_EQUAL(sums.twice, right.twice);
        CU_ASSERT_EQUAL(sums.unused, right.unused);
    }
}

static void nothing(void)
{
    compare(NULL, 0);
}

static void one_after_the_other(void)
{
    struct claim list[100];
    struct sums sums;

    for (uint64_t i = 0; i < 100; i++)
        list[i] = (struct claim){ i * 2000, i * 2000 + 2000 };
    compare(list, 100);
    CU_ASSERT_EQUAL(judge(list, 100, 8, &sums), 1); /* they are joined as they come */
}

static void the_same_a_thousand_times(void)
{
    struct claim list[1000];

    for (uint64_t i = 0; i < 1000; i++)
        list[i] = i % 2 == 0 ? (struct claim){ 5000, 5100 } : (struct claim){ 7000, 7001 };
    /* The counters of expected() would overflow: 499 * 100 + 499 * 1. */
    for (uint64_t most = 8; most <= 8000; most *= 10) {
        struct sums sums;

        judge(list, 1000, most, &sums);
        CU_ASSERT_EQUAL(sums.twice, 499 * 100 + 499);
        CU_ASSERT_EQUAL(sums.unused, FILE_SIZE - 101);
    }
}

static void random_ones(void)
{
    struct claim list[300];

    for (uint64_t seed = 1; seed <= 30; seed++) {
        random_start(seed);
        for (size_t i = 0; i < 300; i++) {
            list[i].start = random_below(FILE_SIZE - 1);
            list[i].end = list[i].start + 1 + random_below(i % 10 == 0 ? 9000 : 300);
            if (list[i].end > FILE_SIZE)
                list[i].end = FILE_SIZE;
        }
        compare(list, 300);
    }
}

static const struct unit_test tests[] = {
    { "nothing is claimed", nothing },
    { "claims in a row", one_after_the_other },
    { "one range, claimed again and again", the_same_a_thousand_times },
    { "random claims", random_ones },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("qcow-claims", tests);
}
