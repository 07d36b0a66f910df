/* SPDX-License-Identifier: BSD-2-Clause
 *
 * format-kinds.c - which images of a format are tried: what its descriptor promises, and what the
 * configuration says of subformats, compatibility levels, options and sizes.
 */
#include <stdlib.h>
#include <string.h>

#include "conform/format-image.h"
#include "conform/format-step.h"
#include "conform/parameters.h"

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

static const char *given(struct trial *trial, const struct tarn_param *param)
{
    const char *text = trial_setting(trial, trial_text(trial, "option.%s", param->name));

    return text != NULL ? trial_fill_in(trial, text) : NULL;
}

bool has_options(struct trial *trial)
{
    const struct tarn_param *const *param = trial->format->params;

    while (param != NULL && *param != NULL && given(trial, *param) == NULL)
        param++;
    return param != NULL && *param != NULL;
}

static const struct tarn_property *new_option(struct trial *trial, const struct tarn_param *param,
                                              const char *text)
{
    struct tarn_property *option = trial_alloc(trial, sizeof(*option));
    char *why = NULL;

    option->struct_size = sizeof(*option);
    option->name = param->name;
    option->value = parameter_value(param, text, &why);
    trial_require(trial, option->value != NULL, "[%s] the option %s %s", trial->part, param->name,
                  why);
    return option;
}

/* As the core gives them: those that are given, and the defaults of others. */
static void set_options(struct image *image, bool blank)
{
    const struct tarn_param *const *param = image->format->params;
    size_t count = 0;

    for (; param != NULL && *param != NULL; param++) {
        const char *text = blank ? NULL : given(image->trial, *param);

        if (text == NULL)
            text = (*param)->default_value;
        if (text == NULL)
            continue;
        trial_require(image->trial, count < IMAGE_OPTIONS, "the kit takes %u options of a format",
                      IMAGE_OPTIONS);
        image->options[count++] = new_option(image->trial, *param, text);
    }
    image->options[count] = NULL;
}

struct image *image_plan(struct trial *trial, struct host *host)
{
    struct image *image = trial_alloc(trial, sizeof(*image));

    image->trial = trial;
    image->host = host;
    image->format = trial->format;
    image->label = "";
    image->spec.struct_size = sizeof(image->spec);
    image->spec.capacity = usual_capacity(trial);
    image->spec.subformat = trial_setting(trial, "subformat");
    image->spec.options = image->options;
    set_options(image, false);
    return image;
}

struct image *image_blank(struct trial *trial, struct host *host)
{
    struct image *image = image_plan(trial, host);

    set_options(image, true);
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
