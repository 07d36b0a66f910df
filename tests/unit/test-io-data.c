/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sdk/helpers/io-data.h
 */
#include "helpers/io-data.h"

#include <stdbool.h>
#include <string.h>

#include "tests/unit/fake-host.h"
#include "tests/unit/unit.h"

/* A store that tells an extent for each letter, ten bytes long: d data, h a hole, z zeros. */
struct letters {
    struct tarn_io io; /* first */
    const char *kinds;
    unsigned asked;
    bool inside;
    int32_t fails;
};

static int32_t tell(struct tarn_call *call, struct tarn_io *io, uint64_t offset, uint64_t length,
                    tarn_extent_fn emit, void *arg)
{
    struct letters *letters = (struct letters *)(void *)io;
    int32_t status = letters->fails;

    CU_ASSERT_FALSE(letters->inside);
    letters->inside = true;
    letters->asked++;
    for (uint64_t end = offset + length; status == TARN_OK && offset < end;) {
        struct tarn_extent extent = { .struct_size = sizeof(extent), .offset = offset };
        char kind = letters->kinds[offset / 10];

        extent.kind = kind == 'd'   ? TARN_EXTENT_DATA
                      : kind == 'h' ? TARN_EXTENT_HOLE
                                    : TARN_EXTENT_ZERO;
        extent.length = 10 - offset % 10 < end - offset ? 10 - offset % 10 : end - offset;
        offset += extent.length;
        status = emit(call, &extent, arg);
    }
    letters->inside = false;
    return status;
}

/* The runs as a text: "0-10 20-25". */
static void runs_of(struct letters *letters, uint64_t offset, uint64_t length, char *to, size_t room)
{
    struct io_data data = io_data_of(offset, length);
    struct fake_host host;
    int32_t status;

    *to = '\0';
    fake_host_init(&host);
    do {
        size_t used = strlen(to);

        status = io_data_next(&host.call, &letters->io, &data);
        CU_ASSERT_EQUAL(status, TARN_OK);
        CU_ASSERT_FALSE(letters->inside); /* it can be read now */
        if (data.start < data.end)
            snprintf(to + used, room - used, "%s%u-%u", used > 0 ? " " : "", (unsigned)data.start,
                     (unsigned)data.end);
    } while (status == TARN_OK && data.start < data.end);
    fake_host_clear(&host);
}

static struct letters letters_of(const char *kinds)
{
    return (struct letters){ .io = { .struct_size = sizeof(struct tarn_io), .extents = tell },
                             .kinds = kinds };
}

static void only_data_are_told(void)
{
    struct letters letters = letters_of("hdzdh");
    char text[100];

    runs_of(&letters, 0, 50, text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "10-20 30-40");
    CU_ASSERT_EQUAL(letters.asked, 1);
}

static void neighbours_are_one_run(void)
{
    struct letters letters = letters_of("hdddh");
    char text[100];

    runs_of(&letters, 15, 30, text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "15-40");
}

static void nothing_is_no_run(void)
{
    struct letters letters = letters_of("hhh");
    char text[100];

    runs_of(&letters, 0, 30, text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "");
    runs_of(&letters, 0, 0, text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "");
}

/* Each once, though they do not fit into a portion. */
static void many_runs_come_in_portions(void)
{
    char kinds[401];
    struct letters letters = letters_of(kinds);
    struct io_data data = io_data_of(0, 4000);
    struct fake_host host;
    unsigned count = 0;

    for (unsigned index = 0; index < 400; index++)
        kinds[index] = index % 2 == 0 ? 'd' : 'h';
    kinds[400] = '\0';
    fake_host_init(&host);
    while (io_data_next(&host.call, &letters.io, &data) == TARN_OK && data.start < data.end) {
        CU_ASSERT_EQUAL(data.start, count * 20u);
        CU_ASSERT_EQUAL(data.end, count * 20u + 10);
        count++;
    }
    CU_ASSERT_EQUAL(count, 200);
    CU_ASSERT_EQUAL(letters.asked, 4);
    fake_host_clear(&host);
}

static void a_failure_ends_it(void)
{
    struct letters letters = letters_of("d");
    struct io_data data = io_data_of(0, 10);
    struct fake_host host;

    letters.fails = TARN_E_IO;
    fake_host_init(&host);
    CU_ASSERT_EQUAL(io_data_next(&host.call, &letters.io, &data), TARN_E_IO);
    fake_host_clear(&host);
}

static const struct unit_test tests[] = {
    { "only data are told", only_data_are_told },
    { "neighbours are one run", neighbours_are_one_run },
    { "nothing is no run", nothing_is_no_run },
    { "many runs come in portions", many_runs_come_in_portions },
    { "a failure ends it", a_failure_ends_it },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("io-data", tests);
}
