/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Parameters as rows, and as JSON Schema.
 */
#include "tools/module-options.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/auto.h"
#include "tools/json.h"
#include "tools/table.h"
#include "tools/text.h"

static bool is(const struct tarn_param_record *param, const char *type)
{
    return strcmp(param->type, type) == 0;
}

static bool is_number(const struct tarn_param_record *param)
{
    return is(param, "integer") || is(param, "bytes");
}

/* --- for people ------------------------------------------------------------------------------- */

/* "integer 1 to 600", "full|fast" */
static char *describe_type(const struct tarn_param_record *param)
{
    char *text;

    if (is_number(param) && param->minimum < param->maximum)
        return text_format("%s %" PRId64 " to %" PRId64, param->type, param->minimum,
                           param->maximum);
    text = must_copy(param->choices ? "" : param->type);
    for (const char *const *choice = param->choices; choice && *choice; choice++) {
        char *longer = text_format("%s%s%s", text, *text ? "|" : "", *choice);
        free(text);
        text = longer;
    }
    return text;
}

void module_options_print(const struct tarn_param_record *const *params)
{
    for (; params && *params; params++) {
        const struct tarn_param_record *param = *params;
        const char *value = param->value ? param->value : param->default_value;
        AUTO(text) char *type = describe_type(param);
        AUTO(text) char *shown =
            text_format("%s %s = %s (%s): %s", param->scope, param->name,
                        param->secret ? "(secret)" : value ? value : "-", type, param->summary);
        row_print("Option", shown);
    }
}

/* --- JSON Schema ------------------------------------------------------------------------------ */

static json_t *value_json(const struct tarn_param_record *param, const char *text)
{
    if (is(param, "boolean"))
        return json_boolean(strcmp(text, "yes") == 0);
    if (is(param, "integer"))
        return json_integer(strtoll(text, NULL, 10));
    return json_text(text);
}

/* A size may have a unit, as in the .conf: what the command's own options take. */
static void put_type(json_t *property, const struct tarn_param_record *param)
{
    if (is(param, "integer") || is(param, "boolean")) {
        json_put_text(property, "type", param->type);
    } else {
        json_put_text(property, "type", "string");
    }
    if (is(param, "path"))
        json_put_text(property, "pattern", "^/");
    if (is(param, "bytes"))
        json_put_text(property, "pattern", "^[0-9]+ *([KMGTPEkmgtpe]([iI]?[bB])?|[bB]|bytes?)?$");
    if (param->choices)
        json_put_list(property, "enum", param->choices);
    if (is(param, "integer") && param->minimum < param->maximum) {
        json_put_integer(property, "minimum", param->minimum);
        json_put_integer(property, "maximum", param->maximum);
    }
    if (is(param, "bytes") && param->minimum < param->maximum) {
        json_put_integer(property, "x-minimum", param->minimum);
        json_put_integer(property, "x-maximum", param->maximum);
    }
}

static json_t *property_json(const struct tarn_param_record *param)
{
    json_t *property = json_object();

    put_type(property, param);
    json_put_text(property, "description", param->summary);
    if (param->default_value)
        json_put(property, "default", value_json(param, param->default_value));
    if (param->secret)
        json_put_bool(property, "writeOnly", true);
    if (param->value)
        json_put(property, "x-value", value_json(param, param->value));
    return property;
}

static json_t *scope_json(void)
{
    json_t *scope = json_object();

    json_put_text(scope, "$schema", "https://json-schema.org/draft/2020-12/schema");
    json_put_text(scope, "type", "object");
    json_put(scope, "properties", json_object());
    json_put(scope, "required", json_array());
    json_put_bool(scope, "additionalProperties", false);
    return scope;
}

json_t *module_options_schema(const struct tarn_param_record *const *params)
{
    json_t *scopes = json_object();

    for (; params && *params; params++) {
        const struct tarn_param_record *param = *params;
        json_t *scope = json_object_get(scopes, param->scope);

        if (!scope) {
            json_put(scopes, param->scope, scope_json());
            scope = json_object_get(scopes, param->scope);
        }
        json_put(json_object_get(scope, "properties"), param->name, property_json(param));
        if (param->required)
            json_array_append_new(json_object_get(scope, "required"), json_text(param->name));
    }
    return scopes;
}
