/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Pool definitions: their lives, the checks that hold for every way into them, and amendments.
 */
#include "core/xml/pool-def.h"

#include <stdlib.h>
#include <string.h>

#include <tarn/call.h>

#include "core/base/error.h"
#include "core/xml/pool-def-parts.h"

struct pool_def *pool_def_ref(struct pool_def *def)
{
    atomic_fetch_add_explicit(&def->references, 1, memory_order_relaxed);
    return def;
}

void pool_def_unref(struct pool_def *def)
{
    if (def == NULL ||
        atomic_fetch_sub_explicit(&def->references, 1, memory_order_acq_rel) != 1)
        return;
    arena_free(def->arena);
    free(def);
}

static int has_control_character(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return 1;
    return 0;
}

const char *object_name_fault(const char *name, size_t limit)
{
    if (*name == '\0')
        return "is empty";
    if (strchr(name, '/') != NULL)
        return "has a slash in it";
    if (has_control_character(name))
        return "has a line break or another control character in it";
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return "means a folder";
    return strlen(name) > limit ? "is too long" : NULL;
}

int pool_name_check(const char *name, struct tarn_error **error)
{
    const char *fault = object_name_fault(name, POOL_NAME_LIMIT);

    if (fault == NULL)
        return TARN_OK;
    return error_set(error, TARN_E_INVALID, 0,
                     "the pool name '%.*s' %s: choose another, of 1 to %u bytes",
                     (int)strcspn(name, "\r\n"), name, fault, POOL_NAME_LIMIT);
}

const char *pool_path_clean(struct arena *arena, const char *path)
{
    char *clean = arena_strdup(arena, path);
    char *end = clean;
    int slashes;

    if (clean == NULL || strstr(path, "://") != NULL)
        return clean;
    slashes = (int)strspn(path, "/");
    /* POSIX leaves exactly two slashes at the start to the system. */
    if (slashes == 2)
        *end++ = *path++;
    for (; *path != '\0'; path++)
        if (*path != '/' || (path[1] != '/' && path[1] != '\0'))
            *end++ = *path;
    if (end == clean && slashes > 0)
        *end++ = '/';
    *end = '\0';
    return clean;
}

int pool_target_check(const char *path, struct tarn_error **error)
{
    if (*path == '/' || strstr(path, "://") != NULL)
        return TARN_OK;
    return error_set(error, TARN_E_INVALID, 0,
                     "the target path '%s' is not absolute: begin it with /", path);
}

int pool_source_format_check(const struct tarn_pool_type *type, const char *format,
                             struct tarn_error **error)
{
    const char *const *known = type->source_formats;
    char list[512] = "";
    size_t length = 0;

    for (; known != NULL && *known != NULL; known++) {
        if (strcmp(*known, format) == 0)
            return TARN_OK;
        if (length + strlen(*known) + 3 < sizeof(list))
            length += (size_t)sprintf(list + length, "%s%s", length > 0 ? ", " : "", *known);
    }
    if (type->source_formats == NULL)
        return TARN_OK;
    return error_set(error, TARN_E_INVALID, 0,
                     "a pool of type %s has no source format '%s': use one of %s", type->name,
                     format, list);
}

static int amend_target(struct pool_def *def, const char *value, struct tarn_error **error)
{
    if (def->type->flags & TARN_POOL_NO_TARGET)
        return error_set(error, TARN_E_INVALID, 0, "a pool of type %s has no target",
                         def->type->name);
    if (pool_target_check(value, error) != TARN_OK)
        return TARN_E_INVALID;
    def->abi.target_path = pool_path_clean(def->arena, value);
    return TARN_OK;
}

static int amend_source(struct pool_def *def, uint32_t part, const char *value,
                        struct tarn_error **error)
{
    if (!(def->type->source_parts & part) || *value == '\0')
        return error_set(error, TARN_E_INVALID, 0,
                         "the source of a pool of type %s cannot have the %s '%s'",
                         def->type->name, part == TARN_SOURCE_NAME ? "name" : "format", value);
    if (part == TARN_SOURCE_NAME)
        def->source->name = arena_strdup(def->arena, value);
    else if (pool_source_format_check(def->type, value, error) == TARN_OK)
        def->source->format = arena_strdup(def->arena, value);
    else
        return TARN_E_INVALID;
    return TARN_OK;
}

int pool_def_amend(struct pool_def *def, uint32_t part, const char *value,
                   struct tarn_error **error)
{
    int status;

    if (part == TARN_AMEND_TARGET_PATH)
        status = amend_target(def, value, error);
    else if (part == TARN_AMEND_SOURCE_FORMAT)
        status = amend_source(def, TARN_SOURCE_FORMAT, value, error);
    else if (part == TARN_AMEND_SOURCE_NAME)
        status = amend_source(def, TARN_SOURCE_NAME, value, error);
    else
        status = error_set(error, TARN_E_UNSUPPORTED, 0,
                           "part %u of a pool definition cannot be amended", part);
    if (status == TARN_OK && arena_failed(def->arena))
        status = error_set(error, TARN_E_INTERNAL, 0, "out of memory");
    return status;
}
