/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * create.c - new images: a blank one of a size, to be filled by converting or by a program that
 * masters discs; or one with the files of a folder, as large as they need or as was asked for.
 */
#include "iso.h"

#include <string.h>

#include "helpers/plain-image.h"

struct wish {
    const char *from;
    const char *volume_id;
};

static int32_t check_label(struct tarn_call *call, const char *label)
{
    size_t length = strlen(label);

    for (size_t i = 0; i < length; i++)
        if (label[i] < ' ' || label[i] > '~')
            return tarn_fail(call, TARN_E_INVALID, 0,
                             "volume-id may hold plain ASCII characters only");
    if (length == 0 || length > ISO_ID_LENGTH)
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "volume-id has %llu characters; it can have 1 to %u",
                         (unsigned long long)length, ISO_ID_LENGTH);
    return TARN_OK;
}

static int32_t read_wish(struct tarn_call *call, const struct tarn_image_spec *spec,
                         struct wish *out)
{
    int32_t status = plain_image_check_spec(call, spec, "an", "iso");

    *out = (struct wish){ NULL, NULL };
    for (size_t i = 0; status == TARN_OK && spec->options != NULL && spec->options[i] != NULL;
         i++) {
        const struct tarn_property *option = spec->options[i];

        if (strcmp(option->name, "from") == 0)
            out->from = option->value;
        else if (strcmp(option->name, "volume-id") == 0)
            out->volume_id = option->value;
        else
            status = tarn_fail(call, TARN_E_INVALID, 0,
                               "iso has no option %s; it has from and volume-id", option->name);
    }
    if (status == TARN_OK && out->volume_id != NULL)
        status = out->from != NULL
                     ? check_label(call, out->volume_id)
                     : tarn_fail(call, TARN_E_INVALID, 0,
                                 "a blank iso image has no volume-id: say with from which folder "
                                 "it shall hold");
    return status;
}

/* An image from a folder is made once more for nothing: nothing else knows how long it will be. */
int32_t iso_measure(struct tarn_call *call, const struct tarn_image_spec *spec, uint64_t *out)
{
    struct wish wish;
    int32_t status = read_wish(call, spec, &wish);

    *out = spec->capacity;
    if (status == TARN_OK && wish.from != NULL && spec->capacity == 0)
        status = iso_master(call, NULL, wish.from, wish.volume_id, INT64_MAX, out);
    return status;
}

int32_t iso_create(struct tarn_call *call, struct tarn_io *file,
                   const struct tarn_image_spec *spec)
{
    struct wish wish;
    uint64_t length = 0;
    int32_t status = read_wish(call, spec, &wish);

    if (status == TARN_OK && wish.from != NULL)
        status = iso_master(call, file, wish.from, wish.volume_id,
                            spec->capacity != 0 ? spec->capacity : INT64_MAX, &length);
    if (status == TARN_OK && spec->capacity > length)
        status = plain_image_set_size(call, file, spec->capacity);
    return status == TARN_OK ? plain_image_take_space(call, file, spec, length) : status;
}
