/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * pool-build, pool-start, pool-destroy, pool-delete, pool-refresh, pool-autostart.
 */
#include <stdio.h>

#include "tools/auto.h"
#include "tools/json.h"
#include "tools/lookup.h"
#include "tools/pool.h"
#include "tools/secret.h"

uint32_t pool_build_flags(const struct args *args)
{
    return args_flag(args, "build", TARN_POOL_BUILD) |
           args_flag(args, "overwrite", TARN_POOL_BUILD | TARN_POOL_BUILD_OVERWRITE) |
           args_flag(args, "no-overwrite", TARN_POOL_BUILD | TARN_POOL_BUILD_NO_OVERWRITE);
}

static void say(struct tool *tool, const struct tarn_pool *pool, const char *result)
{
    const char *name = tarn_pool_name(pool);
    tool_say(tool, "pool", name, result, "Pool %s %s", name, result);
}

int pool_build(struct tool *tool, const struct args *args)
{
    AUTO(pool) struct tarn_pool *pool = NULL;
    uint32_t flags = args_flag(args, "overwrite", TARN_POOL_BUILD_OVERWRITE) |
                     args_flag(args, "no-overwrite", TARN_POOL_BUILD_NO_OVERWRITE);
    int status = lookup_named_pool(&pool, tool, args);

    if (status == TARN_OK)
        status = tarn_pool_build(pool, flags, tool->job, &tool->error);
    if (status == TARN_OK)
        say(tool, pool, "built");
    return status;
}

/* Those that are marked, and did not start. */
static int list_failed(json_t *out, struct tool *tool)
{
    AUTO(pool_list) struct tarn_pool **pools = NULL;
    int status = tarn_pool_list(&pools, tool->context, TARN_LIST_INACTIVE | TARN_LIST_AUTOSTART,
                                &tool->error);

    for (size_t i = 0; status == TARN_OK && pools[i]; i++) {
        AUTO(pool_record) struct tarn_pool_record *record = NULL;
        if (tarn_pool_read(&record, pools[i], 0, NULL) != TARN_OK)
            continue; /* undefined meanwhile */
        json_t *failed = json_object();
        json_put_text(failed, "pool", record->name);
        json_put_text(failed, "reason", record->reason);
        json_array_append_new(out, failed);
    }
    return status;
}

static int start_marked(struct tool *tool, const struct args *args)
{
    uint64_t seconds = args_number(args, "wait", 0);
    uint32_t patience = seconds < UINT32_MAX / 1000 ? (uint32_t)seconds * 1000 : UINT32_MAX;
    unsigned count = 0;
    int status =
        tarn_context_autostart(&count, tool->context, patience, tool->job, &tool->error);

    if (status != TARN_OK)
        return status;
    json_t *failed = json_array();
    status = list_failed(failed, tool);
    tool->found_faults = json_array_size(failed) > 0;
    if (tool->settings.json) {
        json_t *document = json_object();
        json_put_integer(document, "started", count);
        json_put(document, "failed", failed);
        json_print(document);
        return status;
    }
    if (!tool->settings.quiet)
        printf("%u pools started, %zu failed\n", count, json_array_size(failed));
    json_decref(failed);
    return status;
}

int pool_start(struct tool *tool, const struct args *args)
{
    AUTO(pool) struct tarn_pool *pool = NULL;
    int status = secret_load(tool, args);

    if (status == TARN_OK && args_has(args, "autostart"))
        return start_marked(tool, args);
    if (status == TARN_OK && args_has(args, "wait"))
        return tool_wrong(tool, "--wait is for --autostart: give both, or neither");
    if (status == TARN_OK && !args_has(args, "pool"))
        return tool_wrong(tool, "--pool is missing: name the pool to start, or give --autostart");
    if (status == TARN_OK)
        status = lookup_named_pool(&pool, tool, args);
    if (status == TARN_OK)
        status = tarn_pool_start(pool, pool_build_flags(args) |
                                       args_flag(args, "adopt", TARN_POOL_START_ADOPT),
                                 tool->job, &tool->error);
    if (status == TARN_OK)
        say(tool, pool, "started");
    return status;
}

int pool_destroy(struct tool *tool, const struct args *args)
{
    AUTO(pool) struct tarn_pool *pool = NULL;
    int status = lookup_named_pool(&pool, tool, args);

    if (status == TARN_OK)
        status = tarn_pool_stop(pool, args_flag(args, "force", TARN_POOL_STOP_FORCE), tool->job,
                                &tool->error);
    if (status == TARN_OK)
        say(tool, pool, "destroyed");
    return status;
}

int pool_delete(struct tool *tool, const struct args *args)
{
    AUTO(pool) struct tarn_pool *pool = NULL;
    int status = lookup_named_pool(&pool, tool, args);

    if (status == TARN_OK)
        status = tarn_pool_delete(pool, tool->job, &tool->error);
    if (status == TARN_OK)
        say(tool, pool, "deleted");
    return status;
}

int pool_refresh(struct tool *tool, const struct args *args)
{
    AUTO(pool) struct tarn_pool *pool = NULL;
    int status = lookup_named_pool(&pool, tool, args);

    if (status == TARN_OK)
        status = tarn_pool_refresh(pool, tool->job, &tool->error);
    if (status == TARN_OK)
        say(tool, pool, "refreshed");
    return status;
}

int pool_autostart(struct tool *tool, const struct args *args)
{
    AUTO(pool) struct tarn_pool *pool = NULL;
    bool enable = !args_has(args, "disable");
    int status = lookup_named_pool(&pool, tool, args);

    if (status == TARN_OK)
        status = tarn_pool_set_autostart(pool, enable, &tool->error);
    if (status == TARN_OK)
        tool_say(tool, "pool", tarn_pool_name(pool), enable ? "marked" : "unmarked",
                 "Pool %s %s as autostarted", tarn_pool_name(pool), enable ? "marked" : "unmarked");
    return status;
}
