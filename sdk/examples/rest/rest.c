/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rest.c - a pool type whose volumes are those of a service, here on a Unix socket:
 *
 *     <pool type='rest'>
 *       <name>remote</name>
 *       <source><dir path='/run/rest-service'/></source>
 *       <tarn:options xmlns:tarn='urn:tarn:options:1'>
 *         <tarn:option name='timeout' value='10'/>
 *       </tarn:options>
 *     </pool>
 *
 * Each call has a connection of its own, so any number of them may come at once. What the service
 * says is checked before it is told.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "rest.h"

#define JSON_MOST ((uint64_t)16 << 20)

/* --- names ------------------------------------------------------------------------------------ */

/* 1 to 255 bytes of UTF-8 without control characters, no slash, and no name of a folder. */
static int is_name(const char *name)
{
    const unsigned char *at = (const unsigned char *)name;
    json_t *text = json_string(name);
    int fits = text != NULL && *name != '\0' && strlen(name) <= 255 && strcmp(name, ".") != 0 &&
               strcmp(name, "..") != 0;

    for (; *at != '\0'; at++)
        fits = fits && *at >= 0x20 && *at != 0x7f && *at != '/';
    json_decref(text);
    return fits;
}

/* "/volumes/NAME", for a name that is_name. */
static struct place volume_place(const char *name)
{
    struct place place = { "/volumes/" };
    char *to = place.path + strlen(place.path);

    for (; *name != '\0'; name++)
        if ((*name >= 'a' && *name <= 'z') || (*name >= '0' && *name <= '9') || *name == '-')
            *to++ = *name;
        else
            to += sprintf(to, "%%%02X", (unsigned char)*name);
    return place;
}

static int32_t volume_name_check(struct tarn_call *call, void *pool, const char *name)
{
    (void)pool;
    return is_name(name) ? TARN_OK
                         : tarn_fail(call, TARN_E_INVALID, 0,
                                     "the name of a volume is 1 to 255 bytes of UTF-8 without "
                                     "slash and control characters");
}

static int32_t no_such_name(struct tarn_call *call)
{
    return tarn_fail(call, TARN_E_NOT_FOUND, 0, "no volume here can have such a name");
}

/* --- definition, handle ----------------------------------------------------------------------- */

static int32_t define(struct tarn_call *call)
{
    struct sockaddr_un address;
    const char *socket = call->pool->source->dir;

    if (socket == NULL || socket[0] != '/' || strlen(socket) >= sizeof(address.sun_path))
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "<dir path=> of the source is the absolute path of a socket, of at most "
                         "%zu bytes", sizeof(address.sun_path) - 1);
    return TARN_OK;
}

static int32_t claims(struct tarn_call *call)
{
    char claim[256];

    snprintf(claim, sizeof(claim), "rest:%s", call->pool->source->dir);
    return call->host->emit_claim(call, claim);
}

