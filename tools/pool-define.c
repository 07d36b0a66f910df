/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * pool-define, pool-define-as, pool-create, pool-create-as, pool-undefine.
 */
#include <stdio.h>

#include "tools/auto.h"
#include "tools/file.h"
#include "tools/lookup.h"
#include "tools/pool-xml.h"
#include "tools/pool.h"
#include "tools/secret.h"

int pool_define(struct tool *tool, const struct args *args)
{
    AUTO(text) char *xml = NULL;
    AUTO(pool) struct tarn_pool *pool = NULL;
    const char *file = args_text(args, "file");
    int status = file_read_text(&xml, tool, file);

    if (status == TARN_OK)
        status = tarn_pool_define(&pool, tool->context, xml,
                                  args_flag(args, "validate", TARN_DEFINE_VALIDATE), &tool->error);
    if (status == TARN_OK)
        tool_say(tool, "pool", tarn_pool_name(pool), "defined", "Pool %s defined from %s",
                 tarn_pool_name(pool), file);
    return status;
}

/* The document of the options, or TARN_OK with *out NULL if it was only to be printed. */
static int take_options(char **out, struct tool *tool, const struct args *args)
{
    AUTO(text) char *xml = NULL;
    int status = pool_xml_from_options(&xml, tool, args);

    if (status == TARN_OK && args_has(args, "print-xml")) {
        tool_print_text(tool, "xml", xml);
        return TARN_OK;
    }
    if (status == TARN_OK)
        status = secret_load(tool, args);
    if (status == TARN_OK) {
        *out = xml;
        xml = NULL;
    }
    return status;
}

int pool_define_as(struct tool *tool, const struct args *args)
{
    AUTO(text) char *xml = NULL;
    AUTO(pool) struct tarn_pool *pool = NULL;
    int status = take_options(&xml, tool, args);

    if (status != TARN_OK || !xml)
        return status;
    status = tarn_pool_define(&pool, tool->context, xml, 0, &tool->error);
    if (status == TARN_OK)
        tool_say(tool, "pool", tarn_pool_name(pool), "defined", "Pool %s defined",
                 tarn_pool_name(pool));
    return status;
}

int pool_create(struct tool *tool, const struct args *args)
{
    AUTO(text) char *xml = NULL;
    AUTO(pool) struct tarn_pool *pool = NULL;
    const char *file = args_text(args, "file");
    uint32_t flags = pool_build_flags(args) | args_flag(args, "validate", TARN_DEFINE_VALIDATE);
    int status = file_read_text(&xml, tool, file);

    if (status == TARN_OK)
        status = secret_load(tool, args);
    if (status == TARN_OK)
        status = tarn_pool_create(&pool, tool->context, xml, flags, tool->job, &tool->error);
    if (status == TARN_OK)
        tool_say(tool, "pool", tarn_pool_name(pool), "created", "Pool %s created from %s",
                 tarn_pool_name(pool), file);
    return status;
}

int pool_create_as(struct tool *tool, const struct args *args)
{
    AUTO(text) char *xml = NULL;
    AUTO(pool) struct tarn_pool *pool = NULL;
    int status = take_options(&xml, tool, args);

    if (status != TARN_OK || !xml)
        return status;
    status = tarn_pool_create(&pool, tool->context, xml, pool_build_flags(args), tool->job,
                              &tool->error);
    if (status == TARN_OK)
        tool_say(tool, "pool", tarn_pool_name(pool), "created", "Pool %s created",
                 tarn_pool_name(pool));
    return status;
}

int pool_undefine(struct tool *tool, const struct args *args)
{
    AUTO(pool) struct tarn_pool *pool = NULL;
    int status = lookup_named_pool(&pool, tool, args);

    if (status == TARN_OK)
        status = tarn_pool_undefine(pool, &tool->error);
    if (status == TARN_OK)
        tool_say(tool, "pool", tarn_pool_name(pool), "undefined", "Pool %s has been undefined",
                 tarn_pool_name(pool));
    return status;
}
