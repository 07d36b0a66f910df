/* SPDX-License-Identifier: BSD-2-Clause
 *
 * settings.c - see settings.h. Each is described in tarn-conform(1).
 */
#include "conform/settings.h"

#include <fnmatch.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

/* Shell patterns. */
static const struct setting {
    const char *section;
    const char *key;
    const char *what;
} settings[] = {
    { "options", "*", "a parameter of the module" },
    { "secrets", "*", "a secret" },
    { "lint", "statics", "data that can be written, and are excused" },
    { "pool:?*", "definition", "the file of a pool's XML" },
    { "pool:?*", "build", "how storage is built" },
    { "pool:?*", "prepare", "the command before a trial" },
    { "pool:?*", "clean", "the command after a trial" },
    { "pool:?*", "add", "the command that makes a volume" },
    { "pool:?*", "drop", "the command that removes one" },
    { "pool:?*", "volume-size", "the capacity of volumes" },
    { "pool:?*", "volume-names", "the names of volumes" },
    { "pool:?*", "volatile", "volumes go with the start of the pool" },
    { "pool:?*", "option.*", "a parameter of the pool type" },
    { "format:?*", "prepare", "the command before a trial" },
    { "format:?*", "clean", "the command after a trial" },
    { "format:?*", "capacity", "the capacity of images" },
    { "format:?*", "largest", "the largest capacity" },
    { "format:?*", "subformat", "the subformat of images" },
    { "format:?*", "subformats", "further subformats" },
    { "format:?*", "packed-subformat", "the subformat that is compressed" },
    { "format:?*", "compats", "compatibility levels" },
    { "format:?*", "option.*", "a parameter of the format" },
    { "format:?*", "backing-format", "the format of backing stores" },
    { "format:?*", "backing-name", "the name of a backing store" },
    { "format:?*", "sample", "the file of an image" },
};

#define SETTING_COUNT (sizeof(settings) / sizeof(settings[0]))

static bool is_known(const char *section, const char *key)
{
    for (size_t index = 0; index < SETTING_COUNT; index++)
        if (fnmatch(settings[index].section, section, 0) == 0 &&
            fnmatch(settings[index].key, key, 0) == 0)
            return true;
    return false;
}

/* "a, b and so on" of the section, for whoever has misspelt one. */
static char *known_in(const char *section)
{
    char *text = NULL;
    size_t length = 0;
    FILE *to = open_memstream(&text, &length);

    for (size_t index = 0; to != NULL && index < SETTING_COUNT; index++)
        if (fnmatch(settings[index].section, section, 0) == 0)
            fprintf(to, "%s%s (%s)", ftell(to) > 0 ? ", " : "", settings[index].key,
                    settings[index].what);
    if (to != NULL)
        fclose(to);
    return text;
}

struct search {
    char *unknown; /* what is said of the first one */
    bool found;
};

static bool look(void *arg, const char *section, const char *key)
{
    struct search *search = arg;
    char *known;

    if (is_known(section, key))
        return true;
    search->found = true;
    known = known_in(section);
    if ((known == NULL || *known == '\0'
             ? asprintf(&search->unknown, "[%s] is no section of a configuration: there are "
                        "[options], [secrets], [lint], [pool:NAME] and [format:NAME]", section)
             : asprintf(&search->unknown, "[%s] %s is no setting: there are %s", section, key,
                        known)) < 0)
        search->unknown = NULL;
    free(known);
    return false;
}

bool settings_known(const struct config *config, char **out_error)
{
    struct search search = { NULL, false };

    config_all(config, look, &search);
    *out_error = search.unknown;
    return !search.found;
}
