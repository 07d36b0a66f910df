/* SPDX-License-Identifier: BSD-2-Clause
 *
 * file-volumes-capabilities.c - can the filesystem share bytes between files? It is tried: what is
 * known of a filesystem says little of the one that was made here, or is served from elsewhere.
 */
#include "helpers/file-volumes-container.h"

#include <errno.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* More than any block: a hole of it takes no space. */
#define TRIAL_SIZE (1 << 20)

/* A file that nobody will see. NULL with an errno in *error. */
static struct container *scrap_new(int directory, int *error)
{
    struct container *scrap = calloc(1, sizeof(*scrap));

    if (scrap == NULL) {
        *error = ENOMEM;
        return NULL;
    }
    scrap->fd = -1;
    scrap->directory = dup(directory);
    *error = scrap->directory >= 0 ? container_make_file(scrap) : errno;
    if (*error == 0)
        return scrap;
    container_discard(scrap);
    return NULL;
}

/* 0: bytes are shared here. An errno: why not. *tried: that is the filesystem's answer. */
static int try_sharing(int directory, bool *tried)
{
    int error;
    struct container *from = scrap_new(directory, &error);
    struct container *to = from != NULL ? scrap_new(directory, &error) : NULL;

    *tried = from != NULL && to != NULL && ftruncate(from->fd, TRIAL_SIZE) == 0;
    if (*tried)
        error = ioctl(to->fd, FICLONE, from->fd) == 0 ? 0 : errno;
    if (to != NULL)
        container_discard(to);
    if (from != NULL)
        container_discard(from);
    return error;
}

int32_t file_volumes_capabilities(struct tarn_call *call, void *pool)
{
    struct tarn_capability clone = { .struct_size = sizeof(clone), .support = TARN_SUPPORT_NATIVE,
                                     .operation = TARN_OPERATION_CLONE };
    char reason[160];
    int directory;
    bool tried;
    int error;
    int32_t status = target_open(call, pool, &directory);

    if (status != TARN_OK)
        return status;
    error = try_sharing(directory, &tried);
    close(directory);
    if (tried && error == 0)
        return call->host->emit_capability(call, &clone);
    clone.support = TARN_SUPPORT_EMULATED;
    clone.reason = "the filesystem does not share bytes between files: they are copied";
    if (!tried) {
        snprintf(reason, sizeof(reason), "whether the filesystem shares bytes between files could "
                 "not be tried: %s", strerror(error));
        clone.reason = reason;
    }
    return call->host->emit_capability(call, &clone);
}
