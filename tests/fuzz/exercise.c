/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * exercise.c - see exercise.h. Everything is bounded by what is asked of the format, not by what the
 * image says: a format that then still takes long, or much memory, is what this looks for.
 */
#include "exercise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fake-host.h"
#include "tests/unit/memory-io.h"

#define READ_MOST      ((uint64_t)1 << 20)
#define EXTENTS_MOST   256u
#define CONTAINER_MOST ((uint64_t)32 << 20)
#define RELATED_MOST   64u
/* An operation asks `interrupted` in its loops; one that asks more often than this over a few KiB
 * would never end. */
#define QUESTIONS_MOST 200000u

struct subject {
    struct fake_host host;
    const struct tarn_format *format;
    const uint8_t *bytes;
    size_t size;
    uint8_t *buffer; /* READ_MOST; one for all that are exercised: most of the time went into it */
};

static void broken(const struct subject *subject, const char *what)
{
    fprintf(stderr, "fuzz: %s: %s\n", subject->format->name, what);
    abort();
}

/* --- what else the image may ask for ---------------------------------------------------------- */

/* A backing store is a disk of 64 KiB; a further file, and a backing store's container, are the
 * image once more. */
static int32_t answer_related(struct tarn_call *call, const struct fake_question *question,
                              struct tarn_io **out, void *arg)
{
    const struct subject *subject = arg;
    struct memory_io *related;

    if (subject->host.related_asked > RELATED_MOST) /* each is a copy in memory */
        return tarn_fail(call, TARN_E_NOT_FOUND, 0, "there are no more files");
    if (question->role == TARN_RELATED_BACKING)
        related = memory_io_new(65536);
    else
        related = memory_io_of(subject->bytes, subject->size);
    related->limit = CONTAINER_MOST;
    *out = &related->io;
    return TARN_OK;
}

static struct memory_io *container(const struct subject *subject)
{
    struct memory_io *memory = memory_io_of(subject->bytes, subject->size);

    memory->keep = true;
    memory->limit = CONTAINER_MOST;
    return memory;
}

/* A failure has a text, and what loops without end is told by its questions. */
static bool done(struct subject *subject, int32_t status)
{
    if (status != TARN_OK && status != TARN_E_UNSUPPORTED && subject->host.failures == 0)
        broken(subject, "an operation failed without saying why");
    if (subject->host.questions >= QUESTIONS_MOST)
        broken(subject, "an operation asks without end whether it is interrupted");
    fake_host_reset(&subject->host);
    subject->host.questions = 0;
    return status == TARN_OK;
}

/* --- looking ---------------------------------------------------------------------------------- */

static void probe(struct subject *subject)
{
    uint64_t head = subject->format->head_needed != 0 ? subject->format->head_needed : 4096;
    uint64_t tail = subject->format->tail_needed;
    struct tarn_probe look = { .struct_size = sizeof(look), .size = subject->size };
    uint8_t *copies[2];
    int32_t sure;

    if (subject->format->probe == NULL)
        return;
    look.head_length = head < subject->size ? head : subject->size;
    look.tail_length = tail < subject->size ? tail : subject->size;
    copies[0] = malloc(look.head_length + 1); /* of their own, so that a step beyond is seen */
    copies[1] = malloc(look.tail_length + 1);
    if (copies[0] == NULL || copies[1] == NULL)
        exit(99);
    memcpy(copies[0], subject->bytes, look.head_length);
    memcpy(copies[1], subject->bytes + subject->size - look.tail_length, look.tail_length);
    look.head = copies[0];
    look.tail = copies[1];
    sure = subject->format->probe(&look);
    if (sure < 0 || sure > 100)
        broken(subject, "probe answers no confidence");
    free(copies[0]);
    free(copies[1]);
}

static void info(struct subject *subject)
{
    struct memory_io *memory = container(subject);
    int32_t status = subject->format->info(&subject->host.call, &memory->io);

    if (status == TARN_OK && subject->host.images != 1)
        broken(subject, "info told nothing, or told it twice");
    if (subject->host.related_asked != 0)
        broken(subject, "info opened another file");
    done(subject, status);
    memory_io_free(memory);
}

static void check(struct subject *subject, uint32_t flags)
{
    struct memory_io *memory;
    int32_t status;

    if (subject->format->check == NULL)
        return;
    memory = container(subject);
    if (flags == 0)
        memory->io.flags &= ~TARN_IO_WRITABLE;
    status = subject->format->check(&subject->host.call, &memory->io, flags);
    if (status == TARN_OK && subject->host.checks != 1)
        broken(subject, "check gave no result, or gave it twice");
    done(subject, status);
    memory_io_free(memory);
}

/* --- the disk --------------------------------------------------------------------------------- */

