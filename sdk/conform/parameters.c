/* SPDX-License-Identifier: BSD-2-Clause
 *
 * parameters.c - see parameters.h.
 */
#include "conform/parameters.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <libxml/xmlstring.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tarn/tarn.h>

#include "conform/trial.h"

#define OPTION "option."

/* --- one value -------------------------------------------------------------------------------- */

static TARN_PRINTF(1, 2) char *print(const char *format, ...)
{
    va_list arguments;
    char *text = NULL;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    return text;
}

/* A secret is shown to nobody. */
static char *refuse(char **out_why, const struct tarn_param *param, const char *text,
                    const char *wanted)
{
    *out_why = print("is \"%s\", not %s", param->flags & TARN_PARAM_SECRET ? "(secret)" : text,
                     wanted);
    return NULL;
}

static char *number_in_range(char **out_why, const struct tarn_param *param, const char *text,
                             int64_t number)
{
    char wanted[80];

    if (param->minimum >= param->maximum ||
        (number >= param->minimum && number <= param->maximum))
        return print("%" PRId64, number);
    snprintf(wanted, sizeof(wanted), "one from %" PRId64 " to %" PRId64, param->minimum,
             param->maximum);
    return refuse(out_why, param, text, wanted);
}

static char *size_value(char **out_why, const struct tarn_param *param, const char *text)
{
    uint64_t bytes;

    if (tarn_size_parse(&bytes, text, NULL) != TARN_OK)
        return refuse(out_why, param, text, "a size such as 65536 or 64KiB");
    return number_in_range(out_why, param, text, (int64_t)bytes);
}

static char *integer_value(char **out_why, const struct tarn_param *param, const char *text)
{
    const char *digits = text + (text[0] == '-');
    int64_t number;

    errno = 0;
    number = strtoll(text, NULL, 10);
    if (*digits == '\0' || digits[strspn(digits, "0123456789")] != '\0' || errno == ERANGE)
        return refuse(out_why, param, text, "a decimal number of 64 bits");
    return number_in_range(out_why, param, text, number);
}

static char *choice_value(char **out_why, const struct tarn_param *param, const char *text)
{
    char wanted[512] = "one of";
    size_t length = strlen(wanted);
    const char *const *choice = param->choices;

    for (; choice != NULL && *choice != NULL; choice++) {
        if (strcmp(*choice, text) == 0)
            return print("%s", text);
        if (length + strlen(*choice) + 2 <= sizeof(wanted))
            length += (size_t)snprintf(wanted + length, sizeof(wanted) - length, " %s", *choice);
    }
    return refuse(out_why, param, text, wanted);
}

static bool is_text(const char *text)
{
    bool good = xmlCheckUTF8((const unsigned char *)text) != 0;

    for (; good && *text != '\0'; text++)
        good = !iscntrl((unsigned char)*text);
    return good;
}

char *parameter_value(const struct tarn_param *param, const char *text, char **out_why)
{
    if (!is_text(text))
        return refuse(out_why, param, "(unprintable)", "UTF-8 without control characters");
    switch (param->type) {
    case TARN_PARAM_STRING: return print("%s", text);
    case TARN_PARAM_PATH:
        return text[0] == '/' ? print("%s", text)
                              : refuse(out_why, param, text, "an absolute path");
    case TARN_PARAM_BYTES: return size_value(out_why, param, text);
    case TARN_PARAM_INTEGER: return integer_value(out_why, param, text);
    case TARN_PARAM_BOOLEAN:
        return strcmp(text, "yes") == 0 || strcmp(text, "no") == 0
                   ? print("%s", text)
                   : refuse(out_why, param, text, "yes or no");
    case TARN_PARAM_ENUM: return choice_value(out_why, param, text);
    default: return refuse(out_why, param, text, "of a type that there is");
    }
}

/* --- tables ----------------------------------------------------------------------------------- */

const struct tarn_param *parameter_find(const struct tarn_param *const *params, const char *name)
{
    for (; params != NULL && *params != NULL; params++)
        if ((*params)->name != NULL && strcmp((*params)->name, name) == 0)
            return *params;
    return NULL;
}

char *parameter_names(const struct tarn_param *const *params)
{
    char *names = NULL;
    size_t length = 0;
    FILE *to = open_memstream(&names, &length);

    if (to == NULL)
        return NULL;
    for (; params != NULL && *params != NULL; params++)
        fprintf(to, "%s%s", ftell(to) > 0 ? ", " : "", (*params)->name);
    if (ftell(to) == 0)
        fputs("none", to);
    fclose(to);
    return names;
}

/* --- the configuration ------------------------------------------------------------------------ */

struct look {
    const char *section;
    const char *whose; /* "the module", "pool:drawer" */
    const struct tarn_param *const *params;
    const char *before; /* what a key begins with that is the name of a parameter */
    char *wrong;
};

static void judge_value(struct look *look, const char *key, const char *name, const char *text)
{
    const struct tarn_param *param = parameter_find(look->params, name);
    char *why = NULL;
    char *value = NULL;

    if (param != NULL) {
        value = parameter_value(param, text, &why);
        if (value == NULL)
            look->wrong = print("[%s] %s %s", look->section, key,
                                why != NULL ? why : "cannot be read");
    } else {
        why = parameter_names(look->params);
        look->wrong = print("[%s] %s: %s declares no parameter \"%s\": it has %s", look->section,
                            key, look->whose, name, why != NULL ? why : "others");
    }
    free(value);
    free(why);
}

static void judge_key(void *arg, const char *key, const char *value)
{
    struct look *look = arg;
    size_t length = strlen(look->before);

    if (strncmp(value, TRIAL_FOLDER_MARK, strlen(TRIAL_FOLDER_MARK)) == 0)
        value += strlen(TRIAL_FOLDER_MARK); /* an absolute path, as the rest will be */
    if (look->wrong == NULL && strncmp(key, look->before, length) == 0)
        judge_value(look, key, key + length, value);
}

/* option.NAME in the section of a part; `wrong` of one before stays. Gives what is wrong. */
static char *judge_part(char *wrong, const char *kind, const char *name,
                        const struct tarn_param *const *params, const struct config *config)
{
    char *part = wrong == NULL ? print("%s:%s", kind, name) : NULL;
    struct look look = { part, part, params, OPTION, wrong };

    if (part != NULL)
        config_each(config, part, judge_key, &look);
    free(part);
    return look.wrong;
}

char *parameters_judge(const struct tarn_module *module, const struct config *config)
{
    const struct tarn_pool_type *const *type = module->pool_types;
    const struct tarn_format *const *format = module->formats;
    struct look look = { "options", "the module", module->params, "", NULL };
    char *wrong;

    config_each(config, look.section, judge_key, &look);
    wrong = look.wrong;
    for (; type != NULL && *type != NULL; type++)
        wrong = judge_part(wrong, "pool", (*type)->name, (*type)->params, config);
    for (; format != NULL && *format != NULL; format++)
        wrong = judge_part(wrong, "format", (*format)->name, (*format)->params, config);
    return wrong;
}
