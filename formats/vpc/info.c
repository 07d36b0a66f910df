/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * info.c - what an image says of itself: two reads, and those of the parent's names. A wrong
 * checksum keeps nobody from being told what the image says; it is told, too.
 */
#include "vpc.h"

#include <inttypes.h>
#include <string.h>

#define MAX_PROPERTIES 12u

struct properties {
    struct tarn_property entry[MAX_PROPERTIES];
    const struct tarn_property *list[MAX_PROPERTIES + 1];
    uint32_t count;
};

static void add(struct properties *properties, const char *name, const char *value)
{
    struct tarn_property *entry = &properties->entry[properties->count];

    *entry = (struct tarn_property){ sizeof(*entry), 0, name, value };
    properties->list[properties->count++] = entry;
}

static const char *subformat_of(const struct vpc_footer *footer)
{
    switch ((enum vpc_type)footer->type) {
    case VPC_FIXED:
        return "fixed";
    case VPC_DYNAMIC:
        return "dynamic";
    case VPC_DIFFERENCING:
    default:
        return "differencing";
    }
}

/* Four bytes, padded with spaces or zeros. */
static void creator_of(const struct vpc_footer *footer, char out[5])
{
    uint32_t length = 4;

    memcpy(out, footer->creator, 5);
    while (length > 0 && (out[length - 1] == ' ' || out[length - 1] == '\0'))
        length--;
    out[length] = '\0';
    for (uint32_t i = 0; i < length; i++)
        if (out[i] < 0x20 || out[i] > 0x7e)
            out[i] = '?';
}

static void id_text(const uint8_t *id, char out[37])
{
    char *to = out;

    for (uint32_t i = 0; i < VPC_ID_SIZE; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *to++ = '-';
        to += snprintf(to, 3, "%02x", id[i]);
    }
}

static const char *state_of(const struct vpc_head *head)
{
    if (!head->footer_sound || !head->header_sound)
        return "wrong checksum";
    if (head->footer.type == VPC_FIXED || (head->first == VPC_COPY_SOUND &&
                                           head->last == VPC_COPY_SOUND && !head->copies_differ))
        return NULL;
    return head->first == VPC_COPY_SOUND && head->last == VPC_COPY_SOUND ? "copies differ"
                                                                         : "one copy only";
}

static int32_t emit(struct tarn_call *call, struct vpc_head *head, const char *parent)
{
    struct vpc_footer *footer = &head->footer;
    struct properties properties = { .count = 0 };
    char creator[5];
    char id[37];
    char parent_id[37];
    char geometry[32];
    char size[24];
    const char *state = state_of(head);
    struct tarn_image_info info = {
        .struct_size = sizeof(info),
        .capacity = head->capacity,
        .cluster_size = footer->type == VPC_FIXED ? 0 : head->header.block_size,
        .subformat = subformat_of(footer),
        .creator = creator,
        .backing_name = parent,
        .backing_format = parent != NULL ? "vpc" : NULL,
        .properties = properties.list,
    };

    creator_of(footer, creator);
    id_text(vpc_id(footer), id);
    add(&properties, "unique-id", id);
    if (parent != NULL) {
        id_text(vpc_parent_id(&head->header), parent_id);
        add(&properties, "parent-id", parent_id);
    }
    snprintf(geometry, sizeof(geometry), "%" PRIu32 "/%" PRIu32 "/%" PRIu32, footer->cylinders,
             footer->heads, footer->sectors);
    add(&properties, "geometry", geometry);
    add(&properties, "size-from", vpc_by_geometry(footer) ? "geometry" : "current-size");
    if (footer->current_size != head->capacity) {
        snprintf(size, sizeof(size), "%" PRIu64, footer->current_size);
        add(&properties, "current-size", size);
    }
    if (footer->saved_state)
        add(&properties, "saved-state", "yes");
    if (state != NULL) {
        info.flags |= TARN_IMAGE_DIRTY;
        add(&properties, "footer", state);
    }
    return call->host->emit_image(call, &info);
}

int32_t vpc_info(struct tarn_call *call, struct tarn_io *file)
{
    char parent[VPC_NAME_MAX];
    struct vpc_head head;
    int32_t status = vpc_head_read(call, file, &head);

    if (status == TARN_OK && head.footer.type == VPC_DIFFERENCING)
        status = vpc_parent_name(call, &head, parent);
    if (status != TARN_OK)
        return status;
    return emit(call, &head, head.footer.type == VPC_DIFFERENCING ? parent : NULL);
}
