/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The host side of tarn/call.h for the unit tests of pool types. Out of memory is a failed test:
 * it ends the program.
 */
#include "tests/unit/fake-pool-host.h"

#include <stdlib.h>
#include <string.h>

static struct fake_pool_host *host_of(struct tarn_call *call)
{
    return (struct fake_pool_host *)call; /* `call` is its first member */
}

static char *copy(const char *text)
{
    char *made = text != NULL ? strdup(text) : NULL;

    if (made == NULL && text != NULL)
        exit(99);
    return made;
}

static int32_t fake_fail(struct tarn_call *call, int32_t status, int32_t system_errno,
                         const char *text)
{
    struct fake_pool_host *host = host_of(call);

    if (host->status == TARN_OK) {
        host->status = status;
        host->system_errno = system_errno;
        strncpy(host->text, text, sizeof(host->text) - 1);
    }
    return status;
}

static void fake_forget(struct tarn_call *call)
{
    struct fake_pool_host *host = host_of(call);

    host->status = TARN_OK;
    host->system_errno = 0;
    memset(host->text, 0, sizeof(host->text));
}

static int32_t fake_interrupted(struct tarn_call *call)
{
    struct fake_pool_host *host = host_of(call);

    if (host->interrupt_after == 0 || ++host->questions < host->interrupt_after)
        return TARN_OK;
    return fake_fail(call, TARN_E_CANCELLED, 0, "cancelled");
}

static void fake_log(struct tarn_call *call, uint32_t level, const char *text)
{
    (void)text;
    if (level <= TARN_LOG_WARNING)
        host_of(call)->warnings++;
}

static int32_t fake_volume_known(struct tarn_call *call, const char *name,
                                 const struct tarn_identity *identity)
{
    struct fake_pool_host *host = host_of(call);
    uint64_t i;

    for (i = 0; i < host->known_count; i++) {
        const struct fake_volume *known = &host->known[i];

        if (known->has_identity && strcmp(known->name, name) == 0 &&
            memcmp(&known->identity, identity, sizeof(*identity)) == 0) {
            host->known_hits++;
            return 1;
        }
    }
    return 0;
}

/* Reads as a format would; what the attempt past the end records is forgotten. */
static void try_io(struct tarn_call *call, struct fake_volume *kept, struct tarn_io *io)
{
    uint8_t byte;

    tarn_io_size(call, io, &kept->io_size);
    if (kept->io_size == 0)
        return;
    kept->io_reads = tarn_io_pread(call, io, &byte, 1, 0) == TARN_OK &&
                     byte == kept->head[0] &&
                     tarn_io_pread(call, io, &byte, 1, kept->io_size - 1) == TARN_OK &&
                     tarn_io_pread(call, io, &byte, 1, kept->io_size) == TARN_E_INVALID;
    fake_forget(call);
}

static int32_t fake_emit_volume(struct tarn_call *call, const struct tarn_volume_info *volume)
{
    struct fake_pool_host *host = host_of(call);
    struct fake_volume *kept;

    host->volumes = realloc(host->volumes, (host->volume_count + 1) * sizeof(*host->volumes));
    if (host->volumes == NULL)
        exit(99);
    kept = &host->volumes[host->volume_count++];
    *kept = (struct fake_volume){
        .name = copy(volume->name), .path = copy(volume->path), .type = copy(volume->type),
        .format = copy(volume->format), .status_text = copy(volume->status_text),
        .label = copy(volume->permissions->label), .status = volume->status,
        .capacity = volume->capacity, .allocation = volume->allocation,
        .physical = volume->physical, .mode = volume->permissions->mode,
        .owner = volume->permissions->owner, .group = volume->permissions->group,
        .atime = volume->atime, .mtime = volume->mtime, .ctime = volume->ctime,
        .btime = volume->btime, .has_identity = volume->identity != NULL,
        .head_length = volume->head_length,
    };
    if (volume->identity != NULL)
        kept->identity = *volume->identity;
    if (volume->head_length > 0)
        memcpy(kept->head, volume->head, volume->head_length < sizeof(kept->head)
                                             ? volume->head_length : sizeof(kept->head));
    if (host->read_through_io && volume->io != NULL)
        try_io(call, kept, volume->io);
    if (host->on_emit != NULL)
        host->on_emit(host, volume->name);
    return TARN_OK;
}

