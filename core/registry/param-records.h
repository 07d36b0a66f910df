/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The parameters of a module, its pool types and formats as hosts see them.
 */
#ifndef CORE_PARAM_RECORDS_H
#define CORE_PARAM_RECORDS_H

#include "core/base/arena.h"
#include "core/registry/module.h"

/* A list that ends with NULL, in the arena; NULL without memory. */
const struct tarn_param_record *const *param_records(struct arena *arena,
                                                     const struct module *module);

#endif
