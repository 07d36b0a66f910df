/* SPDX-License-Identifier: BSD-2-Clause
 *
 * parameters.h - values of the parameters that a module declares: checked, and brought into the
 * form in which a module gets them, as tarn-module(3) promises it.
 */
#ifndef CONFORM_PARAMETERS_H
#define CONFORM_PARAMETERS_H

#include <tarn/module.h>

#include "conform/config.h"

/* The one of that name, or NULL. */
const struct tarn_param *parameter_find(const struct tarn_param *const *params, const char *name);
/* What a module gets where `text` was given, freed with free: of a size its bytes, in digits. NULL
 * with *out_why (freed with free) where that is no value: "is \"x\", not yes or no". */
char *parameter_value(const struct tarn_param *param, const char *text, char **out_why);
/* The names, "a, b", freed with free; "none" if there are none. */
char *parameter_names(const struct tarn_param *const *params);
/* What is wrong with [options], and with option.NAME of the module's pool types and formats: freed
 * with free. NULL: nothing. */
char *parameters_judge(const struct tarn_module *module, const struct config *config);

#endif
