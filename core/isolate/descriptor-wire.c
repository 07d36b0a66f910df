/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Each function is a bit, by its place in these tables.
 */
#include "core/isolate/descriptor-wire.h"

#include <string.h>

#include "core/isolate/wire-shapes.h"

typedef void (*any_function)(void);

static const size_t pool_functions[] = {
    offsetof(struct tarn_pool_type, define),
    offsetof(struct tarn_pool_type, claims),
    offsetof(struct tarn_pool_type, find_sources),
    offsetof(struct tarn_pool_type, open),
    offsetof(struct tarn_pool_type, close),
    offsetof(struct tarn_pool_type, check),
    offsetof(struct tarn_pool_type, build),
    offsetof(struct tarn_pool_type, start),
    offsetof(struct tarn_pool_type, stop),
    offsetof(struct tarn_pool_type, remove),
    offsetof(struct tarn_pool_type, recover),
    offsetof(struct tarn_pool_type, capabilities),
    offsetof(struct tarn_pool_type, info),
    offsetof(struct tarn_pool_type, refresh),
    offsetof(struct tarn_pool_type, volume_lookup),
    offsetof(struct tarn_pool_type, watch_open),
    offsetof(struct tarn_pool_type, watch_read),
    offsetof(struct tarn_pool_type, watch_close),
    offsetof(struct tarn_pool_type, volume_name_check),
    offsetof(struct tarn_pool_type, volume_allocate),
    offsetof(struct tarn_pool_type, volume_clone),
    offsetof(struct tarn_pool_type, volume_publish),
    offsetof(struct tarn_pool_type, volume_abort),
    offsetof(struct tarn_pool_type, volume_open),
    offsetof(struct tarn_pool_type, volume_delete),
    offsetof(struct tarn_pool_type, volume_resize),
};
#define POOL_FUNCTIONS (sizeof(pool_functions) / sizeof(pool_functions[0]))

static const size_t format_functions[] = {
    offsetof(struct tarn_format, probe),
    offsetof(struct tarn_format, info),
    offsetof(struct tarn_format, measure),
    offsetof(struct tarn_format, create),
    offsetof(struct tarn_format, open),
    offsetof(struct tarn_format, check),
};
#define FORMAT_FUNCTIONS (sizeof(format_functions) / sizeof(format_functions[0]))

/* --- writing ---------------------------------------------------------------------------------- */

static void put_functions(struct wire_writer *writer, const void *structure, const size_t *offsets,
                          size_t count)
{
    uint64_t set = 0;
    size_t i;

    for (i = 0; i < count; i++) {
        any_function function;

        memcpy(&function, (const char *)structure + offsets[i], sizeof(function));
        if (function != NULL)
            set |= UINT64_C(1) << i;
    }
    wire_put_u64(writer, set);
}

void descriptor_put(struct wire_writer *writer, const struct tarn_module *module)
{
    const struct tarn_pool_type *const *types = module->pool_types;
    const struct tarn_format *const *formats = module->formats;
    uint32_t count = 0;

    wire_put_struct(writer, &shape_module, module);
    while (types != NULL && types[count] != NULL)
        count++;
    wire_put_u32(writer, count);
    for (; types != NULL && *types != NULL; types++) {
        wire_put_struct(writer, &shape_pool_type, *types);
        put_functions(writer, *types, pool_functions, POOL_FUNCTIONS);
    }
    for (count = 0; formats != NULL && formats[count] != NULL;)
        count++;
    wire_put_u32(writer, count);
    for (; formats != NULL && *formats != NULL; formats++) {
        wire_put_struct(writer, &shape_format, *formats);
        put_functions(writer, *formats, format_functions, FORMAT_FUNCTIONS);
    }
}

/* --- reading ---------------------------------------------------------------------------------- */

static void get_functions(struct wire_reader *reader, void *structure, const void *proxies,
                          const size_t *offsets, size_t count)
{
    uint64_t set = wire_get_u64(reader);
    size_t i;

    for (i = 0; i < count; i++)
        if (set & UINT64_C(1) << i)
            memcpy((char *)structure + offsets[i], (const char *)proxies + offsets[i],
                   sizeof(any_function));
}

static void *room(struct wire_reader *reader, size_t size)
{
    void *made = *reader->arena != NULL ? arena_alloc(*reader->arena, size) : NULL;

    if (made == NULL)
        reader->failed = true;
    return made;
}

/* An array of pointers that ends with NULL. Each structure takes bytes of the reader's. */
static void *list_of(struct wire_reader *reader, uint32_t *out_count, size_t most)
{
    *out_count = wire_get_u32(reader);
    if (*out_count > most)
        reader->failed = true;
    return reader->failed ? NULL : room(reader, (*out_count + 1) * sizeof(void *));
}

static const struct tarn_pool_type *const *get_pool_types(struct wire_reader *reader,
                                                          const struct descriptor_proxies *proxies)
{
    uint32_t count;
    struct tarn_pool_type **list = list_of(reader, &count, (size_t)(reader->end - reader->at));
    uint32_t i;

    for (i = 0; list != NULL && i < count && !reader->failed; i++) {
        list[i] = room(reader, sizeof(**list));
        if (list[i] == NULL)
            break;
        wire_read_struct(reader, &shape_pool_type, list[i]);
        get_functions(reader, list[i], proxies->pool_type, pool_functions, POOL_FUNCTIONS);
    }
    return (const struct tarn_pool_type *const *)list;
}

static const struct tarn_format *const *get_formats(struct wire_reader *reader,
                                                    const struct descriptor_proxies *proxies)
{
    uint32_t count;
    struct tarn_format **list = list_of(reader, &count, proxies->most_formats);
    uint32_t i;

    for (i = 0; list != NULL && i < count && !reader->failed; i++) {
        struct tarn_format functions;

        list[i] = room(reader, sizeof(**list));
        if (list[i] == NULL)
            break;
        wire_read_struct(reader, &shape_format, list[i]);
        proxies->format(&functions, i);
        get_functions(reader, list[i], &functions, format_functions, FORMAT_FUNCTIONS);
    }
    return (const struct tarn_format *const *)list;
}

const struct tarn_module *descriptor_get(struct wire_reader *reader,
                                         const struct descriptor_proxies *proxies)
{
    struct tarn_module *module = room(reader, sizeof(*module));

    if (module == NULL)
        return NULL;
    wire_read_struct(reader, &shape_module, module);
    module->pool_types = get_pool_types(reader, proxies);
    module->formats = get_formats(reader, proxies);
    return wire_end(reader) ? module : NULL;
}
