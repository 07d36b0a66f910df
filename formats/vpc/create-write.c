/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * create-write.c - a new image's bytes.
 */
#include "create.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "helpers/be.h"
#include "helpers/io-zero.h"

#define FORMAT_VERSION  0x00010000u
#define CREATOR_VERSION 0x00010000u

/* Bytes of the table that are written at once. */
#define CHUNK ((uint64_t)65536)

/* --- footer and header ------------------------------------------------------------------------ */

/* A random UUID, RFC 4122. */
static int32_t make_id(struct tarn_call *call, uint8_t *id)
{
    if (getrandom(id, VPC_ID_SIZE, 0) != VPC_ID_SIZE)
        return tarn_fail(call, TARN_E_IO, errno, "no random bytes for a unique id");
    id[6] = (uint8_t)(0x40 | (id[6] & 0x0f));
    id[8] = (uint8_t)(0x80 | (id[8] & 0x3f));
    return TARN_OK;
}

/* "Wi2k" is one of the two systems that the format knows. */
int32_t vpc_plan_footer(struct tarn_call *call, struct vpc_plan *plan)
{
    uint8_t bytes[VPC_FOOTER_SIZE] = { 0 };
    time_t now = time(NULL);
    int32_t status;

    memcpy(bytes, "conectix", 8);
    be32_store(bytes + 8, 2); /* features: a bit that is always set */
    be32_store(bytes + 12, FORMAT_VERSION);
    be64_store(bytes + 16, plan->type == VPC_FIXED ? VPC_NO_OFFSET : VPC_FOOTER_SIZE);
    be32_store(bytes + 24, now > VPC_EPOCH ? (uint32_t)(now - VPC_EPOCH) : 0);
    memcpy(bytes + 28, "tarn", 4);
    be32_store(bytes + 32, CREATOR_VERSION);
    memcpy(bytes + 36, "Wi2k", 4);
    be32_store(bytes + 60, plan->type);
    status = make_id(call, bytes + VPC_ID_AT);
    vpc_footer_decode(bytes, &plan->footer);
    vpc_footer_resize(&plan->footer, plan->capacity);
    return status;
}

static void put_locator(const struct vpc_plan *plan, uint8_t *header)
{
    uint8_t *entry = header + VPC_LOCATOR_AT(0);

    memcpy(header + VPC_PARENT_ID_AT, plan->parent_id, VPC_ID_SIZE);
    be32_store(header + 56, plan->parent_timestamp);
    memcpy(header + VPC_PARENT_NAME_AT, plan->name, VPC_PARENT_NAME_SIZE);
    be32_store(entry, plan->locator_code);
    /* Bytes, as Windows writes them, though the specification says sectors. */
    be32_store(entry + 4, (uint32_t)vpc_round_up(plan->locator_length, VPC_SECTOR));
    be32_store(entry + 8, (uint32_t)plan->locator_length);
    be64_store(entry + 16, VPC_HEAD_SIZE + plan->table_size);
}

static void make_header(const struct vpc_plan *plan, struct vpc_header *out)
{
    uint8_t bytes[VPC_HEADER_SIZE] = { 0 };

    memcpy(bytes, "cxsparse", 8);
    be64_store(bytes + 8, VPC_NO_OFFSET);
    be64_store(bytes + 16, VPC_HEAD_SIZE);
    be32_store(bytes + 24, FORMAT_VERSION);
    be32_store(bytes + 28, (uint32_t)plan->entries);
    be32_store(bytes + 32, plan->block_size);
    if (plan->type == VPC_DIFFERENCING)
        put_locator(plan, bytes);
    vpc_header_decode(bytes, out);
    vpc_header_seal(out);
}

/* --- fixed ------------------------------------------------------------------------------------ */

