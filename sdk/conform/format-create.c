/* SPDX-License-Identifier: BSD-2-Clause
 *
 * format-create.c - what was asked for is what the new image says of itself; what is unknown is
 * refused; and a container needs as much room as measure says.
 */
#include <stdlib.h>
#include <string.h>

#include "conform/format-checks.h"
#include "conform/format-image.h"
#include "conform/format-step.h"
#include "conform/parameters.h"

#define ULL(number) ((unsigned long long)(number))
#define SECTOR ((uint64_t)4096) /* the largest that a capacity is rounded up to without clusters */

static void need_create(struct trial *trial)
{
    if (!makes_images(trial))
        trial_skip(trial, "it makes no images");
}

/* --- round trip ------------------------------------------------------------------------------- */

/* Not less than was asked for, and more only up to the next sector or cluster; of 0 bytes, as many
 * as what goes into it at once needs. */
static void judge_capacity(struct image *image, uint64_t told)
{
    uint64_t asked = image->spec.capacity;
    uint64_t cluster = image->host->results.image.cluster_size;
    uint64_t most = cluster > SECTOR ? cluster : SECTOR;

    trial_require(image->trial, told >= asked,
                  "an image%s was created with %llu bytes, and info tells a capacity of %llu, "
                  "which is less: round up, or refuse", image->label, ULL(asked), ULL(told));
    trial_require(image->trial, asked == 0 || told - asked < most,
                  "an image%s was created with %llu bytes, and info tells a capacity of %llu: more "
                  "than rounding up to a sector or cluster explains", image->label, ULL(asked),
                  ULL(told));
}

static void try_capacity(struct image *image, uint64_t capacity)
{
    uint64_t told;

    image->spec.capacity = capacity;
    if (!image_try_make(image))
        return; /* refused, with a text */
    image_info(image);
    trial_require(image->trial, image->host->results.images == 1,
                  "info of an image%s of %llu bytes emitted %zu images: exactly one", image->label,
                  ULL(capacity), image->host->results.images);
    told = image->host->results.image.capacity;
    judge_capacity(image, told);
    if (!promises(image->trial, TARN_FORMAT_READ))
        return;
    image_open(image, 0);
    trial_require(image->trial, image->size == told,
                  "info tells a capacity of %llu bytes of an image%s, and its disk has %llu",
                  ULL(told), image->label, ULL(image->size));
    image_close(image);
}

/* Honoured or refused: no cluster size is taken and forgotten. */
static void try_cluster_size(struct trial *trial, struct host *host, uint64_t size)
{
    struct image *image = image_plan(trial, host);

    image->spec.cluster_size = size;
    image->label = trial_text(trial, " (cluster size %llu)", ULL(size));
    if (image_try_make(image)) {
        if (promises(trial, TARN_FORMAT_READ)) { /* some tell it by what is stored */
            memory_store_free(image->store);
            image->store = NULL;
            image_add_data(image);
        }
        image_info(image);
        trial_require(trial, host->results.image.cluster_size == size,
                      "an image was created with clusters of %llu bytes, and info tells clusters "
                      "of %llu: make them so, or refuse", ULL(size),
                      ULL(host->results.image.cluster_size));
    }
    image_free(image);
}

void check_round_trip(struct trial *trial)
{
    const uint64_t capacities[] = { 0, 1, 512, 513, 4096, 65535, 65536, 1000000, 1048576,
                                    1048576 * 7 + 512, usual_capacity(trial) };
    struct host *host = format_host(trial);
    struct image *image;

    need_create(trial);
    try_cluster_size(trial, host, 4096);
    try_cluster_size(trial, host, 65536);
    for (unsigned kind = 0; (image = image_kind(trial, host, kind)) != NULL; kind++) {
        for (size_t index = 0; index < sizeof(capacities) / sizeof(capacities[0]); index++) {
            memory_store_free(image->store);
            image->store = NULL;
            try_capacity(image, capacities[index]);
        }
        image->spec.capacity = usual_capacity(trial);
        memory_store_free(image->store);
        image->store = NULL;
        image_make(image); /* not every one may be refused */
        image_free(image);
    }
}

/* --- options ---------------------------------------------------------------------------------- */

static void try_option(struct trial *trial, struct host *host, const struct tarn_param *param,
                       const char *value)
{
    struct tarn_property option = { sizeof(option), 0, param->name, value };
    struct image *image = image_plan(trial, host);
    size_t count = 0;

    image->label = trial_text(trial, " (%s=%s)", param->name, value);
    while (image->options[count] != NULL && strcmp(image->options[count]->name, param->name) != 0)
        count++;
    trial_require(trial, count < IMAGE_OPTIONS, "[%s] options: too many", trial->part);
    image->options[count] = &option;
    if (image_create(image) != TARN_OK) {
        /* A switch may need another one, and says so. */
        trial_require(trial, param->type == TARN_PARAM_BOOLEAN && strcmp(value, "yes") == 0 &&
                                 strstr(host->text, param->name) != NULL,
                      "create refused %s=%s, which its parameters declare, with %s: %s",
                      param->name, value, status_word(host->status), host->text);
        image_free(image);
        return;
    }
    memory_store_free(image->store);
    image->store = NULL;
    image_make(image);
    image_info(image);
    trial_require(trial, host->results.images == 1, "info of an image made with %s=%s emitted %zu "
                  "images", param->name, value, host->results.images);
    image_free(image);
}

