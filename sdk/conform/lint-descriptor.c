/* SPDX-License-Identifier: BSD-2-Clause
 *
 * lint-descriptor.c - what a module declares: capabilities against members, names, texts, and the
 * .conf against all of it. The rules of what goes together are the core's, so the core is asked.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "conform/core-frame.h"
#include "conform/lint.h"

/* --- what goes together ----------------------------------------------------------------------- */

void lint_descriptor(struct trial *trial)
{
    struct tarn_context *context = core_open(trial, 0);
    struct tarn_module_record *record = NULL;
    struct tarn_error *error = NULL;
    int status = tarn_module_read(&record, context, core_module_name(trial), &error);

    core_must(trial, status, error, "tarn_module_read");
    trial_require(trial, record->reason == NULL, "%s", record->reason);
    tarn_module_record_free(record);
    tarn_context_close(context);
}

/* --- texts ------------------------------------------------------------------------------------ */

static void want(struct trial *trial, const char *text, const char *what, const char *of)
{
    trial_require(trial, text != NULL && *text != '\0', "%s has no %s", of, what);
    for (const char *at = text; *at != '\0'; at++)
        trial_require(trial, !iscntrl((unsigned char)*at),
                      "the %s of %s has a control character", what, of);
}

static void want_params(struct trial *trial, const struct tarn_param *const *params, const char *of)
{
    for (; params != NULL && *params != NULL; params++)
        want(trial, (*params)->summary, "summary",
             trial_text(trial, "the parameter %s of %s", (*params)->name, of));
}

void lint_texts(struct trial *trial)
{
    const struct tarn_module *module = trial->module;

    want(trial, module->version, "version", "the module");
    want(trial, module->summary, "summary", "the module");
    want(trial, module->licence, "licence (an SPDX expression)", "the module");
    want_params(trial, module->params, "the module");
    for (size_t i = 0; module->pool_types != NULL && module->pool_types[i] != NULL; i++) {
        const char *of = trial_text(trial, "the pool type %s", module->pool_types[i]->name);

        want(trial, module->pool_types[i]->summary, "summary", of);
        want_params(trial, module->pool_types[i]->params, of);
    }
    for (size_t i = 0; module->formats != NULL && module->formats[i] != NULL; i++) {
        const char *of = trial_text(trial, "the format %s", module->formats[i]->name);

        want(trial, module->formats[i]->summary, "summary", of);
        want_params(trial, module->formats[i]->params, of);
    }
}

/* --- the .conf -------------------------------------------------------------------------------- */

static bool has_word(const char *list, const char *word)
{
    size_t length = strlen(word);

    for (list = list + strspn(list, " \t"); *list != '\0';
         list += strcspn(list, " \t"), list += strspn(list, " \t"))
        if (strncmp(list, word, length) == 0 && strchr(" \t", list[length]) != NULL)
            return true;
    return false;
}

static size_t words_of(const char *list)
{
    size_t count = 0;

    for (list = list + strspn(list, " \t"); *list != '\0';
         list += strcspn(list, " \t"), list += strspn(list, " \t"))
        count++;
    return count;
}

static size_t demand(struct trial *trial, const char *provides, const char *kind, const char *name)
{
    const char *word = trial_text(trial, "%s:%s", kind, name);

    trial_require(trial, has_word(provides, word), "\"provides\" of the .conf lacks %s", word);
    return 1;
}

static void compare(struct trial *trial, const char *provides)
{
    const struct tarn_module *module = trial->module;
    size_t count = 0;

    for (size_t i = 0; module->pool_types != NULL && module->pool_types[i] != NULL; i++)
        count += demand(trial, provides, "pool", module->pool_types[i]->name);
    for (size_t i = 0; module->formats != NULL && module->formats[i] != NULL; i++)
        count += demand(trial, provides, "format", module->formats[i]->name);
    trial_require(trial, words_of(provides) == count,
                  "\"provides\" of the .conf has %zu words, and the module %zu types and formats: "
                  "%s", words_of(provides), count, provides);
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

void lint_conf(struct trial *trial)
{
    const char *base = base_of(trial->options->module);
    struct config *conf;
    const char *value;
    char *error = NULL;

    if (trial->options->conf == NULL)
        trial_skip(trial, "there is no .conf beside it: give --conf");
    conf = config_read(trial->options->conf, &error);
    trial_require(trial, conf != NULL, "%s", error);
    value = config_get(conf, "module", "file");
    trial_require(trial, value != NULL && strcmp(base_of(value), base) == 0,
                  "\"file\" of the .conf is %s, and the module %s",
                  value != NULL ? value : "missing", base);
    value = config_get(conf, "module", "abi");
    trial_require(trial, value != NULL && atoi(value) == TARN_ABI_MAJOR,
                  "\"abi\" of the .conf is %s, and the module's %d",
                  value != NULL ? value : "missing", TARN_ABI_MAJOR);
    value = config_get(conf, "module", "provides");
    trial_require(trial, value != NULL, "the .conf has no \"provides\"");
    compare(trial, value);
}
