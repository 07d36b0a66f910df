/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * vol-map, vol-check: what is inside of a volume.
 */
#include "tools/auto.h"
#include "tools/image-show.h"
#include "tools/lookup.h"
#include "tools/vol.h"

int vol_map(struct tool *tool, const struct args *args)
{
    AUTO(volume) struct tarn_volume *volume = NULL;
    struct tarn_image *image = NULL;
    int status = lookup_named_volume(&volume, tool, args);

    if (status == TARN_OK)
        status = tarn_volume_open(&image, volume, 0, tool->job, &tool->error);
    if (status == TARN_OK)
        status = image_show_map(tool, image);
    tarn_image_close(image, NULL); /* it was only read */
    return status;
}

int vol_check(struct tool *tool, const struct args *args)
{
    AUTO(volume) struct tarn_volume *volume = NULL;
    int status = lookup_named_volume(&volume, tool, args);

    if (status != TARN_OK)
        return status;
    struct image_check check;
    struct tarn_image_listener listener = image_check_listen(&check, tool,
                                                             tarn_volume_name(volume));
    status = tarn_volume_check(volume, image_repair_flags(args), &listener, tool->job,
                               &tool->error);
    return image_check_end(&check, tool, status);
}
