/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * progress.c - how far mke2fs is, from what it writes for people: "Writing inode tables: 12/4096",
 * the number written over again with backspaces. No other mkfs that is used here tells any.
 */
#include "fs.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* The two that take time on a large device: one half each. */
static const struct {
    const char *label;
    uint64_t begin;
} stages[] = {
    { "Discarding device blocks:", 0 },
    { "Writing inode tables:", FS_PROGRESS_TOTAL / 2 },
};

/* The last "N/M" of the text, as a part of one half; false if there is none. */
static bool read_share(const char *text, uint64_t *out)
{
    const char *slash = strrchr(text, '/');
    const char *number = slash;
    unsigned long long done, total;

    if (slash == NULL || !isdigit((unsigned char)slash[1]))
        return false;
    while (number > text && isdigit((unsigned char)number[-1]))
        number--;
    done = strtoull(number, NULL, 10);
    total = strtoull(slash + 1, NULL, 10);
    if (total == 0 || done > total)
        return false;
    *out = (uint64_t)((double)done / (double)total * (FS_PROGRESS_TOTAL / 2));
    return true;
}

static void tell(struct tarn_call *call, struct fs_progress *progress)
{
    uint64_t share;
    size_t i;

    progress->line[progress->length] = '\0';
    for (i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
        if (strncmp(progress->line, stages[i].label, strlen(stages[i].label)) != 0 ||
            !read_share(progress->line, &share) || stages[i].begin + share <= progress->told)
            continue;
        progress->told = stages[i].begin + share;
        call->host->progress(call, progress->told, FS_PROGRESS_TOTAL);
    }
}

/* A piece can end anywhere: also in the middle of a number, which is then seen too small for a
 * moment. */
void fs_progress_heard(struct tarn_call *call, const char *piece, size_t length, void *arg)
{
    struct fs_progress *progress = arg;
    size_t i;

    for (i = 0; i < length; i++) {
        if (piece[i] == '\n')
            progress->length = 0;
        else if (piece[i] == '\b' && progress->length > 0)
            progress->length--;
        else if (piece[i] != '\b' && progress->length + 1 < sizeof(progress->line))
            progress->line[progress->length++] = piece[i];
        if (piece[i] == '\b' || i + 1 == length)
            continue;
        if (piece[i + 1] == '\b' || piece[i + 1] == '\n')
            tell(call, progress);
    }
}
