/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Secrets, by the names that definitions give them: the host's own, and those that the administrator
 * keeps in config/secrets, a file each, called as the usage or the UUID. Nothing of them is kept.
 */
#ifndef CORE_SECRET_H
#define CORE_SECRET_H

#include <stddef.h>

#include "core/base/error.h"
#include "core/context/context.h"

/* Copies the secret into `buffer` and its length into *length (in: the room). One of `usage` and
 * `uuid` is set. One newline at the end of a file is not part of it. TARN_E_NOT_FOUND: nobody has
 * it; TARN_E_ACCESS: others than the owner may read the file. */
int secret_find(struct tarn_context *context, const char *usage, const char *uuid, void *buffer,
                size_t *length, struct tarn_error **error);

#endif
