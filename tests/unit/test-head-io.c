/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The byte store over a container's head.
 */
#include "core/image/head-io.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/fake-host.h"
#include "tests/unit/memory-io.h"
#include "tests/unit/unit.h"

static struct fake_host host;

static void within_the_head(void)
{
    struct memory_io *memory = memory_io_of("0123456789", 10);
    struct head_io head;
    char bytes[11] = "";
    uint64_t size = 0;

    fake_host_init(&host);
    head_io_init(&head, &memory->io, "abcd", 4, 10);
    CU_ASSERT_EQUAL(tarn_io_pread(&host.call, &head.io, bytes, 4, 0), TARN_OK);
    CU_ASSERT_STRING_EQUAL(bytes, "abcd");
    CU_ASSERT_EQUAL(tarn_io_pread(&host.call, &head.io, bytes, 0, 4), TARN_OK);
    CU_ASSERT_EQUAL(memory->reads, 0);
    CU_ASSERT_EQUAL(tarn_io_size(&host.call, &head.io, &size), TARN_OK);
    CU_ASSERT_EQUAL(size, 10);
    /* What reaches beyond the head is read below, as a whole. */
    CU_ASSERT_EQUAL(tarn_io_pread(&host.call, &head.io, bytes, 5, 0), TARN_OK);
    CU_ASSERT_EQUAL(memcmp(bytes, "01234", 5), 0);
    CU_ASSERT_EQUAL(memory->reads, 1);
    memory_io_free(memory);
    fake_host_clear(&host);
}

static void beyond_the_end(void)
{
    struct memory_io *memory = memory_io_of("0123456789", 10);
    struct head_io head;
    char bytes[16];

    fake_host_init(&host);
    head_io_init(&head, &memory->io, "abcd", 4, 10);
    CU_ASSERT_EQUAL(tarn_io_pread(&host.call, &head.io, bytes, 11, 0), TARN_E_INVALID);
    CU_ASSERT_EQUAL(tarn_io_pread(&host.call, &head.io, bytes, 1, 10), TARN_E_INVALID);
    CU_ASSERT_EQUAL(tarn_io_pread(&host.call, &head.io, bytes, 2, UINT64_MAX), TARN_E_INVALID);
    CU_ASSERT_EQUAL(tarn_io_pread(&host.call, &head.io, bytes, UINT64_MAX, 2), TARN_E_INVALID);
    CU_ASSERT_EQUAL(memory->reads, 0);
    memory_io_free(memory);
    fake_host_clear(&host);
}

static void head_alone(void)
{
    struct head_io head;
    char bytes[8];

    fake_host_init(&host);
    head_io_init(&head, NULL, "abcd", 4, 4);
    CU_ASSERT_EQUAL(tarn_io_pread(&host.call, &head.io, bytes, 4, 0), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pread(&host.call, &head.io, bytes, 5, 0), TARN_E_INVALID);
    head_io_init(&head, NULL, NULL, 0, 0);
    CU_ASSERT_EQUAL(tarn_io_pread(&host.call, &head.io, bytes, 0, 0), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pread(&host.call, &head.io, bytes, 1, 0), TARN_E_INVALID);
    CU_ASSERT_EQUAL(tarn_io_pwrite(&host.call, &head.io, "x", 1, 0), TARN_E_UNSUPPORTED);
    fake_host_clear(&host);
}

static const struct unit_test tests[] = {
    { "the head is answered without a read", within_the_head },
    { "nothing beyond the end is read", beyond_the_end },
    { "a head can be all there is", head_alone },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("head-io", tests);
}
