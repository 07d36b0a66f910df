/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * vol-list
 */
#include <stdio.h>

#include "tools/auto.h"
#include "tools/json.h"
#include "tools/lookup.h"
#include "tools/size.h"
#include "tools/table.h"
#include "tools/text.h"
#include "tools/vol-show.h"
#include "tools/vol.h"
#include "tools/when.h"

struct records {
    struct tarn_volume_record **list;
    size_t count;
};

static void records_drop(struct records *records)
{
    for (size_t i = 0; i < records->count; i++)
        tarn_volume_record_free(records->list[i]);
    free(records->list);
}

/* What was seen last is better than nothing, if the storage does not answer. */
static int list_volumes(struct tarn_volume ***out, struct tool *tool, struct tarn_pool *pool)
{
    int status = tarn_volume_list(out, pool, 0, tool->job, &tool->error);

    if (status != TARN_E_TIMEOUT ||
        tarn_volume_list(out, pool, UINT32_MAX, tool->job, NULL) != TARN_OK)
        return status;
    tool_forgive(tool);
    return TARN_OK;
}

static void warn_if_stale(struct tool *tool, const struct records *records)
{
    for (size_t i = 0; i < records->count; i++)
        if (records->list[i]->stale) {
            when_warn(tool, records->list[i]->observed);
            return;
        }
}

static int read_records(struct records *out, struct tool *tool, struct tarn_pool *pool)
{
    AUTO(volume_list) struct tarn_volume **volumes = NULL;
    int status = list_volumes(&volumes, tool, pool);
    size_t count = 0;

    while (volumes && volumes[count])
        count++;
    out->list = must_alloc(count * sizeof(*out->list));
    for (size_t i = 0; i < count && status == TARN_OK; i++) {
        status = tarn_volume_read(&out->list[out->count], volumes[i], UINT32_MAX, &tool->error);
        if (status == TARN_OK) {
            out->count++;
        } else if (status == TARN_E_NOT_FOUND) { /* deleted meanwhile */
            tool_forgive(tool);
            status = TARN_OK;
        }
    }
    return status;
}

static void print_json(const struct records *records)
{
    json_t *array = json_array();

    for (size_t i = 0; i < records->count; i++)
        json_array_append_new(array, volume_json(records->list[i]));
    json_print(array);
}

static void print_names(const struct records *records)
{
    for (size_t i = 0; i < records->count; i++) {
        char *shown = text_shown(records->list[i]->name);
        puts(shown);
        free(shown);
    }
}

static void print_short(const struct records *records, bool quiet)
{
    static const char *const headings[] = { "Name", "Path", NULL };
    AUTO(table) struct table *table = table_new(headings);

    for (size_t i = 0; i < records->count; i++) {
        const char *cells[] = { records->list[i]->name, records->list[i]->path };
        table_row(table, cells);
    }
    table_print(table, quiet);
}

static bool has_fault(const struct records *records)
{
    for (size_t i = 0; i < records->count; i++)
        if (records->list[i]->status != TARN_VOLUME_OK)
            return true;
    return false;
}

/* virsh's columns, and one more if something is wrong with a volume. */
static void print_details(const struct records *records, bool quiet)
{
    const char *headings[] = { "Name", "Path", "Type", "Capacity", "Allocation",
                               has_fault(records) ? "Status" : NULL, NULL };
    AUTO(table) struct table *table = table_new(headings);

    for (size_t i = 0; i < records->count; i++) {
        const struct tarn_volume_record *record = records->list[i];
        char capacity[SIZE_TEXT], allocation[SIZE_TEXT];
        AUTO(text) char *fault = volume_fault(record);
        const char *cells[] = {
            record->name,
            record->path,
            record->type,
            size_in_units(capacity, record->capacity),
            size_in_units(allocation, record->allocation),
            fault ? fault : volume_status_word(record->status),
        };
        table_row(table, cells);
    }
    table_print(table, quiet);
}

int vol_list(struct tool *tool, const struct args *args)
{
    AUTO(pool) struct tarn_pool *pool = NULL;
    AUTO(records) struct records records = { 0 };
    int status = lookup_named_pool(&pool, tool, args);

    if (status == TARN_OK)
        status = read_records(&records, tool, pool);
    if (status != TARN_OK)
        return status;
    warn_if_stale(tool, &records);
    if (tool->settings.json)
        print_json(&records);
    else if (args_has(args, "name"))
        print_names(&records);
    else if (args_has(args, "details"))
        print_details(&records, tool->settings.quiet);
    else
        print_short(&records, tool->settings.quiet);
    return TARN_OK;
}
