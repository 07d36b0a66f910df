/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * head.c - finds the footer that counts, among the one at the start and the one at the end.
 *
 * A guest writes the first sector of a fixed image, so a sound footer at the end that says "fixed"
 * is believed before anything at the start. Otherwise the copy at the start counts, as it does for
 * QEMU; the one at the end is missing for a moment whenever an image grows.
 */
#include "vpc.h"

#include <string.h>

#define BAD(call, ...) tarn_fail(call, TARN_E_CORRUPT, 0, __VA_ARGS__)

/* The bytes at both ends, and what they are. */
struct ends {
    const uint8_t *first; /* of a footer; NULL if there are fewer bytes */
    const uint8_t *last;
    uint8_t old[VPC_FOOTER_SIZE]; /* `last`, if it is one of 511 bytes */
    uint32_t last_length;
    enum vpc_copy first_copy;
    enum vpc_copy last_copy;
};

/* `tail` has at least a footer's bytes. The byte that an old footer lacks is zero. */
static void look(const uint8_t *head, uint64_t head_length, const uint8_t *tail,
                 uint64_t tail_length, struct ends *out)
{
    memset(out, 0, sizeof(*out));
    if (head_length >= VPC_FOOTER_SIZE) {
        out->first = head;
        out->first_copy = vpc_footer_look(head);
    }
    out->last_length = VPC_FOOTER_SIZE;
    if (tail_length < VPC_FOOTER_SIZE)
        return;
    out->last = tail + tail_length - VPC_FOOTER_SIZE;
    out->last_copy = vpc_footer_look(out->last);
    memcpy(out->old, out->last + 1, VPC_OLD_FOOTER_SIZE);
    if (out->last_copy == VPC_COPY_NONE && vpc_footer_look(out->old) != VPC_COPY_NONE) {
        out->last = out->old;
        out->last_copy = vpc_footer_look(out->old);
        out->last_length = VPC_OLD_FOOTER_SIZE;
    }
}

static bool is_sparse(const struct vpc_footer *footer)
{
    return footer->type == VPC_DYNAMIC || footer->type == VPC_DIFFERENCING;
}

/* Answers what is known of the footer that counts, and stores it. */
static enum vpc_copy choose(const struct ends *ends, struct vpc_footer *out)
{
    struct vpc_footer first = { .type = 0 };

    if (ends->first_copy != VPC_COPY_NONE)
        vpc_footer_decode(ends->first, &first);
    if (ends->last_copy == VPC_COPY_SOUND) {
        vpc_footer_decode(ends->last, out);
        if (out->type == VPC_FIXED || ends->first_copy != VPC_COPY_SOUND)
            return VPC_COPY_SOUND;
    }
    /* A fixed image has no copy at the start: there are the guest's bytes. */
    if (ends->first_copy == VPC_COPY_SOUND && first.type != VPC_FIXED) {
        vpc_footer_decode(ends->first, out);
        return VPC_COPY_SOUND;
    }
    if (ends->last_copy == VPC_COPY_SOUND)
        return VPC_COPY_SOUND;
    if (ends->first_copy == VPC_COPY_DAMAGED && is_sparse(&first)) {
        vpc_footer_decode(ends->first, out);
        return VPC_COPY_DAMAGED;
    }
    if (ends->last_copy == VPC_COPY_DAMAGED)
        vpc_footer_decode(ends->last, out);
    return ends->last_copy;
}

/* --- probe ------------------------------------------------------------------------------------ */

static bool header_may_be_there(const struct tarn_probe *probe, const struct vpc_footer *footer)
{
    uint64_t offset = footer->data_offset;

    if (offset < VPC_FOOTER_SIZE || offset >= probe->size)
        return false;
    return offset + 8 > probe->head_length ||
           memcmp((const uint8_t *)probe->head + offset, "cxsparse", 8) == 0;
}

