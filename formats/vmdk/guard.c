/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * guard.c - what a write must never hit: a damaged grain table could send the guest's bytes into
 * the header, a directory or a table.
 */
#include "vmdk.h"

#include <stdlib.h>

/* 8 MiB of places. Tables lie before the grains in all but COWD and images that have grown. */
#define MOST_GUARDED ((uint64_t)1 << 20)

static int compare(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;

    return a < b ? -1 : a > b;
}

/* New tables lie behind all others, so the places stay in order. */
int32_t vmdk_guard_add(struct tarn_call *call, struct vmdk_extent *extent, uint64_t table)
{
    if (extent->guarded_count == MOST_GUARDED)
        return VMDK_REFUSE(call, "the extent \"%s\" has more than %llu grain tables among its "
                           "grains: it can only be read", extent->line->name,
                           (vmdk_ull)MOST_GUARDED);
    if (extent->guarded_count == extent->guarded_room) {
        uint64_t room = extent->guarded_room != 0 ? extent->guarded_room * 2 : 64;
        uint64_t *guarded = realloc(extent->guarded, room * sizeof(*guarded));

        if (guarded == NULL)
            return VMDK_NO_MEMORY(call);
        extent->guarded = guarded;
        extent->guarded_room = room;
    }
    extent->guarded[extent->guarded_count++] = table;
    return TARN_OK;
}

static int32_t add_directory(struct tarn_call *call, struct vmdk_image *image,
                             struct vmdk_extent *extent, enum vmdk_table_kind kind)
{
    int32_t status = TARN_OK;

    for (uint64_t i = 0; i < extent->directory_count && status == TARN_OK; i++) {
        uint64_t table = 0;

        if (i % 1024 == 0)
            status = tarn_interrupted(call);
        if (status == TARN_OK)
            status = vmdk_directory_get(call, image, extent, kind, i, &table);
        if (status == TARN_OK && table >= extent->overhead && table != 0)
            status = vmdk_guard_add(call, extent, table);
    }
    return status;
}

int32_t vmdk_guard_build(struct tarn_call *call, struct vmdk_image *image,
                         struct vmdk_extent *extent)
{
    int32_t status = add_directory(call, image, extent, VMDK_TABLE_DIRECTORY);

    if (status == TARN_OK && extent->redundant != 0)
        status = add_directory(call, image, extent, VMDK_TABLE_REDUNDANT);
    if (extent->guarded_count > 0)
        qsort(extent->guarded, extent->guarded_count, sizeof(*extent->guarded), compare);
    return status;
}

static bool meets(uint64_t host, uint64_t length, uint64_t other, uint64_t other_length)
{
    return host < other + other_length && other < host + length;
}

/* The first table that ends behind `host`. */
static bool meets_table(const struct vmdk_extent *extent, uint64_t host)
{
    uint64_t low = 0;
    uint64_t high = extent->guarded_count;
    uint64_t bytes = vmdk_table_bytes(extent);

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;

        if (extent->guarded[middle] + bytes <= host)
            low = middle + 1;
        else
            high = middle;
    }
    return low < extent->guarded_count &&
           meets(host, extent->grain, extent->guarded[low], bytes);
}

int32_t vmdk_guard_check(struct tarn_call *call, const struct vmdk_extent *extent, uint64_t host)
{
    uint64_t directory = extent->directory_count * extent->entry_size;

    if (host >= extent->overhead && !meets_table(extent, host) &&
        !meets(host, extent->grain, extent->text, extent->text_length) &&
        !meets(host, extent->grain, extent->directory, directory) &&
        (extent->redundant == 0 || !meets(host, extent->grain, extent->redundant, directory)))
        return TARN_OK;
    return VMDK_CORRUPT(call, "a grain of \"%s\" at %llu lies in the image's own tables: nothing "
                        "is written; check the image", extent->line->name, (vmdk_ull)host);
}
