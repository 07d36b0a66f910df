/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The XML that hosts ask for: of a pool, of the sources there are, of what the pool types can do.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/flags.h"
#include "core/pool/pool-facts.h"
#include "core/pool/pool.h"
#include "core/registry/registry.h"
#include "core/xml/capabilities-xml.h"
#include "core/xml/source-xml.h"

/* --- a pool ----------------------------------------------------------------------------------- */

/* As it is in its file: for a pool that no module can read. */
static int raw_text(char **out, const struct pool_text *text, struct tarn_error **error)
{
    if (text->xml == NULL)
        return error_set(error, TARN_E_IO, 0, "%s",
                         text->reason != NULL ? text->reason : "its definition cannot be read");
    *out = strdup(text->xml);
    return *out != NULL ? TARN_OK
                        : error_set(error, TARN_E_INTERNAL, 0, "no memory for the XML of a pool");
}

/* As it was told last: a storage that does not answer leaves the sizes of before. */
static int print_active(char **out, struct tarn_pool *pool, const struct pool_session *session,
                        struct tarn_error **error)
{
    struct pool_facts *facts = pool_facts_get(pool);
    struct tarn_permissions permissions;
    struct tarn_pool_info info;
    char *label = NULL;
    int status;

    pthread_mutex_lock(&pool->mutex);
    info = pool->sizes;
    if (pool->has_permissions) {
        permissions = pool->permissions;
        permissions.label = label = pool->label != NULL ? strdup(pool->label) : NULL;
        info.permissions = &permissions;
    }
    pthread_mutex_unlock(&pool->mutex);
    info.struct_size = sizeof(info);
    status = pool_def_print(out, session->def, &info, facts != NULL ? facts->free_extents : NULL,
                            error);
    pool_facts_unref(facts);
    free(label);
    return status;
}

static int print_known(char **out, struct tarn_pool *pool)
{
    struct pool_session *session = NULL;
    struct operation operation;
    int status;

    pool_seen_recall(pool);
    operation_begin(&operation, pool->context, "pool-dumpxml", pool->name, NULL, NULL);
    status = pool_session_get(&session, pool, &operation, NULL);
    if (status == TARN_OK)
        status = print_active(out, pool, session, NULL);
    pool_session_unref(session);
    operation_end(&operation);
    return status;
}

static int active_xml(char **out, struct tarn_pool *pool)
{
    struct pool_visit visit;
    int status = pool_enter(&visit, pool, "pool-dumpxml", NULL, NULL, NULL);

    if (status == TARN_OK) {
        pool_measure(pool, visit.session, &visit.operation, NULL);
        status = print_active(out, pool, visit.session, NULL);
        pool_leave(&visit);
        return status;
    }
    return status == TARN_E_TIMEOUT ? print_known(out, pool) : status;
}

static int defined_xml(char **out, struct tarn_pool *pool, struct pool_text *text,
                       struct tarn_error **error)
{
    struct pool_session *session = NULL;
    struct operation operation;
    int status;

    operation_begin(&operation, pool->context, "pool-dumpxml", pool->name, NULL, NULL);
    if (pool_session_new(&session, text, &operation, NULL) == TARN_OK)
        status = pool_def_print(out, session->def, NULL, NULL, error);
    else
        status = raw_text(out, text, error);
    pool_session_unref(session);
    operation_end(&operation);
    return status;
}

int tarn_pool_xml(char **out, struct tarn_pool *pool, uint32_t flags, struct tarn_error **error)
{
    if (flags_unknown(flags, TARN_XML_INACTIVE, error))
        return TARN_E_INVALID;

    bool inactive = (flags & TARN_XML_INACTIVE) != 0;
    struct pool_text *text;
    int status = pool_follow(pool, error);

    if (status != TARN_OK)
        return status;
    text = pool_current_text(pool, inactive);
    if (text == NULL)
        return error_set(error, TARN_E_NOT_FOUND, 0, "there is no pool %s any more", pool->name);
    if (inactive || !pool_is_active(pool))
        status = defined_xml(out, pool, text, error);
    else if (active_xml(out, pool) != TARN_OK)
        status = raw_text(out, text, error);
    pool_text_unref(text);
    return status;
}

/* --- sources ---------------------------------------------------------------------------------- */

struct sources {
    struct arena *arena;
    const struct tarn_source **list; /* ends with NULL */
    size_t count;
    size_t room;
};

static int sources_grow(struct sources *sources)
{
    size_t room = sources->room != 0 ? sources->room * 2 : 16;
    const struct tarn_source **list =
        arena_alloc(sources->arena, (room + 1) * sizeof(struct tarn_source *));

    if (list == NULL)
        return TARN_E_INTERNAL;
    if (sources->count > 0)
        memcpy(list, sources->list, sources->count * sizeof(struct tarn_source *));
    sources->list = list;
    sources->room = room;
    return TARN_OK;
}

