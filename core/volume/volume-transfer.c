/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Streaming a container's bytes out of and into a volume, as they are.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/flags.h"
#include "core/image/copy.h"
#include "core/volume/stream.h"
#include "core/volume/volume.h"

#define TRANSFER_CHUNK (1024u * 1024u)

/* One transfer: the container, and a call to use it under. */
struct transfer {
    struct volume_visit visit;
    struct call call;
    struct tarn_io *io;
    unsigned char *buffer;
    uint64_t size; /* of the container */
};

static int transfer_end(struct transfer *transfer, int status, struct tarn_error **error)
{
    int closed = TARN_OK;

    if (transfer->io != NULL) {
        closed = tarn_io_close(&transfer->call.abi, transfer->io);
        status = call_end(&transfer->call, status != TARN_OK ? status : closed, error);
    }
    free(transfer->buffer);
    return status;
}

static int transfer_begin(struct transfer *transfer, struct tarn_volume *volume, bool write,
                          struct tarn_job *job, struct tarn_error **error)
{
    struct pool_visit *pool = &transfer->visit.pool;
    struct tarn_io *io = NULL;
    int status;

    memset(transfer, 0, sizeof(*transfer));
    status = volume_enter(&transfer->visit, volume, write ? "vol-upload" : "vol-download",
                          write ? LOCK_EXCLUSIVE : LOCK_SHARED, job, error);
    if (status != TARN_OK)
        return status;
    status = volume_container(&io, pool->session, &pool->operation, volume->name,
                              write ? CONTAINER_WRITE : CONTAINER_READ, error);
    if (status == TARN_OK) {
        transfer->io = io;
        call_begin(&transfer->call, &pool->operation, NULL);
        transfer->buffer = malloc(TRANSFER_CHUNK);
        status = transfer->buffer == NULL
                     ? tarn_fail(&transfer->call.abi, TARN_E_INTERNAL, 0, "no memory to transfer")
                     : tarn_io_size(&transfer->call.abi, io, &transfer->size);
    }
    if (status != TARN_OK) {
        status = transfer_end(transfer, status, error);
        volume_leave(&transfer->visit);
    }
    return status;
}

static int progress(struct transfer *transfer, uint64_t done, uint64_t total)
{
    operation_progress(&transfer->visit.pool.operation, done, total);
    return tarn_interrupted(&transfer->call.abi);
}

/* --- out -------------------------------------------------------------------------------------- */

struct download {
    struct transfer *transfer;
    tarn_sink_fn sink;
    void *arg;
    uint64_t first;
    uint64_t length;
    uint64_t done;
    bool sparse;
};

static int host_refused(struct transfer *transfer, int status)
{
    return tarn_fail(&transfer->call.abi, status, 0, "the receiver of the bytes failed");
}

static int send_part(struct download *download, const void *bytes, uint64_t length)
{
    struct transfer *transfer = download->transfer;
    int taken = download->sink(download->arg, bytes, length);

    if (taken != TARN_OK)
        return host_refused(transfer, taken);
    download->done += length;
    return progress(transfer, download->done, download->length);
}

static int send_bytes(struct download *download, uint64_t offset, uint64_t length)
{
    struct transfer *transfer = download->transfer;
    int status = progress(transfer, download->done, download->length);

    while (status == TARN_OK && length > 0) {
        uint64_t part = length < TRANSFER_CHUNK ? length : TRANSFER_CHUNK;

        status = tarn_io_pread(&transfer->call.abi, transfer->io, transfer->buffer, part, offset);
        if (status == TARN_OK)
            status = send_part(download, transfer->buffer, part);
        offset += part;
        length -= part;
    }
    return status;
}

/* Reading goes on while the receiver works. */
static int send_all(struct download *download)
{
    struct transfer *transfer = download->transfer;
    struct stream *stream = NULL;
    const void *part = NULL;
    uint64_t length = 1;
    int status = progress(transfer, 0, download->length);

    if (status == TARN_OK)
        status = stream_begin(&stream, &transfer->call, transfer->io, download->first,
                              download->length);
    while (status == TARN_OK && length > 0) {
        status = stream_next(stream, &part, &length);
        if (status == TARN_OK && length > 0)
            status = send_part(download, part, length);
    }
    stream_end(stream);
    return status;
}

static int32_t send_extent(struct tarn_call *call, const struct tarn_extent *extent, void *arg)
{
    struct download *download = arg;

    (void)call;
    if (extent->kind == TARN_EXTENT_DATA)
        return send_bytes(download, extent->offset, extent->length);
    return send_part(download, NULL, extent->length);
}

int tarn_volume_download(struct tarn_volume *volume, uint64_t offset, uint64_t length,
                         tarn_sink_fn sink, void *arg, uint32_t flags, struct tarn_job *job,
                         struct tarn_error **error)
{
    if (flags_unknown(flags, TARN_TRANSFER_SPARSE, error))
        return TARN_E_INVALID;

