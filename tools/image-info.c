/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * image-info: what a file says of itself, without opening any other.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "tools/auto.h"
#include "tools/image.h"
#include "tools/json.h"
#include "tools/size.h"
#include "tools/table.h"
#include "tools/text.h"

/* Everything is gathered as the JSON document; people get rows made of it. */
struct facts {
    json_t *document;
    json_t *snapshots;
};

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
    json_t *document = ((struct facts *)arg)->document;

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
    json_array_append_new(((struct facts *)arg)->snapshots, object);
    return TARN_OK;
}

static void text_row(const char *label, const json_t *value)
{
    if (value)
        row_print(label, json_string_value(value));
}

static void size_row(const char *label, const json_t *value)
{
    char text[SIZE_TEXT];

    if (value)
        row_print(label, size_in_units(text, (uint64_t)json_integer_value(value)));
}

static void print_details(json_t *document)
{
    const char *name;
    json_t *value;
    size_t i;

    json_array_foreach(json_object_get(document, "features"), i, value)
        text_row("Feature", value);
    json_array_foreach(json_object_get(document, "files"), i, value)
        text_row("Needs file", json_object_get(value, "name"));
    json_object_foreach(json_object_get(document, "properties"), name, value) {
        char *label = text_shown(name);
        text_row(label, value);
        free(label);
    }
}

static void print_rows(json_t *document)
{
    const json_t *backing = json_object_get(document, "backingStore");

    text_row("Image", json_object_get(document, "path"));
    text_row("Format", json_object_get(document, "format"));
    text_row("Subformat", json_object_get(document, "subformat"));
    text_row("Compat", json_object_get(document, "compat"));
    size_row("Capacity", json_object_get(document, "capacity"));
    size_row("Allocation", json_object_get(document, "allocation"));
    size_row("Cluster size", json_object_get(document, "clusterSize"));
    text_row("Backing store", json_object_get(backing, "path"));
    text_row("Backing format", json_object_get(backing, "format"));
    text_row("Encryption", json_object_get(document, "encryption"));
    text_row("Compression", json_object_get(document, "compression"));
    text_row("Creator", json_object_get(document, "creator"));
    if (json_is_true(json_object_get(document, "dirty")))
        row_print("Dirty", "yes, it was not closed cleanly");
    if (json_is_true(json_object_get(document, "corrupt")))
        row_print("Corrupt", "yes, it says so of itself");
    print_details(document);
}

static const char *time_shown(char *text, size_t room, int64_t when)
{
    time_t seconds = (time_t)(when / 1000000000);
    struct tm utc;

    if (!gmtime_r(&seconds, &utc) || strftime(text, room, "%Y-%m-%d %H:%M:%S", &utc) == 0)
        return "-";
    return text;
}

static void print_snapshots(const json_t *snapshots, bool quiet)
{
    static const char *const headings[] = { "Id", "Snapshot", "Capacity", "State", "Created (UTC)",
                                            NULL };
    AUTO(table) struct table *table = table_new(headings);
    const json_t *snapshot;
    size_t i;

    if (json_array_size(snapshots) == 0)
        return;
    json_array_foreach(snapshots, i, snapshot) {
        char capacity[SIZE_TEXT], state[SIZE_TEXT], created[32];
        const char *cells[] = {
            json_string_value(json_object_get(snapshot, "id")),
            json_string_value(json_object_get(snapshot, "name")),
            size_in_units(capacity, (uint64_t)json_integer_value(
                                        json_object_get(snapshot, "capacity"))),
            size_in_units(state, (uint64_t)json_integer_value(json_object_get(snapshot, "state"))),
            time_shown(created, sizeof(created),
                       json_integer_value(json_object_get(snapshot, "created"))),
        };
        table_row(table, cells);
    }
    if (!quiet)
        putchar('\n');
    table_print(table, quiet);
}

int image_info(struct tool *tool, const struct args *args)
{
    const char *path = args_text(args, "file");
    struct facts facts = { .document = json_object(), .snapshots = json_array() };
    struct tarn_image_listener listener = { .struct_size = sizeof(listener), .arg = &facts,
                                            .image = hear_image, .snapshot = hear_snapshot };
    struct stat about;

    json_put_text(facts.document, "path", path);
    if (stat(path, &about) == 0 && S_ISREG(about.st_mode)) {
        json_put_size(facts.document, "allocation", (uint64_t)about.st_blocks * 512);
        json_put_size(facts.document, "physical", (uint64_t)about.st_size);
    }
    int status = tarn_image_describe(tool->context, path, args_text(args, "format"), &listener,
                                     &tool->error);
    json_put(facts.document, "snapshots", facts.snapshots);
    if (status == TARN_OK && tool->settings.json) {
        json_print(json_incref(facts.document));
    } else if (status == TARN_OK) {
        print_rows(facts.document);
        print_snapshots(facts.snapshots, tool->settings.quiet);
    }
    json_decref(facts.document);
    return status;
}
