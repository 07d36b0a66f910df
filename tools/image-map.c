/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The map of an image: a table for people, for programs the members that qemu-img map has.
 */
#include <inttypes.h>
#include <stdio.h>

#include "tools/auto.h"
#include "tools/image-show.h"
#include "tools/json.h"
#include "tools/table.h"
#include "tools/text.h"

struct map {
    struct table *table;
    json_t *array; /* NULL = a table is wanted */
};

static bool has_offset(const struct tarn_extent *extent)
{
    return (extent->flags & TARN_EXTENT_HOST) && !(extent->flags & TARN_EXTENT_COMPRESSED);
}

static const char *kind_word(const struct tarn_extent *extent)
{
    switch (extent->kind) {
    case TARN_EXTENT_DATA:
        return extent->flags & TARN_EXTENT_COMPRESSED ? "data, compressed" : "data";
    case TARN_EXTENT_ZERO: return "zero";
    case TARN_EXTENT_HOLE: return "hole";
    case TARN_EXTENT_BACKING: return "backing";
    default: return "unknown"; /* of a younger library */
    }
}

static void add_row(const struct map *map, const struct tarn_extent *extent)
{
    char start[32], length[32], depth[16], offset[32];
    const char *cells[] = { start, length, depth, kind_word(extent),
                            has_offset(extent) ? offset : NULL };

    snprintf(start, sizeof(start), "%" PRIu64, extent->offset);
    snprintf(length, sizeof(length), "%" PRIu64, extent->length);
    snprintf(depth, sizeof(depth), "%" PRIu32, extent->depth);
    snprintf(offset, sizeof(offset), "%" PRIu64, extent->host_offset);
    table_row(map->table, cells);
}

/* `present`: an image of the chain says something of it; `zero`: reads as zeros; `data`: bytes are
 * stored. A backing store that was not followed is none of these. */
static void add_object(const struct map *map, const struct tarn_extent *extent)
{
    json_t *object = json_object();
    bool is_data = extent->kind == TARN_EXTENT_DATA;
    bool is_zero = extent->kind == TARN_EXTENT_ZERO || extent->kind == TARN_EXTENT_HOLE;

    json_put_size(object, "start", extent->offset);
    json_put_size(object, "length", extent->length);
    json_put_size(object, "depth", extent->depth);
    json_put_bool(object, "present", is_data || extent->kind == TARN_EXTENT_ZERO ||
                                         (extent->flags & TARN_EXTENT_HOST));
    json_put_bool(object, "zero", is_zero);
    json_put_bool(object, "data", is_data);
    json_put_bool(object, "compressed", extent->flags & TARN_EXTENT_COMPRESSED);
    if (has_offset(extent))
        json_put_size(object, "offset", extent->host_offset);
    json_array_append_new(map->array, object);
}

/* As tarn_image_listener.extent. */
static int hear_extent(void *arg, const struct tarn_extent *extent)
{
    const struct map *map = arg;

    if (map->array)
        add_object(map, extent);
    else
        add_row(map, extent);
    return TARN_OK;
}

int image_show_map(struct tool *tool, struct tarn_image *image)
{
    static const char *const headings[] = { "Start", "Length", "Depth", "Kind", "Offset", NULL };
    AUTO(table) struct table *table = table_new(headings);
    struct map map = { .table = table, .array = tool->settings.json ? json_array() : NULL };
    struct tarn_image_listener listener = { .struct_size = sizeof(listener), .arg = &map,
                                            .extent = hear_extent };
    uint64_t size = 0;
    int status = tarn_image_size(&size, image, &tool->error);

    if (status == TARN_OK && size > 0)
        status = tarn_image_map(image, 0, size, &listener, tool->job, &tool->error);
    if (status != TARN_OK)
        json_decref(map.array);
    else if (map.array)
        json_print(map.array);
    else
        table_print(table, tool->settings.quiet);
    return status;
}
