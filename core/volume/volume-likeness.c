/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A copy is made like its source: what the request leaves open, and the source tells of itself, is
 * asked of the format, as far as the format can make it. The XML of a volume has no place for all
 * of it, so this cannot be left to whoever writes the request.
 */
#include <string.h>

#include "core/context/context.h"
#include "core/volume/volume-birth.h"

/* What is taken over, less each time that the format refuses. */
enum likeness { LIKE_ALL, LIKE_SUBFORMAT, LIKE_NOTHING };

/* What nobody asked for is alike. */
static bool same_text(const char *asked, const char *known)
{
    return asked == NULL || (known != NULL && strcmp(asked, known) == 0);
}

static bool is_of_one_kind(const struct birth *birth)
{
    const struct volume_entry *source = birth->source_entry;

    return source != NULL && source->has_image && source->format != NULL &&
           strcmp(source->format, birth->format.format->name) == 0 &&
           same_text(birth->spec.subformat, source->image.subformat);
}

static bool is_among(const char *name, const char *const *list)
{
    for (; list != NULL && *list != NULL; list++)
        if (strcmp(*list, name) == 0)
            return true;
    return false;
}

bool birth_is_like_source(const struct birth *birth)
{
    const struct tarn_image_info *source = &birth->source_entry->image;
    const struct tarn_image_spec *spec = &birth->spec;
    const struct image_request *own = &birth->def->image;
    const char *const *feature = spec->features;

    if (own->compress || (own->options != NULL && own->options[0] != NULL))
        return false;
    for (; feature != NULL && *feature != NULL; feature++)
        if (!is_among(*feature, source->features))
            return false;
    return same_text(spec->subformat, source->subformat) &&
           same_text(spec->compat, source->compat) &&
           (spec->cluster_size == 0 || spec->cluster_size == source->cluster_size);
}

static void take_after(struct birth *birth, enum likeness likeness)
{
    const struct tarn_image_info *source = &birth->source_entry->image;
    struct tarn_image_spec *spec = &birth->spec;

    if (spec->subformat == NULL)
        spec->subformat = source->subformat;
    if (likeness == LIKE_SUBFORMAT)
        return;
    if (spec->compat == NULL)
        spec->compat = source->compat;
    if (spec->cluster_size == 0)
        spec->cluster_size = source->cluster_size;
}

static int measure(struct birth *birth, struct tarn_error **error)
{
    struct tarn_image_spec spec = birth->spec;
    struct call call;

    /* A container that cannot grow with the image gets room for all of it. */
    if (birth->visit.session->type.type->flags & TARN_POOL_SIZED_CONTAINERS)
        spec.preallocation = TARN_PREALLOC_FALLOC;
    call_begin(&call, &birth->visit.operation, birth->format.module);
    return call_end(&call,
                    birth->format.format->measure(&call.abi, &spec, &birth->container_spec.size),
                    error);
}

/* Measuring checks all that is asked for, and touches nothing. */
int birth_measure(struct birth *birth, struct tarn_error **error)
{
    const struct tarn_image_spec asked = birth->spec;
    struct tarn_error *refusal = NULL;
    enum likeness likeness = LIKE_ALL;
    int status = TARN_E_INVALID;

    if (birth->format.format == NULL || birth->format.format->measure == NULL)
        return TARN_OK;
    if (!is_of_one_kind(birth))
        return measure(birth, error);
    for (; status == TARN_E_INVALID && likeness < LIKE_NOTHING; likeness++) {
        birth->spec = asked;
        take_after(birth, likeness);
        tarn_error_free(refusal);
        refusal = NULL;
        status = measure(birth, &refusal);
    }
    if (status == TARN_E_INVALID) {
        birth->spec = asked;
        status = measure(birth, error);
        if (status == TARN_OK)
            context_log(birth->visit.pool->context, TARN_LOG_WARNING,
                        "the volume \"%s\" is not made like \"%s\": %s", birth->def->abi.name,
                        birth->source->name, tarn_error_message(refusal));
        tarn_error_free(refusal);
        return status;
    }
    return status != TARN_OK && refusal != NULL ? error_pass(error, refusal) : status;
}
