/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * image-map, image-check, image-convert.
 */
#include "tools/image.h"

#include "tools/image-options.h"
#include "tools/image-show.h"

int image_map(struct tool *tool, const struct args *args)
{
    struct tarn_image *image = NULL;
    int status = tarn_image_open(&image, tool->context, args_text(args, "file"),
                                 args_text(args, "format"), 0, tool->job, &tool->error);

    if (status == TARN_OK)
        status = image_show_map(tool, image);
    tarn_image_close(image, NULL); /* it was only read */
    return status;
}

int image_check(struct tool *tool, const struct args *args)
{
    const char *path = args_text(args, "file");
    struct image_check check;
    struct tarn_image_listener listener = image_check_listen(&check, tool, path);
    int status = tarn_image_check(tool->context, path, args_text(args, "format"),
                                  image_repair_flags(args), &listener, tool->job, &tool->error);

    return image_check_end(&check, tool, status);
}

int image_convert(struct tool *tool, const struct args *args)
{
    struct image_options options;
    int status = image_options_read(&options, tool, args);
    const struct tarn_conversion conversion = {
        .struct_size = sizeof(conversion),
        .flags = options.compress ? TARN_CONVERT_COMPRESS : 0,
        .source_path = args_text(args, "source"),
        .source_format = args_text(args, "source-format"),
        .snapshot = args_text(args, "snapshot"),
        .target_path = args_text(args, "target"),
        .target_format = args_text(args, "format"),
        .backing_path = args_text(args, "backing"),
        .backing_format = args_text(args, "backing-format"),
        .subformat = options.subformat,
        .compat = options.compat,
        .cluster_size = options.cluster_size,
        .features = options.features,
        .options = options.options,
    };

    if (status == TARN_OK)
        status = tarn_image_convert(tool->context, &conversion, tool->job, &tool->error);
    if (status == TARN_OK)
        tool_say(tool, "image", conversion.target_path, "converted", "Image %s converted from %s",
                 conversion.target_path, conversion.source_path);
    image_options_clear(&options);
    return status;
}