static int take_source(void *arg, const struct tarn_source *told)
{
    struct sources *sources = arg;

    if (sources->count == sources->room && sources_grow(sources) != TARN_OK)
        return TARN_E_INTERNAL;
    sources->list[sources->count] = source_copy(sources->arena, told);
    if (sources->list[sources->count] == NULL)
        return TARN_E_INTERNAL;
    sources->list[++sources->count] = NULL;
    return TARN_OK;
}

static int ask_sources(struct sources *sources, const struct type_ref *type,
                       const struct tarn_source *narrow, struct operation *operation,
                       struct tarn_error **error)
{
    static const struct call_sink sink = { .source = take_source };
    static const struct tarn_permissions unset = { sizeof(unset), TARN_MODE_UNSET,
                                                   TARN_OWNER_UNSET, TARN_OWNER_UNSET, NULL };
    const struct tarn_pool_def def = { .struct_size = sizeof(def), .type = type->type->name,
                                       .source = narrow, .permissions = &unset };
    struct pool_options options;
    struct call call;
    int status = pool_options_default(&options, sources->arena, type->type, error);

    if (status != TARN_OK)
        return status;
    operation_step_begin(operation, "find-sources");
    call_begin(&call, operation, type->module);
    call.abi.pool = &def;
    call.options = &options;
    call.sink = &sink;
    call.sink_arg = sources;
    status = call_end(&call, type->type->find_sources(&call.abi), error);
    operation_step_end(operation);
    return status;
}

int tarn_pool_find_sources(char **out, struct tarn_context *context, const char *type_name,
                           const char *source, struct tarn_job *job, struct tarn_error **error)
{
    const char *text = source != NULL ? source : "<source/>";
    const struct tarn_source *narrow = NULL;
    struct sources sources = { 0 };
    struct operation operation;
    struct type_ref type;
    int status;

    operation_begin(&operation, context, "find-storage-pool-sources", NULL, NULL, job);
    sources.arena = arena_new();
    status = sources.arena != NULL && sources_grow(&sources) == TARN_OK
                 ? registry_type(&type, context->registry, type_name, error)
                 : error_set(error, TARN_E_INTERNAL, 0, "no memory for the sources");
    if (status == TARN_OK && type.type->find_sources == NULL)
        status = error_set(error, TARN_E_UNSUPPORTED, 0,
                           "pools of the type %s have no sources that could be found", type_name);
    if (status == TARN_OK)
        status = source_xml_parse(&narrow, sources.arena, text, strlen(text), error);
    if (status == TARN_OK)
        status = ask_sources(&sources, &type, narrow, &operation, error);
    if (status == TARN_OK)
        status = source_xml_print_list(out, sources.list, error);
    arena_free(sources.arena);
    operation_end(&operation);
    return status;
}

/* --- capabilities ----------------------------------------------------------------------------- */

static size_t length_of(struct tarn_capability_record **list)
{
    size_t count = 0;

    while (list[count] != NULL)
        count++;
    return count;
}

static int print_capabilities(char **out, struct tarn_context *context,
                              struct tarn_capability_record **types,
                              struct tarn_capability_record **formats, struct tarn_error **error)
{
    struct pool_capability *list = calloc(length_of(types) + 1, sizeof(*list));
    const char **names = calloc(length_of(formats) + 1, sizeof(*names));
    size_t index;
    size_t usable = 0;
    int status;

    for (index = 0; list != NULL && types[index] != NULL; index++) {
        struct type_ref ref;

        list[index].name = types[index]->name;
        if (registry_type(&ref, context->registry, types[index]->name, NULL) == TARN_OK)
            list[index].type = ref.type;
    }
    for (index = 0; names != NULL && formats[index] != NULL; index++)
        if (formats[index]->reason == NULL)
            names[usable++] = formats[index]->name;
    status = list != NULL && names != NULL
                 ? capabilities_xml_print(out, list, names, error)
                 : error_set(error, TARN_E_INTERNAL, 0, "no memory for the capabilities");
    free(list);
    free(names);
    return status;
}

int tarn_pool_capabilities(char **out, struct tarn_context *context, struct tarn_error **error)
{
    struct tarn_capability_record **types = NULL;
    struct tarn_capability_record **formats = NULL;
    int status = tarn_type_list(&types, context, error);

    if (status == TARN_OK)
        status = tarn_format_list(&formats, context, error);
    if (status == TARN_OK)
        status = print_capabilities(out, context, types, formats, error);
    tarn_capability_list_free(types);
    tarn_capability_list_free(formats);
    return status;
}
