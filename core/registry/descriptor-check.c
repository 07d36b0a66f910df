/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a descriptor must not say. The rest of the core relies on it and asks nothing twice.
 */
#include "core/registry/descriptor.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "core/base/error.h"
#include "core/registry/params.h"
#include "core/registry/plugin-conf.h"

/* tarn_format.head_needed is read of every container that is looked at. */
#define MOST_HEAD (UINT64_C(16) << 20)
#define DEFAULT_HEAD 4096u

static int contradiction(struct tarn_error **error, const char *what, const char *name,
                         const char *text)
{
    return error_set(error, TARN_E_INTERNAL, 0, "the module's %s %s %s", what, name, text);
}

static int bad_name(struct tarn_error **error, const char *what, const char *name)
{
    return error_set(error, TARN_E_INTERNAL, 0,
                     "a %s of the module is called \"%s\": lower case letters, digits and hyphens "
                     "make a name", what, name != NULL ? name : "(NULL)");
}

static bool listed(const char *const *words, const char *wanted)
{
    for (; *words != NULL; words++)
        if (strcmp(*words, wanted) == 0)
            return true;
    return false;
}

static void fill(const char **text)
{
    if (*text == NULL)
        *text = "";
}

/* --- the module ------------------------------------------------------------------------------- */

/* The numbers are spaced: one between two known ones allows at least what the lower allows. None at
 * all allows nothing at once. */
static uint32_t known_threads(uint32_t threads)
{
    if (threads >= TARN_THREADS_PARALLEL)
        return TARN_THREADS_PARALLEL;
    if (threads >= TARN_THREADS_POOL)
        return TARN_THREADS_POOL;
    if (threads >= TARN_THREADS_MODULE || threads < TARN_THREADS_DOMAIN)
        return TARN_THREADS_MODULE;
    return TARN_THREADS_DOMAIN;
}

int descriptor_check_module(struct tarn_module *module, struct tarn_error **error)
{
    if (!plugin_name_valid(module->name))
        return bad_name(error, "descriptor", module->name);
    fill(&module->version);
    fill(&module->summary);
    fill(&module->licence);
    module->threads = known_threads(module->threads);
    if (module->threads == TARN_THREADS_DOMAIN && module->lock_domain == NULL)
        return contradiction(error, "descriptor", module->name,
                             "declares TARN_THREADS_DOMAIN and no lock_domain");
    /* A format is entered while a pool type tells of a volume, and enters pool types when it reads:
     * two such threads would wait for each other. */
    if (module->threads < TARN_THREADS_POOL && module->formats != NULL && *module->formats != NULL)
        return contradiction(error, "descriptor", module->name,
                             "has formats and takes one call at a time: declare TARN_THREADS_POOL "
                             "or more, and use domain_enter for a library that needs it");
    return TARN_OK;
}

/* --- parameters ------------------------------------------------------------------------------- */

static bool type_known(uint32_t type)
{
    return type == TARN_PARAM_STRING || type == TARN_PARAM_PATH || type == TARN_PARAM_BYTES ||
           type == TARN_PARAM_INTEGER || type == TARN_PARAM_BOOLEAN || type == TARN_PARAM_ENUM;
}

/* The list and what it points to are the arena's copies, only const to everybody else. */
static int check_param(struct tarn_param *param, struct arena *arena, const char *what,
                       struct tarn_error **error)
{
    const char *value;

    if (!plugin_name_valid(param->name))
        return bad_name(error, "parameter", param->name);
    fill(&param->summary);
    if (!type_known(param->type))
        return error_set(error, TARN_E_ABI, 0,
                         "the parameter %s of %s is of the type %" PRIu32 ", which this library "
                         "does not know: a newer one may", param->name, what, param->type);
    if (param->type == TARN_PARAM_ENUM && param->choices == NULL)
        return contradiction(error, "parameter", param->name, "has no choices");
    if (param->default_value == NULL)
        return TARN_OK;
    return param_value_check(&value, arena, param, param->default_value,
                             "a default of the module", error);
}

int descriptor_check_params(const struct tarn_param *const *params, struct arena *arena,
                            const char *what, struct tarn_error **error)
{
    size_t i;
    size_t j;

    for (i = 0; params != NULL && params[i] != NULL; i++) {
        int status = check_param((struct tarn_param *)(uintptr_t)params[i], arena, what, error);

        if (status != TARN_OK)
            return status;
        for (j = 0; j < i; j++)
            if (strcmp(params[j]->name, params[i]->name) == 0)
                return contradiction(error, "parameter", params[i]->name, "is there twice");
    }
    return TARN_OK;
}

/* --- pool types ------------------------------------------------------------------------------- */

static void close_nothing(void *pool)
{
    (void)pool;
}

static const char *pool_type_contradiction(const struct tarn_pool_type *type)
{
    bool makes = type->volume_allocate != NULL || type->volume_clone != NULL;

    if (type->open == NULL)
        return "has no open";
    if (type->refresh == NULL)
        return "has no refresh";
    if (makes && type->volume_publish == NULL)
        return "has volume_allocate or volume_clone and no volume_publish";
    if (makes && type->volume_abort == NULL)
        return "has volume_allocate or volume_clone and no volume_abort";
    if (type->watch_open != NULL && (type->watch_read == NULL || type->watch_close == NULL))
        return "has watch_open and lacks watch_read or watch_close";
    if ((type->flags & TARN_POOL_TARGET_REQUIRED) && (type->flags & TARN_POOL_NO_TARGET))
        return "declares both TARN_POOL_TARGET_REQUIRED and TARN_POOL_NO_TARGET";
    if (type->source_required & ~type->source_parts)
        return "requires a part of the source that source_parts lacks";
    if ((type->xml_namespace == NULL) != (type->xml_prefix == NULL))
        return "has only one of xml_namespace and xml_prefix";
    if (type->default_source_format != NULL && type->source_formats != NULL &&
        !listed(type->source_formats, type->default_source_format))
        return "has a default_source_format that is none of its source_formats";
    if (type->default_volume_format != NULL && !(type->flags & TARN_POOL_IMAGES) &&
        (type->volume_formats == NULL ||
         !listed(type->volume_formats, type->default_volume_format)))
        return "has a default_volume_format that is none of its volume_formats, and no images";
    return NULL;
}

