/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * base.c - the base: a raw disk by definition, never probed, and useless once it was changed. UML
 * refuses a base of another size or time; QEMU records the time and never looks, and takes bases of
 * any size.
 */
#include "cow.h"

int32_t cow_base_look(struct tarn_call *call, const char *name, uint64_t *out_size,
                      uint32_t *out_mtime)
{
    struct tarn_identity identity;
    struct tarn_io *container;
    int32_t status = call->host->open_related(call, TARN_RELATED_CONTAINER, name, "raw", 0,
                                              &container);
    int32_t closed;

    *out_size = 0;
    *out_mtime = 0;
    if (status != TARN_OK)
        return status;
    status = tarn_io_size(call, container, out_size);
    if (status == TARN_OK)
        status = tarn_io_identity(call, container, &identity);
    if (status == TARN_OK)
        *out_mtime = (uint32_t)(uint64_t)(identity.mtime / 1000000000);
    closed = tarn_io_close(call, container);
    return status != TARN_OK ? status : closed;
}

/* A time of 0 is one that nobody recorded, or that the storage does not tell. */
bool cow_base_changed(const struct cow_head *head, uint64_t size, uint32_t mtime,
                      char text[COW_CHANGE_MAX])
{
    if (!cow_is_qemu(head->kind) && size != head->size) {
        snprintf(text, COW_CHANGE_MAX, "it has %llu bytes and had %llu",
                 (unsigned long long)size, (unsigned long long)head->size);
        return true;
    }
    if (head->mtime == 0 || mtime == 0 || mtime == head->mtime)
        return false;
    snprintf(text, COW_CHANGE_MAX, "it was written at %lu seconds, and before at %lu",
             (unsigned long)mtime, (unsigned long)head->mtime);
    return true;
}

int32_t cow_base_open(struct tarn_call *call, const struct cow_head *head, struct tarn_io **out)
{
    char change[COW_CHANGE_MAX];
    uint64_t size;
    uint32_t mtime;
    int32_t status;

    *out = NULL;
    if (head->name[0] == '\0')
        return TARN_OK;
    status = cow_base_look(call, head->name, &size, &mtime);
    if (status != TARN_OK)
        return status;
    if (cow_base_changed(head, size, mtime, change))
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "the base %.500s is not what the cow image was made over: %s; put the old "
                         "one back, or, if nothing but its time changed, give it that with "
                         "touch -d @%lu", head->name, change, (unsigned long)head->mtime);
    return call->host->open_related(call, TARN_RELATED_BACKING, head->name, "raw", 0, out);
}
