/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The format is inih's; what keys there are, and what they may hold, is in plugin-conf-keys.c.
 * inih tells its handler no line numbers and cuts long lines: the reader counts, and refuses them.
 */
#include "core/registry/plugin-conf-keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ini.h>

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/base/utf8.h"
#include "core/registry/trust.h"
#include "sdk/helpers/errno-status.h"

#define MOST_BYTES 65536u

/* inih's reader, after the manner of fgets. */
static char *next_line(char *buffer, int room, void *user)
{
    struct plugin_reading *reading = user;
    size_t length = strcspn(reading->text, "\n");
    bool ended = reading->text[length] == '\n';

    if (reading->text[0] == '\0' || reading->conf->error != NULL)
        return NULL;
    reading->line++;
    reading->indented = reading->text[0] == ' ' || reading->text[0] == '\t';
    if (length + 2 > (size_t)room) {
        conf_wrong(reading, "this line has %zu bytes, at most %d are read", length, room - 2);
        return NULL;
    }
    length += ended;
    memcpy(buffer, reading->text, length);
    buffer[length] = '\0';
    reading->text += length;
    return buffer;
}

/* --- the file --------------------------------------------------------------------------------- */

static int read_text(char **out, const char *path, struct tarn_error **error)
{
    char *text = malloc(MOST_BYTES + 1);
    char *real = NULL;
    size_t used = 0;
    ssize_t got = 1;
    int fd;
    int status = text != NULL ? trust_open_file(&fd, &real, path, error) : TARN_E_INTERNAL;

    if (status != TARN_OK) {
        free(text);
        return status;
    }
    while (used <= MOST_BYTES && got > 0) {
        got = read(fd, text + used, MOST_BYTES + 1 - used);
        used += got > 0 ? (size_t)got : 0;
    }
    if (got < 0)
        status = error_set(error, status_from_errno(errno), errno, "cannot read %s", path);
    else if (used > MOST_BYTES)
        status = error_set(error, TARN_E_INVALID, 0, "%s is larger than %u bytes", path,
                           MOST_BYTES);
    else if (memchr(text, '\0', used) != NULL)
        status = error_set(error, TARN_E_INVALID, 0, "%s holds a NUL byte: it is no text", path);
    else
        text[used] = '\0';
    if (status == TARN_OK && !utf8_is_valid(text))
        status = error_set(error, TARN_E_INVALID, 0, "%s is not UTF-8", path);
    close(fd);
    free(real);
    if (status != TARN_OK)
        free(text);
    else
        *out = text;
    return status;
}

static const struct tarn_property *const *keep_section(struct arena *arena,
                                                       const struct plugin_section *section)
{
    const struct tarn_property **list = arena_alloc(arena, (section->count + 1) * sizeof(*list));
    size_t i;

    for (i = 0; i < section->count && list != NULL; i++) {
        struct tarn_property *key = arena_alloc(arena, sizeof(*key));

        if (key != NULL)
            *key = section->keys[i];
        list[i] = key;
    }
    return list;
}

/* From the reading's fixed rooms into arrays of the right size. */
static void keep_lists(struct plugin_reading *reading)
{
    struct plugin_conf *conf = reading->conf;
    const struct tarn_property *const *options = keep_section(conf->arena, &reading->options);
    const struct tarn_property *const *environment =
        keep_section(conf->arena, &reading->environment);
    const char **provides;
    size_t count = 0;
    size_t i;

    while (reading->provides[count] != NULL)
        count++;
    provides = arena_alloc(conf->arena, (count + 1) * sizeof(*provides));
    for (i = 0; i < count && provides != NULL; i++)
        provides[i] = reading->provides[i];
    if (provides != NULL && options != NULL && environment != NULL) {
        conf->provides = provides;
        conf->options = options;
        conf->environment = environment;
    }
}

