/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * create-parent.c - what a new differencing image records of its parent.
 */
#include "create.h"

#include <string.h>

#define BAD(call, ...) tarn_fail(call, TARN_E_INVALID, 0, __VA_ARGS__)

/* One locator, of the kind that the given name is: a relative one cannot be made absolute without
 * knowing where the image lies, nor the other way round. */
int32_t vpc_plan_locator(struct tarn_call *call, const char *name, struct vpc_plan *plan)
{
    char windows[VPC_NAME_MAX];

    if (!vpc_name_to_windows(name, windows, sizeof(windows)))
        return BAD(call, "a VHD names its parent as Windows does, so the name has neither \\ nor : "
                         "in it, and at most %u bytes; rename %s", VPC_NAME_MAX - 3, name);
    plan->locator_code = name[0] == '/' ? VPC_LOCATOR_ABSOLUTE : VPC_LOCATOR_RELATIVE;
    plan->locator_length = vpc_utf16_encode(windows, false, plan->locator, sizeof(plan->locator));
    if (plan->locator_length == 0)
        return BAD(call, "the parent's name is too long for a VHD, or is no UTF-8: rename it");
    /* The name in the header has less room; who reads it has the locator as well. Its last zero
     * must fit, too. */
    if (vpc_utf16_encode(windows, true, plan->name, sizeof(plan->name) - 2) == 0) {
        memset(plan->name, 0, sizeof(plan->name));
        vpc_utf16_encode(strrchr(windows, '\\') + 1, true, plan->name, sizeof(plan->name) - 2);
    }
    return TARN_OK;
}

int32_t vpc_plan_parent(struct tarn_call *call, const char *name, struct vpc_plan *plan)
{
    struct tarn_identity identity;
    struct vpc_head parent;
    int64_t seconds;
    int32_t status = vpc_parent_head(call, name, &parent, &identity);

    if (status != TARN_OK)
        return status;
    if (plan->capacity != parent.capacity)
        return BAD(call, "a differencing VHD has the size of its parent: %llu bytes, and %llu were "
                         "asked for", (unsigned long long)parent.capacity,
                   (unsigned long long)plan->capacity);
    memcpy(plan->parent_id, vpc_id(&parent.footer), VPC_ID_SIZE);
    seconds = identity.mtime / 1000000000 - VPC_EPOCH;
    plan->parent_timestamp = seconds > 0 && seconds <= UINT32_MAX ? (uint32_t)seconds : 0;
    return TARN_OK;
}
