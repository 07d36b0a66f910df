/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * vol-delete, vol-resize, vol-wipe.
 */
#include <string.h>

#include "tools/auto.h"
#include "tools/lookup.h"
#include "tools/text.h"
#include "tools/vol.h"

int vol_delete(struct tool *tool, const struct args *args)
{
    AUTO(volume) struct tarn_volume *volume = NULL;
    int status = lookup_named_volume(&volume, tool, args);

    if (status == TARN_OK)
        status = tarn_volume_delete(volume,
                                    args_flag(args, "force", TARN_VOLUME_DELETE_FORCE) |
                                        args_flag(args, "wipe", TARN_VOLUME_DELETE_WIPE),
                                    tool->job, &tool->error);
    if (status == TARN_OK)
        tool_say(tool, "volume", tarn_volume_name(volume), "deleted", "Vol %s deleted",
                 tarn_volume_name(volume));
    return status;
}

/* "-1G --shrink" is short for "1G --delta --shrink". */
static int resize_flags(uint32_t *out, struct tool *tool, const struct args *args)
{
    *out = args_flag(args, "allocate", TARN_VOLUME_RESIZE_ALLOCATE) |
           args_flag(args, "delta", TARN_VOLUME_RESIZE_DELTA) |
           args_flag(args, "shrink", TARN_VOLUME_RESIZE_SHRINK);
    if (!args_get(args, "capacity")->negative)
        return TARN_OK;
    if (!args_has(args, "shrink"))
        return tool_wrong(tool, "a capacity with a minus sign makes the volume smaller: give "
                          "--shrink if that is meant");
    *out |= TARN_VOLUME_RESIZE_DELTA;
    return TARN_OK;
}

int vol_resize(struct tool *tool, const struct args *args)
{
    AUTO(volume) struct tarn_volume *volume = NULL;
    uint32_t flags;
    int status = resize_flags(&flags, tool, args);

    if (status == TARN_OK)
        status = lookup_named_volume(&volume, tool, args);
    if (status == TARN_OK)
        status = tarn_volume_resize(volume, args_number(args, "capacity", 0), flags, tool->job,
                                    &tool->error);
    if (status == TARN_OK)
        tool_say(tool, "volume", tarn_volume_name(volume), "resized",
                 "Size of volume '%s' successfully changed %s %s", tarn_volume_name(volume),
                 flags & TARN_VOLUME_RESIZE_DELTA ? "by" : "to", args_text(args, "capacity"));
    return status;
}

int vol_wipe(struct tool *tool, const struct args *args)
{
    AUTO(volume) struct tarn_volume *volume = NULL;
    const char *algorithm = args_text(args, "algorithm");
    int status = lookup_named_volume(&volume, tool, args);

    if (status == TARN_OK)
        status = tarn_volume_wipe(volume, algorithm ? algorithm : "zero", tool->job, &tool->error);
    if (status == TARN_OK)
        tool_say(tool, "volume", tarn_volume_name(volume), "wiped", "Vol %s wiped",
                 tarn_volume_name(volume));
    return status;
}
