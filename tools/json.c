/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * JSON out.
 */
#include "tools/json.h"

#include <stdlib.h>

#include "tools/text.h"

json_t *json_text(const char *text)
{
    if (text_is_utf8(text))
        return json_string(text);
    char *shown = text_shown(text);
    json_t *value = json_string(shown);
    free(shown);
    return value;
}

void json_put(json_t *object, const char *key, json_t *value)
{
    json_object_set_new(object, key, value);
}

void json_put_text(json_t *object, const char *key, const char *text)
{
    if (text)
        json_put(object, key, json_text(text));
}

void json_put_size(json_t *object, const char *key, uint64_t size)
{
    if (size <= INT64_MAX) /* no size is larger; jansson has signed integers only */
        json_put(object, key, json_integer((json_int_t)size));
}

void json_put_integer(json_t *object, const char *key, int64_t value)
{
    json_put(object, key, json_integer(value));
}

void json_put_bool(json_t *object, const char *key, bool value)
{
    json_put(object, key, json_boolean(value));
}

void json_put_list(json_t *object, const char *key, const char *const *list)
{
    json_t *array = json_array();

    for (; list && *list; list++)
        json_array_append_new(array, json_text(*list));
    json_put(object, key, array);
}

void json_print_line(FILE *to, json_t *document)
{
    json_dumpf(document, to, JSON_COMPACT);
    fputc('\n', to);
    json_decref(document);
}

void json_print(json_t *document)
{
    json_dumpf(document, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(document);
}
