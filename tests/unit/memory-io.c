/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * memory-io.c - see memory-io.h. Out of memory is a failed test: it ends the program.
 */
#include "memory-io.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct memory_io *memory_of(struct tarn_io *io)
{
    return (struct memory_io *)io;
}

static void *need(void *memory)
{
    if (memory == NULL)
        exit(99);
    return memory;
}

static int32_t count_operation(struct tarn_call *call, struct memory_io *memory)
{
    memory->operations++;
    if (memory->fail_at == 0 || memory->operations < memory->fail_at)
        return TARN_OK;
    return tarn_fail(call, memory->fail_status, memory->fail_errno, "the test made it fail");
}

static void record(struct memory_io *memory, int what, uint64_t offset, uint64_t length,
                   const void *bytes)
{
    struct memory_step *step;

    if (!memory->record)
        return;
    if (memory->journal_length == memory->journal_room) {
        memory->journal_room = memory->journal_room != 0 ? memory->journal_room * 2 : 64;
        memory->journal = need(realloc(memory->journal,
                                       memory->journal_room * sizeof(*memory->journal)));
    }
    step = &memory->journal[memory->journal_length++];
    *step = (struct memory_step){ what, offset, length, NULL };
    if (bytes != NULL && length > 0)
        step->bytes = memcpy(need(malloc(length)), bytes, length);
}

static int32_t set_size(struct tarn_call *call, struct memory_io *memory, uint64_t size)
{
    if (size > memory->limit)
        return tarn_fail(call, TARN_E_NO_SPACE, ENOSPC, "the store of the test is full");
    if (size > memory->room) {
        uint64_t room = size + size / 2 + 4096;

        memory->bytes = need(realloc(memory->bytes, room));
        memory->room = room;
    }
    if (size > memory->size)
        memset(memory->bytes + memory->size, 0, size - memory->size);
    memory->size = size;
    return TARN_OK;
}

static int32_t memory_pread(struct tarn_call *call, struct tarn_io *io, void *buffer,
                            uint64_t length, uint64_t offset)
{
    struct memory_io *memory = memory_of(io);
    int32_t status = count_operation(call, memory);

    memory->reads++;
    if (status != TARN_OK)
        return status;
    if (offset > memory->size || length > memory->size - offset)
        return tarn_fail(call, TARN_E_INVALID, 0, "a read passes the end of the test's store");
    if (length > 0)
        memcpy(buffer, memory->bytes + offset, length);
    return TARN_OK;
}

static int32_t memory_pwrite(struct tarn_call *call, struct tarn_io *io, const void *buffer,
                             uint64_t length, uint64_t offset)
{
    struct memory_io *memory = memory_of(io);
    int32_t status = count_operation(call, memory);

    memory->writes++;
    if (status != TARN_OK || length == 0)
        return status;
    if (offset > memory->limit || length > memory->limit - offset)
        return tarn_fail(call, TARN_E_NO_SPACE, ENOSPC, "the store of the test is full");
    if (offset + length > memory->size)
        status = set_size(call, memory, offset + length);
    if (status != TARN_OK)
        return status;
    memcpy(memory->bytes + offset, buffer, length);
    record(memory, MEMORY_WRITE, offset, length, buffer);
    return TARN_OK;
}

static int32_t memory_flush(struct tarn_call *call, struct tarn_io *io)
{
    struct memory_io *memory = memory_of(io);
    int32_t status = count_operation(call, memory);

    memory->flushes++;
    if (status == TARN_OK)
        record(memory, MEMORY_FLUSH, 0, 0, NULL);
    return status;
}

static int32_t memory_size(struct tarn_call *call, struct tarn_io *io, uint64_t *out)
{
    int32_t status = count_operation(call, memory_of(io));

    *out = memory_of(io)->size;
    return status;
}

