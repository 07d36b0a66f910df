/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Typed parameters: what people write is checked by a module's own table (tarn/param.h), so that
 * the module reads text that is valid.
 */
#ifndef CORE_PARAMS_H
#define CORE_PARAMS_H

#include <tarn/param.h>
#include <tarn/result.h>
#include <tarn/tarn.h>

#include "core/base/arena.h"

/* Checks `given` (ends with NULL; NULL = nothing) by the table `params` (likewise), and stores in
 * *out every parameter that has a value, the defaults too, in the table's order: BYTES as decimal
 * bytes, INTEGER without leading zeros. All of it is in the arena. `what` begins the error texts:
 * "the module dir", "the format qcow2". TARN_E_INVALID: an unknown name (the known ones are told),
 * one given twice, a bad value (never told of a secret), a required one missing. */
int params_check(const struct tarn_property *const **out, struct arena *arena,
                 const struct tarn_param *const *params, const struct tarn_property *const *given,
                 const char *what, struct tarn_error **error);

/* The same where secrets are named and not given: the value of a parameter with TARN_PARAM_SECRET
 * is whatever names it. */
int params_check_named(const struct tarn_property *const **out, struct arena *arena,
                       const struct tarn_param *const *params,
                       const struct tarn_property *const *given, const char *what,
                       struct tarn_error **error);

/* Those that have a default, with nothing given; a required one may be missing. */
int params_defaults(const struct tarn_property *const **out, struct arena *arena,
                    const struct tarn_param *const *params, struct tarn_error **error);

/* The parameter of that name, or NULL. */
const struct tarn_param *params_find(const struct tarn_param *const *params, const char *name);
/* The value of that name in what params_check made, or NULL. */
const char *params_get(const struct tarn_property *const *values, const char *name);

/* One value by one parameter; *out is in the arena, or is `value` itself. */
int param_value_check(const char **out, struct arena *arena, const struct tarn_param *param,
                      const char *value, const char *what, struct tarn_error **error);

#endif
