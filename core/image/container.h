/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What an image's container is opened for, which other programs are told and have a say in: whether
 * a byte store comes from a pool type, from a file in no pool or from a name in an image.
 */
#ifndef CORE_CONTAINER_H
#define CORE_CONTAINER_H

#include "core/context/operation.h"

struct tarn_io;

enum container_use {
    CONTAINER_LOOK,  /* at its headers, which one may always do */
    CONTAINER_READ,  /* the guest's bytes, which nobody may write to meanwhile */
    CONTAINER_WRITE,
};

/* Tells others that the open container is used so, until it is closed. TARN_E_BUSY if another
 * program uses it in a way that does not go together with this. Tells nobody where there is no
 * descriptor of the container's bytes. */
int container_lock(struct tarn_io *container, struct operation *operation, enum container_use use,
                   struct tarn_error **error);
/* NULL is closed already. */
int container_close(struct tarn_io *container, struct operation *operation,
                    struct tarn_error **error);

#endif