static int32_t fake_emit_pool(struct tarn_call *call, const struct tarn_pool_info *info)
{
    struct fake_pool_host *host = host_of(call);

    host->pool_infos++;
    host->info = *info;
    host->info_permissions = *info->permissions;
    host->info.permissions = &host->info_permissions;
    host->info_permissions.label = NULL;
    return TARN_OK;
}

static int32_t fake_emit_claim(struct tarn_call *call, const char *claim)
{
    struct fake_pool_host *host = host_of(call);

    host->claims[host->claim_count++ % 8] = copy(claim);
    return TARN_OK;
}

static int32_t fake_emit_changed(struct tarn_call *call, const char *volume_name)
{
    struct fake_pool_host *host = host_of(call);

    host->changed_anything += volume_name == NULL;
    if (host->changed_count < 256)
        host->changed[host->changed_count++] = copy(volume_name);
    return TARN_OK;
}

static void free_volumes(struct fake_volume *volumes, uint64_t count)
{
    uint64_t i;

    for (i = 0; i < count; i++) {
        free(volumes[i].name);
        free(volumes[i].path);
        free(volumes[i].type);
        free(volumes[i].format);
        free(volumes[i].status_text);
        free(volumes[i].label);
    }
    free(volumes);
}

void fake_pool_host_init(struct fake_pool_host *host, const char *target_path)
{
    static const struct tarn_source_host *const no_hosts[] = { NULL };
    static const struct tarn_source_device *const no_devices[] = { NULL };
    static const char *const no_options[] = { NULL };

    *host = (struct fake_pool_host){
        .call = { .struct_size = sizeof(host->call), .host = &host->host, .pool = &host->pool },
        .host = { .struct_size = sizeof(host->host), .abi_version = TARN_ABI_VERSION,
                  .fail = fake_fail, .forget = fake_forget, .interrupted = fake_interrupted,
                  .log = fake_log, .volume_known = fake_volume_known,
                  .emit_volume = fake_emit_volume, .emit_pool = fake_emit_pool,
                  .emit_claim = fake_emit_claim, .emit_changed = fake_emit_changed },
        .pool = { .struct_size = sizeof(host->pool), .type = "dir", .name = "test",
                  .uuid = "7d4c1a3e-8f43-4b0e-9a53-0a6f5a1f9d10", .source = &host->source,
                  .target_path = target_path, .permissions = &host->permissions,
                  .mount_options = no_options },
        .permissions = { .struct_size = sizeof(host->permissions), .mode = TARN_MODE_UNSET,
                         .owner = TARN_OWNER_UNSET, .group = TARN_OWNER_UNSET },
        .source = { .struct_size = sizeof(host->source), .hosts = no_hosts,
                    .devices = no_devices },
    };
}

void fake_pool_host_forget(struct fake_pool_host *host)
{
    uint64_t i;

    free_volumes(host->volumes, host->volume_count);
    for (i = 0; i < host->claim_count && i < 8; i++)
        free(host->claims[i]);
    for (i = 0; i < host->changed_count; i++)
        free(host->changed[i]);
    host->volumes = NULL;
    host->volume_count = host->claim_count = host->changed_count = 0;
    host->known_hits = host->pool_infos = host->warnings = host->questions = 0;
    host->changed_anything = 0;
    fake_forget(&host->call);
}

void fake_pool_host_learn(struct fake_pool_host *host)
{
    free_volumes(host->known, host->known_count);
    host->known = host->volumes;
    host->known_count = host->volume_count;
    host->volumes = NULL;
    host->volume_count = 0;
    fake_pool_host_forget(host);
}

void fake_pool_host_fini(struct fake_pool_host *host)
{
    fake_pool_host_forget(host);
    free_volumes(host->known, host->known_count);
}

const struct fake_volume *fake_pool_host_volume(const struct fake_pool_host *host,
                                                const char *name)
{
    uint64_t i;

    for (i = 0; i < host->volume_count; i++)
        if (strcmp(host->volumes[i].name, name) == 0)
            return &host->volumes[i];
    return NULL;
}

bool fake_pool_host_changed(const struct fake_pool_host *host, const char *name)
{
    uint64_t i;

    for (i = 0; i < host->changed_count; i++)
        if (host->changed[i] == NULL ? name == NULL
                                     : name != NULL && strcmp(host->changed[i], name) == 0)
            return true;
    return false;
}
