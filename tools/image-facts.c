/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Gathering what an image says of itself, without opening any other file.
 */
#include "tools/image-facts.h"

#include <sys/stat.h>

#include "tools/json.h"

static void put_backing(json_t *document, const struct tarn_image_info *info)
{
    if (!info->backing_name)
        return;
    json_t *backing = json_object();
    json_put_text(backing, "path", info->backing_name);
    json_put_text(backing, "format", info->backing_format);
    json_put(document, "backingStore", backing);
}

static void put_files(json_t *document, const struct tarn_image_info *info)
{
    json_t *array = json_array();

    for (size_t i = 0; info->files && info->files[i]; i++) {
        json_t *object = json_object();
        json_put_text(object, "role", info->files[i]->role);
        json_put_text(object, "name", info->files[i]->name);
        json_array_append_new(array, object);
    }
    json_put(document, "files", array);
}

static void put_properties(json_t *document, const struct tarn_image_info *info)
{
    json_t *object = json_object();

    for (size_t i = 0; info->properties && info->properties[i]; i++)
        json_put_text(object, info->properties[i]->name, info->properties[i]->value);
    json_put(document, "properties", object);
}

/* As tarn_image_listener.image. */
static int hear_image(void *arg, const char *format, const struct tarn_image_info *info)
{
    json_t *document = arg;

    json_put_text(document, "format", format);
    json_put_size(document, "capacity", info->capacity);
    if (info->cluster_size > 0)
        json_put_size(document, "clusterSize", info->cluster_size);
    json_put_text(document, "subformat", info->subformat);
    json_put_text(document, "compat", info->compat);
    json_put_list(document, "features", info->features);
    put_backing(document, info);
    json_put_text(document, "encryption", info->encryption);
    json_put_text(document, "compression", info->compression);
    json_put_text(document, "creator", info->creator);
    json_put_bool(document, "dirty", info->flags & TARN_IMAGE_DIRTY);
    json_put_bool(document, "corrupt", info->flags & TARN_IMAGE_MARKED_CORRUPT);
    put_files(document, info);
    put_properties(document, info);
    return TARN_OK;
}

/* As tarn_image_listener.snapshot. */
static int hear_snapshot(void *arg, const struct tarn_snapshot *snapshot)
{
    json_t *object = json_object();

    json_put_text(object, "id", snapshot->id);
    json_put_text(object, "name", snapshot->name);
    json_put_text(object, "parent", snapshot->parent);
    json_put_size(object, "capacity", snapshot->capacity);
    json_put_size(object, "state", snapshot->state_size);
    json_put_integer(object, "created", snapshot->created);
    json_array_append_new(json_object_get(arg, "snapshots"), object);
    return TARN_OK;
}

int image_facts(json_t **out, struct tool *tool, const char *path, const char *format)
{
    json_t *document = json_object();
    struct tarn_image_listener listener = { .struct_size = sizeof(listener), .arg = document,
                                            .image = hear_image, .snapshot = hear_snapshot };
    struct stat about;

    json_put_text(document, "path", path);
    if (stat(path, &about) == 0 && S_ISREG(about.st_mode)) {
        json_put_size(document, "allocation", (uint64_t)about.st_blocks * 512);
        json_put_size(document, "physical", (uint64_t)about.st_size);
    }
    json_put(document, "snapshots", json_array());
    int status = tarn_image_describe(tool->context, path, format, &listener, &tool->error);
    if (status == TARN_OK)
        *out = document;
    else
        json_decref(document);
    return status;
}
