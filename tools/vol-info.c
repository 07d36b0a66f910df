/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * vol-info, vol-dumpxml, vol-path, vol-key, vol-name, vol-pool.
 */
#include "tools/auto.h"
#include "tools/json.h"
#include "tools/lookup.h"
#include "tools/size.h"
#include "tools/table.h"
#include "tools/vol-show.h"
#include "tools/vol.h"
#include "tools/when.h"

static int read_named(struct tarn_volume_record **out, struct tool *tool, const struct args *args)
{
    AUTO(volume) struct tarn_volume *volume = NULL;
    int status = lookup_named_volume(&volume, tool, args);

    if (status == TARN_OK)
        status = tarn_volume_read(out, volume, 0, &tool->error);
    if (status != TARN_E_TIMEOUT || !volume ||
        tarn_volume_read(out, volume, UINT32_MAX, NULL) != TARN_OK)
        return status;
    tool_forgive(tool); /* what was seen last is better than nothing */
    when_warn(tool, (*out)->observed);
    return TARN_OK;
}

static void print_rows(const struct tarn_volume_record *record, bool bytes, bool physical)
{
    AUTO(text) char *fault = volume_fault(record);
    char text[SIZE_TEXT];

    row_print("Name", record->name);
    row_print("Type", record->type ? record->type : "-");
    if (fault)
        row_print("Status", fault);
    row_print("Capacity", size_shown(text, record->capacity, bytes, " bytes"));
    if (physical)
        row_print("Physical", size_shown(text, record->physical, bytes, " bytes"));
    else
        row_print("Allocation", size_shown(text, record->allocation, bytes, " bytes"));
}

int vol_info(struct tool *tool, const struct args *args)
{
    AUTO(volume_record) struct tarn_volume_record *record = NULL;
    int status = read_named(&record, tool, args);

    if (status != TARN_OK)
        return status;
    if (tool->settings.json)
        json_print(volume_json(record));
    else
        print_rows(record, args_has(args, "bytes"), args_has(args, "physical"));
    return TARN_OK;
}

int vol_dumpxml(struct tool *tool, const struct args *args)
{
    AUTO(volume) struct tarn_volume *volume = NULL;
    AUTO(text) char *xml = NULL;
    int status = lookup_named_volume(&volume, tool, args);

    if (status == TARN_OK)
        status = tarn_volume_xml(&xml, volume, &tool->error);
    if (status == TARN_OK)
        tool_print_text(tool, "xml", xml);
    return status;
}

int vol_path(struct tool *tool, const struct args *args)
{
    AUTO(volume_record) struct tarn_volume_record *record = NULL;
    int status = read_named(&record, tool, args);

    if (status == TARN_OK)
        tool_print(tool, "path", record->path);
    return status;
}

int vol_key(struct tool *tool, const struct args *args)
{
    AUTO(volume_record) struct tarn_volume_record *record = NULL;
    int status = read_named(&record, tool, args);

    if (status == TARN_OK)
        tool_print(tool, "key", record->key);
    return status;
}

int vol_name(struct tool *tool, const struct args *args)
{
    AUTO(volume) struct tarn_volume *volume = NULL;
    int status = lookup_named_volume(&volume, tool, args);

    if (status == TARN_OK)
        tool_print(tool, "name", tarn_volume_name(volume));
    return status;
}

int vol_pool(struct tool *tool, const struct args *args)
{
    AUTO(volume) struct tarn_volume *volume = NULL;
    AUTO(pool_record) struct tarn_pool_record *record = NULL;
    int status = lookup_volume(&volume, tool, NULL, args_text(args, "vol"));

    if (status == TARN_OK)
        status = tarn_pool_read(&record, tarn_volume_pool(volume), 0, &tool->error);
    if (status == TARN_OK && args_has(args, "uuid"))
        tool_print(tool, "uuid", record->uuid);
    else if (status == TARN_OK)
        tool_print(tool, "pool", record->name);
    return status;
}
