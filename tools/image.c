/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * image-map, image-check, image-convert.
 */
#include "tools/image.h"

#include <stdlib.h>
#include <string.h>

#include "tools/image-show.h"
#include "tools/text.h"

int image_map(struct tool *tool, const struct args *args)
{
    struct tarn_image *image = NULL;
    int status = tarn_image_open(&image, tool->context, args_text(args, "file"),
                                 args_text(args, "format"), 0, &tool->error);

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

static int check_option(struct tool *tool, const char *option)
{
    const char *equals = strchr(option, '=');

    if (equals && equals > option)
        return TARN_OK;
    return tool_wrong(tool, "--option '%s' is no NAME=VALUE: see 'tarn help image-convert'",
                      option);
}

int image_convert(struct tool *tool, const struct args *args)
{
    const char *source = args_text(args, "source"), *target = args_text(args, "target");
    const char **options = must_alloc((args->count + 2) * sizeof(*options));
    size_t count = 0, position = 0;
    int status = TARN_OK;

    for (const char *option; (option = args_each(args, "option", &position));) {
        if (status == TARN_OK)
            status = check_option(tool, option);
        options[count++] = option;
    }
    if (args_has(args, "compress"))
        options[count++] = "compress=yes";
    if (status == TARN_OK)
        status = tarn_image_convert(tool->context, source, args_text(args, "source-format"), target,
                                    args_text(args, "format"), options, tool->job, &tool->error);
    free(options);
    if (status == TARN_OK)
        tool_say(tool, "image", target, "converted", "Image %s converted from %s", target, source);
    return status;
}
