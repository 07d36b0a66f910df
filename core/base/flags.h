/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Flags that a host passes. One that this library does not know asks for something that it would not
 * do, so it is refused before anything is done.
 */
#ifndef CORE_FLAGS_H
#define CORE_FLAGS_H

#include <stdbool.h>
#include <stdint.h>

#include <tarn/tarn.h>

/* True, with TARN_E_INVALID set, if `flags` has any that is not among `known`. */
bool flags_unknown(uint32_t flags, uint32_t known, struct tarn_error **error);

#endif