static int32_t reserve(struct tarn_call *call, struct tarn_io *file,
                       const struct tarn_image_spec *spec, uint64_t capacity)
{
    switch (spec->preallocation) {
    case TARN_PREALLOC_FALLOC:
        return io_reserve(call, file, 0, capacity);
    case TARN_PREALLOC_FULL:
        return io_write_zeros(call, file, 0, capacity);
    default:
        return io_reserve(call, file, 0, vpc_min(spec->allocation, capacity));
    }
}

int32_t vpc_write_fixed(struct tarn_call *call, struct tarn_io *file,
                        const struct tarn_image_spec *spec, const struct vpc_plan *plan)
{
    int32_t status = TARN_OK;

    if (!(file->flags & TARN_IO_FIXED_SIZE))
        status = tarn_io_truncate(call, file, plan->footer_offset, 0);
    if (status == TARN_OK && !(file->flags & TARN_IO_ZERO_NEW))
        status = io_zero(call, file, 0, plan->capacity, TARN_ZERO_MAY_UNMAP);
    if (status == TARN_OK)
        status = reserve(call, file, spec, plan->capacity);
    if (status == TARN_OK)
        status = tarn_io_pwrite(call, file, plan->footer.bytes, VPC_FOOTER_SIZE,
                                plan->footer_offset);
    return status;
}

/* --- dynamic and differencing ----------------------------------------------------------------- */

static int32_t write_table(struct tarn_call *call, struct tarn_io *file,
                           const struct vpc_plan *plan)
{
    uint64_t length = vpc_min(plan->table_size, CHUNK);
    uint8_t *bytes = malloc(length);
    int32_t status = TARN_OK;

    if (bytes == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for a block table");
    memset(bytes, 0xff, length);
    for (uint64_t at = 0; at < plan->table_size && status == TARN_OK; at += length) {
        status = tarn_interrupted(call);
        if (status == TARN_OK)
            status = tarn_io_pwrite(call, file, bytes, vpc_min(length, plan->table_size - at),
                                    VPC_HEAD_SIZE + at);
    }
    free(bytes);
    return status;
}

static int32_t allocate_all(struct tarn_call *call, struct tarn_io *file,
                            const struct tarn_image_spec *spec)
{
    struct vpc_disk *disk;
    struct vpc_head head;
    int32_t status = vpc_head_read(call, file, &head);

    if (status == TARN_OK)
        status = vpc_disk_new(call, &head, true, &disk);
    if (status != TARN_OK)
        return status;
    status = vpc_table_survey(call, disk);
    if (status == TARN_OK)
        status = vpc_preallocate(call, disk, 0, head.capacity, spec->preallocation);
    if (status == TARN_OK)
        status = vpc_commit(call, disk);
    vpc_disk_free(disk);
    return status;
}

int32_t vpc_write_sparse(struct tarn_call *call, struct tarn_io *file,
                         const struct tarn_image_spec *spec, const struct vpc_plan *plan)
{
    uint64_t locator_room = vpc_round_up(plan->locator_length, VPC_SECTOR);
    uint8_t locator[VPC_LOCATOR_MAX] = { 0 };
    uint8_t start[VPC_HEAD_SIZE];
    struct vpc_header header;
    int32_t status;

    make_header(plan, &header);
    memcpy(start, plan->footer.bytes, VPC_FOOTER_SIZE);
    memcpy(start + VPC_FOOTER_SIZE, header.bytes, VPC_HEADER_SIZE);
    memcpy(locator, plan->locator, plan->locator_length);
    status = write_table(call, file, plan);
    if (status == TARN_OK && locator_room > 0)
        status = tarn_io_pwrite(call, file, locator, locator_room,
                                VPC_HEAD_SIZE + plan->table_size);
    if (status == TARN_OK)
        status = tarn_io_pwrite(call, file, plan->footer.bytes, VPC_FOOTER_SIZE,
                                plan->footer_offset);
    if (status == TARN_OK)
        status = tarn_io_pwrite(call, file, start, sizeof(start), 0);
    if (status == TARN_OK && spec->preallocation != TARN_PREALLOC_OFF)
        status = allocate_all(call, file, spec);
    return status;
}