static void parse(struct plugin_conf *conf, const char *text, const char *modules)
{
    struct plugin_reading *reading = calloc(1, sizeof(*reading));
    int bad_line;

    if (reading == NULL) {
        error_set(&conf->error, TARN_E_INTERNAL, ENOMEM, "cannot read %s", conf->path);
        return;
    }
    reading->conf = conf;
    reading->modules = modules;
    reading->text = text;
    bad_line = ini_parse_stream(next_line, reading, plugin_key_take, reading);
    if (arena_failed(conf->arena))
        error_set(&conf->error, TARN_E_INTERNAL, ENOMEM, "cannot read %s", conf->path);
    if (conf->error == NULL && bad_line != 0) {
        reading->line = (unsigned)(bad_line > 0 ? bad_line : 0);
        conf_wrong(reading, "neither a section, nor key = value, nor a comment");
    }
    if (conf->error == NULL)
        plugin_keys_check(reading);
    keep_lists(reading);
    free(reading);
}

/* The name as it can be shown: a file may be called anything. */
static char *name_of(struct arena *arena, const char *file_name)
{
    size_t suffix = sizeof(PLUGIN_CONF_SUFFIX) - 1;
    char *name = arena_strndup(arena, file_name, strlen(file_name) - suffix);
    char *byte;

    for (byte = name; byte != NULL && *byte != '\0'; byte++)
        if (*byte < ' ' || *byte > '~')
            *byte = '?';
    return name;
}

static void distrusted(struct plugin_conf *conf, const struct tarn_error *why)
{
    error_set(&conf->error, tarn_error_status(why), 0, "%s is not read: %s", conf->path,
              tarn_error_message(why));
}

static struct plugin_conf *conf_new(void)
{
    static const char *const no_provides[] = { NULL };
    static const struct tarn_property *const no_options[] = { NULL };
    struct plugin_conf *conf = calloc(1, sizeof(*conf));

    if (conf == NULL)
        return NULL;
    conf->arena = arena_new();
    conf->provides = no_provides;
    conf->options = conf->environment = no_options;
    conf->enabled = true;
    conf->priority = PLUGIN_PRIORITY;
    if (conf->arena != NULL)
        return conf;
    free(conf);
    return NULL;
}

struct plugin_conf *plugin_conf_of_folder(const char *folder, const struct tarn_error *reason)
{
    struct plugin_conf *conf = conf_new();

    if (conf == NULL)
        return NULL;
    conf->name = conf->path = arena_strdup(conf->arena, folder);
    if (conf->name != NULL && reason != NULL)
        error_set(&conf->error, tarn_error_status(reason), 0, "%s", tarn_error_message(reason));
    else
        error_set(&conf->error, TARN_E_IO, 0, "cannot list %s", folder);
    return conf;
}

struct plugin_conf *plugin_conf_read(const char *folder, const char *file_name,
                                     const char *modules, const struct tarn_error *distrust)
{
    struct plugin_conf *conf = conf_new();
    char *text = NULL;

    if (conf == NULL)
        return NULL;
    conf->name = name_of(conf->arena, file_name);
    conf->path = arena_printf(conf->arena, "%s/%s", folder, file_name);
    if (arena_failed(conf->arena)) {
        plugin_conf_free(conf);
        return NULL;
    }
    if (distrust != NULL)
        distrusted(conf, distrust);
    else if (!plugin_name_valid(conf->name))
        error_set(&conf->error, TARN_E_INVALID, 0,
                  "%s: a module is called by lower case letters, digits and hyphens", conf->path);
    else if (read_text(&text, conf->path, &conf->error) == TARN_OK)
        parse(conf, text, modules);
    free(text);
    return conf;
}

void plugin_conf_free(struct plugin_conf *conf)
{
    if (conf == NULL)
        return;
    arena_free(conf->arena);
    tarn_error_free(conf->error);
    free(conf);
}

bool plugin_conf_provides(const struct plugin_conf *conf, const char *kind, const char *name)
{
    const char *const *word;
    size_t length = strlen(kind);

    for (word = conf->provides; *word != NULL; word++)
        if (strncmp(*word, kind, length) == 0 && (*word)[length] == ':' &&
            strcmp(*word + length + 1, name) == 0)
            return true;
    return false;
}
