/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * plan.c - what was asked for becomes a plan of the new image, or is refused before anything is
 * made.
 */
#include "create.h"

#define BAD(call, ...) tarn_fail(call, TARN_E_INVALID, 0, __VA_ARGS__)

/* 2047 MiB, as VMware's own: with its tables such an extent fits on a FAT filesystem. */
#define SPLIT_SECTORS ((uint64_t)4192256)
#define MOST_GRAIN_SECTORS 2048u /* of which such an extent still has whole ones */

static const struct vmdk_subformat subformats[] = {
    { "monolithicSparse", "SPARSE", NULL, 0, true, false },
    { "monolithicFlat", "FLAT", "-flat", 0, false, false },
    { "twoGbMaxExtentSparse", "SPARSE", "-s", SPLIT_SECTORS, true, false },
    { "twoGbMaxExtentFlat", "FLAT", "-f", SPLIT_SECTORS, false, false },
    { "streamOptimized", "SPARSE", NULL, 0, true, true },
    { "vmfs", "VMFS", "-flat", 0, false, false },
};

static int32_t find_subformat(struct tarn_call *call, const char *name,
                              const struct vmdk_subformat **out)
{
    *out = &subformats[0];
    for (size_t i = 0; name != NULL && i < sizeof(subformats) / sizeof(subformats[0]); i++)
        if (strcmp(subformats[i].name, name) == 0)
            *out = &subformats[i];
    if (name == NULL || strcmp((*out)->name, name) == 0)
        return TARN_OK;
    return BAD(call, "vmdk has no subformat %s that can be made; there are monolithicSparse, "
                     "monolithicFlat, twoGbMaxExtentSparse, twoGbMaxExtentFlat, streamOptimized "
                     "and vmfs", name);
}

/* --- options ---------------------------------------------------------------------------------- */

static int32_t set_adapter(struct tarn_call *call, const char *value, struct vmdk_plan *plan)
{
    static const char *const known[] = { "ide", "lsilogic", "buslogic", "legacyESX" };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(value, known[i]) == 0) {
            plan->adapter = known[i];
            return TARN_OK;
        }
    return BAD(call, "adapter-type is %s; it can be ide, lsilogic, buslogic or legacyESX", value);
}

static int32_t set_hardware(struct tarn_call *call, const char *value, struct vmdk_plan *plan)
{
    uint64_t number;

    if (!vmdk_number(value, value + strlen(value), &number) || number < 3 || number > 99)
        return BAD(call, "hardware-version is %s; it can be 3 to 99", value);
    plan->hardware = value;
    return TARN_OK;
}

static int32_t set_zero_grains(struct tarn_call *call, const char *value, struct vmdk_plan *plan)
{
    plan->zero_grains = strcmp(value, "yes") == 0;
    if (!plan->zero_grains && strcmp(value, "no") != 0)
        return BAD(call, "zeroed-grain is %s; it can be yes or no", value);
    if (plan->zero_grains && (!plan->subformat->sparse || plan->subformat->compressed))
        return BAD(call, "zeroed-grain is for the sparse subformats that are written in place");
    return TARN_OK;
}

static int32_t apply_options(struct tarn_call *call, const struct tarn_image_spec *spec,
                             struct vmdk_plan *plan)
{
    int32_t status = TARN_OK;

    plan->adapter = "ide";
    plan->hardware = "4";
    for (uint32_t i = 0; status == TARN_OK && spec->options != NULL && spec->options[i] != NULL;
         i++) {
        const struct tarn_property *option = spec->options[i];

        if (strcmp(option->name, "adapter-type") == 0)
            status = set_adapter(call, option->value, plan);
        else if (strcmp(option->name, "hardware-version") == 0)
            status = set_hardware(call, option->value, plan);
        else if (strcmp(option->name, "zeroed-grain") == 0)
            status = set_zero_grains(call, option->value, plan);
        else
            status = BAD(call, "vmdk has no option %s; it has adapter-type, hardware-version and "
                               "zeroed-grain", option->name);
    }
    return status;
}

/* --- the rest --------------------------------------------------------------------------------- */

static int32_t apply_grain(struct tarn_call *call, uint64_t size, struct vmdk_plan *plan)
{
    plan->grain = size != 0 ? size / VMDK_SECTOR : 128;
    if (size == 0)
        return TARN_OK;
    if (!plan->subformat->sparse)
        return BAD(call, "%s has no grains: leave the cluster size out", plan->subformat->name);
    if (plan->subformat->compressed && plan->grain != 128)
        return BAD(call, "the grains of streamOptimized have 65536 bytes, and %llu were asked for",
                   (vmdk_ull)size);
    /* VMware: more than 8 sectors. */
    if (!vmdk_power_of_two(size) || plan->grain < 16 || plan->grain > MOST_GRAIN_SECTORS)
        return BAD(call, "the cluster size is %llu; it can be a power of two from 8192 to 1048576",
                   (vmdk_ull)size);
    return TARN_OK;
}

static int32_t apply_parent(struct tarn_call *call, const struct tarn_image_spec *spec,
                            struct vmdk_plan *plan)
{
    const char *name = spec->backing_name;

