/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The folders of a context: built-in places, or all of them under one root.
 */
#include "core/context/folders.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/error.h"
#include "sdk/helpers/errno-status.h"

/* The three bases, each with what an option says instead. */
static char *base_new(const char *given, const char *root, const char *under_root,
                      const char *built_in)
{
    char *path = NULL;

    if (given != NULL)
        return strdup(given);
    if (root == NULL)
        return strdup(built_in);
    return asprintf(&path, "%s/%s", root, under_root) < 0 ? NULL : path;
}

static char *below(const char *base, const char *name)
{
    char *path = NULL;

    if (base == NULL || asprintf(&path, "%s/%s", base, name) < 0)
        return NULL;
    return path;
}

/* mkdir -p; whoever owns the folders decides about their permissions, so ours are the strict
 * ones. */
static int make_path(char *path, struct tarn_error **error)
{
    char *slash = path;

    for (;;) {
        slash = strchr(slash + 1, '/');
        if (slash != NULL)
            *slash = '\0';
        if (mkdir(path, 0755) < 0 && errno != EEXIST) {
            return error_set(error, status_from_errno(errno), errno,
                             "cannot make the folder %s (use another root folder to work without "
                             "privileges)", path);
        }
        if (slash == NULL)
            return TARN_OK;
        *slash = '/';
    }
}

static int make_all(struct folders *folders, struct tarn_error **error)
{
    char *const made[] = { folders->pools, folders->autostart, folders->own_plugins,
                           folders->records, folders->marks, folders->active, folders->reasons,
                           folders->seen, folders->news };
    size_t index;
    int status = TARN_OK;

    for (index = 0; status == TARN_OK && index < sizeof(made) / sizeof(made[0]); index++) {
        struct stat known;

        if (stat(made[index], &known) < 0 || !S_ISDIR(known.st_mode))
            status = make_path(made[index], error);
    }
    return status;
}

/* The root is made if only it itself is missing: a whole path that is missing is more likely a
 * slip. */
static char *root_new(const char *path)
{
    if (mkdir(path, 0755) < 0 && errno != EEXIST)
        return NULL;
    return realpath(path, NULL);
}

int folders_init(struct folders *folders, const struct tarn_context_options *options,
                 struct tarn_error **error)
{
    char *root = options->root != NULL ? root_new(options->root) : NULL;
    char *config;
    char *state;
    char *run;
    int status = TARN_OK;

    memset(folders, 0, sizeof(*folders));
    if (options->root != NULL && root == NULL)
        return error_set(error, status_from_errno(errno), errno,
                         "the root folder %s cannot be used: make it, or name another",
                         options->root);
    config = base_new(options->config_dir, root, "etc/tarn", CONFIG_FOLDER);
    state = base_new(options->state_dir, root, "var/lib/tarn", STATE_FOLDER);
    run = base_new(options->run_dir, root, "run/tarn", RUN_FOLDER);
    free(root);
    folders->pools = below(config, "pools");
    folders->autostart = below(config, "autostart");
    folders->own_plugins = below(config, "plugins.d");
    folders->secrets = below(config, "secrets");
    folders->records = below(state, "volumes");
    folders->marks = below(state, "pools");
    folders->active = below(run, "pools");
    folders->reasons = below(run, "reasons");
    folders->seen = below(run, "seen");
    folders->news = below(run, "news");
    folders->lock = below(run, "lock");
    folders->plugins = base_new(options->plugins_dir, NULL, NULL, PLUGINS_FOLDER);
    folders->modules = base_new(options->module_dir, NULL, NULL, MODULES_FOLDER);
    folders->module_host = base_new(options->module_host, NULL, NULL, MODULE_HOST);
    free(config);
    free(state);
    free(run);
    if (folders->pools == NULL || folders->autostart == NULL || folders->own_plugins == NULL ||
        folders->secrets == NULL || folders->records == NULL || folders->marks == NULL ||
        folders->active == NULL || folders->reasons == NULL || folders->seen == NULL ||
        folders->news == NULL || folders->lock == NULL || folders->plugins == NULL ||
        folders->modules == NULL || folders->module_host == NULL)
        status = error_set(error, TARN_E_INTERNAL, 0, "no memory for the names of the folders");
    if (status == TARN_OK)
        status = make_all(folders, error);
    if (status != TARN_OK)
        folders_clear(folders);
    return status;
}

void folders_clear(struct folders *folders)
{
    free(folders->pools);
    free(folders->autostart);
    free(folders->own_plugins);
    free(folders->secrets);
    free(folders->records);
    free(folders->marks);
    free(folders->active);
    free(folders->reasons);
    free(folders->seen);
    free(folders->news);
    free(folders->lock);
    free(folders->plugins);
    free(folders->modules);
    free(folders->module_host);
    memset(folders, 0, sizeof(*folders));
}