    struct transfer transfer;
    struct download download = { &transfer, sink, arg, offset, 0, 0,
                                 (flags & TARN_TRANSFER_SPARSE) != 0 };
    int status = transfer_begin(&transfer, volume, false, job, error);

    if (status != TARN_OK)
        return status;
    if (offset > transfer.size || length > transfer.size - offset)
        status = tarn_fail(&transfer.call.abi, TARN_E_INVALID, 0,
                           "the volume \"%s\" has %llu bytes, and the range ends beyond them",
                           volume->name, (unsigned long long)transfer.size);
    download.length = length != 0 ? length : transfer.size - (status == TARN_OK ? offset : 0);
    if (status == TARN_OK && download.sparse)
        status = tarn_io_extents(&transfer.call.abi, transfer.io, offset, download.length,
                                 send_extent, &download);
    else if (status == TARN_OK)
        status = send_all(&download);
    if (status == TARN_OK)
        status = progress(&transfer, download.length, download.length);
    status = transfer_end(&transfer, status, error);
    volume_leave(&transfer.visit);
    return status;
}

/* --- in --------------------------------------------------------------------------------------- */

static int write_sparse(struct transfer *transfer, const unsigned char *bytes, uint64_t offset,
                        uint64_t length)
{
    struct tarn_call *call = &transfer->call.abi;
    int status = TARN_OK;

    while (status == TARN_OK && length > 0) {
        bool zero = false;
        uint64_t run = leading_run(bytes, length, &zero);

        status = zero ? tarn_io_zero(call, transfer->io, offset, run, TARN_ZERO_MAY_UNMAP)
                      : TARN_E_UNSUPPORTED;
        if (status == TARN_E_UNSUPPORTED)
            status = tarn_io_pwrite(call, transfer->io, bytes, run, offset);
        bytes += run;
        offset += run;
        length -= run;
    }
    return status;
}

/* The bytes of an image are its container's: their number is not the disk's. */
static int does_not_fit(struct transfer *transfer, const char *what)
{
    const struct volume_entry *entry = transfer->visit.entry;
    const char *name = entry->info.name;
    unsigned long long size = transfer->size;

    if (entry->has_image && entry->image.capacity != transfer->size)
        return tarn_fail(&transfer->call.abi, TARN_E_NO_SPACE, 0,
                         "the volume \"%s\" is a %s image of %llu bytes, and %s: what is uploaded is "
                         "the image itself; the content of a disk gets into one with tarn "
                         "image-convert", name, entry->format, size, what);
    return tarn_fail(&transfer->call.abi, TARN_E_NO_SPACE, 0,
                     "the volume \"%s\" has %llu bytes, and %s: resize it first", name, size, what);
}

static int receive(struct transfer *transfer, uint64_t offset, uint64_t limit,
                   tarn_source_fn source, void *arg, uint32_t flags)
{
    uint64_t first = offset;
    int status = TARN_OK;

    for (;;) {
        uint64_t left = limit != 0 ? limit - (offset - first) : TRANSFER_CHUNK;
        size_t part = left < TRANSFER_CHUNK ? left : TRANSFER_CHUNK;

        if (part == 0)
            break;
        status = progress(transfer, offset - first, limit);
        if (status != TARN_OK)
            return status;
        status = source(arg, transfer->buffer, &part);
        if (status != TARN_OK)
            return tarn_fail(&transfer->call.abi, status, 0, "the giver of the bytes failed");
        if (part == 0)
            break;
        if (offset > transfer->size || part > transfer->size - offset)
            return does_not_fit(transfer, "more were given");
        status = flags & TARN_TRANSFER_SPARSE
                     ? write_sparse(transfer, transfer->buffer, offset, part)
                     : tarn_io_pwrite(&transfer->call.abi, transfer->io, transfer->buffer, part,
                                      offset);
        if (status != TARN_OK)
            return status;
        offset += part;
    }
    return tarn_io_flush(&transfer->call.abi, transfer->io);
}

int tarn_volume_upload(struct tarn_volume *volume, uint64_t offset, uint64_t length,
                       tarn_source_fn source, void *arg, uint32_t flags, struct tarn_job *job,
                       struct tarn_error **error)
{
    if (flags_unknown(flags, TARN_TRANSFER_SPARSE, error))
        return TARN_E_INVALID;

    struct transfer transfer;
    int status = transfer_begin(&transfer, volume, true, job, error);

    if (status != TARN_OK)
        return status;
    if (offset > transfer.size || length > transfer.size - offset)
        status = does_not_fit(&transfer, "the range ends beyond them");
    else
        status = receive(&transfer, offset, length, source, arg, flags);
    status = transfer_end(&transfer, status, error);
    volume_changed(&transfer.visit);
    volume_leave(&transfer.visit);
    return status;
}
