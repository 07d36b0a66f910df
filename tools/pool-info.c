/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * pool-info, pool-dumpxml, pool-name, pool-uuid.
 */
#include "tools/auto.h"
#include "tools/json.h"
#include "tools/lookup.h"
#include "tools/pool-show.h"
#include "tools/pool.h"
#include "tools/size.h"
#include "tools/table.h"
#include "tools/when.h"

static void print_rows(const struct tarn_pool_record *record, bool bytes)
{
    char text[SIZE_TEXT], when[WHEN_TEXT];

    row_print("Name", record->name);
    row_print("UUID", record->uuid ? record->uuid : "-");
    row_print("State", pool_state_word(record->state));
    if (record->reason)
        row_print("Reason", record->reason);
    if (record->next_try)
        row_print("Next try", when_shown(when, record->next_try));
    row_print("Persistent", yes_or_no(record->persistent));
    row_print("Autostart", yes_or_no(record->autostart));
    if (!pool_is_active(record))
        return;
    row_print("Capacity", size_shown(text, record->capacity, bytes, ""));
    row_print("Allocation", size_shown(text, record->allocation, bytes, ""));
    row_print("Available", size_shown(text, record->available, bytes, ""));
    for (const struct tarn_property *const *fact = record->properties; *fact; fact++)
        row_print((*fact)->name, (*fact)->value);
    if (record->stale)
        row_print("Observed", when_shown(when, record->observed));
}

int pool_info(struct tool *tool, const struct args *args)
{
    AUTO(pool) struct tarn_pool *pool = NULL;
    AUTO(pool_record) struct tarn_pool_record *record = NULL;
    int status = lookup_named_pool(&pool, tool, args);

    if (status == TARN_OK)
        status = tarn_pool_read(&record, pool, TARN_READ_SIZES, &tool->error);
    if (status != TARN_OK)
        return status;
    if (tool->settings.json)
        json_print(pool_json(record, true));
    else
        print_rows(record, args_has(args, "bytes"));
    return TARN_OK;
}

int pool_dumpxml(struct tool *tool, const struct args *args)
{
    AUTO(pool) struct tarn_pool *pool = NULL;
    AUTO(text) char *xml = NULL;
    int status = lookup_named_pool(&pool, tool, args);

    if (status == TARN_OK)
        status = tarn_pool_xml(&xml, pool, args_flag(args, "inactive", TARN_XML_INACTIVE),
                               &tool->error);
    if (status == TARN_OK)
        tool_print_text(tool, "xml", xml);
    return status;
}

int pool_name(struct tool *tool, const struct args *args)
{
    AUTO(pool) struct tarn_pool *pool = NULL;
    int status = lookup_named_pool(&pool, tool, args);

    if (status == TARN_OK)
        tool_print(tool, "name", tarn_pool_name(pool));
    return status;
}

int pool_uuid(struct tool *tool, const struct args *args)
{
    AUTO(pool) struct tarn_pool *pool = NULL;
    AUTO(pool_record) struct tarn_pool_record *record = NULL;
    int status = lookup_named_pool(&pool, tool, args);

    if (status == TARN_OK)
        status = tarn_pool_read(&record, pool, 0, &tool->error);
    if (status == TARN_OK && !record->uuid)
        return tool_fail(tool, TARN_E_STATE, 0, "the UUID of pool '%s' cannot be read (%s): mend "
                         "its definition with pool-edit", record->name,
                         record->reason ? record->reason : pool_state_word(record->state));
    if (status == TARN_OK)
        tool_print(tool, "uuid", record->uuid);
    return status;
}
