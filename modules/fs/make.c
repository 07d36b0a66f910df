/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * make.c - making a filesystem: everything that can be refused is refused before anything is lost.
 */
#include "fs.h"

#include <stdlib.h>
#include <string.h>

#include "helpers/run-tool.h"
#include "helpers/signature.h"

static int32_t need_makeable(struct tarn_call *call, const char *device,
                             const struct fs_format *format)
{
    const char *name = call->pool->source->format;

    if (format == NULL)
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "\"%s\" does not say which filesystem to make: name it as the format of "
                         "the pool's source, ext4 or xfs for instance", name);
    if (format->maker == NULL)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "no %s can be made here: %s", name,
                         format->why_not);
    /* Of these the filesystem, which goes, is what is named. */
    if (strncmp(device, "UUID=", 5) == 0 || strncmp(device, "LABEL=", 6) == 0)
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "%s names the filesystem that would be overwritten, and nothing "
                         "afterwards: name the device by its path or PARTUUID=", device);
    return tool_need(call, format->maker);
}

/* Seconds in [options]; the core has checked that it is a number. */
static uint32_t timeout_of(struct tarn_call *call)
{
    const char *text = call->host->option(call, "mkfs-timeout");

    return text != NULL ? (uint32_t)strtoul(text, NULL, 10) * 1000 : 0;
}

static int32_t run_maker(struct tarn_call *call, const struct fs_format *format, const char *path)
{
    const char *argv[FS_MAKE_ARGUMENTS + 3] = { format->maker };
    struct fs_progress progress = { .length = 0 };
    struct tool_run run = { .argv = argv, .timeout = timeout_of(call),
                            .heard = fs_progress_heard, .arg = &progress };
    size_t count = 1, i;
    int32_t status;

    for (i = 0; i < FS_MAKE_ARGUMENTS && format->arguments[i] != NULL; i++)
        argv[count++] = format->arguments[i];
    argv[count] = path;
    status = tool_run(call, &run, NULL, NULL);
    if (status == TARN_OK)
        return status;
    return tarn_fail(call, status, 0, "making %s on %s", format->name, path);
}

/* From now on the pool is this filesystem. Some have nothing to be told by. */
static int32_t identify(struct tarn_call *call, const struct fs_format *format, const char *path)
{
    struct fs_found found;
    int32_t status = fs_recognise(call, path, format->name, &found);

    if (status != TARN_OK || found.uuid[0] == '\0')
        return status;
    return call->host->identify(call, "filesystem", found.uuid, TARN_IDENTIFY_NEW);
}

int32_t fs_make(struct tarn_call *call, const char *device, uint32_t flags)
{
    const struct fs_format *format = fs_format_named(call->pool->source->format);
    char path[PATH_MAX];
    int32_t status = need_makeable(call, device, format);

    if (status == TARN_OK)
        status = mount_need_type(call, format->kernel);
    if (status == TARN_OK)
        status = fs_device_need(call, device, path);
    if (status == TARN_OK)
        status = fs_device_need_unused(call, path);
    if (status == TARN_OK && flags & TARN_BUILD_NO_OVERWRITE)
        status = signature_refuse(call, path);
    /* What the new one does not happen to overwrite would be found again some day. */
    if (status == TARN_OK && flags & TARN_BUILD_OVERWRITE)
        status = signature_wipe(call, path);
    if (status == TARN_OK)
        status = run_maker(call, format, path);
    if (status == TARN_OK)
        status = identify(call, format, path);
    return status;
}
