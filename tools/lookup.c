/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From what people type to pools and volumes.
 */
#include "tools/lookup.h"

#include <string.h>

#include "tools/auto.h"

static bool looks_like_uuid(const char *text)
{
    return strlen(text) >= 32 && strspn(text, "0123456789abcdefABCDEF-") == strlen(text);
}

/* The first failure stays the told one. */
int lookup_pool(struct tarn_pool **out, struct tool *tool, const char *name)
{
    int status = tarn_pool_lookup(out, tool->context, name, &tool->error);

    if (status == TARN_E_NOT_FOUND && looks_like_uuid(name) &&
        tarn_pool_lookup_by_uuid(out, tool->context, name, NULL) == TARN_OK) {
        tool_forgive(tool);
        status = TARN_OK;
    }
    return tool_named(tool, status);
}

int lookup_named_pool(struct tarn_pool **out, struct tool *tool, const struct args *args)
{
    return lookup_pool(out, tool, args_text(args, "pool"));
}

static int lookup_anywhere(struct tarn_volume **out, struct tool *tool, const char *name)
{
    int status = tarn_volume_find(out, tool->context, name, &tool->error);

    if (status == TARN_E_NOT_FOUND)
        tool_fail(tool, status, 0, "no active pool has a volume with the key or path '%s': "
                  "for a name give --pool too", name);
    return tool_named(tool, status);
}

static int lookup_in_pool(struct tarn_volume **out, struct tool *tool, const char *pool_name,
                          const char *name)
{
    AUTO(pool) struct tarn_pool *pool = NULL;
    AUTO(volume) struct tarn_volume *elsewhere = NULL;
    int status = lookup_pool(&pool, tool, pool_name);

    if (status != TARN_OK)
        return status;
    status = tarn_volume_lookup(out, pool, name, &tool->error);
    if ((status != TARN_E_NOT_FOUND && status != TARN_E_INVALID) || /* a path is no name */
        tarn_volume_find(&elsewhere, tool->context, name, NULL) != TARN_OK)
        return tool_named(tool, status);
    const char *home = tarn_pool_name(tarn_volume_pool(elsewhere));
    if (strcmp(home, tarn_pool_name(pool)) != 0)
        return tool_fail(tool, tool_named(tool, TARN_E_NOT_FOUND), 0,
                         "volume '%s' is in pool '%s', not in "
                         "'%s': give that pool", name, home, tarn_pool_name(pool));
    tool_forgive(tool);
    *out = elsewhere;
    elsewhere = NULL;
    return TARN_OK;
}

int lookup_volume(struct tarn_volume **out, struct tool *tool, const char *pool, const char *name)
{
    return pool ? lookup_in_pool(out, tool, pool, name) : lookup_anywhere(out, tool, name);
}

int lookup_named_volume(struct tarn_volume **out, struct tool *tool, const struct args *args)
{
    return lookup_volume(out, tool, args_text(args, "pool"), args_text(args, "vol"));
}
