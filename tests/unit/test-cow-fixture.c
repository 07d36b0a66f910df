/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test-cow-fixture.c - see test-cow-fixture.h.
 */
#include "tests/unit/test-cow-fixture.h"

#include <string.h>

#include "helpers/be.h"
#include "helpers/le.h"
#include "tests/unit/disk-bytes.h"

static int64_t base_time = BASE_TIME;

void image_base_time(int64_t seconds)
{
    base_time = seconds;
}

static int32_t identity(struct tarn_call *call, struct tarn_io *io, struct tarn_identity *out)
{
    (void)call;
    (void)io;
    *out = (struct tarn_identity){ .struct_size = sizeof(*out),
                                   .mtime = base_time * 1000000000 + 999999999 };
    return TARN_OK;
}

static int32_t give_base(struct tarn_call *call, const struct fake_question *question,
                         struct tarn_io **out, void *arg)
{
    struct memory_io *base = arg;

    (void)call;
    CU_ASSERT_STRING_EQUAL(question->format, "raw");
    *out = &base->io;
    return TARN_OK;
}

void cow_rest_on(struct image *image, struct memory_io *base)
{
    fake_host_relate(&image->host, TARN_RELATED_CONTAINER, BASE_NAME, give_base, base);
    fake_host_relate(&image->host, TARN_RELATED_BACKING, BASE_NAME, give_base, base);
}

static void with_base(struct image *image, struct memory_io *base)
{
    image->base = base;
    base->keep = true;
    base->io.identity = identity;
    cow_rest_on(image, base);
}

void image_new(struct image *image, uint64_t base_size)
{
    image_of(image, &cow_format, NULL, 0);
    image_base_time(BASE_TIME);
    with_base(image, memory_io_new(base_size));
    memset(image->base->bytes, 0xbb, base_size);
}

void cow_make(struct image *image, uint64_t size, const char *subformat)
{
    struct tarn_image_spec spec = { .struct_size = sizeof(spec), .capacity = size,
                                    .subformat = subformat, .backing_name = BASE_NAME };

    image_new(image, size);
    CU_ASSERT_EQUAL_FATAL(cow_format.create(&image->host.call, &image->file->io, &spec), TARN_OK);
}

void cow_copy(struct image *image, const struct image *from)
{
    image_copy(image, from);
    image_base_time(BASE_TIME);
    with_base(image, memory_io_of(from->base->bytes, from->base->size));
}

/* One header: the structures are written out here once more, so that a mistake in the module's
 * table does not repeat itself. */
static uint64_t put_header(uint8_t *to, enum cow_kind kind, uint64_t size)
{
    switch (kind) {
    case COW_UML_1_LITTLE:
    case COW_UML_1_LITTLE_PADDED:
        memcpy(to, "MOOO\1\0\0\0" BASE_NAME, 8 + sizeof(BASE_NAME));
        le32_store(to + 264, BASE_TIME);
        le64_store(to + (kind == COW_UML_1_LITTLE ? 268 : 272), size);
        le32_store(to + (kind == COW_UML_1_LITTLE ? 276 : 280), 512);
        return kind == COW_UML_1_LITTLE ? 280 : 288;
    case COW_UML_1_BIG:
    case COW_UML_1_BIG_PADDED:
        memcpy(to, "OOOM\0\0\0\1" BASE_NAME, 8 + sizeof(BASE_NAME));
        be32_store(to + 264, BASE_TIME);
        be64_store(to + (kind == COW_UML_1_BIG ? 268 : 272), size);
        be32_store(to + (kind == COW_UML_1_BIG ? 276 : 280), 512);
        return kind == COW_UML_1_BIG ? 280 : 288;
    case COW_UML_2:
    case COW_UML_2_PADDED:
        memcpy(to, "OOOM\0\0\0\2" BASE_NAME, 8 + sizeof(BASE_NAME));
        be32_store(to + 4104, BASE_TIME);
        be64_store(to + (kind == COW_UML_2 ? 4108 : 4112), size);
        be32_store(to + (kind == COW_UML_2 ? 4116 : 4120), 512);
        return kind == COW_UML_2 ? 4120 : 4128;
    case COW_UML_3:
        memcpy(to, "OOOM\0\0\0\3", 8);
        be32_store(to + 8, BASE_TIME);
        be64_store(to + 12, size);
        be32_store(to + 20, 512);
        be32_store(to + 24, 4096);
        memcpy(to + 32, BASE_NAME, sizeof(BASE_NAME));
        return 8192;
    case COW_UML_3_PADDED:
        memcpy(to, "OOOM\0\0\0\3", 8);
        be32_store(to + 8, BASE_TIME);
        be64_store(to + 16, size);
        be32_store(to + 24, 512);
        be32_store(to + 28, 4096);
        memcpy(to + 36, BASE_NAME, sizeof(BASE_NAME));
        return 8192;
    case COW_QEMU_64:
    case COW_QEMU_32:
    default:
        memcpy(to, "OOOM\0\0\0\2" BASE_NAME, 8 + sizeof(BASE_NAME));
        be32_store(to + 1032, BASE_TIME);
        be64_store(to + (kind == COW_QEMU_64 ? 1040 : 1036), size);
        be32_store(to + (kind == COW_QEMU_64 ? 1048 : 1044), 512);
        return kind == COW_QEMU_64 ? 1056 : 1048;
    }
}

/* Sectors 1 and 10 are in the image, filled with 0x11 and 0x1a. */
void image_by_hand(struct image *image, enum cow_kind kind, uint64_t size)
{
    uint8_t *bytes;
    uint64_t bitmap;
    uint64_t length;
    uint64_t data;

    image_new(image, size);
    memory_io_free(image->file);
    image->file = memory_io_new(16384 + size / 4096 + size);
    image->file->keep = true;
    bytes = image->file->bytes;
    bitmap = put_header(bytes, kind, size);
    switch (kind) {
    case COW_UML_3:
    case COW_UML_3_PADDED:
        length = ((size + 511) / 512 + 7) / 8;
        data = (bitmap + length + 4095) / 4096 * 4096;
        break;
    case COW_QEMU_64:
    case COW_QEMU_32:
        length = (size / 512 + 7) / 8;
        data = (bitmap + length + 511) / 512 * 512;
        break;
    default:
        length = (size + 511) / (8 * 512);
        data = (bitmap + length + 511) / 512 * 512;
    }
    bytes[bitmap] = 1u << 1;
    bytes[bitmap + 1] = 1u << 2;
    memset(bytes + data + SECTOR, 0x11, SECTOR);
    memset(bytes + data + 10 * SECTOR, 0x1a, SECTOR);
    image->file->size = data + size;
}