struct walk {
    uint64_t next; /* where the next extent has to begin */
    uint64_t starts[EXTENTS_MOST];
    uint32_t count;
    bool gap;
};

static int32_t take_extent(struct tarn_call *call, const struct tarn_extent *extent, void *arg)
{
    struct walk *walk = arg;

    if (extent->offset != walk->next || extent->length == 0)
        walk->gap = true;
    walk->next = extent->offset + extent->length;
    walk->starts[walk->count++] = extent->offset;
    if (walk->count < EXTENTS_MOST)
        return TARN_OK;
    return tarn_fail(call, TARN_E_CANCELLED, 0, "enough extents");
}

static void read_at(struct subject *subject, struct tarn_io *disk, uint64_t size, uint64_t offset,
                    uint64_t length)
{
    if (offset >= size)
        return;
    length = length < size - offset ? length : size - offset;
    done(subject, tarn_io_pread(&subject->host.call, disk, subject->buffer, length, offset));
}

static void read_all_over(struct subject *subject, struct tarn_io *disk, uint64_t size)
{
    struct walk walk = { .count = 0 };
    int32_t status = tarn_io_extents(&subject->host.call, disk, 0, size, take_extent, &walk);

    if (walk.gap)
        broken(subject, "the map has a gap");
    if (status == TARN_OK && walk.next != size)
        broken(subject, "the map does not end with the disk");
    done(subject, status);
    read_at(subject, disk, size, 0, READ_MOST);
    for (uint32_t i = 0; i < walk.count; i += 1 + walk.count / 32)
        read_at(subject, disk, size, walk.starts[i], 70000);
    read_at(subject, disk, size, size > 1000 ? size - 1000 : 0, 1000);
}

static void write_at(struct subject *subject, struct tarn_io *disk, uint64_t size, uint64_t offset,
                     uint64_t length)
{
    if (offset >= size)
        return;
    length = length < size - offset ? length : size - offset;
    memset(subject->buffer, 'w', length);
    if (!done(subject, tarn_io_pwrite(&subject->host.call, disk, subject->buffer, length, offset)))
        return;
    memset(subject->buffer, 0, length);
    if (!done(subject, tarn_io_pread(&subject->host.call, disk, subject->buffer, length, offset)))
        return;
    for (uint64_t i = 0; i < length; i++)
        if (subject->buffer[i] != 'w')
            broken(subject, "what was written is not what is read");
}

static void write_all_over(struct subject *subject, struct tarn_io *disk, uint64_t size)
{
    write_at(subject, disk, size, 0, 100);
    write_at(subject, disk, size, size / 2, 70000);
    write_at(subject, disk, size, size - 1, 1);
    done(subject, tarn_io_zero(&subject->host.call, disk, size / 3,
                               size / 3 < 100000 ? size / 3 : 100000, TARN_ZERO_MAY_UNMAP));
    done(subject, tarn_io_truncate(&subject->host.call, disk, size + 65536, 0));
    done(subject, tarn_io_flush(&subject->host.call, disk));
}

static void use(struct subject *subject, uint32_t flags)
{
    struct tarn_image_open how = { sizeof(how), flags, NULL };
    struct memory_io *memory = container(subject);
    struct tarn_io *disk = NULL;
    uint64_t size = 0;

    if (!(flags & TARN_IMAGE_OPEN_WRITE))
        memory->io.flags &= ~TARN_IO_WRITABLE;
    if (done(subject, subject->format->open(&subject->host.call, &memory->io, &how, &disk))) {
        if (!done(subject, tarn_io_size(&subject->host.call, disk, &size)))
            broken(subject, "an open disk does not tell its size");
        if (flags & TARN_IMAGE_OPEN_WRITE)
            write_all_over(subject, disk, size);
        else
            read_all_over(subject, disk, size);
        done(subject, tarn_io_close(&subject->host.call, disk));
    }
    memory_io_free(memory);
}

void exercise(const struct tarn_format *format, const uint8_t *bytes, size_t size)
{
    static uint8_t buffer[READ_MOST];
    struct subject subject = { .format = format, .bytes = bytes, .size = size, .buffer = buffer };

    fake_host_init(&subject.host);
    subject.host.cancel_at = QUESTIONS_MOST;
    subject.host.related_default = answer_related;
    subject.host.related_default_arg = &subject;
    probe(&subject);
    info(&subject);
    check(&subject, 0);
    if (format->open != NULL && (format->capabilities & TARN_FORMAT_READ))
        use(&subject, 0);
    if (format->capabilities & TARN_FORMAT_WRITE)
        use(&subject, TARN_IMAGE_OPEN_WRITE);
    if (format->capabilities & TARN_FORMAT_REPAIR)
        check(&subject, TARN_CHECK_REPAIR_LEAKS | TARN_CHECK_REPAIR_ALL);
    fake_host_clear(&subject.host);
}
