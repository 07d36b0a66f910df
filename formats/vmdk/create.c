/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * create.c - new images: the files of the extents, then the descriptor that names them.
 */
#include "create.h"

#include <stdio.h>
#include <stdlib.h>

#include "helpers/io-zero.h"

/* A name that stands for the file of a monolithic image itself, where nobody says what it is
 * called: readers take the file that the descriptor is in. */
#define OWN_NAME "disk.vmdk"

/* --- the descriptor --------------------------------------------------------------------------- */

static void add_head(struct vmdk_text *text, const struct vmdk_plan *plan)
{
    vmdk_text_add(text, "# Disk DescriptorFile\nversion=1\nencoding=\"UTF-8\"\nCID=%08x\n"
                        "parentCID=%08x\ncreateType=\"%s\"\n", (unsigned)plan->cid,
                  (unsigned)plan->parent_cid, plan->subformat->name);
    if (plan->parent != NULL)
        vmdk_text_add(text, "parentFileNameHint=\"%s\"\n", plan->parent);
    vmdk_text_add(text, "\n# Extent description\n");
}

/* The last extent can grow. Its line, and some bytes of what follows it, lie in one sector: so its
 * number can become longer without a moment in which the descriptor is broken. */
#define GROWTH_ROOM 16u

static void pad(struct vmdk_text *text, size_t length)
{
    size_t left = VMDK_SECTOR - text->length % VMDK_SECTOR;

    if (length + GROWTH_ROOM <= left || length + GROWTH_ROOM > VMDK_SECTOR)
        return;
    if (left < 2)
        vmdk_text_add(text, "#");
    else
        vmdk_text_add(text, "#%*s", (int)left - 2, "");
    vmdk_text_add(text, "\n");
}

static void add_line(struct vmdk_text *text, const struct vmdk_plan *plan, uint64_t number,
                     const char *name)
{
    bool offset = strcmp(plan->subformat->extent_type, "FLAT") == 0;
    uint64_t sectors = vmdk_plan_extent_sectors(plan, number);

    if (number + 1 == plan->extent_count)
        pad(text, strlen(name) + 48);
    vmdk_text_add(text, "RW %llu %s \"%s\"%s\n", (vmdk_ull)sectors, plan->subformat->extent_type,
                  name, offset ? " 0" : "");
}

/* 63 sectors to a track; 16 heads where the adapter is IDE, else 255. */
static void add_database(struct vmdk_text *text, const struct vmdk_plan *plan)
{
    uint64_t heads = strcmp(plan->adapter, "ide") == 0 ? 16 : 255;

    vmdk_text_add(text, "\n# The Disk Data Base\n#DDB\n\nddb.virtualHWVersion = \"%s\"\n"
                        "ddb.geometry.cylinders = \"%llu\"\nddb.geometry.heads = \"%llu\"\n"
                        "ddb.geometry.sectors = \"63\"\nddb.adapterType = \"%s\"\n",
                  plan->hardware, (vmdk_ull)(plan->sectors / (heads * 63)), (vmdk_ull)heads,
                  plan->adapter);
}

/* --- the files of the extents ----------------------------------------------------------------- */

static int32_t make_flat(struct tarn_call *call, struct tarn_io *file,
                         const struct vmdk_plan *plan, uint64_t number, uint64_t length)
{
    uint64_t before = number * plan->subformat->most_sectors * VMDK_SECTOR;

    switch (plan->preallocation) {
    case TARN_PREALLOC_FALLOC:
        return io_reserve(call, file, 0, length);
    case TARN_PREALLOC_FULL:
        return io_write_zeros(call, file, 0, length);
    default:
        return plan->allocation > before
                   ? io_reserve(call, file, 0, vmdk_min(length, plan->allocation - before))
                   : TARN_OK;
    }
}

static int32_t make_extent(struct tarn_call *call, const struct vmdk_plan *plan, uint64_t number,
                           const char **out_name)
{
    uint64_t sectors = vmdk_plan_extent_sectors(plan, number);
    struct vmdk_header header = { .capacity = 0 };
    uint64_t size = sectors * VMDK_SECTOR;
    struct tarn_io *file = NULL;
    char suffix[32];
    int32_t closed;
    int32_t status;

    if (plan->subformat->most_sectors != 0)
        snprintf(suffix, sizeof(suffix), "%s%03u.vmdk", plan->subformat->suffix,
                 (unsigned)number + 1);
    else
        snprintf(suffix, sizeof(suffix), "%s.vmdk", plan->subformat->suffix);
    if (plan->subformat->sparse) {
        header = vmdk_new_header(plan, sectors, false);
        size = header.overhead * VMDK_SECTOR;
    }
    status = call->host->create_related(call, suffix, size, out_name, &file);
    if (status != TARN_OK)
        return status;
    status = plan->subformat->sparse ? vmdk_write_extent(call, file, &header, NULL)
                                     : make_flat(call, file, plan, number, size);
    closed = tarn_io_close(call, file);
    return status != TARN_OK ? status : closed;
}

