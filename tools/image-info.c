/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * image-info: of one file or of many, in one process. One that cannot be read is told as a failure
 * and keeps nobody from learning of the others.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/auto.h"
#include "tools/image-facts.h"
#include "tools/image.h"
#include "tools/json.h"
#include "tools/report.h"
#include "tools/size.h"
#include "tools/table.h"
#include "tools/text.h"

/* --- for people: rows made of the document ---------------------------------------------------- */

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

/* "data-file" becomes "Data file". */
static void word_row(const char *word, const json_t *value)
{
    AUTO(text) char *label = text_shown(word);

    label[0] = (char)toupper((unsigned char)label[0]);
    for (char *dash = label; (dash = strchr(dash, '-'));)
        *dash = ' ';
    text_row(label, value);
}

static void print_details(json_t *document)
{
    const char *name;
    json_t *value;
    size_t i;

    json_array_foreach(json_object_get(document, "features"), i, value)
        text_row("Feature", value);
    json_array_foreach(json_object_get(document, "files"), i, value)
        word_row(json_string_value(json_object_get(value, "role")), json_object_get(value, "name"));
    json_object_foreach(json_object_get(document, "properties"), name, value)
        word_row(name, value);
}

static void print_rows(json_t *document)
{
    const json_t *backing = json_object_get(document, "backingStore");

    text_row("Image", json_object_get(document, "path"));
    text_row("Format", json_object_get(document, "format"));
    text_row("Subformat", json_object_get(document, "subformat"));
    text_row("Compat", json_object_get(document, "compat"));
    text_row("Creator", json_object_get(document, "creator"));
    size_row("Capacity", json_object_get(document, "capacity"));
    size_row("Allocation", json_object_get(document, "allocation"));
    size_row("Cluster size", json_object_get(document, "clusterSize"));
    text_row("Backing store", json_object_get(backing, "path"));
    text_row("Backing format", json_object_get(backing, "format"));
    text_row("Encryption", json_object_get(document, "encryption"));
    text_row("Compression", json_object_get(document, "compression"));
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

static void print_image(const struct tool *tool, json_t *document, bool is_next)
{
    if (is_next)
        putchar('\n');
    print_rows(document);
    print_snapshots(json_object_get(document, "snapshots"), tool->settings.quiet);
}

/* --- several ---------------------------------------------------------------------------------- */

/* The failure is told at once, and in JSON also in the file's place among the others. */
static json_t *failed(struct tool *tool, const char *path, int status)
{
    json_t *document = json_object();

    json_put_text(document, "path", path);
    json_put(document, "error", report_json(tool, status));
    report_failure(tool, status);
    tool->found_faults = true;
    return document;
}

static int info_of_many(struct tool *tool, const struct args *args)
{
    const char *format = args_text(args, "format");
    json_t *array = json_array();
    size_t position = 0;
    int status = TARN_OK;

    for (const char *path; (path = args_each(args, "file", &position));) {
        json_t *document = NULL;
        status = image_facts(&document, tool, path, format);
        if (status == TARN_E_NO_MODULE)
            break; /* nor would it be there for the next */
        if (status != TARN_OK)
            document = failed(tool, path, status);
        else if (!tool->settings.json)
            print_image(tool, document, json_array_size(array) > 0);
        json_array_append_new(array, document);
    }
    status = status == TARN_E_NO_MODULE ? status : TARN_OK;
    if (status == TARN_OK && tool->settings.json)
        json_print(json_incref(array));
    json_decref(array);
    return status;
}

int image_info(struct tool *tool, const struct args *args)
{
    json_t *document = NULL;
    size_t position = 0;
    const char *path = args_each(args, "file", &position);

    if (args_each(args, "file", &position))
        return info_of_many(tool, args);
    int status = image_facts(&document, tool, path, args_text(args, "format"));
    if (status == TARN_OK && tool->settings.json)
        json_print(json_incref(document));
    else if (status == TARN_OK)
        print_image(tool, document, false);
    json_decref(document);
    return status;
}