int descriptor_check_pool_type(struct tarn_pool_type *type, struct tarn_error **error)
{
    const char *text;

    if (!plugin_name_valid(type->name))
        return bad_name(error, "pool type", type->name);
    fill(&type->summary);
    text = pool_type_contradiction(type);
    if (text != NULL)
        return contradiction(error, "pool type", type->name, text);
    if (type->close == NULL)
        type->close = close_nothing;
    return TARN_OK;
}

/* --- formats ---------------------------------------------------------------------------------- */

static const char *format_contradiction(const struct tarn_format *format)
{
    uint32_t promised = format->capabilities;

    if ((promised & TARN_FORMAT_PROBE) && format->probe == NULL)
        return "promises TARN_FORMAT_PROBE and has no probe";
    if ((promised & (TARN_FORMAT_READ | TARN_FORMAT_WRITE)) && format->open == NULL)
        return "promises TARN_FORMAT_READ or TARN_FORMAT_WRITE and has no open";
    if ((promised & TARN_FORMAT_CREATE) && format->create == NULL)
        return "promises TARN_FORMAT_CREATE and has no create";
    if ((promised & (TARN_FORMAT_GROW | TARN_FORMAT_SHRINK)) && !(promised & TARN_FORMAT_WRITE))
        return "promises TARN_FORMAT_GROW or TARN_FORMAT_SHRINK and not TARN_FORMAT_WRITE";
    if ((promised & (TARN_FORMAT_CHECK | TARN_FORMAT_REPAIR)) && format->check == NULL)
        return "promises TARN_FORMAT_CHECK or TARN_FORMAT_REPAIR and has no check";
    if ((promised & (TARN_FORMAT_MAP | TARN_FORMAT_BACKING)) && format->open == NULL)
        return "promises TARN_FORMAT_MAP or TARN_FORMAT_BACKING and has no open";
    if ((promised & TARN_FORMAT_FILL) && (format->create == NULL || format->open == NULL))
        return "promises TARN_FORMAT_FILL and lacks create or open";
    if ((promised & TARN_FORMAT_COMPRESS) && !(promised & (TARN_FORMAT_WRITE | TARN_FORMAT_FILL)))
        return "promises TARN_FORMAT_COMPRESS and neither TARN_FORMAT_WRITE nor TARN_FORMAT_FILL";
    /* A guest can write any header into such an image, so its bytes must never decide. */
    if ((promised & TARN_FORMAT_TRANSPARENT) && (promised & TARN_FORMAT_WRITE) &&
        ((promised & TARN_FORMAT_PROBE) || format->magics != NULL))
        return "is TARN_FORMAT_TRANSPARENT, written by guests, and would be recognised by content";
    if (format->head_needed > MOST_HEAD || format->tail_needed > MOST_HEAD)
        return "needs more than 16 MiB of the head or tail";
    return NULL;
}

/* A magic that lies outside of what is read would never be found. */
static bool magic_visible(const struct tarn_format *format, const struct tarn_magic *magic)
{
    uint64_t head = format->head_needed;
    uint64_t before_end;

    if (magic->bytes == NULL || magic->length == 0)
        return false;
    if (magic->offset >= 0)
        return (uint64_t)magic->offset <= head && magic->length <= head - (uint64_t)magic->offset;
    before_end = (uint64_t)0 - (uint64_t)magic->offset;
    return before_end <= format->tail_needed && magic->length <= before_end;
}

static void drop_unpromised(struct tarn_format *format)
{
    uint32_t promised = format->capabilities;

    if (!(promised & TARN_FORMAT_PROBE))
        format->probe = NULL;
    if (!(promised & (TARN_FORMAT_READ | TARN_FORMAT_WRITE | TARN_FORMAT_MAP | TARN_FORMAT_FILL)))
        format->open = NULL;
    if (!(promised & (TARN_FORMAT_CREATE | TARN_FORMAT_FILL)))
        format->create = NULL;
    if (!(promised & (TARN_FORMAT_CHECK | TARN_FORMAT_REPAIR)))
        format->check = NULL;
}

int descriptor_check_format(struct tarn_format *format, struct tarn_error **error)
{
    const struct tarn_magic *const *magic;
    const char *text;

    if (!plugin_name_valid(format->name))
        return bad_name(error, "format", format->name);
    fill(&format->summary);
    if (format->head_needed == 0)
        format->head_needed = DEFAULT_HEAD;
    text = format_contradiction(format);
    for (magic = format->magics; text == NULL && magic != NULL && *magic != NULL; magic++)
        if (!magic_visible(format, *magic))
            text = "has a magic without bytes, or outside of head_needed and tail_needed";
    if (text != NULL)
        return contradiction(error, "format", format->name, text);
    drop_unpromised(format);
    return TARN_OK;
}
