/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * find-storage-pool-sources, find-storage-pool-sources-as.
 */
#include "tools/auto.h"
#include "tools/file.h"
#include "tools/pool-xml.h"
#include "tools/pool.h"

static int find(struct tool *tool, const struct args *args, const char *source)
{
    AUTO(text) char *xml = NULL;
    int status = tarn_pool_find_sources(&xml, tool->context, args_text(args, "type"), source,
                                        tool->job, &tool->error);

    if (status == TARN_OK)
        tool_print_text(tool, "xml", xml);
    return status;
}

int find_sources(struct tool *tool, const struct args *args)
{
    AUTO(text) char *source = NULL;
    const char *file = args_text(args, "srcSpec");
    int status = file ? file_read_text(&source, tool, file) : TARN_OK;

    return status == TARN_OK ? find(tool, args, source) : status;
}

int find_sources_as(struct tool *tool, const struct args *args)
{
    AUTO(text) char *source = NULL;
    int status = source_xml_from_options(&source, tool, args);

    return status == TARN_OK ? find(tool, args, source) : status;
}
