/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One table of keys, and one function for each.
 */
#include "core/registry/plugin-conf-keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/error.h"

int conf_wrong(struct plugin_reading *reading, const char *format, ...)
{
    char text[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    error_set(&reading->conf->error, TARN_E_INVALID, 0, "%s:%u: %s", reading->conf->path,
              reading->line, text);
    return 0;
}

bool plugin_name_valid(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

    return name != NULL && name[0] != '\0' && name[0] != '-' &&
           name[strspn(name, letters)] == '\0' && strlen(name) < 64;
}

/* --- the keys of [module] --------------------------------------------------------------------- */

static int take_file(struct plugin_reading *reading, const char *value)
{
    struct plugin_conf *conf = reading->conf;
    size_t length = strlen(value);
    bool climbs = strncmp(value, "../", 3) == 0 || strstr(value, "/../") != NULL;

    if (length < 4 || strcmp(value + length - 3, ".so") != 0 || climbs)
        return conf_wrong(reading, "file is \"%s\", not the name of a .so in %s", value,
                          reading->modules);
    conf->file = value[0] == '/' ? arena_strdup(conf->arena, value)
                                 : arena_printf(conf->arena, "%s/%s", reading->modules, value);
    return 1;
}

static bool take_number(long *out, const char *value, long least, long most)
{
    char *end;

    if (value[0] != '-' && (value[0] < '0' || value[0] > '9'))
        return false;
    errno = 0;
    *out = strtol(value, &end, 10);
    return errno == 0 && end != value && *end == '\0' && *out >= least && *out <= most;
}

static int take_abi(struct plugin_reading *reading, const char *value)
{
    long number;

    if (!take_number(&number, value, 1, UINT16_MAX))
        return conf_wrong(reading, "abi is \"%s\", not the major number of the module ABI (%d)",
                          value, TARN_ABI_MAJOR);
    reading->conf->abi = (uint32_t)number;
    return 1;
}

static bool provision_valid(const char *word)
{
    return (strncmp(word, "pool:", 5) == 0 && plugin_name_valid(word + 5)) ||
           (strncmp(word, "format:", 7) == 0 && plugin_name_valid(word + 7));
}

static int take_provides(struct plugin_reading *reading, const char *value)
{
    struct arena *arena = reading->conf->arena;
    size_t count = 0;
    size_t i;

    for (value += strspn(value, " \t"); *value != '\0'; value += strspn(value, " \t")) {
        size_t length = strcspn(value, " \t");
        const char *word = arena_strndup(arena, value, length);

        if (word == NULL)
            return 0;
        if (!provision_valid(word))
            return conf_wrong(reading, "provides has \"%s\", not pool:NAME or format:NAME", word);
        if (count == PLUGIN_MOST_PROVIDES)
            return conf_wrong(reading, "provides has more than %u words", PLUGIN_MOST_PROVIDES);
        for (i = 0; i < count; i++)
            if (strcmp(reading->provides[i], word) == 0)
                return conf_wrong(reading, "provides has %s twice", word);
        reading->provides[count++] = word;
        value += length;
    }
    if (count == 0)
        return conf_wrong(reading, "provides is empty: say pool:NAME or format:NAME");
    return 1;
}

static int take_enabled(struct plugin_reading *reading, const char *value)
{
    if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
        return conf_wrong(reading, "enabled is \"%s\", not yes or no", value);
    reading->conf->enabled = value[0] == 'y';
    return 1;
}

static int take_priority(struct plugin_reading *reading, const char *value)
{
    long number;

    if (!take_number(&number, value, 0, 1000))
        return conf_wrong(reading, "priority is \"%s\", not a number from 0 to 1000", value);
    reading->conf->priority = (int32_t)number;
    return 1;
}

static int take_isolation(struct plugin_reading *reading, const char *value)
{
    if (strcmp(value, "none") != 0 && strcmp(value, "process") != 0)
        return conf_wrong(reading, "isolation is \"%s\", not none or process", value);
    reading->conf->isolated = value[0] == 'p';
    return 1;
}

static const struct {
    const char *name;
    bool required;
    int (*take)(struct plugin_reading *reading, const char *value);
} keys[] = {
    { "file", true, take_file },
    { "abi", true, take_abi },
    { "provides", true, take_provides },
    { "enabled", false, take_enabled },
    { "priority", false, take_priority },
    { "isolation", false, take_isolation },
};
#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

/* --- inih's handler --------------------------------------------------------------------------- */

/* Names that begin so belong to whoever wrote the file. */
static bool foreign(const char *name)
{
    return strncmp(name, "x-", 2) == 0;
}

static int take_module_key(struct plugin_reading *reading, const char *name, const char *value)
{
    size_t i;

    for (i = 0; i < KEY_COUNT; i++) {
        if (strcmp(keys[i].name, name) != 0)
            continue;
        if (reading->seen & (1u << i))
            return conf_wrong(reading, "%s is there twice", name);
        reading->seen |= 1u << i;
        return keys[i].take(reading, value);
    }
    return conf_wrong(reading,
                      "[module] has no key \"%s\"; it knows file, abi, provides, enabled, "
                      "priority, isolation, and x-… for notes of your own", name);
}

static int take_free_key(struct plugin_reading *reading, struct plugin_section *section,
                         const char *name, const char *value)
{
    struct arena *arena = reading->conf->arena;
    struct tarn_property *key = &section->keys[section->count];
    size_t i;

    for (i = 0; i < section->count; i++)
        if (strcmp(section->keys[i].name, name) == 0)
            return conf_wrong(reading, "%s is there twice", name);
    if (section->count == PLUGIN_MOST_OPTIONS)
        return conf_wrong(reading, "a section of more than %u keys", PLUGIN_MOST_OPTIONS);
    key->struct_size = sizeof(*key);
    key->name = arena_strdup(arena, name);
    key->value = arena_strdup(arena, value);
    if (key->name == NULL || key->value == NULL)
        return 0;
    section->count++;
    return 1;
}

int plugin_key_take(void *user, const char *section, const char *name, const char *value)
{
    struct plugin_reading *reading = user;

    if (reading->conf->error != NULL)
        return 0;
    if (section == NULL || name == NULL || value == NULL)
        return conf_wrong(reading, "neither a section, nor key = value, nor a comment");
    if (reading->indented)
        return conf_wrong(reading, "a line that begins with a blank: remove the blank");
    if (foreign(section) || foreign(name))
        return 1;
    if (strcmp(section, "module") == 0)
        return take_module_key(reading, name, value);
    if (strcmp(section, "options") == 0)
        return take_free_key(reading, &reading->options, name, value);
    if (strcmp(section, "environment") == 0)
        return take_free_key(reading, &reading->environment, name, value);
    if (section[0] == '\0')
        return conf_wrong(reading, "the key \"%s\" is in no section", name);
    return conf_wrong(reading, "unknown section [%s]; there are [module], [options], [environment] "
                      "and [x-…]", section);
}

int plugin_keys_check(struct plugin_reading *reading)
{
    struct plugin_conf *conf = reading->conf;
    size_t i;

    for (i = 0; i < KEY_COUNT; i++)
        if (keys[i].required && !(reading->seen & (1u << i)))
            return error_set(&conf->error, TARN_E_INVALID, 0, "%s: [module] lacks the key %s",
                             conf->path, keys[i].name);
    if (conf->abi != TARN_ABI_MAJOR)
        return error_set(&conf->error, TARN_E_ABI, 0,
                         "%s: the module is for ABI %u, this library has %d: install a build of it "
                         "for this library", conf->path, conf->abi, TARN_ABI_MAJOR);
    if (reading->environment.count > 0 && !conf->isolated)
        return error_set(&conf->error, TARN_E_INVALID, 0,
                         "%s: [environment] is for processes of the module's own: say isolation = "
                         "process, or remove it", conf->path);
    return TARN_OK;
}
