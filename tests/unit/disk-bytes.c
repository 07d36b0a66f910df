/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * disk-bytes.c - see disk-bytes.h.
 */
#include "disk-bytes.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

int32_t disk_put(struct tarn_call *call, struct tarn_io *disk, uint64_t offset, uint64_t length,
                 int byte)
{
    uint8_t *bytes = malloc(length);
    int32_t status;

    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
    memset(bytes, byte, length);
    status = tarn_io_pwrite(call, disk, bytes, length, offset);
    free(bytes);
    return status;
}

/* What is not read at all must not look as if it were. */
bool disk_holds(struct tarn_call *call, struct tarn_io *disk, uint64_t offset, uint64_t length,
                int byte)
{
    uint8_t *bytes = malloc(length);
    bool same;

    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
    memset(bytes, ~byte, length);
    same = tarn_io_pread(call, disk, bytes, length, offset) == TARN_OK;
    for (uint64_t i = 0; i < length && same; i++)
        same = bytes[i] == (uint8_t)byte;
    free(bytes);
    return same;
}
