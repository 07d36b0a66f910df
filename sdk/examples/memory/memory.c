/* SPDX-License-Identifier: BSD-2-Clause
 *
 * memory.c - the smallest pool type: volumes are memory of the process, and
 * gone with it. tarn-module-tutorial(7) builds it step by step.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <tarn/module.h>

/* A volume; before it is published it is in no list, so nobody sees it. */
struct volume {
    struct volume *next;
    char pool[37]; /* the UUID of its pool */
    char name[256];
    uint64_t size;
    uint32_t users; /* byte stores that are open */
    uint8_t bytes[];
};

/* What load makes, once for each context of the host. */
struct memory {
    struct volume *volumes;
};

/* Where the pointer to a volume is: the end of the list if there is none. */
static struct volume **find(struct tarn_call *call, const char *name)
{
    struct memory *memory = call->module_state;
    struct volume **at = &memory->volumes;

    while (*at != NULL && (strcmp((*at)->pool, call->pool->uuid) != 0 ||
                           strcmp((*at)->name, name) != 0))
        at = &(*at)->next;
    return at;
}

static int32_t not_found(struct tarn_call *call)
{
    return tarn_fail(call, TARN_E_NOT_FOUND, 0,
                     "no volume of this name is in the pool %s", call->pool->name);
}

struct store {
    struct tarn_io io; /* first: a pointer to it is one to the whole */
    struct volume *volume;
};

static struct volume *volume_of(struct tarn_io *io)
{
    return ((struct store *)(void *)io)->volume;
}

static int32_t store_pread(struct tarn_call *call, struct tarn_io *io,
                           void *buffer, uint64_t length, uint64_t offset)
{
    struct volume *volume = volume_of(io);

    if (offset > volume->size || length > volume->size - offset)
        return tarn_fail(call, TARN_E_INVALID, 0, "a read passes the end of the volume");
    memcpy(buffer, volume->bytes + offset, length);
    return TARN_OK;
}

static int32_t store_pwrite(struct tarn_call *call, struct tarn_io *io,
                            const void *buffer, uint64_t length, uint64_t offset)
{
    struct volume *volume = volume_of(io);

    if (!(io->flags & TARN_IO_WRITABLE))
        return tarn_fail(call, TARN_E_ACCESS, 0, "the volume is open for reading only");
    if (offset > volume->size || length > volume->size - offset)
        return tarn_fail(call, TARN_E_NO_SPACE, 0, "a write passes the end of the volume");
    memcpy(volume->bytes + offset, buffer, length);
    return TARN_OK;
}

static int32_t store_size(struct tarn_call *call, struct tarn_io *io, uint64_t *out)
{
    (void)call;
    *out = volume_of(io)->size;
    return TARN_OK;
}

static int32_t store_close(struct tarn_call *call, struct tarn_io *io)
{
    (void)call;
    volume_of(io)->users--;
    free(io);
    return TARN_OK;
}

