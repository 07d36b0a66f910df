/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * device.c - which device a definition means.
 */
#include "fs.h"

#include <blkid.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A tag, and where udev keeps links by its values. */
static const struct tag {
    const char *name;
    const char *folder;
} tags[] = {
    { "UUID=", "by-uuid" },
    { "LABEL=", "by-label" },
    { "PARTUUID=", "by-partuuid" },
    { "PARTLABEL=", "by-partlabel" },
};

static const struct tag *tag_of(const char *device)
{
    size_t i;

    for (i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        size_t length = strlen(tags[i].name);

        if (strncmp(device, tags[i].name, length) == 0 && device[length] != '\0')
            return &tags[i];
    }
    return NULL;
}

bool fs_device_is_tag(const char *device)
{
    return tag_of(device) != NULL;
}

bool fs_device_is_named(const char *device)
{
    return device[0] == '/' || fs_device_is_tag(device);
}

/* udev writes the characters that it does not want in a file name as \xNN. */
static bool resolve_tag(const struct tag *tag, const char *value, char out[PATH_MAX])
{
    char encoded[4 * NAME_MAX + 1], link[PATH_MAX];
    int length;

    if (strlen(value) > NAME_MAX || blkid_encode_string(value, encoded, sizeof(encoded)) != 0)
        return false;
    length = snprintf(link, sizeof(link), "/dev/disk/%s/%s", tag->folder, encoded);
    return length < (int)sizeof(link) && realpath(link, out) != NULL;
}

bool fs_device_resolve(const char *device, char out[PATH_MAX])
{
    const struct tag *tag = tag_of(device);

    if (tag != NULL)
        return resolve_tag(tag, device + strlen(tag->name), out);
    return realpath(device, out) != NULL;
}

/* Where there is no udev, libblkid looks into every device; what it has learnt is not kept. */
static bool search_tag(const char *device, char out[PATH_MAX])
{
    blkid_cache cache = NULL;
    char *path = NULL;
    bool found = false;

    if (blkid_get_cache(&cache, "/dev/null") == 0)
        path = blkid_evaluate_spec(device, &cache);
    if (path != NULL)
        found = realpath(path, out) != NULL;
    free(path);
    if (cache != NULL)
        blkid_put_cache(cache);
    return found;
}

int32_t fs_device_need(struct tarn_call *call, const char *device, char out[PATH_MAX])
{
    if (fs_device_resolve(device, out))
        return TARN_OK;
    if (!fs_device_is_tag(device))
        return tarn_fail(call, TARN_E_NOT_FOUND, errno, "the device %s is not there", device);
    if (search_tag(device, out))
        return TARN_OK;
    return tarn_fail(call, TARN_E_NOT_FOUND, ENODEV,
                     "no device has %s: attach it, or see with blkid what is there", device);
}
