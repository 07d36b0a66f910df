/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The <backingStore> of a new volume.
 */
#include "tools/vol-backing.h"

#include "tools/auto.h"
#include "tools/lookup.h"

int vol_backing_read(struct tarn_volume_record **out, struct tool *tool, struct tarn_pool *pool,
                     const struct args *args)
{
    AUTO(volume) struct tarn_volume *volume = NULL;
    const char *name = args_text(args, "backing-vol");

    if (!name)
        return TARN_OK;
    int status = tarn_volume_lookup(&volume, pool, name, NULL);
    if (status != TARN_OK)
        status = lookup_volume(&volume, tool, NULL, name);
    return status == TARN_OK ? tarn_volume_read(out, volume, 0, &tool->error) : status;
}

void vol_backing_put(struct xml *xml, const struct tarn_volume_record *backing,
                     const struct args *args)
{
    const char *format = args_text(args, "backing-vol-format");

    if (!backing)
        return;
    xml_open(xml, "backingStore", NULL);
    xml_text(xml, "path", backing->path);
    xml_empty(xml, "format", XML_ATTRIBUTES("type", format ? format : backing->format));
    xml_close(xml, "backingStore");
}
