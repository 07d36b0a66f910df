/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Values by type, and lists of them by table.
 */
#include "core/registry/params.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/utf8.h"

/* --- one value -------------------------------------------------------------------------------- */

/* How a value appears in an error text. */
static const char *shown(const struct tarn_param *param, const char *value)
{
    return param->flags & TARN_PARAM_SECRET ? "(secret)" : value;
}

static int refuse(struct tarn_error **error, const struct tarn_param *param, const char *value,
                  const char *what, const char *wanted)
{
    return error_set(error, TARN_E_INVALID, 0, "%s: %s is \"%s\", not %s", what, param->name,
                     shown(param, value), wanted);
}

static int in_range(const struct tarn_param *param, const char *value, int64_t number,
                    const char *what, struct tarn_error **error)
{
    if (param->minimum >= param->maximum ||
        (number >= param->minimum && number <= param->maximum))
        return TARN_OK;
    return error_set(error, TARN_E_INVALID, 0,
                     "%s: %s is \"%s\", allowed is %" PRId64 " to %" PRId64, what, param->name,
                     shown(param, value), param->minimum, param->maximum);
}

static int number_out(const char **out, struct arena *arena, int64_t number,
                      struct tarn_error **error)
{
    *out = arena_printf(arena, "%" PRId64, number);
    return *out != NULL ? TARN_OK : error_set(error, TARN_E_INTERNAL, ENOMEM, "no parameters");
}

static int check_bytes(const char **out, struct arena *arena, const struct tarn_param *param,
                       const char *value, const char *what, struct tarn_error **error)
{
    uint64_t bytes;
    int status = tarn_size_parse(&bytes, value, NULL);

    if (status != TARN_OK)
        return refuse(error, param, value, what, "a size such as 65536 or 64KiB");
    status = in_range(param, value, (int64_t)bytes, what, error);
    return status == TARN_OK ? number_out(out, arena, (int64_t)bytes, error) : status;
}

/* strtoll takes blanks and a plus sign; people who write those mean something else. */
static int check_integer(const char **out, struct arena *arena, const struct tarn_param *param,
                         const char *value, const char *what, struct tarn_error **error)
{
    const char *digits = value[0] == '-' ? value + 1 : value;
    int64_t number;
    int status;

    if (digits[0] == '\0' || digits[strspn(digits, "0123456789")] != '\0')
        return refuse(error, param, value, what, "a decimal number");
    errno = 0;
    number = strtoll(value, NULL, 10);
    if (errno == ERANGE)
        return refuse(error, param, value, what, "a number of 64 bits");
    status = in_range(param, value, number, what, error);
    return status == TARN_OK ? number_out(out, arena, number, error) : status;
}

static int check_enum(const struct tarn_param *param, const char *value, const char *what,
                      struct tarn_error **error)
{
    char known[256] = "one of";
    size_t used = strlen(known);
    const char *const *choice;

    for (choice = param->choices; *choice != NULL; choice++) {
        if (strcmp(*choice, value) == 0)
            return TARN_OK;
        if (used + strlen(*choice) + 2 < sizeof(known)) {
            known[used++] = ' ';
            strcpy(known + used, *choice);
            used += strlen(*choice);
        }
    }
    return refuse(error, param, value, what, known);
}

static int check_text(const struct tarn_param *param, const char *value, const char *what,
                      struct tarn_error **error)
{
    const unsigned char *byte;

    if (!utf8_is_valid(value))
        return error_set(error, TARN_E_INVALID, 0, "%s: %s is not UTF-8", what, param->name);
    for (byte = (const unsigned char *)value; *byte != '\0'; byte++)
        if (*byte < 0x20 || *byte == 0x7f)
            return error_set(error, TARN_E_INVALID, 0, "%s: %s holds a control character", what,
                             param->name);
    return TARN_OK;
}

int param_value_check(const char **out, struct arena *arena, const struct tarn_param *param,
                      const char *value, const char *what, struct tarn_error **error)
{
    int status = check_text(param, value, what, error);

    if (status != TARN_OK)
        return status;
    *out = value;
    switch (param->type) {
    case TARN_PARAM_STRING:
        return TARN_OK;
    case TARN_PARAM_PATH:
        return value[0] == '/' ? TARN_OK : refuse(error, param, value, what, "an absolute path");
    case TARN_PARAM_BYTES:
        return check_bytes(out, arena, param, value, what, error);
    case TARN_PARAM_INTEGER:
        return check_integer(out, arena, param, value, what, error);
    case TARN_PARAM_BOOLEAN:
        return strcmp(value, "yes") == 0 || strcmp(value, "no") == 0
                   ? TARN_OK
                   : refuse(error, param, value, what, "yes or no");
    case TARN_PARAM_ENUM:
        return check_enum(param, value, what, error);
    default:
        return error_set(error, TARN_E_INTERNAL, 0, "%s: %s is of the unknown type %" PRIu32, what,
                         param->name, param->type);
    }
}