static bool storable(const char *name)
{
    for (; *name != '\0'; name++)
        if (*name == '"' || (uint8_t)*name < ' ')
            return false;
    return true;
}

/* The extents one after the other, and their lines. */
static int32_t make_extents(struct tarn_call *call, const struct vmdk_plan *plan,
                            struct vmdk_text *text)
{
    int32_t status = TARN_OK;

    for (uint64_t i = 0; i < plan->extent_count && status == TARN_OK; i++) {
        const char *name = NULL;

        status = tarn_interrupted(call);
        if (status == TARN_OK)
            status = make_extent(call, plan, i, &name);
        if (status == TARN_OK && !storable(name))
            status = tarn_fail(call, TARN_E_INVALID, 0, "the image's name has a quote or a control "
                               "character, which a descriptor cannot hold: choose another");
        if (status == TARN_OK)
            add_line(text, plan, i, name);
    }
    return status;
}

/* --- the container ---------------------------------------------------------------------------- */

/* The container reads as `length` bytes of zeros. */
static int32_t clear(struct tarn_call *call, struct tarn_io *file, uint64_t length)
{
    int32_t status;

    if (file->flags & TARN_IO_FIXED_SIZE)
        return VMDK_REFUSE(call, "a vmdk image grows, or has further files beside it: it cannot be "
                           "made in a container of a fixed size");
    status = tarn_io_truncate(call, file, 0, TARN_TRUNCATE_SHRINK);
    if (status == TARN_OK)
        status = tarn_io_truncate(call, file, length, 0);
    return status == TARN_OK && !(file->flags & TARN_IO_ZERO_NEW)
               ? io_write_zeros(call, file, 0, length) : status;
}

static int32_t write_text(struct tarn_call *call, struct tarn_io *file,
                          const struct vmdk_text *text)
{
    int32_t status = clear(call, file, text->length);

    return status == TARN_OK ? tarn_io_pwrite(call, file, text->bytes, text->length, 0) : status;
}

static int32_t write_monolithic(struct tarn_call *call, struct tarn_io *file,
                                const struct vmdk_plan *plan, const struct vmdk_text *text)
{
    struct vmdk_header header = vmdk_new_header(plan, plan->sectors, true);
    int32_t status;

    if (text->length > VMDK_DESCRIPTOR_SECTORS * VMDK_SECTOR)
        return tarn_fail(call, TARN_E_INVALID, 0, "the descriptor has %llu bytes, and there is "
                         "room for %u: take shorter names", (vmdk_ull)text->length,
                         VMDK_DESCRIPTOR_SECTORS * VMDK_SECTOR);
    status = clear(call, file, header.overhead * VMDK_SECTOR);
    if (status == TARN_OK && plan->subformat->compressed)
        status = vmdk_stream_finish_empty(call, file, &header);
    return status == TARN_OK ? vmdk_write_extent(call, file, &header, text) : status;
}

static const char *own_name(const struct tarn_call *call)
{
    const char *name = call->volume != NULL ? call->volume->name : NULL;

    return name != NULL && name[0] != '\0' && strlen(name) < 256 && storable(name) ? name
                                                                                   : OWN_NAME;
}

static int32_t choose_ids(struct tarn_call *call, struct vmdk_plan *plan)
{
    do
        plan->cid = vmdk_random(call);
    while (plan->cid == VMDK_NO_CID);
    return plan->parent != NULL ? vmdk_parent_cid(call, plan->parent, &plan->parent_cid) : TARN_OK;
}

int32_t vmdk_create(struct tarn_call *call, struct tarn_io *file,
                    const struct tarn_image_spec *spec)
{
    struct vmdk_text text = { .length = 0 };
    struct vmdk_plan plan;
    bool monolithic;
    int32_t status = vmdk_plan(call, spec, &plan);

    if (status == TARN_OK)
        status = choose_ids(call, &plan);
    if (status != TARN_OK)
        return status;
    monolithic = plan.subformat->suffix == NULL;
    if (file->flags & TARN_IO_FIXED_SIZE)
        return clear(call, file, 0);
    add_head(&text, &plan);
    if (monolithic)
        add_line(&text, &plan, 0, own_name(call));
    else
        status = make_extents(call, &plan, &text);
    add_database(&text, &plan);
    if (status == TARN_OK && text.failed)
        status = VMDK_NO_MEMORY(call);
    if (status == TARN_OK)
        status = monolithic ? write_monolithic(call, file, &plan, &text)
                            : write_text(call, file, &text);
    free(text.bytes);
    return status;
}
