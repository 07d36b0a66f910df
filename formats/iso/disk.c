/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * disk.c - the guest's disc: the bytes of the container. It is written only to make it, by
 * converting another image.
 */
#include "iso.h"

#include <string.h>

#include "helpers/borrowed-io.h"

/* What is skipped while it is filled shall read as zeros: so it must be blank. */
static int32_t check_blank(struct tarn_call *call, struct tarn_io *file)
{
    uint8_t id[5] = { 0 };
    uint64_t size;
    int32_t status = tarn_io_size(call, file, &size);

    if (status == TARN_OK && size >= ISO_HEAD_SIZE)
        status = tarn_io_pread(call, file, id, sizeof(id), ISO_DESCRIPTORS + 1);
    if (status == TARN_OK && memcmp(id, "CD001", sizeof(id)) == 0)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "this iso image holds files already: nothing can be converted into it");
    return status;
}

static int32_t check_flags(struct tarn_call *call, struct tarn_io *file,
                           const struct tarn_image_open *how)
{
    if (how->snapshot != NULL)
        return tarn_fail(call, TARN_E_NOT_FOUND, 0, "iso images have no snapshot %s",
                         how->snapshot);
    if (!(how->flags & TARN_IMAGE_OPEN_WRITE))
        return TARN_OK;
    if (how->flags & TARN_IMAGE_OPEN_COMPRESS)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "iso images hold nothing compressed");
    if (!(how->flags & TARN_IMAGE_OPEN_FILL))
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "iso images are read-only: make a new one, or open it as raw");
    if (!(file->flags & TARN_IO_WRITABLE))
        return tarn_fail(call, TARN_E_ACCESS, 0, "the container is open for reading only");
    return check_blank(call, file);
}

int32_t iso_open(struct tarn_call *call, struct tarn_io *file, const struct tarn_image_open *how,
                 struct tarn_io **out)
{
    int32_t status = check_flags(call, file, how);

    *out = NULL;
    if (status != TARN_OK)
        return status;
    *out = borrowed_io(file, (how->flags & TARN_IMAGE_OPEN_WRITE) != 0);
    if (*out == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to open an iso image");
    return TARN_OK;
}
