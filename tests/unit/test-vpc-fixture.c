/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test-vpc-fixture.c - see test-vpc-fixture.h.
 */
#include "tests/unit/test-vpc-fixture.h"

#include <string.h>

#include "formats/vpc/head.h"
#include "helpers/be.h"
#include "tests/unit/disk-bytes.h"

struct tarn_image_spec spec_of(uint64_t capacity)
{
    return (struct tarn_image_spec){ .struct_size = sizeof(struct tarn_image_spec),
                                     .capacity = capacity };
}

struct tarn_image_spec spec_blocks(uint64_t capacity, uint64_t block_size)
{
    struct tarn_image_spec spec = spec_of(capacity);

    spec.cluster_size = block_size;
    return spec;
}

void image_of(struct image *image, const void *bytes, uint64_t length)
{
    memset(image, 0, sizeof(*image));
    fake_host_init(&image->host);
    image->file = memory_io_of(bytes, length);
    image->file->keep = true;
}

void image_copy(struct image *image, const struct image *from)
{
    image_of(image, from->file->bytes, from->file->size);
}

void image_make(struct image *image, const struct tarn_image_spec *spec)
{
    image_of(image, NULL, 0);
    CU_ASSERT_EQUAL_FATAL(vpc_format.create(&image->host.call, &image->file->io, spec), TARN_OK);
}

static int32_t give_container(struct tarn_call *call, const struct fake_question *question,
                              struct tarn_io **out, void *arg)
{
    struct image *parent = arg;

    (void)call;
    (void)question;
    *out = &parent->file->io;
    return TARN_OK;
}

static int32_t give_disk(struct tarn_call *call, const struct fake_question *question,
                         struct tarn_io **out, void *arg)
{
    struct tarn_image_open how = { sizeof(how), 0, NULL };
    struct image *parent = arg;

    CU_ASSERT_STRING_EQUAL(question->format, "vpc");
    return vpc_format.open(call, &parent->file->io, &how, out);
}

void image_relate(struct image *child, struct image *parent, const char *name)
{
    fake_host_relate(&child->host, TARN_RELATED_CONTAINER, name, give_container, parent);
    fake_host_relate(&child->host, TARN_RELATED_BACKING, name, give_disk, parent);
}

void image_over(struct image *child, struct image *parent, uint64_t block_size)
{
    struct tarn_image_spec spec = spec_blocks(0, block_size);
    struct vpc_head head;

    CU_ASSERT_EQUAL_FATAL(vpc_head_read(&parent->host.call, &parent->file->io, &head), TARN_OK);
    spec.capacity = head.capacity;
    spec.backing_name = "parent.vhd";
    image_of(child, NULL, 0);
    image_relate(child, parent, "parent.vhd");
    CU_ASSERT_EQUAL_FATAL(vpc_format.create(&child->host.call, &child->file->io, &spec), TARN_OK);
}

int32_t image_open(struct image *image, uint32_t flags)
{
    struct tarn_image_open how = { sizeof(how), flags, NULL };

    fake_host_reset(&image->host);
    return vpc_format.open(&image->host.call, &image->file->io, &how, &image->disk);
}

int32_t image_opens(struct image *image)
{
    int32_t status = image_open(image, 0);

    if (status == TARN_OK)
        image_close(image);
    else
        CU_ASSERT_NOT_EQUAL(image->host.error[0], '\0');
    return status;
}

void image_close(struct image *image)
{
    struct tarn_io *disk = image->disk;

    image->disk = NULL;
    CU_ASSERT_EQUAL_FATAL(tarn_io_close(&image->host.call, disk), TARN_OK);
}

void image_free(struct image *image)
{
    if (image->disk != NULL)
        tarn_io_close(&image->host.call, image->disk);
    memory_io_free(image->file);
    fake_host_clear(&image->host);
}

void image_write(struct image *image, uint64_t offset, uint64_t length, uint8_t byte)
{
    CU_ASSERT_EQUAL(disk_put(&image->host.call, image->disk, offset, length, byte), TARN_OK);
}

bool image_reads(struct image *image, uint64_t offset, uint64_t length, uint8_t byte)
{
    return disk_holds(&image->host.call, image->disk, offset, length, byte);
}

void image_check(struct image *image, uint32_t flags)
{
    fake_host_reset(&image->host);
    CU_ASSERT_EQUAL_FATAL(vpc_format.check(&image->host.call, &image->file->io, flags), TARN_OK);
    CU_ASSERT_EQUAL(image->host.checks, 1);
}

bool image_sound(struct image *image)
{
    image_check(image, 0);
    return image->host.check.corruptions == 0 && image->host.check.errors == 0 &&
           image->host.check.leaks == 0;
}

int32_t image_probe(const struct image *image)
{
    uint64_t size = image->file->size;
    struct tarn_probe probe = {
        .struct_size = sizeof(probe), .head = image->file->bytes,
        .head_length = size < vpc_format.head_needed ? size : vpc_format.head_needed,
        .tail_length = size < vpc_format.tail_needed ? size : vpc_format.tail_needed,
        .size = size,
    };

    probe.tail = image->file->bytes + size - probe.tail_length;
    return vpc_format.probe(&probe);
}

uint64_t image_get64(const struct image *image, uint64_t offset)
{
    return be64_load(image->file->bytes + offset);
}

uint32_t image_get32(const struct image *image, uint64_t offset)
{
    return be32_load(image->file->bytes + offset);
}

void image_put64(struct image *image, uint64_t offset, uint64_t value)
{
    be64_store(image->file->bytes + offset, value);
}

void image_put32(struct image *image, uint64_t offset, uint32_t value)
{
    be32_store(image->file->bytes + offset, value);
}

uint64_t image_footer(const struct image *image)
{
    return image->file->size - VPC_FOOTER_SIZE;
}

void image_seal_footer(struct image *image, uint64_t offset)
{
    image_put32(image, offset + 64,
                vpc_checksum(image->file->bytes + offset, VPC_FOOTER_SIZE, 64));
}

void image_seal_header(struct image *image)
{
    image_put32(image, VPC_FOOTER_SIZE + 36,
                vpc_checksum(image->file->bytes + VPC_FOOTER_SIZE, VPC_HEADER_SIZE, 36));
}

void image_put_footers(struct image *image, uint64_t field, uint64_t value, uint32_t size)
{
    const uint64_t offsets[] = { 0, image_footer(image) };

    for (uint32_t i = 0; i < 2; i++) {
        uint8_t *to = image->file->bytes + offsets[i] + field;

        for (uint32_t k = 0; k < size; k++)
            to[k] = (uint8_t)(value >> (8 * (size - 1 - k)));
        image_seal_footer(image, offsets[i]);
    }
}