static int32_t memory_truncate(struct tarn_call *call, struct tarn_io *io, uint64_t size,
                               uint32_t flags)
{
    struct memory_io *memory = memory_of(io);
    int32_t status = count_operation(call, memory);

    if (status != TARN_OK)
        return status;
    if (size < memory->size && !(flags & TARN_TRUNCATE_SHRINK))
        return tarn_fail(call, TARN_E_INVALID, 0, "this would lose bytes of the test's store");
    status = set_size(call, memory, size);
    if (status == TARN_OK)
        record(memory, MEMORY_TRUNCATE, 0, size, NULL);
    return status;
}

static int32_t memory_zero(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                           uint64_t length, uint32_t flags)
{
    struct memory_io *memory = memory_of(io);
    int32_t status = count_operation(call, memory);

    (void)flags;
    if (status == TARN_OK && offset + length > memory->size)
        status = set_size(call, memory, offset + length);
    if (status != TARN_OK || length == 0)
        return status;
    memset(memory->bytes + offset, 0, length);
    record(memory, MEMORY_ZERO, offset, length, NULL);
    return TARN_OK;
}

static int32_t memory_discard(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                              uint64_t length)
{
    struct memory_io *memory = memory_of(io);

    if (offset >= memory->size)
        return TARN_OK;
    if (length > memory->size - offset)
        length = memory->size - offset;
    return memory_zero(call, io, offset, length, 0);
}

static int32_t memory_allocate(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                               uint64_t length)
{
    struct memory_io *memory = memory_of(io);
    int32_t status = count_operation(call, memory);

    if (status == TARN_OK && offset + length > memory->limit)
        return tarn_fail(call, TARN_E_NO_SPACE, ENOSPC, "the store of the test is full");
    return status;
}

static int32_t memory_close(struct tarn_call *call, struct tarn_io *io)
{
    (void)call;
    if (!memory_of(io)->keep)
        memory_io_free(memory_of(io));
    return TARN_OK;
}

struct memory_io *memory_io_new(uint64_t size)
{
    struct memory_io *memory = need(calloc(1, sizeof(*memory)));

    memory->io = (struct tarn_io){
        .struct_size = sizeof(memory->io), .flags = TARN_IO_WRITABLE | TARN_IO_ZERO_NEW, .fd = -1,
        .pread = memory_pread, .pwrite = memory_pwrite, .flush = memory_flush,
        .size = memory_size, .truncate = memory_truncate, .zero = memory_zero,
        .discard = memory_discard, .allocate = memory_allocate, .close = memory_close,
    };
    memory->limit = (uint64_t)1 << 30;
    memory->fail_status = TARN_E_IO;
    memory->fail_errno = EIO;
    memory->size = size;
    memory->room = size + 4096;
    memory->bytes = need(calloc(1, memory->room));
    return memory;
}

struct memory_io *memory_io_of(const void *bytes, uint64_t size)
{
    struct memory_io *memory = memory_io_new(size);

    if (size > 0)
        memcpy(memory->bytes, bytes, size);
    return memory;
}

void memory_io_free(struct memory_io *memory)
{
    if (memory == NULL)
        return;
    for (uint64_t i = 0; i < memory->journal_length; i++)
        free(memory->journal[i].bytes);
    free(memory->journal);
    free(memory->bytes);
    free(memory);
}

static void replay_step(struct memory_io *memory, const struct memory_step *step)
{
    switch (step->what) {
    case MEMORY_WRITE:
    case MEMORY_ZERO:
        if (step->offset + step->length > memory->size)
            set_size(NULL, memory, step->offset + step->length);
        if (step->what == MEMORY_WRITE)
            memcpy(memory->bytes + step->offset, step->bytes, step->length);
        else
            memset(memory->bytes + step->offset, 0, step->length);
        break;
    case MEMORY_TRUNCATE:
        set_size(NULL, memory, step->length);
        break;
    case MEMORY_FLUSH:
        break;
    }
}

struct memory_io *memory_io_replay(const struct memory_io *start, const struct memory_step *steps,
                                   uint64_t count, const bool *lost)
{
    struct memory_io *memory = memory_io_of(start->bytes, start->size);

    for (uint64_t i = 0; i < count; i++)
        if (lost == NULL || !lost[i])
            replay_step(memory, &steps[i]);
    return memory;
}
