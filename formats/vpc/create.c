/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * create.c - new images: what was asked for is checked before anything is written.
 */
#include "create.h"

#include <string.h>

#include "helpers/io-room.h"

#define BAD(call, ...) tarn_fail(call, TARN_E_INVALID, 0, __VA_ARGS__)

#define DEFAULT_BLOCK ((uint64_t)2 << 20)
#define LEAST_BLOCK   ((uint64_t)4096)

static int32_t apply_subformat(struct tarn_call *call, const struct tarn_image_spec *spec,
                               struct vpc_plan *plan)
{
    static const struct {
        const char *name;
        enum vpc_type type;
    } names[] = {
        { "fixed", VPC_FIXED }, { "dynamic", VPC_DYNAMIC }, { "differencing", VPC_DIFFERENCING },
    };
    bool over = spec->backing_name != NULL;

    plan->type = over ? VPC_DIFFERENCING : VPC_DYNAMIC;
    if (spec->subformat == NULL)
        return TARN_OK;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(spec->subformat, names[i].name) != 0)
            continue;
        plan->type = names[i].type;
        if (over == (plan->type == VPC_DIFFERENCING))
            return TARN_OK;
        return over ? BAD(call, "a %s VHD has no parent: leave the backing store out, or ask for "
                                "subformat differencing", spec->subformat)
                    : BAD(call, "a differencing VHD needs a parent: name the backing store");
    }
    return BAD(call, "vpc has no subformat %s; it has fixed, dynamic and differencing",
               spec->subformat);
}

static int32_t refuse(struct tarn_call *call, const struct tarn_image_spec *spec)
{
    if (spec->compat != NULL)
        return BAD(call, "vpc has no compatibility level %s", spec->compat);
    if (spec->features != NULL && spec->features[0] != NULL)
        return BAD(call, "vpc has no feature %s", spec->features[0]);
    if (spec->options != NULL && spec->options[0] != NULL)
        return BAD(call, "vpc has no option %s", spec->options[0]->name);
    if (spec->backing_format != NULL && spec->backing_name == NULL)
        return BAD(call, "a backing format was given, but no backing store");
    if (spec->backing_format != NULL && strcmp(spec->backing_format, "vpc") != 0)
        return BAD(call, "the parent of a differencing VHD is a VHD (vpc), and cannot be %s",
                   spec->backing_format);
    return TARN_OK;
}

static int32_t apply_preallocation(struct tarn_call *call, const struct tarn_image_spec *spec,
                                   const struct vpc_plan *plan)
{
    switch (spec->preallocation) {
    case TARN_PREALLOC_OFF:
        return TARN_OK;
    case TARN_PREALLOC_METADATA:
        if (plan->type == VPC_FIXED)
            return BAD(call, "a fixed VHD has no tables that could be preallocated");
        break;
    case TARN_PREALLOC_FALLOC:
    case TARN_PREALLOC_FULL:
        break;
    default:
        return BAD(call, "preallocation %u is unknown", (unsigned int)spec->preallocation);
    }
    return plan->type != VPC_DIFFERENCING
               ? TARN_OK : BAD(call, "preallocation is not for differencing VHDs, which hold only "
                                     "what differs");
}

static int32_t apply_block_size(struct tarn_call *call, const struct tarn_image_spec *spec,
                                struct vpc_plan *plan)
{
    uint64_t size = spec->cluster_size != 0 ? spec->cluster_size : DEFAULT_BLOCK;

    if (plan->type == VPC_FIXED && spec->cluster_size != 0)
        return BAD(call, "a fixed VHD has no blocks: leave the cluster size out");
    if ((size & (size - 1)) != 0 || size < LEAST_BLOCK || size > VPC_MAX_BLOCK)
        return BAD(call, "the cluster size is %llu; the blocks of a VHD can have a power of two "
                         "from %llu to %llu bytes", (unsigned long long)size,
                   (unsigned long long)LEAST_BLOCK, (unsigned long long)VPC_MAX_BLOCK);
    plan->block_size = (uint32_t)size;
    return TARN_OK;
}

