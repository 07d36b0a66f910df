/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Changing a partition table in its scratch, by libparted.
 */
#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "dos.h"
#include "guard.h"

int32_t table_create(struct tarn_call *call, struct scratch *scratch, const struct label *label)
{
    struct guard guard;
    int32_t status = guard_enter(call, &guard, scratch);

    if (status == TARN_OK)
        status = guard_create(&guard, label);
    if (status == TARN_OK)
        status = guard_write(&guard);
    guard_leave(&guard);
    return status;
}

/* --- what all have in common ------------------------------------------------------------------ */

typedef int32_t (*edit_fn)(struct guard *guard, void *arg);

static int32_t edit(struct tarn_call *call, struct scratch *scratch, edit_fn change, void *arg)
{
    struct guard guard;
    int32_t status = guard_enter(call, &guard, scratch);

    if (status == TARN_OK)
        status = guard_read(&guard);
    if (status == TARN_OK)
        status = change(&guard, arg);
    if (status == TARN_OK)
        status = guard_write(&guard);
    guard_leave(&guard);
    return status;
}

static int32_t find_part(PedPartition **out, struct guard *guard, unsigned number)
{
    *out = ped_disk_get_partition(guard->disk, (int)number);
    if (*out != NULL)
        return TARN_OK;
    return tarn_fail(guard->call, TARN_E_NOT_FOUND, 0, "%s has no partition %u any more",
                     guard->scratch->name, number);
}

static int32_t change_nothing(struct guard *guard, void *arg)
{
    (void)guard;
    (void)arg;
    return TARN_OK;
}

int32_t table_rewrite(struct tarn_call *call, struct scratch *scratch)
{
    return edit(call, scratch, change_nothing, NULL);
}

/* --- adding ----------------------------------------------------------------------------------- */

struct addition {
    const struct part_request *request;
    const struct label *label;
    unsigned number;
};

static PedPartitionType kind_of(const struct part_request *request)
{
    switch (request->kind) {
    case PART_EXTENDED:
        return PED_PARTITION_EXTENDED;
    case PART_LOGICAL:
        return PED_PARTITION_LOGICAL;
    default:
        return PED_PARTITION_NORMAL;
    }
}

static bool set_type(PedPartition *part, const struct addition *addition)
{
    const struct part_type *type = addition->request->type;

    if (type->flag != 0 && !ped_partition_set_flag(part, type->flag, 1))
        return false;
    /* The map has one type for all Linux: its names tell them apart. */
    return addition->label->code != LABEL_CODE_MAC || strcmp(type->name, "linux") != 0 ||
           ped_partition_set_name(part, type->name);
}

static int32_t add(struct guard *guard, void *arg)
{
    struct addition *addition = arg;
    const struct part_request *request = addition->request;
    const PedFileSystemType *fs =
        request->type->fs != NULL ? ped_file_system_type_get(request->type->fs) : NULL;
    PedPartition *part =
        ped_partition_new(guard->disk, kind_of(request), fs, (PedSector)request->start,
                          (PedSector)(request->start + request->length - 1));
    PedConstraint *exactly;
    bool done;

    if (part == NULL)
        return guard_fail(guard, TARN_E_INVALID, "libparted makes no such partition in the table");
    if (request->number != 0)
        part->num = (int)request->number;
    exactly = ped_constraint_exact(&part->geom);
    done = exactly != NULL && ped_disk_add_partition(guard->disk, part, exactly);
    if (exactly != NULL)
        ped_constraint_destroy(exactly);
    if (!done) {
        ped_partition_destroy(part);
        return guard_fail(guard, TARN_E_INVALID, "libparted adds no partition to the table");
    }
    addition->number = (unsigned)part->num;
    if (!set_type(part, addition))
        return guard_fail(guard, TARN_E_UNSUPPORTED,
                          "libparted cannot set that type in the table");
    return TARN_OK;
}

static int32_t mark(struct tarn_call *call, struct scratch *scratch, const struct label *label,
                    const struct part_request *request)
{
    bool is_none = strcmp(request->type->name, "none") == 0;

    if (label->code == LABEL_CODE_GPT && (is_none || request->name != NULL))
        return gpt_mark(call, scratch, request->start, is_none, request->name);
    if (label->code == LABEL_CODE_DOS && is_none)
        return dos_mark(call, scratch, request->start,
                        (uint8_t)strtoul(request->type->code, NULL, 16));
    return TARN_OK;
}

int32_t table_add(struct tarn_call *call, struct scratch *scratch, const struct table *table,
                  const struct part_request *request, unsigned *out_number)
{
    struct addition addition = { request, table->label, 0 };
    int32_t status = edit(call, scratch, add, &addition);

    if (status == TARN_OK)
        status = mark(call, scratch, table->label, request);
    *out_number = addition.number;
    return status;
}

/* --- removing and resizing -------------------------------------------------------------------- */

static int32_t take_away(struct guard *guard, void *arg)
{
    PedPartition *part;
    int32_t status = find_part(&part, guard, *(const unsigned *)arg);

    if (status == TARN_OK && !ped_disk_delete_partition(guard->disk, part))
        status = guard_fail(guard, TARN_E_INVALID, "libparted removes no partition from the table");
    return status;
}

int32_t table_remove(struct tarn_call *call, struct scratch *scratch, unsigned number)
{
    return edit(call, scratch, take_away, &number);
}

struct new_length {
    unsigned number;
    uint64_t length;
};

static int32_t set_length(struct guard *guard, void *arg)
{
    const struct new_length *wanted = arg;
    PedConstraint *exactly = NULL;
    PedPartition *part;
    PedGeometry geometry;
    bool done;
    int32_t status = find_part(&part, guard, wanted->number);

    if (status != TARN_OK)
        return status;
    done = ped_geometry_init(&geometry, guard->device, part->geom.start,
                             (PedSector)wanted->length) &&
           (exactly = ped_constraint_exact(&geometry)) != NULL &&
           ped_disk_set_partition_geom(guard->disk, part, exactly, geometry.start, geometry.end);
    if (exactly != NULL)
        ped_constraint_destroy(exactly);
    if (!done)
        return guard_fail(guard, TARN_E_INVALID, "libparted changes no size in the table");
    return TARN_OK;
}

int32_t table_resize(struct tarn_call *call, struct scratch *scratch, unsigned number,
                     uint64_t length)
{
    struct new_length wanted = { number, length };

    return edit(call, scratch, set_length, &wanted);
}
