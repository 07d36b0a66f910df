/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test-iso-fixture.c - see test-iso-fixture.h. What goes wrong here ends the program.
 */
#include "test-iso-fixture.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct fake_host iso_host;

static char folder[] = "/tmp/tarn-iso-XXXXXX";
static struct memory_io *made;

static const char *const folders[] = { "sub", "sub/deep", "sub/deep/more" };
static const char *const files[] = { "user-data", "meta-data", "sub/one", "sub/deep/two",
                                     "sub/deep/more/gr\303\266\303\237e", "empty" };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void need(bool good)
{
    if (!good)
        exit(99);
}

const char *iso_folder_make(void)
{
    need(mkdtemp(folder) != NULL);
    for (size_t i = 0; i < COUNT(folders); i++) {
        char path[256];

        snprintf(path, sizeof(path), "%s/%s", folder, folders[i]);
        need(mkdir(path, 0700) == 0);
    }
    for (size_t i = 0; i < COUNT(files); i++) {
        char path[256];
        FILE *file;

        snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
        file = fopen(path, "w");
        need(file != NULL);
        for (int line = 0; line < 200 && strcmp(files[i], "empty") != 0; line++)
            fprintf(file, "line %d of %s\n", line, files[i]);
        need(fclose(file) == 0);
    }
    return folder;
}

void iso_folder_remove(void)
{
    char path[256];

    for (size_t i = 0; i < COUNT(files); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
        unlink(path);
    }
    for (size_t i = COUNT(folders); i-- > 0;) {
        snprintf(path, sizeof(path), "%s/%s", folder, folders[i]);
        rmdir(path);
    }
    need(rmdir(folder) == 0);
    memory_io_free(made);
}

const struct tarn_image_spec *iso_spec_from(const char *from, const char *volume_id)
{
    static struct tarn_property properties[2];
    static const struct tarn_property *options[3];
    static struct tarn_image_spec spec;

    properties[0] = (struct tarn_property){ sizeof(properties[0]), 0, "from", from };
    properties[1] = (struct tarn_property){ sizeof(properties[0]), 0, "volume-id", volume_id };
    options[0] = &properties[0];
    options[1] = volume_id != NULL ? &properties[1] : NULL;
    spec = (struct tarn_image_spec){ .struct_size = sizeof(spec), .options = options };
    return &spec;
}

struct memory_io *iso_disc(void)
{
    struct memory_io *copy;

    if (made == NULL) {
        made = memory_io_new(0);
        need(iso_format.create(&iso_host.call, &made->io, iso_spec_from(folder, "cidata")) ==
             TARN_OK);
    }
    copy = memory_io_of(made->bytes, made->size);
    copy->keep = true;
    return copy;
}

int32_t iso_probe_of(const struct memory_io *image)
{
    uint64_t length = image->size < ISO_HEAD_SIZE ? image->size : ISO_HEAD_SIZE;
    uint8_t *head = malloc(length + 1); /* a copy, so that the sanitizer sees a step beyond */
    struct tarn_probe probe = { .struct_size = sizeof(probe), .head = head + 1,
                                .head_length = length, .size = image->size };
    int32_t sure;

    need(head != NULL);
    memcpy(head + 1, image->bytes, length);
    sure = iso_format.probe(&probe);
    free(head);
    return sure;
}

int64_t iso_corruptions(struct memory_io *image)
{
    fake_host_reset(&iso_host);
    if (iso_format.check(&iso_host.call, &image->io, 0) != TARN_OK)
        return -1;
    return (int64_t)iso_host.check.corruptions;
}

bool iso_found(const char *text)
{
    for (uint64_t i = 0; i < iso_host.finding_count; i++)
        if (strstr(iso_host.findings[i].text, text) != NULL)
            return true;
    return false;
}
