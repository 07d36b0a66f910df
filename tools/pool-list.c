/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * pool-list
 */
#include <stdio.h>
#include <string.h>

#include "tools/auto.h"
#include "tools/json.h"
#include "tools/pool-show.h"
#include "tools/pool.h"
#include "tools/size.h"
#include "tools/table.h"
#include "tools/text.h"

/* The pools that are shown, with what is known of them. */
struct records {
    struct tarn_pool_record **list;
    size_t count;
};

static void records_drop(struct records *records)
{
    for (size_t i = 0; i < records->count; i++)
        tarn_pool_record_free(records->list[i]);
    free(records->list);
}

static uint32_t filter_of(const struct args *args)
{
    uint32_t filter = args_flag(args, "persistent", TARN_LIST_PERSISTENT) |
                      args_flag(args, "transient", TARN_LIST_TRANSIENT) |
                      args_flag(args, "autostart", TARN_LIST_AUTOSTART) |
                      args_flag(args, "no-autostart", TARN_LIST_NO_AUTOSTART);
    if (args_has(args, "all"))
        return filter;
    return filter | (args_has(args, "inactive") ? TARN_LIST_INACTIVE : TARN_LIST_ACTIVE);
}

/* `types` is a list with commas; NULL has every type. */
static bool has_type(const char *types, const char *type)
{
    if (!types)
        return true;
    for (size_t length; type && *types; types += length + (types[length] == ',')) {
        length = strcspn(types, ",");
        if (length == strlen(type) && strncmp(types, type, length) == 0)
            return true;
    }
    return false;
}

static int read_records(struct records *out, struct tool *tool, const struct args *args)
{
    AUTO(pool_list) struct tarn_pool **pools = NULL;
    uint32_t flags = args_flag(args, "details", TARN_READ_SIZES);
    const char *types = args_text(args, "type");
    int status = tarn_pool_list(&pools, tool->context, filter_of(args), &tool->error);
    size_t count = 0;

    while (pools && pools[count])
        count++;
    out->list = must_alloc(count * sizeof(*out->list));
    for (size_t i = 0; i < count && status == TARN_OK; i++) {
        struct tarn_pool_record *record = NULL;
        status = tarn_pool_read(&record, pools[i], flags, &tool->error);
        if (status == TARN_E_NOT_FOUND) { /* undefined meanwhile */
            tool_forgive(tool);
            status = TARN_OK;
        } else if (status == TARN_OK && has_type(types, record->type)) {
            out->list[out->count++] = record;
        } else {
            tarn_pool_record_free(record);
        }
    }
    return status;
}

static void print_json(const struct records *records, bool details)
{
    json_t *array = json_array();

    for (size_t i = 0; i < records->count; i++)
        json_array_append_new(array, pool_json(records->list[i], details));
    json_print(array);
}

/* In columns of virsh's width. */
static void print_identities(const struct records *records, bool uuid, bool name)
{
    for (size_t i = 0; i < records->count; i++) {
        const struct tarn_pool_record *record = records->list[i];
        char *shown = text_shown(record->name);
        if (uuid)
            printf("%-36s%s", record->uuid ? record->uuid : "-", name ? " " : "");
        if (name)
            printf("%-20s", shown);
        putchar('\n');
        free(shown);
    }
}

/* virsh knows "active" and "inactive" here; what is neither has a word of its own. */
static const char *short_state(const struct tarn_pool_record *record)
{
    if (record->state == TARN_POOL_RUNNING || record->state == TARN_POOL_IS_DEGRADED)
        return "active";
    return pool_state_word(record->state);
}

static void print_short(const struct records *records, bool quiet)
{
    static const char *const headings[] = { "Name", "State", "Autostart", NULL };
    AUTO(table) struct table *table = table_new(headings);

    for (size_t i = 0; i < records->count; i++) {
        const struct tarn_pool_record *record = records->list[i];
        const char *cells[] = { record->name, short_state(record), yes_or_no(record->autostart) };
        table_row(table, cells);
    }
    table_print(table, quiet);
}

static bool has_reason(const struct records *records)
{
    for (size_t i = 0; i < records->count; i++)
        if (records->list[i]->reason)
            return true;
    return false;
}

/* virsh's columns, and one more if a pool has something to say. */
static void print_details(const struct records *records, bool quiet)
{
    const char *headings[] = { "Name", "State", "Autostart", "Persistent", "Capacity", "Allocation",
                               "Available", has_reason(records) ? "Reason" : NULL, NULL };
    AUTO(table) struct table *table = table_new(headings);

    for (size_t i = 0; i < records->count; i++) {
        const struct tarn_pool_record *record = records->list[i];
        char capacity[SIZE_TEXT], allocation[SIZE_TEXT], available[SIZE_TEXT];
        bool active = pool_is_active(record);
        const char *cells[] = {
            record->name,
            pool_state_word(record->state),
            yes_or_no(record->autostart),
            yes_or_no(record->persistent),
            active ? size_in_units(capacity, record->capacity) : NULL,
            active ? size_in_units(allocation, record->allocation) : NULL,
            active ? size_in_units(available, record->available) : NULL,
            record->reason,
        };
        table_row(table, cells);
    }
    table_print(table, quiet);
}

int pool_list(struct tool *tool, const struct args *args)
{
    AUTO(records) struct records records = { 0 };
    bool details = args_has(args, "details"), uuid = args_has(args, "uuid"),
         name = args_has(args, "name");
    int status = read_records(&records, tool, args);

    if (status != TARN_OK)
        return status;
    if (tool->settings.json)
        print_json(&records, details);
    else if (uuid || name)
        print_identities(&records, uuid, name);
    else if (details)
        print_details(&records, tool->settings.quiet);
    else
        print_short(&records, tool->settings.quiet);
    return TARN_OK;
}