static int32_t store_new(struct tarn_call *call, struct volume *volume,
                         uint32_t writable, struct tarn_io **out)
{
    struct store *store = calloc(1, sizeof(*store));

    if (store == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to open a volume");
    store->io.struct_size = sizeof(store->io);
    store->io.flags = TARN_IO_FIXED_SIZE | (writable ? TARN_IO_WRITABLE : 0);
    store->io.fd = -1;
    store->io.pread = store_pread;
    store->io.pwrite = store_pwrite;
    store->io.size = store_size;
    store->io.close = store_close;
    store->volume = volume;
    volume->users++;
    *out = &store->io;
    return TARN_OK;
}

/* There is nothing to keep of a pool: the call has its definition, and the
 * state its volumes. */
static int32_t pool_open(struct tarn_call *call, void **out_pool)
{
    (void)call;
    *out_pool = NULL;
    return TARN_OK;
}

static int32_t refresh(struct tarn_call *call, void *pool)
{
    const struct memory *memory = call->module_state;
    const struct volume *volume = memory->volumes;
    int32_t status = tarn_interrupted(call);

    (void)pool;
    for (; volume != NULL && status == TARN_OK; volume = volume->next) {
        struct tarn_volume_info info = { .struct_size = sizeof(info) };
        char path[sizeof("memory:/") + sizeof(volume->pool) + sizeof(volume->name)];

        if (strcmp(volume->pool, call->pool->uuid) != 0)
            continue;
        snprintf(path, sizeof(path), "memory:%s/%s", volume->pool, volume->name);
        info.name = volume->name;
        info.path = path;
        info.type = "network";
        info.capacity = info.allocation = info.physical = volume->size;
        info.head = volume->bytes; /* where the host finds out the format */
        info.head_length = volume->size;
        status = call->host->emit_volume(call, &info);
    }
    return status;
}

static int32_t volume_allocate(struct tarn_call *call, void *pool,
                               const struct tarn_container_spec *spec,
                               void **out_container, struct tarn_io **out_io)
{
    struct volume *volume = NULL;
    int32_t status;

    (void)pool;
    if (spec->name[0] == '\0' || strlen(spec->name) >= sizeof(volume->name))
        return tarn_fail(call, TARN_E_INVALID, 0, "the name of a volume has 1 to 255 bytes");
    if (spec->size <= SIZE_MAX - sizeof(*volume))
        volume = calloc(1, sizeof(*volume) + spec->size);
    if (volume == NULL)
        return tarn_fail(call, TARN_E_NO_SPACE, ENOMEM,
                         "no memory for a volume of %llu bytes",
                         (unsigned long long)spec->size);
    strcpy(volume->pool, call->pool->uuid);
    strcpy(volume->name, spec->name);
    volume->size = spec->size;
    status = store_new(call, volume, 1, out_io);
    if (status == TARN_OK)
        *out_container = volume;
    else
        free(volume);
    return status;
}

static void volume_abort(struct tarn_call *call, void *pool, void *container)
{
    (void)call;
    (void)pool;
    free(container);
}

static int32_t volume_publish(struct tarn_call *call, void *pool, void *container)
{
    struct volume *volume = container;
    struct volume **end = find(call, volume->name);

    (void)pool;
    if (*end != NULL) {
        free(volume);
        return tarn_fail(call, TARN_E_EXISTS, 0,
                         "there is a volume of this name in the pool %s",
                         call->pool->name);
    }
    *end = volume;
    return TARN_OK;
}

static int32_t volume_open(struct tarn_call *call, void *pool, const char *name,
                           uint32_t flags, struct tarn_io **out_io)
{
    struct volume *volume = *find(call, name);

    (void)pool;
    return volume != NULL
               ? store_new(call, volume, flags & TARN_OPEN_WRITE, out_io)
               : not_found(call);
}

static int32_t volume_delete(struct tarn_call *call, void *pool, const char *name)
{
    struct volume **at = find(call, name);
    struct volume *volume = *at;

    (void)pool;
    if (volume == NULL)
        return not_found(call);
    if (volume->users > 0)
        return tarn_fail(call, TARN_E_BUSY, 0,
                         "the volume is open: delete it when it is closed");
    *at = volume->next;
    free(volume);
    return TARN_OK;
}

static const struct tarn_pool_type memory_type = {
    .struct_size = sizeof(memory_type),
    .flags = TARN_POOL_NO_TARGET | TARN_POOL_IMAGES | TARN_POOL_SIZED_CONTAINERS,
    .name = "memory",
    .summary = "volumes in the memory of the process",
    .default_volume_format = "raw",
    .open = pool_open,
    .refresh = refresh,
    .volume_allocate = volume_allocate,
    .volume_publish = volume_publish,
    .volume_abort = volume_abort,
    .volume_open = volume_open,
    .volume_delete = volume_delete,
};

static int32_t load(struct tarn_call *call, void **out_state)
{
    *out_state = calloc(1, sizeof(struct memory));
    return *out_state != NULL
               ? TARN_OK
               : tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to begin");
}

static void unload(void *state)
{
    struct memory *memory = state;

    for (struct volume *next; memory->volumes != NULL; memory->volumes = next) {
        next = memory->volumes->next;
        free(memory->volumes);
    }
    free(memory);
}

static const struct tarn_pool_type *const pool_types[] = { &memory_type, NULL };

static const struct tarn_module module = {
    .struct_size = sizeof(module),
    .abi_version = TARN_ABI_VERSION,
    .name = "memory",
    .version = "1.0",
    .summary = "an example: the smallest pool type",
    .licence = "BSD-2-Clause",
    .threads = TARN_THREADS_MODULE, /* one call at a time: no locks here */
    .pool_types = pool_types,
    .load = load,
    .unload = unload,
};

const struct tarn_module *tarn_module_entry(uint32_t host_abi_version)
{
    return TARN_ABI_MAJOR_OF(host_abi_version) == TARN_ABI_MAJOR ? &module : NULL;
}
