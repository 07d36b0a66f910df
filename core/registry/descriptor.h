/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Descriptors: from what a module's entry returns to a copy that is complete and makes sense.
 */
#ifndef CORE_DESCRIPTOR_H
#define CORE_DESCRIPTOR_H

#include <tarn/module.h>
#include <tarn/tarn.h>

#include "core/base/arena.h"

/* Copies `raw`, and all that it points to, into the arena: structures of this library's size, the
 * members that the module's lack being zero, those that it has beyond them left out. Then checks
 * them (descriptor-check.c). TARN_E_ABI: another major number, or no descriptor at all;
 * TARN_E_INTERNAL: a descriptor that contradicts itself; the text names the member.
 *
 * In the copy every text that is for people is set, `threads` is one of TARN_THREADS_…, every pool
 * type has `close`, every format says how much of the head it needs, and an operation of a format that
 * no capability promises is NULL. */
int descriptor_read(const struct tarn_module **out, struct arena *arena,
                    const struct tarn_module *raw, struct tarn_error **error);

/* The second half, on copies; they are changed to be what is said above. */
int descriptor_check_module(struct tarn_module *module, struct tarn_error **error);
int descriptor_check_pool_type(struct tarn_pool_type *type, struct tarn_error **error);
int descriptor_check_format(struct tarn_format *format, struct tarn_error **error);
int descriptor_check_params(const struct tarn_param *const *params, struct arena *arena,
                            const char *what, struct tarn_error **error);

#endif
