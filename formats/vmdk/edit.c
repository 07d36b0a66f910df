/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * edit.c - changes of a descriptor that is in use. Storage writes a sector as a whole or not at
 * all; so a change that stays within one leaves after a crash the old text or the new one. A number
 * that needs more room takes it from the next comment or empty line.
 */
#include "vmdk.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>

uint32_t vmdk_random(struct tarn_call *call)
{
    uint32_t value = 0;

    if (getrandom(&value, sizeof(value), 0) != (ssize_t)sizeof(value))
        tarn_fail(call, TARN_E_INTERNAL, errno, "the kernel gives no random numbers");
    return value;
}

int32_t vmdk_edit_apply(struct tarn_call *call, const struct vmdk_head *head,
                        const struct vmdk_edit *edit)
{
    const struct vmdk_descriptor *descriptor = &head->descriptor;
    int32_t status;

    if (edit->length == 0)
        return TARN_OK;
    status = tarn_io_pwrite(call, head->file, edit->bytes, edit->length, edit->at);
    if (status == TARN_OK)
        status = tarn_io_flush(call, head->file);
    if (status == TARN_OK)
        memcpy(descriptor->text + (edit->at - head->descriptor_at), edit->bytes, edit->length);
    return status;
}

/* --- the content ID --------------------------------------------------------------------------- */

int32_t vmdk_edit_cid(struct tarn_call *call, struct vmdk_head *head, struct vmdk_edit *out)
{
    struct vmdk_descriptor *descriptor = &head->descriptor;
    uint32_t digits = descriptor->cid_digits;
    uint32_t mask = digits < 8 ? ((uint32_t)1 << digits * 4) - 1 : UINT32_MAX;
    uint32_t cid;

    *out = (struct vmdk_edit){ .length = 0 };
    if (digits == 0) /* an image without one is nobody's parent */
        return TARN_OK;
    do
        cid = vmdk_random(call) & mask;
    while (cid == descriptor->cid || cid == VMDK_NO_CID);
    out->at = head->descriptor_at + descriptor->cid_at;
    out->length = digits;
    snprintf(out->bytes, sizeof(out->bytes), "%0*x", (int)digits, (unsigned)cid);
    descriptor->cid = cid;
    return TARN_OK;
}

/* --- an extent's size ------------------------------------------------------------------------- */

/* Copies the text behind the number to `to`, without `surplus` bytes of comments and empty lines:
 * up to where the rest stays where it is. The bytes copied, or 0 if they pass `end`. */
static uint64_t squeeze(const char *from, const char *end, char *to, uint64_t surplus)
{
    const char *at = from;
    uint64_t length = 0;
    bool comment = false;

    for (; surplus > 0 && at < end; at++) {
        bool starts = at[-1] == '\n'; /* a line; the first byte follows the number */

        if (starts)
            comment = *at == '#';
        /* A comment keeps its sign and its end. */
        if (starts ? *at == '\n' : comment && *at != '\n')
            surplus--;
        else
            to[length++] = *at;
    }
    return surplus == 0 ? length : 0;
}

int32_t vmdk_edit_sectors(struct tarn_call *call, const struct vmdk_head *head,
                          const struct vmdk_line *line, uint64_t sectors, struct vmdk_edit *out)
{
    const struct vmdk_descriptor *descriptor = &head->descriptor;
    uint64_t left;
    uint64_t rest = 0;
    uint64_t surplus;
    const char *behind = descriptor->text + line->sectors_at + line->sectors_digits;
    int digits;

    *out = (struct vmdk_edit){ .at = head->descriptor_at + line->sectors_at };
    left = VMDK_SECTOR - out->at % VMDK_SECTOR;
    digits = snprintf(out->bytes, sizeof(out->bytes), "%0*llu", (int)line->sectors_digits,
                      (vmdk_ull)sectors);
    surplus = (uint64_t)digits - line->sectors_digits;
    if ((uint64_t)digits <= left && surplus > 0)
        rest = squeeze(behind, descriptor->text +
                                   vmdk_min(descriptor->length, line->sectors_at + left),
                       out->bytes + digits, surplus);
    if ((uint64_t)digits + rest > left || (surplus > 0 && rest == 0))
        return VMDK_REFUSE(call, "the descriptor has no room for the new size of \"%s\" within one "
                           "sector, and a crash between two could cost the image: convert it into "
                           "a larger one", line->name);
    out->length = (uint32_t)((uint64_t)digits + rest);
    return TARN_OK;
}
