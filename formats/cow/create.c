/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * create.c - new images: of UML, version 3, over a base; or of QEMU, where the base may be missing.
 */
#include "cow.h"

#include <string.h>

#include "helpers/io-room.h"
#include "helpers/io-zero.h"

#define BAD(call, ...) tarn_fail(call, TARN_E_INVALID, 0, __VA_ARGS__)

/* What the kernel of UML takes: a page. */
#define UML_ALIGNMENT 4096u

#define QEMU_NAME_MAX 1024u

static int32_t refuse(struct tarn_call *call, const struct tarn_image_spec *spec)
{
    if (spec->compat != NULL)
        return BAD(call, "cow has no compatibility level %s", spec->compat);
    if (spec->features != NULL && spec->features[0] != NULL)
        return BAD(call, "cow has no feature %s", spec->features[0]);
    if (spec->options != NULL && spec->options[0] != NULL)
        return BAD(call, "cow has no option %s", spec->options[0]->name);
    if (spec->cluster_size != 0 && spec->cluster_size != COW_SECTOR)
        return BAD(call, "the cluster size is %llu, and cow images are made with sectors of 512",
                   (unsigned long long)spec->cluster_size);
    if (spec->preallocation != TARN_PREALLOC_OFF)
        return BAD(call, "preallocation is not for cow images, which hold only what differs from "
                         "their base");
    if (spec->backing_format != NULL && spec->backing_name == NULL)
        return BAD(call, "a backing format was given, but no backing store");
    if (spec->backing_format != NULL && strcmp(spec->backing_format, "raw") != 0)
        return BAD(call, "the base of a cow image is a raw disk, and cannot be %s",
                   spec->backing_format);
    return TARN_OK;
}

static int32_t apply_name(struct tarn_call *call, const char *name, struct cow_head *head)
{
    bool qemu = cow_is_qemu(head->kind);
    uint64_t room = qemu ? QEMU_NAME_MAX : COW_NAME_MAX;

    if (name == NULL)
        return qemu ? TARN_OK
                    : BAD(call, "a cow image of UML needs a base: name the backing store, or ask "
                                "for subformat qemu");
    if (name[0] == '\0' || strlen(name) >= room)
        return BAD(call, "the name of the base has %llu bytes; it can have 1 to %llu",
                   (unsigned long long)strlen(name), (unsigned long long)room - 1);
    if (!qemu && name[0] != '/')
        return BAD(call, "UML finds the base of a cow image by its absolute name, and %s is "
                         "relative: give the whole path", name);
    memcpy(head->name, name, strlen(name) + 1);
    return TARN_OK;
}

static int32_t make_plan(struct tarn_call *call, const struct tarn_image_spec *spec,
                         struct cow_head *head)
{
    int32_t status = refuse(call, spec);

    memset(head, 0, sizeof(*head));
    if (status != TARN_OK)
        return status;
    if (spec->subformat == NULL || strcmp(spec->subformat, "uml") == 0)
        head->kind = COW_UML_3;
    else if (strcmp(spec->subformat, "qemu") == 0)
        head->kind = COW_QEMU_64;
    else
        return BAD(call, "cow has no subformat %s; it has uml and qemu", spec->subformat);
    head->sector = COW_SECTOR;
    head->alignment = UML_ALIGNMENT;
    head->size = spec->capacity;
    if (cow_is_qemu(head->kind) && head->size <= INT64_MAX)
        head->size = (head->size + COW_SECTOR - 1) / COW_SECTOR * COW_SECTOR;
    if (!cow_lay_out(head))
        return BAD(call, "a cow image has a disk of 1 to 2^62 bytes, and %llu were asked for",
                   (unsigned long long)spec->capacity);
    return apply_name(call, spec->backing_name, head);
}

/* UML's file has its whole length at once; QEMU's grows as it is written. */
static uint64_t length_of(const struct cow_head *head)
{
    return cow_is_qemu(head->kind) ? head->bitmap_offset + head->bitmap_length
                                   : head->data_offset + head->size;
}

int32_t cow_measure(struct tarn_call *call, const struct tarn_image_spec *spec, uint64_t *out)
{
    struct cow_head head;
    int32_t status = make_plan(call, spec, &head);

    *out = status == TARN_OK ? length_of(&head) : 0;
    return status;
}

static int32_t ask_base(struct tarn_call *call, struct cow_head *head)
{
    uint64_t size;
    int32_t status;

    if (head->name[0] == '\0')
        return TARN_OK;
    status = cow_base_look(call, head->name, &size, &head->mtime);
    if (status != TARN_OK || cow_is_qemu(head->kind))
        return status;
    if (size != head->size)
        return BAD(call, "a cow image of UML has the size of its base: %llu bytes, and %llu were "
                         "asked for", (unsigned long long)size, (unsigned long long)head->size);
    return head->mtime != 0
               ? TARN_OK : BAD(call, "the storage of the base does not tell when it was modified, "
                                     "which UML records: put the base into a file");
}

/* A block device or LUN is as long as it is, and may hold anything where the bitmap will be. */
static int32_t make_room(struct tarn_call *call, struct tarn_io *file, const struct cow_head *head)
{
    uint64_t have;

    if (!(file->flags & TARN_IO_FIXED_SIZE))
        return tarn_io_truncate(call, file, length_of(head), 0);
    return io_room(call, file, head->data_offset + head->size, &have);
}

int32_t cow_create(struct tarn_call *call, struct tarn_io *file,
                   const struct tarn_image_spec *spec)
{
    uint8_t bytes[COW_HEAD_SIZE] = { 0 };
    struct cow_head head;
    int32_t status = make_plan(call, spec, &head);

    if (status == TARN_OK)
        status = ask_base(call, &head);
    if (status == TARN_OK)
        status = make_room(call, file, &head);
    if (status == TARN_OK && !(file->flags & TARN_IO_ZERO_NEW))
        status = io_zero(call, file, head.bitmap_offset, head.bitmap_length, 0);
    if (status != TARN_OK)
        return status;
    return tarn_io_pwrite(call, file, bytes, cow_head_encode(&head, bytes), 0);
}
