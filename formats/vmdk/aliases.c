/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * aliases.c - two extents that share bytes of one file would overwrite each other, and one in the
 * descriptor's own file the descriptor. A descriptor may say so by damage or by malice.
 */
#include "vmdk.h"

#include <stdlib.h>

struct place {
    struct tarn_identity file; /* all zero = unknown: then the name decides */
    const char *name;
    uint64_t from;
    uint64_t to;
};

static int compare_files(const struct place *a, const struct place *b)
{
    if (a->file.device != b->file.device)
        return a->file.device < b->file.device ? -1 : 1;
    if (a->file.inode != b->file.inode)
        return a->file.inode < b->file.inode ? -1 : 1;
    return a->file.inode == 0 ? strcmp(a->name, b->name) : 0;
}

static int compare(const void *left, const void *right)
{
    const struct place *a = left;
    const struct place *b = right;
    int order = compare_files(a, b);

    if (order != 0)
        return order;
    return a->from < b->from ? -1 : a->from > b->from;
}

static int32_t place_of(struct tarn_call *call, const struct vmdk_extent *extent, uint64_t length,
                        struct place *out)
{
    *out = (struct place){ .name = extent->line->name, .from = 0, .to = UINT64_MAX };
    if (!vmdk_extent_sparse(extent)) {
        out->from = extent->host;
        out->to = extent->host + length;
    }
    return tarn_io_identity(call, extent->file, &out->file);
}

static int32_t compare_all(struct tarn_call *call, struct place *places, uint64_t count)
{
    qsort(places, count, sizeof(*places), compare);
    for (uint64_t i = 1; i < count; i++)
        if (compare_files(&places[i - 1], &places[i]) == 0 && places[i].from < places[i - 1].to)
            return VMDK_CORRUPT(call, "the descriptor uses the same bytes of \"%s\" twice: the "
                                "image cannot be written", places[i].name);
    return TARN_OK;
}

int32_t vmdk_check_aliases(struct tarn_call *call, const struct vmdk_image *image,
                           const struct vmdk_extent *grown, uint64_t grown_length)
{
    struct place *places = calloc(image->count + 1, sizeof(*places));
    bool separate = true; /* the descriptor has a file of its own */
    uint64_t count = 0;
    int32_t status = TARN_OK;

    if (places == NULL)
        return VMDK_NO_MEMORY(call);
    for (uint64_t i = 0; i < image->count && status == TARN_OK; i++) {
        const struct vmdk_extent *extent = &image->extents[i];
        uint64_t length = extent == grown ? grown_length : extent->length;

        if (extent->file != NULL && !extent->own_file)
            separate = false;
        if (extent->file != NULL && length > 0)
            status = place_of(call, extent, length, &places[count++]);
    }
    if (status == TARN_OK && separate) {
        places[count] = (struct place){ .name = "", .to = UINT64_MAX };
        status = tarn_io_identity(call, image->head.file, &places[count].file);
        count++;
    }
    if (status == TARN_OK && count > 1)
        status = compare_all(call, places, count);
    free(places);
    return status;
}
