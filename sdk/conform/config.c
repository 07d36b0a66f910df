/* SPDX-License-Identifier: BSD-2-Clause
 *
 * config.c - see config.h. libinih reads; a list keeps what stands there.
 */
#include "conform/config.h"

#include <errno.h>
#include <ini.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    char *section;
    char *key;
    char *value;
};

struct config {
    char *folder; /* NULL: there is no file */
    struct entry *entries;
    size_t count;
};

static int keep(void *user, const char *section, const char *key, const char *value)
{
    struct config *config = user;
    struct entry *grown = realloc(config->entries, (config->count + 1) * sizeof(*grown));
    struct entry *entry;

    if (grown == NULL)
        return 0;
    config->entries = grown;
    entry = &grown[config->count++];
    entry->section = strdup(section);
    entry->key = strdup(key);
    entry->value = strdup(value);
    return entry->section != NULL && entry->key != NULL && entry->value != NULL;
}

/* Of a file, absolute. */
static char *folder_of(const char *path)
{
    char *copy = strdup(path);
    char *folder = copy != NULL ? realpath(dirname(copy), NULL) : NULL;

    free(copy);
    return folder;
}

struct config *config_read(const char *path, char **out_error)
{
    struct config *config = calloc(1, sizeof(*config));
    int line = 0;

    *out_error = NULL;
    if (config == NULL || path == NULL)
        return config;
    config->folder = folder_of(path);
    line = config->folder != NULL ? ini_parse(path, keep, config) : -1;
    if (line == 0)
        return config;
    if ((line > 0
             ? asprintf(out_error, "%s:%d: this is no \"key = value\" of a [section]", path, line)
             : asprintf(out_error, "%s cannot be read: %s", path, strerror(errno))) < 0)
        *out_error = NULL;
    config_free(config);
    return NULL;
}

void config_free(struct config *config)
{
    if (config == NULL)
        return;
    for (size_t index = 0; index < config->count; index++) {
        free(config->entries[index].section);
        free(config->entries[index].key);
        free(config->entries[index].value);
    }
    free(config->entries);
    free(config->folder);
    free(config);
}

const char *config_get(const struct config *config, const char *section, const char *key)
{
    const char *value = NULL;

    for (size_t index = 0; index < config->count; index++)
        if (strcmp(config->entries[index].section, section) == 0 &&
            strcmp(config->entries[index].key, key) == 0)
            value = config->entries[index].value;
    return value;
}

void config_all(const struct config *config,
                bool (*each)(void *arg, const char *section, const char *key), void *arg)
{
    for (size_t index = 0; index < config->count; index++)
        if (!each(arg, config->entries[index].section, config->entries[index].key))
            return;
}

void config_each(const struct config *config, const char *section,
                 void (*each)(void *arg, const char *key, const char *value), void *arg)
{
    for (size_t index = 0; index < config->count; index++)
        if (strcmp(config->entries[index].section, section) == 0)
            each(arg, config->entries[index].key, config->entries[index].value);
}

const char *config_folder(const struct config *config)
{
    return config->folder != NULL ? config->folder : "";
}

char *config_path(const struct config *config, const char *name)
{
    char *path = NULL;

    if (name[0] == '/' || config->folder == NULL)
        return strdup(name);
    return asprintf(&path, "%s/%s", config->folder, name) < 0 ? NULL : path;
}
