/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * disk.c - the guest's disk: the byte store over an open image.
 */
#include "qcow2.h"

static struct qcow2_image *image_of(struct tarn_io *io)
{
    return (struct qcow2_image *)io;
}

static int32_t check_range(struct tarn_call *call, const struct qcow2_image *image,
                           uint64_t offset, uint64_t length)
{
    if (offset > image->size || length > image->size - offset)
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "%llu bytes at %llu pass the end of the disk at %llu",
                         (unsigned long long)length, (unsigned long long)offset,
                         (unsigned long long)image->size);
    return TARN_OK;
}

/* A write behind the end grows the disk, as it does a file. */
static int32_t reach(struct tarn_call *call, struct qcow2_image *image, uint64_t offset,
                     uint64_t length)
{
    uint64_t end;

    if (__builtin_add_overflow(offset, length, &end) || end > INT64_MAX - 511)
        return tarn_fail(call, TARN_E_NO_SPACE, 0, "no qcow2 disk has a byte %llu",
                         (unsigned long long)offset);
    return end > image->size ? qcow2_resize(call, image, end, 0) : TARN_OK;
}

static int32_t disk_pread(struct tarn_call *call, struct tarn_io *io, void *buffer,
                          uint64_t length, uint64_t offset)
{
    int32_t status = check_range(call, image_of(io), offset, length);

    return status == TARN_OK ? qcow2_read(call, image_of(io), buffer, length, offset) : status;
}

static int32_t disk_pwrite(struct tarn_call *call, struct tarn_io *io, const void *buffer,
                           uint64_t length, uint64_t offset)
{
    int32_t status = length > 0 ? reach(call, image_of(io), offset, length) : TARN_OK;

    return status == TARN_OK ? qcow2_write(call, image_of(io), buffer, length, offset) : status;
}

static int32_t disk_flush(struct tarn_call *call, struct tarn_io *io)
{
    struct qcow2_image *image = image_of(io);
    int32_t status = qcow2_commit(call, image);

    return status == TARN_OK ? qcow2_barrier(call, image) : status;
}

static int32_t disk_size(struct tarn_call *call, struct tarn_io *io, uint64_t *out)
{
    (void)call;
    *out = image_of(io)->size;
    return TARN_OK;
}

static int32_t disk_truncate(struct tarn_call *call, struct tarn_io *io, uint64_t size,
                             uint32_t flags)
{
    return qcow2_resize(call, image_of(io), size, flags);
}

static int32_t disk_extents(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                            uint64_t length, tarn_extent_fn emit, void *arg)
{
    int32_t status = check_range(call, image_of(io), offset, length);

    return status == TARN_OK ? qcow2_extents(call, image_of(io), offset, length, emit, arg)
                             : status;
}

static int32_t disk_zero(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                         uint64_t length, uint32_t flags)
{
    int32_t status = length > 0 ? reach(call, image_of(io), offset, length) : TARN_OK;

    return status == TARN_OK ? qcow2_zero(call, image_of(io), offset, length, flags) : status;
}

static int32_t disk_discard(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                            uint64_t length)
{
    int32_t status = check_range(call, image_of(io), offset, length);

    return status == TARN_OK ? qcow2_discard(call, image_of(io), offset, length) : status;
}

/* Frees everything, and tells the first thing that went wrong. */
static int32_t disk_close(struct tarn_call *call, struct tarn_io *io)
{
    struct qcow2_image *image = image_of(io);
    int32_t status = image->writable ? qcow2_image_finish(call, image) : TARN_OK;
    int32_t closed = TARN_OK;

    if (image->data != image->file)
        closed = tarn_io_close(call, image->data);
    status = status != TARN_OK ? status : closed;
    closed = tarn_io_close(call, image->backing);
    status = status != TARN_OK ? status : closed;
    qcow2_image_free(image);
    return status;
}

static void make_store(struct qcow2_image *image)
{
    image->io = (struct tarn_io){
        .struct_size = sizeof(image->io),
        .flags = (image->writable ? TARN_IO_WRITABLE : 0) | TARN_IO_ZERO_NEW,
        .fd = -1,
        .block_size = (uint32_t)image->subcluster_size,
        .pread = disk_pread, .pwrite = disk_pwrite, .flush = disk_flush, .size = disk_size,
        .truncate = disk_truncate, .extents = disk_extents, .zero = disk_zero,
        .discard = disk_discard, .close = disk_close,
    };
}

static int32_t check_openable(struct tarn_call *call, const struct tarn_io *file,
                              const struct qcow2_head *head, const struct tarn_image_open *how)
{
    static const char *const methods[] = { "", "AES", "LUKS" };
    bool writing = (how->flags & TARN_IMAGE_OPEN_WRITE) != 0;

    if (writing && (how->flags & TARN_IMAGE_OPEN_COMPRESS) &&
        (head->header.incompatible & QCOW2_DATA_FILE))
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "the disk lies in a data file, which cannot hold compressed clusters: do "
                         "without compression");
    if (head->header.crypt_method != 0)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "the disk is encrypted (%s), which cannot be read here: decrypt it with "
                         "qemu-img first", methods[head->header.crypt_method]);
    if (writing && how->snapshot != NULL)
        return tarn_fail(call, TARN_E_INVALID, 0, "snapshots can be read, not written");
    if (writing && !(file->flags & TARN_IO_WRITABLE))
        return tarn_fail(call, TARN_E_ACCESS, 0, "the container is open for reading only");
    if (writing && (head->header.incompatible & QCOW2_CORRUPT))
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "the image is marked as corrupt and can only be read: check and repair "
                         "it first");
    return TARN_OK;
}