static int32_t pool_open(struct tarn_call *call, void **out_pool)
{
    const char *patience = call->host->option(call, "timeout");
    struct service *service = calloc(1, sizeof(*service));

    if (service == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory for a pool");
    service->socket = call->pool->source->dir;
    service->patience = strtoll(patience, NULL, 10); /* valid: the host checked it */
    *out_pool = service;
    return TARN_OK;
}

static void pool_close(void *pool)
{
    free(pool);
}

/* --- questions with an answer in JSON --------------------------------------------------------- */

static int32_t nonsense(struct tarn_call *call, const struct service *service, const char *what)
{
    return tarn_fail(call, TARN_E_IO, EPROTO, "the service at %s told %s that is none",
                     service->socket, what);
}

/* *out is to be given back with json_decref, also after a failure. */
static int32_t ask(struct tarn_call *call, struct http *http, const char *method, const char *path,
                   json_t **out, const char *what)
{
    const struct request request = { .method = method, .path = path, .room = JSON_MOST };
    struct answer answer;
    int32_t status = http_do(call, http, &request, &answer, what);

    *out = NULL;
    if (status != TARN_OK)
        return status;
    if (answer.body != NULL)
        *out = json_loadb(answer.body, answer.length, JSON_REJECT_DUPLICATES, NULL);
    free(answer.body);
    return *out != NULL ? TARN_OK : nonsense(call, http->service, "JSON");
}

static int take_number(const json_t *from, const char *key, uint64_t *out)
{
    const json_t *value = json_object_get(from, key);

    *out = json_is_integer(value) && json_integer_value(value) >= 0
               ? (uint64_t)json_integer_value(value) : 0;
    return json_is_integer(value) && json_integer_value(value) >= 0;
}

static int32_t tell_space(struct tarn_call *call, const struct service *service, const json_t *said)
{
    struct tarn_pool_info info = { .struct_size = sizeof(info) };

    if (!take_number(said, "capacity", &info.capacity) ||
        !take_number(said, "available", &info.available) || info.available > info.capacity)
        return nonsense(call, service, "sizes");
    info.allocation = info.capacity - info.available;
    return call->host->emit_pool(call, &info);
}

static int32_t pool_info(struct tarn_call *call, void *pool)
{
    struct http http = { .service = pool, .fd = -1 };
    json_t *said;
    int32_t status = ask(call, &http, "GET", "/space", &said, "ask for the space");

    if (status == TARN_OK)
        status = tell_space(call, pool, said);
    json_decref(said);
    http_close(&http);
    return status;
}

/* That it answers is all that a start needs; the sizes come with info. */
static int32_t pool_start(struct tarn_call *call, void *pool)
{
    struct http http = { .service = pool, .fd = -1 };
    json_t *said;
    int32_t status = ask(call, &http, "GET", "/space", &said, "begin");

    json_decref(said);
    http_close(&http);
    return status;
}

/* With a byte store, which asks nothing of the service unless the host looks what is in there. */
static int32_t emit(struct tarn_call *call, const struct service *service,
                    struct tarn_volume_info *info)
{
    struct place place = volume_place(info->name);
    int32_t status = rest_store_new(call, service, NULL, &place, info->capacity, 0, &info->io);

    if (status != TARN_OK)
        return status;
    status = call->host->emit_volume(call, info);
    tarn_io_close(call, info->io);
    return status;
}

static int32_t tell_volume(struct tarn_call *call, const struct service *service,
                           const json_t *said, uint32_t refreshing)
{
    struct tarn_volume_info info = { .struct_size = sizeof(info), .type = "network" };
    struct tarn_identity identity = { .struct_size = sizeof(identity) };
    uint64_t version = 0;
    char path[512];

    info.name = json_string_value(json_object_get(said, "name"));
    if (info.name == NULL || !is_name(info.name) || !take_number(said, "size", &info.capacity) ||
        !take_number(said, "id", &identity.inode) || !take_number(said, "version", &version))
        return nonsense(call, service, "a volume");
    identity.size = info.capacity;
    identity.mtime = (int64_t)version;
    if (refreshing && call->host->volume_known(call, info.name, &identity))
        return TARN_OK;
    snprintf(path, sizeof(path), "rest:%s/%s", service->socket, info.name);
    info.path = path;
    info.physical = info.allocation = info.capacity;
    info.identity = &identity;
    return emit(call, service, &info);
}

static int32_t refresh(struct tarn_call *call, void *pool)
{
    struct http http = { .service = pool, .fd = -1 };
    json_t *said;
    int32_t status = ask(call, &http, "GET", "/volumes", &said, "list the volumes");

    http_close(&http);
    if (status == TARN_OK && !json_is_array(said))
        status = nonsense(call, pool, "a list");
    for (size_t index = 0; status == TARN_OK && index < json_array_size(said); index++) {
        status = tarn_interrupted(call);
        if (status == TARN_OK)
            status = tell_volume(call, pool, json_array_get(said, index), 1);
    }
    json_decref(said);
    return status;
}

static int32_t volume_lookup(struct tarn_call *call, void *pool, const char *name)
{
    struct http http = { .service = pool, .fd = -1 };
    struct place place;
    json_t *said;
    int32_t status;

    if (!is_name(name))
        return no_such_name(call);
    place = volume_place(name);
    status = ask(call, &http, "GET", place.path, &said, "look at a volume");
    if (status == TARN_OK)
        status = tell_volume(call, pool, said, 0);
    json_decref(said);
    http_close(&http);
    return status;
}

/* --- birth: an upload, which ends with its connection unless it is published ------------------ */

struct container {
    struct http http;
    struct place place;
    char name[256];
};

/* Closing says it all, and needs no answer: the call may be over. */
static void volume_abort(struct tarn_call *call, void *pool, void *container)
{
    struct container *born = container;

    (void)call;
    (void)pool;
    http_close(&born->http);
    free(born);
}

static int32_t begin_upload(struct tarn_call *call, struct container *born, uint64_t size)
{
    char path[64];
    uint64_t id = 0;
    json_t *said;
    int32_t status;

    snprintf(path, sizeof(path), "/uploads/%llu", (unsigned long long)size);
    status = ask(call, &born->http, "POST", path, &said, "make a volume");
    if (status == TARN_OK && !take_number(said, "id", &id))
        status = nonsense(call, born->http.service, "an upload");
    snprintf(born->place.path, sizeof(born->place.path), "/uploads/%llu", (unsigned long long)id);
    json_decref(said);
    return status;
}

static int32_t check_spec(struct tarn_call *call, const struct tarn_container_spec *spec)
{
    const struct tarn_permissions *wanted = spec->permissions;

    if (wanted->mode != TARN_MODE_UNSET || wanted->owner != TARN_OWNER_UNSET ||
        wanted->group != TARN_OWNER_UNSET || wanted->label != NULL || spec->nocow)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "volumes of a service have no permissions, label or copy-on-write");
    return volume_name_check(call, NULL, spec->name);
}

