/* SPDX-License-Identifier: BSD-2-Clause
 *
 * format-kinds.c - which images of a format are tried: what its descriptor promises, and what the
 * configuration says of subformats, compatibility levels, options and sizes.
 */
#include <stdlib.h>
#include <string.h>

#include "conform/format-image.h"
#include "conform/format-step.h"

#define USUAL_CAPACITY ((uint64_t)1 << 20)

bool promises(const struct trial *trial, uint32_t capabilities)
{
    return (trial->format->capabilities & capabilities) == capabilities;
}

void need_promise(struct trial *trial, uint32_t capabilities, const char *why)
{
    if (!promises(trial, capabilities))
        trial_skip(trial, "it does not %s", why);
}

bool makes_images(const struct trial *trial)
{
    return trial->format->create != NULL &&
           (promises(trial, TARN_FORMAT_CREATE) || promises(trial, TARN_FORMAT_FILL));
}

struct host *format_host(struct trial *trial)
{
    step_watch(trial);
    step("load");
    return host_new(trial);
}

uint64_t usual_capacity(struct trial *trial)
{
    uint64_t capacity = trial_size_setting(trial, "capacity", USUAL_CAPACITY);

    trial_require(trial, capacity != 0 && capacity <= IMAGE_MOST,
                  "[%s] capacity: 1 to %llu bytes, since whole disks are compared", trial->part,
                  (unsigned long long)IMAGE_MOST);
    return capacity;
}

static void add_option(struct image *image, size_t index, const char *text)
{
    struct tarn_property *option = trial_alloc(image->trial, sizeof(*option));
    const char *equals = strchr(text, '=');

    trial_require(image->trial, equals != NULL && index < IMAGE_OPTIONS,
                  "[%s] options: \"%s\" is no name=value, or one too many", image->trial->part,
                  text);
    option->struct_size = sizeof(*option);
    option->name = trial_text(image->trial, "%.*s", (int)(equals - text), text);
    option->value = trial_fill_in(image->trial, equals + 1);
    image->options[index] = option;
}

struct image *image_plan(struct trial *trial, struct host *host)
{
    struct image *image = trial_alloc(trial, sizeof(*image));
    const char *option;

    image->trial = trial;
    image->host = host;
    image->format = trial->format;
    image->label = "";
    image->spec.struct_size = sizeof(image->spec);
    image->spec.capacity = usual_capacity(trial);
    image->spec.subformat = trial_setting(trial, "subformat");
    image->spec.options = image->options;
    for (unsigned index = 0;
         (option = trial_word_setting(trial, "options", index)) != NULL; index++)
        add_option(image, index, option);
    return image;
}

struct image *image_kind(struct trial *trial, struct host *host, unsigned index)
{
    struct image *image = image_plan(trial, host);
    const char *name;
    unsigned subformats = 0;

    if (index == 0)
        return image;
    while (trial_word_setting(trial, "subformats", subformats) != NULL)
        subformats++;
    name = trial_word_setting(trial, "subformats", index - 1);
    if (name != NULL) {
        image->spec.subformat = name;
        image->label = trial_text(trial, " (subformat %s)", name);
        return image;
    }
    name = trial_word_setting(trial, "compats", index - 1 - subformats);
    image->spec.compat = name;
    image->label = trial_text(trial, " (compat %s)", name != NULL ? name : "");
    if (name != NULL)
        return image;
    image_free(image);
    return NULL;
}
