/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The order of writing. A GPT is there twice: the copy that is not whole goes first, or the backup,
 * so that one is whole at any moment; the MBR that makes it a GPT goes last. In all other tables
 * one sector after the other is replaced, the first of the disk last: what comes before is not yet
 * reached by it (a new logical partition's sector), or says the same to who reads the first.
 */
#include "store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helpers/errno-status.h"

/* --- finding ---------------------------------------------------------------------------------- */

static int32_t add_change(struct tarn_call *call, struct changes *changes, uint64_t offset,
                          uint64_t length, unsigned step)
{
    struct change *change;

    if (changes->count == changes->room) {
        size_t room = changes->room == 0 ? 16 : changes->room * 2;
        struct change *list = realloc(changes->list, room * sizeof(*list));

        if (list == NULL)
            return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for a partition table");
        changes->list = list;
        changes->room = room;
    }
    change = &changes->list[changes->count];
    *change = (struct change){ offset, length, step, malloc(length), malloc(length) };
    changes->count++;
    if (change->before == NULL || change->after == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for a partition table");
    return TARN_OK;
}

/* In a GPT all of one copy belong together. Elsewhere what no part of the old table leads to goes
 * first. */
static unsigned step_of(const struct scratch *scratch, const struct label *label,
                        const struct gpt_state *gpt, uint64_t offset, bool is_new)
{
    bool in_backup = offset >= scratch->size / 2;

    if (label->code != LABEL_CODE_GPT)
        return is_new ? 0 : 1;
    if (offset == 0)
        return 2;
    return in_backup == gpt->primary ? 0 : 1;
}

static bool differs(const uint8_t *before, const uint8_t *after, size_t length, bool is_new)
{
    size_t i;

    if (!is_new)
        return memcmp(before, after, length) != 0;
    for (i = 0; i < length && after[i] == 0; i++)
        ;
    return i < length;
}

static int32_t read_both(struct tarn_call *call, struct scratch *scratch, struct change *change)
{
    int32_t status = scratch_read(call, scratch, change->after, change->length, change->offset);

    if (status == TARN_OK &&
        pread(scratch->disk, change->before, change->length, (off_t)change->offset) !=
            (ssize_t)change->length)
        status = tarn_fail(call, TARN_E_IO, errno, "%s cannot be read at %llu", scratch->name,
                           (unsigned long long)change->offset);
    return status;
}

/* One sector. */
static int32_t look_at_sector(struct tarn_call *call, struct changes *changes,
                              struct scratch *scratch, const struct label *label,
                              const struct gpt_state *gpt, uint64_t offset)
{
    bool is_new = !scratch_has(scratch, offset, scratch->sector);
    struct change *change;
    int32_t status = add_change(call, changes, offset, scratch->sector,
                                step_of(scratch, label, gpt, offset, is_new));

    if (status != TARN_OK)
        return status;
    change = &changes->list[changes->count - 1];
    status = read_both(call, scratch, change);
    if (status == TARN_OK && !differs(change->before, change->after, change->length, is_new)) {
        free(change->before);
        free(change->after);
        changes->count--;
    }
    return status;
}

/* Lower steps first; within one from the disk's end to its beginning, so that the first sector,
 * from which all others are found, is the last. */
static int by_step(const void *left, const void *right)
{
    const struct change *a = left;
    const struct change *b = right;

    if (a->step != b->step)
        return a->step < b->step ? -1 : 1;
    return a->offset < b->offset ? 1 : -1;
}

int32_t changes_find(struct tarn_call *call, struct changes *changes, struct scratch *scratch,
                     const struct label *label, const struct gpt_state *gpt)
{
    off_t from = 0;
    size_t i;
    int32_t status = TARN_OK;

    memset(changes, 0, sizeof(*changes));
    /* Only what has pages in the scratch was copied or written. */
    while (status == TARN_OK && (from = lseek(scratch->fd, from, SEEK_DATA)) >= 0) {
        off_t end = lseek(scratch->fd, from, SEEK_HOLE);

        for (; status == TARN_OK && from < end; from += scratch->sector)
            status = look_at_sector(call, changes, scratch, label, gpt, (uint64_t)from);
    }
    if (status == TARN_OK && changes->count > 1)
        qsort(changes->list, changes->count, sizeof(*changes->list), by_step);
    for (i = 0; label->code != LABEL_CODE_GPT && i < changes->count; i++)
        if (changes->list[i].step > 0)
            changes->list[i].step = (unsigned)i + 1; /* one by one */
    return status;
}

void changes_clear(struct changes *changes)
{
    size_t i;

    for (i = 0; i < changes->count; i++) {
        free(changes->list[i].before);
        free(changes->list[i].after);
    }
    free(changes->list);
    memset(changes, 0, sizeof(*changes));
}

/* --- writing ---------------------------------------------------------------------------------- */

static bool put(const struct scratch *scratch, const uint8_t *bytes, const struct change *change)
{
    ssize_t written;

    do
        written = pwrite(scratch->disk, bytes, change->length, (off_t)change->offset);
    while (written < 0 && errno == EINTR);
    if (written >= 0 && (uint64_t)written < change->length)
        errno = EIO;
    return written == (ssize_t)change->length;
}

static bool ends_step(const struct changes *changes, size_t index)
{
    const struct change *change = &changes->list[index];

    return index + 1 == changes->count || change->step != change[1].step;
}

static bool make_durable(const struct scratch *scratch)
{
    int result;

    do
        result = fdatasync(scratch->disk);
    while (result < 0 && errno == EINTR);
    return result == 0;
}

int32_t changes_store(struct tarn_call *call, const struct changes *changes,
                      const struct scratch *scratch)
{
    size_t i;

    for (i = 0; i < changes->count; i++) {
        if (put(scratch, changes->list[i].after, &changes->list[i]) &&
            (!ends_step(changes, i) || make_durable(scratch)))
            continue;
        tarn_fail(call, status_from_errno(errno), errno,
                  "the partition table of %s cannot be written, and stays as it was",
                  scratch->name);
        changes_take_back(changes, scratch);
        return status_from_errno(errno);
    }
    return TARN_OK;
}

void changes_take_back(const struct changes *changes, const struct scratch *scratch)
{
    int error = errno;
    size_t i;

    for (i = changes->count; i > 0; i--)
        if (put(scratch, changes->list[i - 1].before, &changes->list[i - 1]))
            make_durable(scratch);
    errno = error;
}