static int32_t volume_allocate(struct tarn_call *call, void *pool,
                               const struct tarn_container_spec *spec, void **out_container,
                               struct tarn_io **out_io)
{
    struct container *born;
    int32_t status = check_spec(call, spec);

    if (status != TARN_OK)
        return status;
    born = calloc(1, sizeof(*born));
    if (born == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to make a volume");
    born->http = (struct http){ .service = pool, .fd = -1 };
    strcpy(born->name, spec->name); /* is_name has seen that it fits */
    status = begin_upload(call, born, spec->size);
    if (status == TARN_OK)
        status = rest_store_new(call, pool, &born->http, &born->place, spec->size, 1, out_io);
    if (status == TARN_OK)
        *out_container = born;
    else
        volume_abort(call, pool, born);
    return status;
}

static int32_t volume_publish(struct tarn_call *call, void *pool, void *container)
{
    struct container *born = container;
    struct place place = volume_place(born->name);
    char path[2 * PATH_MOST];
    const struct request request = { .method = "POST", .path = path, .firm = 1 };
    struct answer answer;
    int32_t status;

    snprintf(path, sizeof(path), "%s/publish%s", born->place.path, place.path + strlen("/volumes"));
    status = http_do(call, &born->http, &request, &answer, "publish a volume");
    volume_abort(call, pool, born); /* the connection; the upload is none any more */
    return status;
}

/* --- use and end ------------------------------------------------------------------------------ */

static int32_t volume_open(struct tarn_call *call, void *pool, const char *name, uint32_t flags,
                           struct tarn_io **out_io)
{
    struct http http = { .service = pool, .fd = -1 };
    struct place place;
    uint64_t size = 0;
    json_t *said;
    int32_t status;

    if (!is_name(name))
        return no_such_name(call);
    place = volume_place(name);
    status = ask(call, &http, "GET", place.path, &said, "open a volume");
    if (status == TARN_OK && !take_number(said, "size", &size))
        status = nonsense(call, pool, "a volume");
    json_decref(said);
    http_close(&http);
    if (status != TARN_OK)
        return status;
    return rest_store_new(call, pool, NULL, &place, size, flags & TARN_OPEN_WRITE, out_io);
}

static int32_t volume_delete(struct tarn_call *call, void *pool, const char *name)
{
    struct http http = { .service = pool, .fd = -1 };
    struct place place;
    const struct request request = { .method = "DELETE", .path = place.path, .firm = 1 };
    struct answer answer;
    int32_t status;

    if (!is_name(name))
        return no_such_name(call);
    place = volume_place(name);
    status = http_do(call, &http, &request, &answer, "delete a volume");
    http_close(&http);
    return status;
}

static const struct tarn_param timeout_param = {
    .struct_size = sizeof(timeout_param),
    .type = TARN_PARAM_INTEGER,
    .name = "timeout",
    .summary = "seconds that the service may be silent",
    .default_value = "10",
    .minimum = 1,
    .maximum = 3600,
};
static const struct tarn_param *const params[] = { &timeout_param, NULL };

static const struct tarn_pool_type rest_type = {
    .struct_size = sizeof(rest_type),
    .flags = TARN_POOL_NO_TARGET | TARN_POOL_IMAGES | TARN_POOL_SIZED_CONTAINERS,
    .name = "rest",
    .summary = "volumes of a service that speaks HTTP",
    .source_parts = TARN_SOURCE_DIR,
    .source_required = TARN_SOURCE_DIR,
    .default_volume_format = "raw",
    .params = params,
    .define = define,
    .claims = claims,
    .open = pool_open,
    .close = pool_close,
    .start = pool_start,
    .info = pool_info,
    .refresh = refresh,
    .volume_lookup = volume_lookup,
    .volume_name_check = volume_name_check,
    .volume_allocate = volume_allocate,
    .volume_publish = volume_publish,
    .volume_abort = volume_abort,
    .volume_open = volume_open,
    .volume_delete = volume_delete,
};

static const struct tarn_pool_type *const pool_types[] = { &rest_type, NULL };
static const struct tarn_module module = {
    .struct_size = sizeof(module),
    .abi_version = TARN_ABI_VERSION,
    .name = "rest",
    .version = "1.0",
    .summary = "an example: a pool type that waits for a service",
    .licence = "BSD-2-Clause",
    .threads = TARN_THREADS_PARALLEL,
    .pool_types = pool_types,
};

const struct tarn_module *tarn_module_entry(uint32_t host_abi_version)
{
    return TARN_ABI_MAJOR_OF(host_abi_version) == TARN_ABI_MAJOR ? &module : NULL;
}
