/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * pool-capabilities: of all pool types, or what one pool can do now.
 */
#include "tools/auto.h"
#include "tools/json.h"
#include "tools/lookup.h"
#include "tools/pool.h"
#include "tools/size.h"
#include "tools/table.h"

AUTO_DROP(pool_capability_list, struct tarn_pool_capability_record **,
          tarn_pool_capability_list_free)

static const char *support_word(uint32_t support)
{
    if (support >= TARN_SUPPORT_NATIVE)
        return "native";
    return support >= TARN_SUPPORT_EMULATED ? "emulated" : "none";
}

/* A size, or NULL where there is none. */
static const char *limit(char *text, uint64_t size)
{
    return size ? size_shown(text, size, false, "") : NULL;
}

static void print_rows(struct tarn_pool_capability_record *const *list, bool quiet)
{
    static const char *const headings[] = { "Operation", "Support",     "Now",    "Minimum",
                                            "Maximum",   "Granularity", "Reason", NULL };
    struct table *table = table_new(headings);

    for (; *list; list++) {
        const struct tarn_pool_capability_record *record = *list;
        char minimum[SIZE_TEXT], maximum[SIZE_TEXT], granularity[SIZE_TEXT];
        bool now = record->support != TARN_SUPPORT_NONE && record->ready;

        table_row(table, (const char *const[]){ record->operation, support_word(record->support),
                                                now ? "yes" : "no",
                                                limit(minimum, record->minimum),
                                                limit(maximum, record->maximum),
                                                limit(granularity, record->granularity),
                                                record->reason });
    }
    table_print(table, quiet);
    table_free(table);
}

static json_t *record_json(const struct tarn_pool_capability_record *record)
{
    json_t *object = json_object();

    json_put_text(object, "operation", record->operation);
    json_put_text(object, "support", support_word(record->support));
    json_put_bool(object, "ready", record->ready);
    if (record->minimum)
        json_put_size(object, "minimum", record->minimum);
    if (record->maximum)
        json_put_size(object, "maximum", record->maximum);
    if (record->granularity)
        json_put_size(object, "granularity", record->granularity);
    json_put_text(object, "reason", record->reason);
    return object;
}

static int of_pool(struct tool *tool, const struct args *args)
{
    AUTO(pool) struct tarn_pool *pool = NULL;
    AUTO(pool_capability_list) struct tarn_pool_capability_record **list = NULL;
    int status = lookup_named_pool(&pool, tool, args);

    if (status == TARN_OK)
        status = tarn_pool_capability_list(&list, pool, tool->job, &tool->error);
    if (status != TARN_OK)
        return status;
    if (!tool->settings.json) {
        print_rows(list, tool->settings.quiet);
        return TARN_OK;
    }
    json_t *array = json_array();
    for (struct tarn_pool_capability_record *const *record = list; *record; record++)
        json_array_append_new(array, record_json(*record));
    json_print(array);
    return TARN_OK;
}

int pool_capabilities(struct tool *tool, const struct args *args)
{
    AUTO(text) char *xml = NULL;

    if (args_has(args, "pool"))
        return of_pool(tool, args);
    int status = tarn_pool_capabilities(&xml, tool->context, &tool->error);
    if (status == TARN_OK)
        tool_print_text(tool, "xml", xml);
    return status;
}