static int32_t apply_capacity(struct tarn_call *call, uint64_t capacity, struct vpc_plan *plan)
{
    uint64_t most = (uint64_t)VPC_MAX_SECTORS * VPC_SECTOR;

    if (capacity > most)
        return BAD(call, "a VHD has at most %llu bytes (2040 GiB), and %llu were asked for",
                   (unsigned long long)most, (unsigned long long)capacity);
    plan->capacity = vpc_round_up(capacity, VPC_SECTOR);
    if (plan->type == VPC_FIXED)
        return TARN_OK;
    plan->entries = (plan->capacity + plan->block_size - 1) / plan->block_size;
    if (plan->entries * 4 > VPC_MAX_BAT)
        return BAD(call, "blocks of %u bytes are too small for a disk of %llu: take a larger "
                         "cluster size", (unsigned int)plan->block_size,
                   (unsigned long long)plan->capacity);
    plan->table_size = vpc_max(vpc_round_up(plan->entries * 4, VPC_SECTOR), VPC_SECTOR);
    return TARN_OK;
}

static int32_t make_plan(struct tarn_call *call, const struct tarn_image_spec *spec,
                         struct vpc_plan *plan)
{
    int32_t status;

    memset(plan, 0, sizeof(*plan));
    status = refuse(call, spec);
    if (status == TARN_OK)
        status = apply_subformat(call, spec, plan);
    if (status == TARN_OK)
        status = apply_preallocation(call, spec, plan);
    if (status == TARN_OK)
        status = apply_block_size(call, spec, plan);
    if (status == TARN_OK)
        status = apply_capacity(call, spec->capacity, plan);
    if (status == TARN_OK && spec->backing_name != NULL)
        status = vpc_plan_locator(call, spec->backing_name, plan);
    return status;
}

/* Where the footer at the end goes, before any block is there. */
static uint64_t empty_end(const struct vpc_plan *plan)
{
    if (plan->type == VPC_FIXED)
        return plan->capacity;
    return VPC_HEAD_SIZE + plan->table_size + vpc_round_up(plan->locator_length, VPC_SECTOR);
}

int32_t vpc_measure(struct tarn_call *call, const struct tarn_image_spec *spec, uint64_t *out)
{
    struct vpc_plan plan;
    int32_t status = make_plan(call, spec, &plan);

    *out = 0;
    if (status != TARN_OK)
        return status;
    *out = empty_end(&plan) + VPC_FOOTER_SIZE;
    if (spec->preallocation != TARN_PREALLOC_OFF && plan.type == VPC_DYNAMIC)
        *out += plan.entries * vpc_block_room(plan.block_size);
    return TARN_OK;
}

/* A container of a fixed size has its footer at its end, wherever that is. */
static int32_t place_footer(struct tarn_call *call, struct tarn_io *file, struct vpc_plan *plan)
{
    uint64_t size;
    int32_t status;

    plan->footer_offset = empty_end(plan);
    if (!(file->flags & TARN_IO_FIXED_SIZE))
        return TARN_OK;
    status = io_room(call, file, plan->footer_offset + VPC_FOOTER_SIZE, &size);
    plan->footer_offset = size - VPC_FOOTER_SIZE;
    return status;
}

int32_t vpc_create(struct tarn_call *call, struct tarn_io *file,
                   const struct tarn_image_spec *spec)
{
    struct vpc_plan plan;
    int32_t status = make_plan(call, spec, &plan);

    if (status == TARN_OK && plan.type == VPC_DIFFERENCING)
        status = vpc_plan_parent(call, spec->backing_name, &plan);
    if (status == TARN_OK)
        status = place_footer(call, file, &plan);
    if (status == TARN_OK)
        status = vpc_plan_footer(call, &plan);
    if (status != TARN_OK)
        return status;
    return plan.type == VPC_FIXED ? vpc_write_fixed(call, file, spec, &plan)
                                  : vpc_write_sparse(call, file, spec, &plan);
}
