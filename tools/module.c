/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * module-list, module-info, module-enable, module-disable, type-list, format-list.
 */
#include "tools/module.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/auto.h"
#include "tools/json.h"
#include "tools/module-options.h"
#include "tools/pool-show.h"
#include "tools/table.h"
#include "tools/text.h"

/* "pool:a format:b". Freed with free(). */
static char *join(const char *const *list)
{
    char *all = must_copy("");

    for (; list && *list; list++) {
        char *longer = text_format("%s%s%s", all, *all ? " " : "", *list);
        free(all);
        all = longer;
    }
    return all;
}

static const char *state_of(const struct tarn_module_record *record)
{
    if (record->reason)
        return record->reason;
    if (record->loaded)
        return strcmp(record->isolation, "none") == 0 ? "loaded" : "loaded, isolated";
    return record->enabled ? "not loaded" : "disabled";
}

static json_t *module_json(const struct tarn_module_record *record)
{
    json_t *object = json_object();

    json_put_text(object, "name", record->name);
    json_put_list(object, "provides", record->provides);
    json_put_bool(object, "enabled", record->enabled);
    json_put_bool(object, "loaded", record->loaded);
    json_put_integer(object, "priority", record->priority);
    json_put_integer(object, "abi", record->abi_major);
    json_put_text(object, "isolation", record->isolation);
    json_put_text(object, "conf", record->conf);
    json_put_text(object, "file", record->file);
    json_put_text(object, "version", record->version);
    json_put_text(object, "summary", record->summary);
    json_put_text(object, "licence", record->licence);
    json_put_text(object, "reason", record->reason);
    if (record->params)
        json_put(object, "options", module_options_schema(record->params));
    return object;
}

static void add_row(struct table *table, const struct tarn_module_record *record)
{
    AUTO(text) char *provides = join(record->provides);
    const char *cells[] = { record->name, provides, record->version, yes_or_no(record->enabled),
                            state_of(record), record->file };
    table_row(table, cells);
}

/* Whether a module can be loaded is known by loading it; one that is disabled is left alone. */
static int add_module(struct tool *tool, const struct tarn_module_record *known,
                      struct table *table, json_t *array)
{
    AUTO(module_record) struct tarn_module_record *loaded = NULL;

    if (known->enabled) {
        int status = tarn_module_read(&loaded, tool->context, known->name, &tool->error);
        if (status != TARN_OK)
            return status;
    }
    const struct tarn_module_record *record = loaded ? loaded : known;
    if (tool->settings.json)
        json_array_append_new(array, module_json(record));
    else
        add_row(table, record);
    return TARN_OK;
}

static void print_names(struct tarn_module_record *const *modules, bool all)
{
    for (; *modules; modules++) {
        char *shown = text_shown((*modules)->name);
        if (all || (*modules)->enabled)
            puts(shown);
        free(shown);
    }
}

static int module_list(struct tool *tool, const struct args *args)
{
    static const char *const headings[] = { "Name", "Provides", "Version", "Enabled", "State",
                                            "File", NULL };
    AUTO(module_list) struct tarn_module_record **modules = NULL;
    AUTO(table) struct table *table = table_new(headings);
    bool all = args_has(args, "all");
    int status = tarn_module_list(&modules, tool->context, &tool->error);

    if (status == TARN_OK && args_has(args, "name") && !tool->settings.json) {
        print_names(modules, all);
        return TARN_OK;
    }
    json_t *array = json_array();
    for (size_t i = 0; status == TARN_OK && modules[i]; i++)
        if (all || modules[i]->enabled)
            status = add_module(tool, modules[i], table, array);
    if (status == TARN_OK && tool->settings.json)
        json_print(json_incref(array));
    else if (status == TARN_OK)
        table_print(table, tool->settings.quiet);
    json_decref(array);
    return status;
}

static void print_rows(const struct tarn_module_record *record)
{
    AUTO(text) char *provides = join(record->provides);
    char number[16];

    row_print("Name", record->name);
    row_print("Summary", record->summary ? record->summary : "-");
    row_print("Provides", provides);
    row_print("Version", record->version ? record->version : "-");
    row_print("Licence", record->licence ? record->licence : "-");
    row_print("Enabled", yes_or_no(record->enabled));
    row_print("State", state_of(record));
    snprintf(number, sizeof(number), "%" PRId32, record->priority);
    row_print("Priority", number);
    snprintf(number, sizeof(number), "%" PRIu32, record->abi_major);
    row_print("ABI", number);
    row_print("Isolation", record->isolation);
    row_print("Conf", record->conf ? record->conf : "-");
    row_print("File", record->file ? record->file : "-");
    module_options_print(record->params);
}