static int32_t check_table(struct tarn_call *call, const struct qcow2_image *image,
                           const char *name, uint64_t offset, uint64_t length)
{
    if (offset <= image->file_size && length <= image->file_size - offset)
        return TARN_OK;
    return tarn_fail(call, TARN_E_CORRUPT, 0,
                     "the %s of %llu bytes at %llu passes the end of the file at %llu: the file "
                     "was cut off, or its header is damaged", name, (unsigned long long)length,
                     (unsigned long long)offset, (unsigned long long)image->file_size);
}

static int32_t check_tables(struct tarn_call *call, const struct qcow2_image *image)
{
    uint64_t reftable = (uint64_t)image->header.reftable_clusters << image->header.cluster_bits;
    int32_t status = check_table(call, image, "L1 table", image->l1_offset, image->l1_size * 8);

    if (status != TARN_OK || !image->writable)
        return status;
    if (reftable == 0)
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "the image has no refcount table: its header is damaged; check and "
                         "repair it first");
    return check_table(call, image, "refcount table", image->header.reftable_offset, reftable);
}

static int32_t open_data_file(struct tarn_call *call, struct qcow2_image *image,
                              const struct qcow2_head *head)
{
    struct tarn_io *data;
    int32_t status;

    if (!qcow2_external(image))
        return TARN_OK;
    if (head->data_file[0] == '\0')
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "the image keeps its data in another file and does not name it");
    status = call->host->open_related(call, TARN_RELATED_DATA_FILE, head->data_file, NULL,
                                      image->writable ? TARN_IMAGE_OPEN_WRITE : 0, &data);
    if (status != TARN_OK)
        return status;
    image->data = data;
    if (image->writable && !(data->flags & TARN_IO_WRITABLE))
        return tarn_fail(call, TARN_E_ACCESS, 0, "the data file %s is open for reading only",
                         head->data_file);
    return TARN_OK;
}

/* At open and not when it is first read: only now does the host know which image asks. */
static int32_t open_backing(struct tarn_call *call, struct qcow2_image *image,
                            const struct qcow2_head *head, uint32_t flags)
{
    const char *format = head->backing_format[0] != '\0' ? head->backing_format : NULL;
    int32_t status;

    if (!image->has_backing || (flags & TARN_IMAGE_OPEN_NO_BACKING))
        return TARN_OK;
    status = call->host->open_related(call, TARN_RELATED_BACKING, head->backing_name, format, 0,
                                      &image->backing);
    return status == TARN_OK ? tarn_io_size(call, image->backing, &image->backing_size) : status;
}

/* The steps that need an image; on failure the caller closes it. */
static int32_t open_parts(struct tarn_call *call, struct qcow2_image *image,
                          const struct qcow2_head *head, const struct tarn_image_open *how)
{
    int32_t status = TARN_OK;

    if (how->snapshot != NULL)
        status = qcow2_snapshot_select(call, image, how->snapshot);
    if (status == TARN_OK)
        status = check_tables(call, image);
    if (status == TARN_OK)
        status = qcow2_guards_build(call, image);
    if (status == TARN_OK)
        status = open_data_file(call, image, head);
    if (status == TARN_OK)
        status = open_backing(call, image, head, how->flags);
    return status;
}

int32_t qcow2_open(struct tarn_call *call, struct tarn_io *file,
                   const struct tarn_image_open *how, struct tarn_io **out)
{
    bool writing = (how->flags & TARN_IMAGE_OPEN_WRITE) != 0;
    struct qcow2_image *image;
    struct qcow2_head head;
    int32_t status;

    *out = NULL;
    status = qcow2_head_read(call, file, &head);
    if (status == TARN_OK)
        status = check_openable(call, file, &head, how);
    if (status == TARN_OK && writing && (head.header.incompatible & QCOW2_DIRTY)) {
        status = qcow2_mend(call, file);
        if (status == TARN_OK)
            status = qcow2_head_read(call, file, &head);
    }
    if (status == TARN_OK)
        status = qcow2_image_new(call, &head, writing, &image);
    if (status != TARN_OK)
        return status;
    make_store(image);
    status = open_parts(call, image, &head, how);
    if (status == TARN_OK && writing && (how->flags & TARN_IMAGE_OPEN_COMPRESS))
        status = qcow2_fill_open(call, image, how->flags, out);
    else if (status == TARN_OK)
        *out = &image->io;
    if (status != TARN_OK)
        disk_close(call, &image->io);
    return status;
}
