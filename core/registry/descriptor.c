/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Copying by the rule of struct_size.
 */
#include "core/registry/descriptor.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/sized.h"

/* No descriptor is as large, and no list as long: what says so is not one, or has no NULL at its
 * end. */
#define MOST_BYTES 65536u
#define MOST_ELEMENTS 256u

/* How one kind of structure is copied. `least` reaches over the members that give it its identity:
 * a structure that does not have them was never one of its kind. */
struct kind {
    const char *name;
    size_t size;
    size_t least;
    /* Copies what the structure points to, and checks it; NULL = nothing to do. */
    int (*finish)(void *copy, struct arena *arena, struct tarn_error **error);
};

static int no_memory(struct tarn_error **error)
{
    return error_set(error, TARN_E_INTERNAL, ENOMEM, "cannot read the module's descriptor");
}

static int copy_one(void **out, const struct kind *kind, struct arena *arena, const void *raw,
                    struct tarn_error **error)
{
    uint32_t theirs;
    void *copy;

    memcpy(&theirs, raw, sizeof(theirs));
    if (theirs < kind->least || theirs > MOST_BYTES)
        return error_set(error, TARN_E_ABI, 0,
                         "a %s of the module says that it has %" PRIu32 " bytes, possible are %zu "
                         "to %u: set struct_size to its sizeof",
                         kind->name, theirs, kind->least, MOST_BYTES);
    copy = arena_alloc(arena, kind->size);
    if (copy == NULL)
        return no_memory(error);
    sized_copy(copy, kind->size, raw);
    *out = copy;
    return kind->finish != NULL ? kind->finish(copy, arena, error) : TARN_OK;
}

/* `raw` is an array of pointers that ends with NULL, or NULL; so is *out. */
static int copy_list(void *out, const struct kind *kind, struct arena *arena, const void *raw,
                     struct tarn_error **error)
{
    const void *const *elements = raw;
    void **copies;
    size_t count = 0;
    size_t i;

    if (raw == NULL)
        return TARN_OK;
    while (count < MOST_ELEMENTS && elements[count] != NULL)
        count++;
    if (count == MOST_ELEMENTS)
        return error_set(error, TARN_E_INTERNAL, 0,
                         "a list of the module (%s) has no NULL within %u elements", kind->name,
                         MOST_ELEMENTS);
    copies = arena_alloc(arena, (count + 1) * sizeof(*copies));
    if (copies == NULL)
        return no_memory(error);
    for (i = 0; i < count; i++) {
        int status = copy_one(&copies[i], kind, arena, elements[i], error);

        if (status != TARN_OK)
            return status;
    }
    memcpy(out, &copies, sizeof(copies));
    return TARN_OK;
}

#define REACH(type, member) (offsetof(type, member) + sizeof(((type *)NULL)->member))

static const struct kind param_kind = {
    "tarn_param", sizeof(struct tarn_param), REACH(struct tarn_param, name), NULL
};
static const struct kind magic_kind = {
    "tarn_magic", sizeof(struct tarn_magic), REACH(struct tarn_magic, bytes), NULL
};

static int finish_pool_type(void *copy, struct arena *arena, struct tarn_error **error)
{
    struct tarn_pool_type *type = copy;
    int status = copy_list(&type->params, &param_kind, arena, type->params, error);

    if (status == TARN_OK)
        status = descriptor_check_pool_type(type, error);
    if (status == TARN_OK)
        status = descriptor_check_params(type->params, arena, type->name, error);
    return status;
}

static int finish_format(void *copy, struct arena *arena, struct tarn_error **error)
{
    struct tarn_format *format = copy;
    int status = copy_list(&format->params, &param_kind, arena, format->params, error);

    if (status == TARN_OK)
        status = copy_list(&format->magics, &magic_kind, arena, format->magics, error);
    if (status == TARN_OK)
        status = descriptor_check_format(format, error);
    if (status == TARN_OK)
        status = descriptor_check_params(format->params, arena, format->name, error);
    return status;
}

static const struct kind pool_type_kind = {
    "tarn_pool_type", sizeof(struct tarn_pool_type), REACH(struct tarn_pool_type, name),
    finish_pool_type
};
static const struct kind format_kind = {
    "tarn_format", sizeof(struct tarn_format), REACH(struct tarn_format, name), finish_format
};

static int finish_module(void *copy, struct arena *arena, struct tarn_error **error)
{
    struct tarn_module *module = copy;
    int status = descriptor_check_module(module, error);

    if (status == TARN_OK)
        status = copy_list(&module->params, &param_kind, arena, module->params, error);
    if (status == TARN_OK)
        status = descriptor_check_params(module->params, arena, module->name, error);
    if (status == TARN_OK)
        status = copy_list(&module->pool_types, &pool_type_kind, arena, module->pool_types, error);
    if (status == TARN_OK)
        status = copy_list(&module->formats, &format_kind, arena, module->formats, error);
    return status;
}

static const struct kind module_kind = {
    "tarn_module", sizeof(struct tarn_module), REACH(struct tarn_module, name), finish_module
};

/* The version stands in the first 8 bytes of every major, so it is read before anything else. */
static int check_version(const struct tarn_module *raw, struct tarn_error **error)
{
    uint32_t version;

    if (!TARN_REACHES(raw, struct tarn_module, abi_version))
        return error_set(error, TARN_E_ABI, 0,
                         "the module's descriptor says that it has %" PRIu32 " bytes: it has no "
                         "ABI version", raw->struct_size);
    version = raw->abi_version;
    if (TARN_ABI_MAJOR_OF(version) == TARN_ABI_MAJOR)
        return TARN_OK;
    return error_set(error, TARN_E_ABI, 0,
                     "the module is built for ABI %" PRIu32 ".%" PRIu32 ", this library has %d.%d: "
                     "install a build of it for this library",
                     TARN_ABI_MAJOR_OF(version), version & UINT16_MAX, TARN_ABI_MAJOR,
                     TARN_ABI_MINOR);
}

int descriptor_read(const struct tarn_module **out, struct arena *arena,
                    const struct tarn_module *raw, struct tarn_error **error)
{
    void *copy = NULL;
    int status;

    if (raw == NULL)
        return error_set(error, TARN_E_ABI, 0,
                         "the module does not work with ABI %d.%d, which this library has: install "
                         "a build of it for this library", TARN_ABI_MAJOR, TARN_ABI_MINOR);
    status = check_version(raw, error);
    if (status == TARN_OK)
        status = copy_one(&copy, &module_kind, arena, raw, error);
    if (status == TARN_OK)
        *out = copy;
    return status;
}
