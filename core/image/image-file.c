/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Opening image files by path.
 */
#include "core/image/image-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "core/context/context.h"
#include "core/image/probe.h"
#include "core/registry/registry.h"
#include "sdk/helpers/errno-status.h"
#include "sdk/helpers/file-io.h"

static int open_file(struct tarn_io **out, struct operation *operation, const char *path,
                     bool write, struct tarn_error **error)
{
    int access = write ? O_RDWR : O_RDONLY;
    int fd = open(path, access | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct call call;

    if (fd < 0)
        return error_set(error, status_from_errno(errno), errno, "cannot open %s", path);
    call_begin(&call, operation, NULL);
    return call_end(&call, file_io_open_fd(&call.abi, fd, write ? TARN_IO_WRITABLE : 0, out),
                    error);
}

static int probe(struct format_ref *out, struct operation *operation, struct tarn_io *io,
                 struct tarn_error **error)
{
    unsigned char head[PROBE_HEAD];
    struct probe_subject subject = { .io = io, .head = head };
    struct call call;
    int status;

    call_begin(&call, operation, NULL);
    subject.call = &call;
    status = tarn_io_size(&call.abi, io, &subject.size);
    if (status == TARN_OK) {
        subject.head_length = subject.size < PROBE_HEAD ? subject.size : PROBE_HEAD;
        status = tarn_io_pread(&call.abi, io, head, subject.head_length, 0);
    }
    if (status == TARN_OK)
        status = probe_format(out, operation->context->registry, &subject, &call.error);
    return call_end(&call, status, error);
}

int image_file_container(struct tarn_io **out, struct format_ref *out_format,
                         struct operation *operation, const char *path, const char *format,
                         enum container_use use, struct tarn_error **error)
{
    struct tarn_io *io = NULL;
    int status = open_file(&io, operation, path, use == CONTAINER_WRITE, error);

    if (status != TARN_OK)
        return status;
    status = container_lock(io, operation, use, error);
    if (status == TARN_OK)
        status = format != NULL
                     ? registry_format(out_format, operation->context->registry, format, error)
                     : probe(out_format, operation, io, error);
    if (status == TARN_OK)
        *out = io;
    else
        container_close(io, operation, NULL);
    return status;
}

int image_file_open(struct image **out, struct operation *operation, const char *path,
                    const char *format, uint32_t flags, const char *snapshot,
                    struct tarn_error **error)
{
    char *real = realpath(path, NULL);
    struct image_place place = { .path = real, .recorded = format != NULL };
    struct tarn_io *container = NULL;
    struct format_ref found;
    int status = image_file_container(&container, &found, operation, path, format,
                                      flags & TARN_IMAGE_OPEN_WRITE ? CONTAINER_WRITE
                                                                    : CONTAINER_READ,
                                      error);

    if (status == TARN_OK)
        status = image_open(out, operation, &found, container, &place, flags, snapshot, NULL,
                            error);
    free(real);
    return status;
}
