/* SPDX-License-Identifier: BSD-2-Clause
 *
 * errno-status.c - the one table from errno to status.
 */
#include "helpers/errno-status.h"

#include <errno.h>

#include <tarn/status.h>

int32_t status_from_errno(int error)
{
    switch (error) {
    case 0:
        return TARN_OK;
    case ENOENT:
    case ENOTDIR:
    case ENODEV:
    case ENXIO:
    case ESTALE:
        return TARN_E_NOT_FOUND;
    case EEXIST:
    case ENOTEMPTY:
        return TARN_E_EXISTS;
    case EINVAL:
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
    case EOVERFLOW:
        return TARN_E_INVALID;
    case EBUSY:
    case ETXTBSY:
        return TARN_E_BUSY;
    case EACCES:
    case EPERM:
    case EROFS:
    case EXDEV: /* openat2(2) with RESOLVE_BENEATH: the path leads out of the pool */
        return TARN_E_ACCESS;
    case ENOSPC:
    case EDQUOT:
    case EFBIG: /* more than the filesystem can hold in one file */
        return TARN_E_NO_SPACE;
    case ETIMEDOUT:
        return TARN_E_TIMEOUT;
    case ECANCELED:
        return TARN_E_CANCELLED;
    case EOPNOTSUPP:
#if ENOTSUP != EOPNOTSUPP
    case ENOTSUP:
#endif
    case ENOSYS:
    case ENOTTY:
        return TARN_E_UNSUPPORTED;
    case EBADF:
    case EFAULT:
    case ENOMEM: /* not the storage's fault, and nothing that the user asked wrongly */
    case EMFILE:
    case ENFILE:
        return TARN_E_INTERNAL;
    default:
        return TARN_E_IO;
    }
}
