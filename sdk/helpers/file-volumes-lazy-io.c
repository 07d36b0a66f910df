/* SPDX-License-Identifier: BSD-2-Clause
 *
 * file-volumes-lazy-io.c - see file-volumes-lazy-io.h. It has no `close`: it ends with the
 * emit_volume that it was made for, whoever has it.
 */
#include "helpers/file-volumes-lazy-io.h"

#include <unistd.h>

#include "helpers/file-io.h"

static int32_t become_real(struct tarn_call *call, struct lazy_io *lazy)
{
    int fd = lazy->fd;

    if (lazy->real != NULL)
        return TARN_OK;
    if (fd < 0)
        return tarn_fail(call, TARN_E_IO, 0, "this byte store could not be opened before");
    lazy->fd = -1;
    return file_io_open_fd(call, fd, 0, &lazy->real);
}

static int32_t lazy_pread(struct tarn_call *call, struct tarn_io *io, void *buffer,
                          uint64_t length, uint64_t offset)
{
    struct lazy_io *lazy = (struct lazy_io *)io;
    int32_t status = become_real(call, lazy);

    return status == TARN_OK ? tarn_io_pread(call, lazy->real, buffer, length, offset) : status;
}

static int32_t lazy_size(struct tarn_call *call, struct tarn_io *io, uint64_t *out)
{
    (void)call;
    *out = ((struct lazy_io *)io)->size;
    return TARN_OK;
}

void lazy_io_begin(struct lazy_io *lazy, int fd, uint64_t size)
{
    *lazy = (struct lazy_io){
        .io = { .struct_size = sizeof(lazy->io), .fd = fd, .pread = lazy_pread,
                .size = lazy_size },
        .fd = fd,
        .size = size,
    };
}

void lazy_io_end(struct tarn_call *call, struct lazy_io *lazy)
{
    if (lazy->fd >= 0)
        close(lazy->fd);
    tarn_io_close(call, lazy->real);
}
