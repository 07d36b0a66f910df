/* SPDX-License-Identifier: BSD-2-Clause
 *
 * format-others.c - the format among the others, in the real core: whatever an image was told as
 * without the module, it is told as with it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conform/core-frame.h"
#include "conform/format-checks.h"
#include "conform/format-image.h"
#include "conform/format-step.h"

#define BYTES      ((size_t)1 << 20)
#define MOST_FILES 128u

/* A file, and what it is without the module. */
struct sample {
    char *path;
    const char *made_as; /* the format, or a word for what it is */
    char *told;
};

struct samples {
    struct sample list[MOST_FILES];
    size_t count;
};

/* --- files ------------------------------------------------------------------------------------ */

static void write_file(struct trial *trial, const char *path, const void *bytes, size_t length)
{
    FILE *file = fopen(path, "we");

    trial_require(trial, file != NULL && fwrite(bytes, 1, length, file) == length &&
                             fclose(file) == 0, "the kit cannot write %s", path);
}

static struct sample *add(struct trial *trial, struct samples *samples, const char *made_as)
{
    struct sample *sample = &samples->list[samples->count++];

    trial_require(trial, samples->count <= MOST_FILES, "there are more than %u formats",
                  MOST_FILES);
    sample->made_as = made_as;
    sample->path = trial_text(trial, "%s/image.%s", trial->folder, made_as);
    return sample;
}

/* Half zeros, half noise: what a guest's disk may hold. */
static const char *raw_file(struct trial *trial)
{
    uint8_t *bytes = trial_alloc(trial, BYTES);
    const char *path = trial_text(trial, "%s/source.img", trial->folder);
    uint64_t random = 43;

    for (size_t at = 0; at < BYTES; at += 131072)
        random_bytes(&random, bytes + at, 65536);
    write_file(trial, path, bytes, BYTES);
    free(bytes);
    return path;
}

static void add_plain(struct trial *trial, struct samples *samples)
{
    uint8_t *bytes = trial_alloc(trial, BYTES);
    uint64_t random = 47;

    write_file(trial, add(trial, samples, "zeros")->path, bytes, BYTES);
    memcpy(bytes + 510, "\x55\xaa", 2);
    write_file(trial, add(trial, samples, "boot-sector")->path, bytes, BYTES);
    random_bytes(&random, bytes, BYTES);
    write_file(trial, add(trial, samples, "noise")->path, bytes, BYTES);
    memset(bytes, '#', 4096);
    bytes[79] = '\n';
    write_file(trial, add(trial, samples, "text")->path, bytes, 4096);
    write_file(trial, add(trial, samples, "nothing")->path, bytes, 0);
    free(bytes);
}

/* --- the core --------------------------------------------------------------------------------- */

static bool listed(const char *const *words, const char *wanted)
{
    for (; words != NULL && *words != NULL; words++)
        if (strcmp(*words, wanted) == 0)
            return true;
    return false;
}

static bool provided(const struct trial *trial, const char *name)
{
    const struct tarn_format *const *format = trial->module->formats;

    for (; format != NULL && *format != NULL; format++)
        if (strcmp((*format)->name, name) == 0)
            return true;
    return false;
}

static bool convert(struct tarn_context *context, const char *from, const char *to,
                    const char *format, struct tarn_error **error)
{
    struct tarn_conversion conversion = {
        .struct_size = sizeof(conversion), .source_path = from, .source_format = "raw",
        .target_path = to, .target_format = format,
    };

    step("conversion into %s with the real core", format);
    return tarn_image_convert(context, &conversion, NULL, error) == TARN_OK;
}

/* An image of each format that is installed and can be converted into. */
static void add_formats(struct trial *trial, struct tarn_context *context, const char *source,
                        struct samples *samples)
{
    struct tarn_capability_record **list = NULL;
    size_t before = samples->count;
    struct tarn_error *error = NULL;

    core_must(trial, tarn_format_list(&list, context, &error), error, "tarn_format_list");
    for (size_t index = 0; list[index] != NULL; index++) {
        const char *name = list[index]->name;

        if (provided(trial, name) || !listed(list[index]->abilities, "probe"))
            continue;
        if (convert(context, source, add(trial, samples, trial_text(trial, "%s", name))->path, name,
                    NULL))
            continue;
        samples->count--; /* not without more than this knows */
    }
    tarn_capability_list_free(list);
    if (samples->count == before)
        trial_skip(trial, "no other format is installed that could be confused with it");
}

static int take_name(void *arg, const char *format, const struct tarn_image_info *info)
{
    char **out = arg;

    (void)info;
    free(*out);
    *out = strdup(format);
    return TARN_OK;
}

/* What the core takes the file for; how it failed, if it did. */
static char *told(struct trial *trial, struct tarn_context *context, const char *path)
{
    char *name = NULL;
    struct tarn_image_listener listener = { .struct_size = sizeof(listener), .arg = &name,
                                            .image = take_name };
    struct tarn_error *error = NULL;

    step("probing of %s with the real core", strrchr(path, '/') + 1);
    if (tarn_image_describe(context, path, NULL, &listener, &error) != TARN_OK) {
        free(name);
        name = strdup(tarn_error_message(error));
        tarn_error_free(error);
    }
    trial_require(trial, name != NULL, "the kit itself is out of memory");
    return name;
}

/* --- the check -------------------------------------------------------------------------------- */

static void compare(struct trial *trial, struct tarn_context *context, struct samples *samples)
{
    for (size_t index = 0; index < samples->count; index++) {
        struct sample *sample = &samples->list[index];
        char *now = told(trial, context, sample->path);

        trial_require(trial, strcmp(now, sample->told) == 0,
                      "with the module in the core an image of %s is told as \"%s\", without it as "
                      "\"%s\"", sample->made_as, now, sample->told);
        free(now);
    }
}

void check_others(struct trial *trial)
{
    struct samples *samples = trial_alloc(trial, sizeof(*samples));
    struct tarn_context *context;
    const char *source;

    need_promise(trial, TARN_FORMAT_PROBE, "recognise images by content");
    step_watch(trial);
    source = raw_file(trial);
    context = core_open(trial, CORE_WITHOUT);
    add_plain(trial, samples);
    add_formats(trial, context, source, samples);
    for (size_t index = 0; index < samples->count; index++)
        samples->list[index].told = told(trial, context, samples->list[index].path);
    tarn_context_close(context);
    context = core_open(trial, 0);
    compare(trial, context, samples);
    tarn_context_close(context);
}