int32_t vpc_probe(const struct tarn_probe *probe)
{
    struct vpc_footer footer;
    struct ends ends;
    enum vpc_copy copy;

    if (probe->size < VPC_FOOTER_SIZE)
        return TARN_PROBE_NO;
    look(probe->head, probe->head_length, probe->tail, probe->tail_length, &ends);
    copy = choose(&ends, &footer);
    if (copy == VPC_COPY_NONE || footer.version >> 16 != 1)
        return TARN_PROBE_NO;
    if (footer.type == VPC_FIXED) {
        if (vpc_capacity(&footer) > probe->size - ends.last_length)
            return TARN_PROBE_NO;
    } else if (!is_sparse(&footer) || !header_may_be_there(probe, &footer)) {
        return TARN_PROBE_NO;
    }
    return copy == VPC_COPY_SOUND ? TARN_PROBE_SURE : TARN_PROBE_MAGIC;
}

/* --- reading it ------------------------------------------------------------------------------- */

static int32_t check_footer(struct tarn_call *call, const struct vpc_head *head)
{
    const struct vpc_footer *footer = &head->footer;

    if (footer->version >> 16 != 1)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "the version of the footer is 0x%08x, known is 0x00010000",
                         (unsigned int)footer->version);
    if (footer->type != VPC_FIXED && !is_sparse(footer))
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "the type of the disk is %u; known are 2 (fixed), 3 (dynamic) and 4 "
                         "(differencing)", (unsigned int)footer->type);
    if (head->capacity > (uint64_t)VPC_MAX_SECTORS * VPC_SECTOR)
        return BAD(call, "the disk has %llu bytes, and a VHD has at most 2040 GiB: the footer is "
                         "damaged", (unsigned long long)head->capacity);
    if (head->capacity == 0 && footer->current_size >= VPC_SECTOR)
        return BAD(call, "the geometry of the disk is %u/%u/%u, which holds nothing: the footer is "
                         "damaged", (unsigned int)footer->cylinders, (unsigned int)footer->heads,
                   (unsigned int)footer->sectors);
    if (footer->type == VPC_FIXED && head->capacity > head->last_offset)
        return BAD(call, "the disk has %llu bytes, and the file only %llu before the footer: the "
                         "file was cut off, or its footer is damaged",
                   (unsigned long long)head->capacity, (unsigned long long)head->last_offset);
    return TARN_OK;
}

int32_t vpc_head_read(struct tarn_call *call, struct tarn_io *file, struct vpc_head *out)
{
    uint8_t start[VPC_HEAD_SIZE];
    uint8_t tail[VPC_TAIL_SIZE];
    struct ends ends;
    uint64_t length;
    int32_t status;

    memset(out, 0, sizeof(*out));
    out->file = file;
    out->header_sound = true;
    status = tarn_io_size(call, file, &out->file_size);
    if (status != TARN_OK)
        return status;
    if (out->file_size < VPC_FOOTER_SIZE)
        return BAD(call, "the file has %llu bytes, less than the footer of a VHD",
                   (unsigned long long)out->file_size);
    length = vpc_min(sizeof(start), out->file_size);
    status = tarn_io_pread(call, file, start, length, 0);
    if (status == TARN_OK)
        status = tarn_io_pread(call, file, tail, sizeof(tail), out->file_size - sizeof(tail));
    if (status != TARN_OK)
        return status;
    look(start, length, tail, sizeof(tail), &ends);
    out->first = ends.first_copy;
    out->last = ends.last_copy;
    out->last_offset = out->file_size - ends.last_length;
    switch (choose(&ends, &out->footer)) {
    case VPC_COPY_NONE:
        return BAD(call, "the file has no footer of a VHD, neither at its end nor at its start");
    case VPC_COPY_SOUND:
        out->footer_sound = true;
        break;
    case VPC_COPY_DAMAGED:
        break;
    }
    out->copies_differ = ends.first_copy != VPC_COPY_NONE && ends.last_copy != VPC_COPY_NONE &&
                         memcmp(ends.first, ends.last, VPC_FOOTER_SIZE) != 0;
    out->capacity = vpc_capacity(&out->footer);
    status = check_footer(call, out);
    if (status == TARN_OK && out->footer.type != VPC_FIXED)
        status = vpc_header_read(call, start, length, out);
    return status;
}

int32_t vpc_head_trusted(struct tarn_call *call, const struct vpc_head *head)
{
    if (head->footer_sound && head->header_sound)
        return TARN_OK;
    return BAD(call, "the checksum of the %s is wrong, so any field of it may be: check and repair "
                     "the image first", head->footer_sound ? "dynamic header" : "footer");
}