/* --- lists ------------------------------------------------------------------------------------ */

static size_t params_count(const struct tarn_param *const *params)
{
    size_t count = 0;

    while (params != NULL && params[count] != NULL)
        count++;
    return count;
}

const struct tarn_param *params_find(const struct tarn_param *const *params, const char *name)
{
    for (; params != NULL && *params != NULL; params++)
        if (strcmp((*params)->name, name) == 0)
            return *params;
    return NULL;
}

static int unknown(struct arena *arena, const struct tarn_param *const *params, const char *name,
                   const char *what, struct tarn_error **error)
{
    const char *known = "";

    for (; params != NULL && *params != NULL && known != NULL; params++)
        known = arena_printf(arena, "%s %s", known, (*params)->name);
    if (known == NULL || known[0] == '\0')
        return error_set(error, TARN_E_INVALID, 0, "%s has no option \"%s\", nor any other", what,
                         name);
    return error_set(error, TARN_E_INVALID, 0, "%s has no option \"%s\", it knows:%s", what, name,
                     known);
}

static int check_names(struct arena *arena, const struct tarn_param *const *params,
                       const struct tarn_property *const *given, const char *what,
                       struct tarn_error **error)
{
    size_t i;

    for (i = 0; given != NULL && given[i] != NULL; i++) {
        if (params_find(params, given[i]->name) == NULL)
            return unknown(arena, params, given[i]->name, what, error);
        if (params_get(given, given[i]->name) != given[i]->value)
            return error_set(error, TARN_E_INVALID, 0, "%s: %s is given twice", what,
                             given[i]->name);
    }
    return TARN_OK;
}

static const struct tarn_property *property_new(struct arena *arena, const char *name,
                                                const char *value)
{
    struct tarn_property *property = arena_alloc(arena, sizeof(*property));

    if (property == NULL)
        return NULL;
    property->struct_size = sizeof(*property);
    property->name = arena_strdup(arena, name);
    property->value = arena_strdup(arena, value);
    return property;
}

/* How a list is checked, and what begins the error texts. */
struct manner {
    const char *what;
    bool secrets_named; /* and not given */
    bool incomplete;    /* required ones may be missing */
};

static int check(const struct tarn_property *const **out, struct arena *arena,
                 const struct tarn_param *const *params, const struct tarn_property *const *given,
                 const struct manner *manner, struct tarn_error **error)
{
    const struct tarn_property **values =
        arena_alloc(arena, (params_count(params) + 1) * sizeof(struct tarn_property *));
    size_t count = 0;
    int status = check_names(arena, params, given, manner->what, error);

    for (; status == TARN_OK && values != NULL && params != NULL && *params != NULL; params++) {
        const char *value = params_get(given, (*params)->name);
        bool is_name = value != NULL && manner->secrets_named &&
                       ((*params)->flags & TARN_PARAM_SECRET) != 0;

        if (value == NULL)
            value = (*params)->default_value;
        if (value == NULL && ((*params)->flags & TARN_PARAM_REQUIRED) && !manner->incomplete)
            return error_set(error, TARN_E_INVALID, 0, "%s needs the option %s: %s", manner->what,
                             (*params)->name, (*params)->summary);
        if (value == NULL)
            continue;
        if (!is_name)
            status = param_value_check(&value, arena, *params, value, manner->what, error);
        if (status == TARN_OK)
            values[count++] = property_new(arena, (*params)->name, value);
    }
    if (status == TARN_OK && arena_failed(arena))
        return error_set(error, TARN_E_INTERNAL, ENOMEM, "no parameters");
    if (status == TARN_OK)
        *out = values;
    return status;
}

int params_check(const struct tarn_property *const **out, struct arena *arena,
                 const struct tarn_param *const *params, const struct tarn_property *const *given,
                 const char *what, struct tarn_error **error)
{
    return check(out, arena, params, given, &(struct manner){ .what = what }, error);
}

int params_check_named(const struct tarn_property *const **out, struct arena *arena,
                       const struct tarn_param *const *params,
                       const struct tarn_property *const *given, const char *what,
                       struct tarn_error **error)
{
    const struct manner manner = { .what = what, .secrets_named = true };

    return check(out, arena, params, given, &manner, error);
}

int params_defaults(const struct tarn_property *const **out, struct arena *arena,
                    const struct tarn_param *const *params, struct tarn_error **error)
{
    const struct manner manner = { .what = "a default", .incomplete = true };

    return check(out, arena, params, NULL, &manner, error);
}

const char *params_get(const struct tarn_property *const *values, const char *name)
{
    for (; values != NULL && *values != NULL; values++)
        if (strcmp((*values)->name, name) == 0)
            return (*values)->value;
    return NULL;
}
