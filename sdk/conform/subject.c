/* SPDX-License-Identifier: BSD-2-Clause
 *
 * subject.c - see subject.h.
 */
#include "conform/subject.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- structures of another size --------------------------------------------------------------- */

/* As much of `from` as both sides know, in a structure of `size` bytes; never freed. */
static void *complete(const void *from, size_t size)
{
    void *copy = calloc(1, size);
    uint32_t told;

    if (copy == NULL)
        return NULL;
    memcpy(&told, from, sizeof(told));
    return memcpy(copy, from, told < size ? told : size);
}

/* A list of pointers that ends with NULL, each structure completed. */
static void *complete_list(const void *list, size_t size)
{
    const void *const *from = list;
    size_t count = 0;
    void **copy;

    if (from == NULL)
        return NULL;
    while (from[count] != NULL)
        count++;
    copy = calloc(count + 1, sizeof(*copy));
    for (size_t index = 0; copy != NULL && index < count; index++)
        copy[index] = complete(from[index], size);
    return copy;
}

static void complete_params(const struct tarn_param *const **params)
{
    *params = complete_list(*params, sizeof(struct tarn_param));
}

static void complete_module(struct tarn_module *module, const struct tarn_module *raw)
{
    struct tarn_pool_type **types;
    struct tarn_format **formats;

    memset(module, 0, sizeof(*module));
    memcpy(module, raw, raw->struct_size < sizeof(*module) ? raw->struct_size : sizeof(*module));
    complete_params(&module->params);
    types = complete_list(module->pool_types, sizeof(struct tarn_pool_type));
    formats = complete_list(module->formats, sizeof(struct tarn_format));
    module->pool_types = (const struct tarn_pool_type *const *)types;
    module->formats = (const struct tarn_format *const *)formats;
    for (; types != NULL && *types != NULL; types++)
        complete_params(&(*types)->params);
    for (; formats != NULL && *formats != NULL; formats++) {
        complete_params(&(*formats)->params);
        (*formats)->magics = complete_list((*formats)->magics, sizeof(struct tarn_magic));
    }
}

/* --- opening ---------------------------------------------------------------------------------- */

struct search {
    const void *base;
    struct subject *subject;
};

static int take_range(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct search *search = arg;
    struct subject *subject = search->subject;

    (void)size;
    if ((const void *)info->dlpi_addr != search->base) /* NOLINT: an address as a number */
        return 0;
    for (int index = 0; index < info->dlpi_phnum; index++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[index];
        const char *begin = (const char *)info->dlpi_addr + part->p_vaddr;

        if (part->p_type != PT_LOAD)
            continue;
        if (subject->base == NULL || begin < subject->base)
            subject->base = begin;
        if (begin + part->p_memsz > subject->end)
            subject->end = begin + part->p_memsz;
    }
    return 1;
}

static bool refuse(char **out_error, const char *text)
{
    *out_error = strdup(text);
    return false;
}

const struct tarn_module *(*subject_entry(const struct subject *subject))(uint32_t)
{
    const struct tarn_module *(*entry)(uint32_t);

    /* dlsym answers an object pointer; POSIX says that this is how a function comes out of it. */
    *(void **)&entry = dlsym(subject->handle, "tarn_module_entry");
    return entry;
}

bool subject_open(struct subject *out, const char *path, char **out_error)
{
    const struct tarn_module *(*entry)(uint32_t);
    struct search search = { NULL, out };
    struct link_map *map = NULL;

    memset(out, 0, sizeof(*out));
    out->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (out->handle == NULL)
        return refuse(out_error, dlerror());
    entry = subject_entry(out);
    if (entry == NULL)
        return refuse(out_error, "it exports no tarn_module_entry");
    out->raw = entry(TARN_ABI_VERSION);
    if (out->raw == NULL)
        return refuse(out_error, "its entry declines a host of this ABI version");
    if (TARN_ABI_MAJOR_OF(out->raw->abi_version) != TARN_ABI_MAJOR)
        return refuse(out_error, "it was built for another major of the ABI");
    if (dlinfo(out->handle, RTLD_DI_LINKMAP, &map) == 0)
        search.base = (const void *)map->l_addr; /* NOLINT: an address as a number */
    dl_iterate_phdr(take_range, &search);
    complete_module(&out->module, out->raw);
    return true;
}

const struct tarn_pool_type *subject_type(const struct subject *subject, const char *part)
{
    const struct tarn_pool_type *const *type = subject->module.pool_types;

    for (; strncmp(part, "pool:", 5) == 0 && type != NULL && *type != NULL; type++)
        if (strcmp((*type)->name, part + 5) == 0)
            return *type;
    return NULL;
}

const struct tarn_format *subject_format(const struct subject *subject, const char *part)
{
    const struct tarn_format *const *format = subject->module.formats;

    for (; strncmp(part, "format:", 7) == 0 && format != NULL && *format != NULL; format++)
        if (strcmp((*format)->name, part + 7) == 0)
            return *format;
    return NULL;
}
