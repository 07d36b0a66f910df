/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A module's <source>, copied: complete, whatever the size of its structures.
 */
#include "core/base/sized.h"
#include "core/xml/source-xml.h"

static const struct tarn_source_host *const *
copy_hosts(struct arena *arena, const struct tarn_source_host *const *from)
{
    const struct tarn_source_host **list;
    size_t count = 0;
    size_t index;

    while (from != NULL && from[count] != NULL)
        count++;
    list = arena_alloc(arena, (count + 1) * sizeof(struct tarn_source_host *));
    for (index = 0; list != NULL && index < count; index++) {
        struct tarn_source_host *host = arena_alloc(arena, sizeof(*host));

        if (host == NULL)
            return NULL;
        sized_copy(host, sizeof(*host), from[index]);
        host->name = arena_strdup(arena, host->name);
        list[index] = host;
    }
    return list;
}

static const struct tarn_source_device *const *
copy_devices(struct arena *arena, const struct tarn_source_device *const *from)
{
    const struct tarn_source_device **list;
    size_t count = 0;
    size_t index;

    while (from != NULL && from[count] != NULL)
        count++;
    list = arena_alloc(arena, (count + 1) * sizeof(struct tarn_source_device *));
    for (index = 0; list != NULL && index < count; index++) {
        struct tarn_source_device *device = arena_alloc(arena, sizeof(*device));

        if (device == NULL)
            return NULL;
        sized_copy(device, sizeof(*device), from[index]);
        device->path = arena_strdup(arena, device->path);
        list[index] = device;
    }
    return list;
}

static const struct tarn_source_auth *copy_auth(struct arena *arena,
                                                const struct tarn_source_auth *from)
{
    struct tarn_source_auth *auth = from != NULL ? arena_alloc(arena, sizeof(*auth)) : NULL;

    if (auth == NULL)
        return NULL;
    sized_copy(auth, sizeof(*auth), from);
    auth->type = arena_strdup(arena, auth->type);
    auth->username = arena_strdup(arena, auth->username);
    auth->secret_usage = arena_strdup(arena, auth->secret_usage);
    auth->secret_uuid = arena_strdup(arena, auth->secret_uuid);
    return auth;
}

const struct tarn_source *source_copy(struct arena *arena, const struct tarn_source *from)
{
    struct tarn_source *source = arena_alloc(arena, sizeof(*source));

    if (source == NULL)
        return NULL;
    sized_copy(source, sizeof(*source), from);
    source->hosts = copy_hosts(arena, source->hosts);
    source->devices = copy_devices(arena, source->devices);
    source->dir = arena_strdup(arena, source->dir);
    source->name = arena_strdup(arena, source->name);
    source->format = arena_strdup(arena, source->format);
    source->initiator_iqn = arena_strdup(arena, source->initiator_iqn);
    source->auth = copy_auth(arena, source->auth);
    source->protocol_version = arena_strdup(arena, source->protocol_version);
    source->vendor = arena_strdup(arena, source->vendor);
    source->product = arena_strdup(arena, source->product);
    return arena_failed(arena) ? NULL : source;
}