static int module_info(struct tool *tool, const struct args *args)
{
    AUTO(module_record) struct tarn_module_record *record = NULL;
    int status = tarn_module_read(&record, tool->context, args_text(args, "name"), &tool->error);

    if (status == TARN_OK && tool->settings.json)
        json_print(module_json(record));
    else if (status == TARN_OK)
        print_rows(record);
    return tool_named(tool, status);
}

static int set_enabled(struct tool *tool, const struct args *args, bool enable)
{
    const char *name = args_text(args, "name"), *result = enable ? "enabled" : "disabled";
    int status = tarn_module_enable(tool->context, name, enable, &tool->error);

    if (status == TARN_OK)
        tool_say(tool, "module", name, result, "Module %s %s", name, result);
    return tool_named(tool, status);
}

static int module_enable(struct tool *tool, const struct args *args)
{
    return set_enabled(tool, args, true);
}

static int module_disable(struct tool *tool, const struct args *args)
{
    return set_enabled(tool, args, false);
}

static json_t *capability_json(const struct tarn_capability_record *record)
{
    json_t *object = json_object();

    json_put_text(object, "name", record->name);
    json_put_text(object, "module", record->module);
    json_put_text(object, "summary", record->summary);
    json_put_list(object, "abilities", record->abilities);
    json_put_text(object, "reason", record->reason);
    return object;
}

static void print_capabilities(struct tool *tool, struct tarn_capability_record *const *list)
{
    static const char *const headings[] = { "Name", "Module", "Can", "Summary", NULL };
    AUTO(table) struct table *table = table_new(headings);
    json_t *array = json_array();

    for (; *list; list++) {
        const struct tarn_capability_record *record = *list;
        AUTO(text) char *abilities = join(record->abilities);
        const char *cells[] = { record->name, record->module, *abilities ? abilities : NULL,
                                record->reason ? record->reason : record->summary };
        if (tool->settings.json)
            json_array_append_new(array, capability_json(record));
        else
            table_row(table, cells);
    }
    if (tool->settings.json)
        json_print(json_incref(array));
    else
        table_print(table, tool->settings.quiet);
    json_decref(array);
}

typedef int (*list_fn)(struct tarn_capability_record ***out, struct tarn_context *context,
                       struct tarn_error **error);

/* Names are known without loading anything. */
static int list_capabilities(struct tool *tool, const struct args *args, const char *kind,
                             list_fn list)
{
    AUTO(capability_list) struct tarn_capability_record **records = NULL;
    int status;

    if (args_has(args, "name") && !tool->settings.json) {
        char **names;
        status = module_provided(&names, tool, kind);
        for (char **name = names; status == TARN_OK && *name; name++)
            puts(*name);
        names_free(names);
        return status;
    }
    status = list(&records, tool->context, &tool->error);
    if (status == TARN_OK)
        print_capabilities(tool, records);
    return status;
}

static int type_list(struct tool *tool, const struct args *args)
{
    return list_capabilities(tool, args, "pool:", tarn_type_list);
}

static int format_list(struct tool *tool, const struct args *args)
{
    return list_capabilities(tool, args, "format:", tarn_format_list);
}

static const struct option list_options[] = {
    OPTION_FLAG("all", "disabled ones too"),
    OPTION_FLAG("name", "names only"),
    OPTIONS_END
};

static const struct option capability_options[] = { OPTION_FLAG("name", "names only"),
                                                    OPTIONS_END };

static const struct option name_only[] = {
    { "name", VALUE_MODULE, OPTION_REQUIRED, "name of the module", NULL },
    OPTIONS_END
};

const struct command module_commands[] = {
    { .name = "module-list",
      .summary = "list modules: what they provide, whether they can be loaded",
      .options = list_options, .run = module_list },
    { .name = "module-info", .summary = "all that is known of a module",
      .options = name_only, .run = module_info },
    { .name = "module-enable", .summary = "let a module be used",
      .options = name_only, .run = module_enable },
    { .name = "module-disable", .summary = "let a module be used no longer",
      .options = name_only, .run = module_disable },
    { .name = "type-list", .summary = "list pool types, and what each can do",
      .options = capability_options, .run = type_list },
    { .name = "format-list", .summary = "list volume formats, and what each can do",
      .options = capability_options, .run = format_list },
    { .name = NULL },
};
