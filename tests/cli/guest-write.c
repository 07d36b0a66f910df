/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * guest-write FILE FORMAT OFFSET: standard input into the guest's disk, through the library as any
 * host does it; the command has no such thing. A failure is one line, "CODE: message", and ends
 * with 1.
 */
#include <stdio.h>
#include <stdlib.h>

#include <tarn/tarn.h>

static int fail(struct tarn_error *error)
{
    fprintf(stderr, "%s: %s\n", tarn_status_word(tarn_error_status(error)),
            tarn_error_message(error));
    tarn_error_free(error);
    return 1;
}

static int copy_in(struct tarn_image *image, uint64_t offset, struct tarn_error **error)
{
    static char buffer[65536];
    int status = TARN_OK;
    size_t got;

    while (status == TARN_OK && (got = fread(buffer, 1, sizeof(buffer), stdin)) > 0) {
        status = tarn_image_pwrite(image, buffer, got, offset, error);
        offset += got;
    }
    return status == TARN_OK ? tarn_image_flush(image, error) : status;
}

int main(int argc, char **argv)
{
    struct tarn_context_options options = { .struct_size = sizeof(options),
                                            .follow = TARN_FOLLOW_ANYWHERE };
    struct tarn_context *context = NULL;
    struct tarn_image *image = NULL;
    struct tarn_error *error = NULL;
    int status;

    if (argc != 4)
        return 2;
    options.root = getenv("TARN_ROOT");
    options.module_dir = getenv("TARN_MODULE_DIR");
    options.plugins_dir = getenv("TARN_PLUGINS_DIR");
    options.module_host = getenv("TARN_MODULE_HOST");
    status = tarn_context_open(&context, &options, &error);
    if (status == TARN_OK)
        status = tarn_image_open(&image, context, argv[1], argv[2], TARN_IMAGE_WRITE, NULL,
                                 &error);
    if (status == TARN_OK)
        status = copy_in(image, strtoull(argv[3], NULL, 0), &error);
    if (status == TARN_OK)
        status = tarn_image_close(image, &error);
    else
        tarn_image_close(image, NULL);
    tarn_context_close(context);
    return status == TARN_OK ? 0 : fail(error);
}
