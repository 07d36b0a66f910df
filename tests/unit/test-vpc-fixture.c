/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test-vpc-fixture.c - see test-vpc-fixture.h.
 */
#include "tests/unit/test-vpc-fixture.h"

#include <string.h>

#include "formats/vpc/head.h"
#include "helpers/be.h"
#include "tests/unit/disk-bytes.h"

struct tarn_image_spec spec_blocks(uint64_t capacity, uint64_t block_size)
{
    struct tarn_image_spec spec = spec_of(capacity);

    spec.cluster_size = block_size;
    return spec;
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
    image_of(child, &vpc_format, NULL, 0);
    image_relate(child, parent, "parent.vhd");
    CU_ASSERT_EQUAL_FATAL(vpc_format.create(&child->host.call, &child->file->io, &spec), TARN_OK);
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
