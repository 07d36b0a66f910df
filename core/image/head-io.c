/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads that lie within the head are copies; all others go below.
 */
#include "core/image/head-io.h"

#include <string.h>

static struct head_io *head_of(struct tarn_io *io)
{
    return (struct head_io *)(void *)io;
}

static int32_t head_pread(struct tarn_call *call, struct tarn_io *io, void *buffer,
                          uint64_t length, uint64_t offset)
{
    struct head_io *head = head_of(io);

    if (offset <= head->head_length && length <= head->head_length - offset) {
        if (length > 0) /* there may be no head at all */
            memcpy(buffer, head->head + offset, length);
        return TARN_OK;
    }
    if (head->below == NULL || offset > head->size || length > head->size - offset)
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "%llu bytes at %llu are beyond the end of the container (%llu bytes)",
                         (unsigned long long)length, (unsigned long long)offset,
                         (unsigned long long)head->size);
    return tarn_io_pread(call, head->below, buffer, length, offset);
}

static int32_t head_size(struct tarn_call *call, struct tarn_io *io, uint64_t *out)
{
    (void)call;
    *out = head_of(io)->size;
    return TARN_OK;
}

void head_io_init(struct head_io *head, struct tarn_io *below, const void *bytes,
                  uint64_t length, uint64_t size)
{
    memset(head, 0, sizeof(*head));
    head->io.struct_size = sizeof(head->io);
    head->io.fd = -1;
    head->io.pread = head_pread;
    head->io.size = head_size;
    head->below = below;
    head->head = bytes;
    head->head_length = bytes != NULL ? length : 0;
    head->size = size;
}
