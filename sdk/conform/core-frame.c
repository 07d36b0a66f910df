/* SPDX-License-Identifier: BSD-2-Clause
 *
 * core-frame.c - see core-frame.h.
 */
#include "conform/core-frame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char *core_module_name(const struct trial *trial)
{
    return trial->module->name;
}

static void make_folder(struct trial *trial, const char *path)
{
    char *place = trial_text(trial, "%s", path);

    for (char *slash = strchr(place + strlen(trial->folder) + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(place, 0755);
        *slash = '/';
    }
    mkdir(place, 0755);
}

struct writing {
    FILE *to;
};

static void write_option(void *arg, const char *key, const char *value)
{
    struct writing *writing = arg;

    fprintf(writing->to, "%s = %s\n", key, value);
}

static void write_provided(FILE *to, const struct trial *trial)
{
    fputs("provides =", to);
    for (size_t i = 0; trial->module->pool_types != NULL && trial->module->pool_types[i]; i++)
        fprintf(to, " pool:%s", trial->module->pool_types[i]->name);
    for (size_t i = 0; trial->module->formats != NULL && trial->module->formats[i]; i++)
        fprintf(to, " format:%s", trial->module->formats[i]->name);
    fputc('\n', to);
}

/* A .conf as an author would write it, with the options of the configuration. */
static void write_conf(struct trial *trial, const char *folder, uint32_t flags)
{
    char *path = trial_text(trial, "%s/%s.conf", folder, core_module_name(trial));
    FILE *to = fopen(path, "we");
    struct writing writing = { to };

    trial_require(trial, to != NULL, "the kit cannot write %s", path);
    fprintf(to, "[module]\nfile = %s\nabi = %u\npriority = 1000\nisolation = %s\n",
            trial->options->module, TARN_ABI_MAJOR, flags & CORE_ISOLATED ? "process" : "none");
    write_provided(to, trial);
    fputs("[options]\n", to);
    config_each(trial->config, "options", write_option, &writing);
    trial_require(trial, fclose(to) == 0, "the kit cannot write %s", path);
}

struct tarn_context *core_open(struct trial *trial, uint32_t flags)
{
    char *root = trial_text(trial, "%s/root", trial->folder);
    char *confs = trial_text(trial, "%s/etc/tarn/plugins.d", root);
    struct tarn_context_options options = {
        .struct_size = sizeof(options),
        .root = root,
        .module_dir = getenv("TARN_MODULE_DIR"),
        .plugins_dir = getenv("TARN_PLUGINS_DIR"),
        .module_host = getenv("TARN_MODULE_HOST"),
        .follow = TARN_FOLLOW_POOL,
    };
    struct tarn_context *context = NULL;
    struct tarn_error *error = NULL;

    make_folder(trial, confs);
    if (!(flags & CORE_WITHOUT))
        write_conf(trial, confs, flags);
    core_must(trial, tarn_context_open(&context, &options, &error), error, "tarn_context_open");
    return context;
}

void core_must(struct trial *trial, int status, struct tarn_error *error, const char *what)
{
    if (status != TARN_OK)
        trial_fail(trial, "with the real core: %s answered %s: %s", what, tarn_status_word(status),
                   error != NULL ? tarn_error_message(error) : "no error was told");
    tarn_error_free(error);
}
