/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Open containers are marked as in use through their descriptors: so no pool type has to.
 */
#include "core/image/container.h"

#include "core/context/call.h"
#include "core/isolate/store.h"
#include "sdk/helpers/image-lock.h"

int container_lock(struct tarn_io *container, struct operation *operation, enum container_use use,
                   struct tarn_error **error)
{
    bool write = use == CONTAINER_WRITE;
    struct call call;
    int32_t status;

    if (use == CONTAINER_LOOK)
        return TARN_OK;
    call_begin(&call, operation, NULL);
    status = container->fd >= 0 ? image_lock(&call.abi, container->fd, write)
                                : store_lock(&call.abi, container, write);
    return call_end(&call, status, error);
}

int container_close(struct tarn_io *container, struct operation *operation,
                    struct tarn_error **error)
{
    struct call call;

    if (container == NULL)
        return TARN_OK;
    call_begin(&call, operation, NULL);
    return call_end(&call, tarn_io_close(&call.abi, container), error);
}
