/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Flags that a host passes.
 */
#include "core/base/flags.h"

#include <inttypes.h>

#include "core/base/error.h"

bool flags_unknown(uint32_t flags, uint32_t known, struct tarn_error **error)
{
    if ((flags & ~known) == 0)
        return false;
    error_set(error, TARN_E_INVALID, 0,
              "the flags 0x%" PRIx32 " are not known here: a newer library may know them",
              flags & ~known);
    return true;
}
