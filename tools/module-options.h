/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The options of a module, for people and for front ends.
 */
#ifndef TOOLS_MODULE_OPTIONS_H
#define TOOLS_MODULE_OPTIONS_H

#include <jansson.h>

#include <tarn/tarn.h>

/* A row for each. */
void module_options_print(const struct tarn_param_record *const *params);
/* JSON Schema (2020-12) of [options] and, by the same rules, of what each type and format takes:
 * {"module": {…}, "pool:fs": {…}}. A front end can draw its forms from it. */
json_t *module_options_schema(const struct tarn_param_record *const *params);

#endif