static void try_default(struct trial *trial, struct host *host, const struct tarn_param *param)
{
    char *why = NULL;
    char *value = parameter_value(param, param->default_value, &why);

    trial_require(trial, value != NULL, "the default of the parameter %s %s", param->name, why);
    try_option(trial, host, param, value);
    free(value);
}

void check_options(struct trial *trial)
{
    static const char *const booleans[] = { "yes", "no", NULL };
    const struct tarn_param *const *param = trial->format->params;
    struct host *host = format_host(trial);
    unsigned tried = 0;

    need_create(trial);
    for (; param != NULL && *param != NULL; param++) {
        const char *const *value = (*param)->type == TARN_PARAM_BOOLEAN ? booleans
                                   : (*param)->type == TARN_PARAM_ENUM  ? (*param)->choices
                                                                        : NULL;

        for (; value != NULL && *value != NULL; value++, tried++)
            try_option(trial, host, *param, *value);
        if ((*param)->default_value != NULL && ++tried)
            try_default(trial, host, *param);
    }
    if (tried == 0)
        trial_skip(trial, "it declares no parameters with known values");
}

/* --- what is unknown -------------------------------------------------------------------------- */

static void refuse(struct image *image, const char *what)
{
    int32_t status = image_create(image);

    trial_require(image->trial, status == TARN_E_INVALID || status == TARN_E_UNSUPPORTED,
                  "create with %s answered %s: what is unknown is refused with invalid or "
                  "unsupported", what, status_word(status));
    trial_require(image->trial, memory_store_size(image->store) == 0,
                  "create with %s was refused, after %llu bytes had been written", what,
                  ULL(memory_store_size(image->store)));
    image_free(image);
}

void check_unknown(struct trial *trial)
{
    static const char *const features[] = { "no-such-feature", NULL };
    struct host *host = format_host(trial);
    struct image *image;

    need_create(trial);
    image = image_plan(trial, host);
    image->spec.features = features;
    refuse(image, "the feature no-such-feature");
    image = image_plan(trial, host);
    image->spec.compat = "no-such-level";
    refuse(image, "the compatibility level no-such-level");
    image = image_plan(trial, host);
    image->spec.subformat = "no-such-subformat";
    refuse(image, "the subformat no-such-subformat");
    image = image_plan(trial, host);
    image->spec.capacity = UINT64_MAX;
    refuse(image, "a capacity of 2^64-1 bytes");
}

/* --- measure ---------------------------------------------------------------------------------- */

int32_t image_measure(struct image *image, uint64_t *out)
{
    image_begin(image, HOST_TAKES_NOTHING, "measure of %llu bytes%s", ULL(image->spec.capacity),
                image->label);
    return host_end(image->host,
                    image->format->measure(&image->host->call, &image->spec, out));
}

static uint64_t measured(struct image *image)
{
    uint64_t bytes = UINT64_MAX;

    trial_require(image->trial, image_measure(image, &bytes) == TARN_OK, "%s answered %s: %s",
                  step_text(), status_word(image->host->status), image->host->text);
    return bytes;
}

void image_write_all(struct image *image)
{
    static uint8_t bytes[65536];
    uint64_t random = 5;
    uint32_t flags = TARN_IMAGE_OPEN_WRITE |
                     (promises(image->trial, TARN_FORMAT_WRITE) ? 0 : TARN_IMAGE_OPEN_FILL);

    if (image_try_open(image, flags) != TARN_OK)
        return;
    for (uint64_t at = 0; at < image->size; at += sizeof(bytes)) {
        random_bytes(&random, bytes, sizeof(bytes));
        image_write(image, bytes, lesser(sizeof(bytes), image->size - at), at);
    }
    image_flush(image);
    image_close(image);
}

/* A container of as many bytes as measure says is enough for the empty image, or, if it is filled
 * once and for all, for the whole; and it never says more than the full image takes. */
static void try_measure(struct image *image)
{
    uint64_t need = measured(image);
    uint64_t all;
    bool filled_once = !promises(image->trial, TARN_FORMAT_WRITE);

    image->store = memory_store_new(image->trial);
    image->store->limit = need;
    trial_require(image->trial, image_create(image) == TARN_OK,
                  "measure says %llu bytes, and create of %llu bytes%s in a container that can "
                  "have so many answered %s: %s", ULL(need), ULL(image->spec.capacity),
                  image->label, status_word(image->host->status), image->host->text);
    if (!filled_once)
        image->store->limit = UINT64_MAX;
    if (!filled_once || promises(image->trial, TARN_FORMAT_FILL))
        image_write_all(image);
    all = memory_store_size(image->store);
    for (size_t index = 0; index < image->file_count; index++)
        all += memory_store_size(image->files[index]);
    all += all / 8 + ((uint64_t)1 << 20);
    trial_require(image->trial, need <= all,
                  "measure says %llu bytes of an image%s of %llu bytes, which takes %llu when it "
                  "is full: volumes would be made too large", ULL(need), image->label,
                  ULL(image->spec.capacity), ULL(memory_store_size(image->store)));
}

void check_measure(struct trial *trial)
{
    struct host *host = format_host(trial);
    struct image *image;

    need_create(trial);
    if (trial->format->measure == NULL)
        trial_skip(trial, "it has no measure");
    for (unsigned kind = 0; (image = image_kind(trial, host, kind)) != NULL; kind++) {
        try_measure(image);
        image_free(image);
    }
}