    plan->parent_cid = VMDK_NO_CID;
    if (name == NULL)
        return spec->backing_format == NULL
                   ? TARN_OK : BAD(call, "a backing format was given, but no backing store");
    if (!plan->subformat->sparse || plan->subformat->compressed)
        return BAD(call, "%s has no backing store; monolithicSparse and twoGbMaxExtentSparse can "
                         "have one", plan->subformat->name);
    if (spec->backing_format == NULL || strcmp(spec->backing_format, "vmdk") != 0)
        return BAD(call, "the backing store of a vmdk image is a vmdk image: give its format");
    if (name[0] == '\0' || strlen(name) > 4096)
        return BAD(call, "the name of the backing store has %llu bytes; it can have 1 to 4096",
                   (vmdk_ull)strlen(name));
    for (const char *at = name; *at != '\0'; at++)
        if (*at == '"' || (uint8_t)*at < ' ')
            return BAD(call, "the name of the backing store has a quote or a control character, "
                             "which a descriptor cannot hold");
    plan->parent = name;
    return TARN_OK;
}

static int32_t apply_preallocation(struct tarn_call *call, const struct tarn_image_spec *spec,
                                   struct vmdk_plan *plan)
{
    plan->preallocation = spec->preallocation;
    plan->allocation = spec->allocation;
    switch (spec->preallocation) {
    case TARN_PREALLOC_OFF:
        return TARN_OK;
    case TARN_PREALLOC_METADATA: /* sparse ones have all their tables from the start */
        if (plan->subformat->sparse)
            return TARN_OK;
        return BAD(call, "%s has no metadata that could be preallocated", plan->subformat->name);
    case TARN_PREALLOC_FALLOC:
    case TARN_PREALLOC_FULL:
        if (!plan->subformat->sparse)
            return TARN_OK;
        return BAD(call, "%s grows as it is written: for space from the start take a flat "
                         "subformat", plan->subformat->name);
    default:
        return BAD(call, "preallocation %u is unknown", (unsigned int)spec->preallocation);
    }
}

/* A file has 2^32 sectors: the tables of a sparse extent must leave some for data. */
static int32_t apply_capacity(struct tarn_call *call, uint64_t capacity, struct vmdk_plan *plan)
{
    uint64_t per_extent = plan->subformat->most_sectors;
    struct vmdk_header header;

    if (capacity > INT64_MAX - VMDK_SECTOR)
        return BAD(call, "no vmdk disk has %llu bytes", (vmdk_ull)capacity);
    plan->sectors = vmdk_divide_up(capacity, VMDK_SECTOR);
    plan->extent_count = 1;
    if (per_extent != 0 && plan->sectors > per_extent)
        plan->extent_count = vmdk_divide_up(plan->sectors, per_extent);
    if (plan->extent_count > VMDK_MAX_EXTENTS)
        return BAD(call, "%llu bytes would be more than %u extents of %s: take another subformat",
                   (vmdk_ull)capacity, VMDK_MAX_EXTENTS, plan->subformat->name);
    if (!plan->subformat->sparse)
        return TARN_OK;
    header = vmdk_new_header(plan, vmdk_plan_extent_sectors(plan, 0), true);
    if (header.overhead > UINT32_MAX / 2 || plan->sectors > (uint64_t)UINT32_MAX * plan->grain)
        return BAD(call, "the tables of a disk of %llu bytes do not fit into a sparse vmdk extent: "
                         "take larger clusters, or another subformat", (vmdk_ull)capacity);
    return TARN_OK;
}

uint64_t vmdk_plan_extent_sectors(const struct vmdk_plan *plan, uint64_t number)
{
    uint64_t most = plan->subformat->most_sectors;

    return most == 0 ? plan->sectors : vmdk_min(most, plan->sectors - number * most);
}

int32_t vmdk_plan(struct tarn_call *call, const struct tarn_image_spec *spec,
                  struct vmdk_plan *out)
{
    int32_t status;

    *out = (struct vmdk_plan){ .cid = VMDK_NO_CID };
    if (spec->compat != NULL)
        return BAD(call, "vmdk has no compat levels; there is the option hardware-version");
    if (spec->features != NULL && spec->features[0] != NULL)
        return BAD(call, "vmdk has no feature %s", spec->features[0]);
    status = find_subformat(call, spec->subformat, &out->subformat);
    if (status == TARN_OK)
        status = apply_options(call, spec, out);
    if (status == TARN_OK)
        status = apply_grain(call, spec->cluster_size, out);
    if (status == TARN_OK)
        status = apply_parent(call, spec, out);
    if (status == TARN_OK)
        status = apply_preallocation(call, spec, out);
    return status == TARN_OK ? apply_capacity(call, spec->capacity, out) : status;
}

int32_t vmdk_measure(struct tarn_call *call, const struct tarn_image_spec *spec, uint64_t *out)
{
    struct vmdk_header header;
    struct vmdk_plan plan;
    int32_t status = vmdk_plan(call, spec, &plan);

    *out = 0;
    if (status != TARN_OK)
        return status;
    *out = VMDK_SECTOR; /* of a descriptor: the disk is in other files */
    if (plan.subformat->suffix != NULL)
        return TARN_OK;
    header = vmdk_new_header(&plan, plan.sectors, true);
    *out = header.overhead * VMDK_SECTOR;
    if (plan.subformat->compressed)
        *out += vmdk_stream_end(&header);
    return TARN_OK;
}
