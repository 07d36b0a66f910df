/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * JSON out. A member whose value is not known is left out. Text that is no UTF-8 is escaped as in
 * tables, since JSON could not hold it.
 */
#ifndef TOOLS_JSON_H
#define TOOLS_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Each sets one member; NULL text sets none. Sizes are integers, in bytes. */
void json_put_text(json_t *object, const char *key, const char *text);
void json_put_size(json_t *object, const char *key, uint64_t size);
void json_put_integer(json_t *object, const char *key, int64_t value);
void json_put_bool(json_t *object, const char *key, bool value);
/* The list ends with NULL; NULL sets an empty array. */
void json_put_list(json_t *object, const char *key, const char *const *list);
/* `value` is the object's then. */
void json_put(json_t *object, const char *key, json_t *value);
json_t *json_text(const char *text);

/* Prints the document in a line or several, and frees it. */
void json_print(json_t *document);
/* The same in one line, and to where it's wanted. */
void json_print_line(FILE *to, json_t *document);

#endif
