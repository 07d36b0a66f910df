/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Switching modules on and off: a copy of the .conf that is in force goes into the administrator's
 * plugins.d, with one line changed, and masks the installed one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/context/context.h"
#include "core/base/error.h"
#include "core/base/persist.h"
#include "core/registry/registry-private.h"
#include "sdk/helpers/errno-status.h"

#define MOST_BYTES 65536u

/* A line without the blanks around, as inih takes it. */
static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t");
}

static bool is_section(const char *line, const char *name)
{
    size_t length = strlen(name);

    line = skip_blanks(line);
    return line[0] == '[' && strncmp(line + 1, name, length) == 0 && line[1 + length] == ']';
}

static bool is_key(const char *line, const char *name)
{
    size_t length = strlen(name);

    line = skip_blanks(line);
    if (strncmp(line, name, length) != 0)
        return false;
    line = skip_blanks(line + length);
    return *line == '=' || *line == ':';
}

/* Of a key's line: what comes after its value, the comment. inih wants a blank before it. */
static const char *comment_of(const char *line, size_t length)
{
    const char *end = line + length;
    const char *byte;

    for (byte = line + 1; byte < end; byte++)
        if (*byte == ';' && (byte[-1] == ' ' || byte[-1] == '\t'))
            return byte;
    return end;
}

/* Copies the text line by line; the first "enabled" of [module] is replaced, or put below the
 * section's head if there is none. */
static char *edit(const char *text, const char *value)
{
    char *edited = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&edited, &size);
    const char *line;
    bool has_key = false;
    bool inside = false;

    if (stream == NULL)
        return NULL;
    for (line = text; *line != '\0'; line += strcspn(line, "\n") + (strchr(line, '\n') != NULL)) {
        if (skip_blanks(line)[0] == '[')
            inside = is_section(line, "module");
        has_key |= inside && is_key(line, "enabled");
    }
    inside = false;
    for (line = text; *line != '\0';) {
        size_t length = strcspn(line, "\n");

        if (skip_blanks(line)[0] == '[')
            inside = is_section(line, "module");
        if (inside && is_key(line, "enabled")) {
            const char *comment = comment_of(line, length);

            fprintf(stream, "enabled  = %s%s%.*s\n", value, comment < line + length ? " " : "",
                    (int)(line + length - comment), comment);
        } else {
            fprintf(stream, "%.*s\n", (int)length, line);
            if (!has_key && is_section(line, "module"))
                fprintf(stream, "enabled  = %s\n", value);
        }
        line += length + (line[length] == '\n');
    }
    if (fclose(stream) == 0)
        return edited;
    free(edited);
    return NULL;
}

/* The .conf in force: its text, and the name of its file; a file that cannot be understood is not
 * copied. */
static int read_conf(char **out_text, char **out_name, struct tarn_context *context,
                     const char *name, struct tarn_error **error)
{
    struct registry *registry = context->registry;
    struct provider *provider;
    char *path = NULL;
    size_t length;
    int status = TARN_OK;

    registry_enter(registry, true);
    provider = registry_find(registry, name);
    if (provider == NULL)
        status = error_set(error, TARN_E_NOT_FOUND, 0,
                           "there is no module \"%s\": tarn module-list shows those there are",
                           name);
    else if (provider->conf->error != NULL)
        status = error_set(error, TARN_E_INVALID, 0, "mend its .conf first: %s",
                           tarn_error_message(provider->conf->error));
    else
        path = strdup(provider->conf->path);
    registry_leave(registry);
    if (status != TARN_OK)
        return status;
    if (path == NULL)
        return error_set(error, TARN_E_INTERNAL, ENOMEM, "cannot copy the .conf of %s", name);
    *strrchr(path, '/') = '\0';
    *out_name = strdup(path + strlen(path) + 1);
    status = persist_read(out_text, &length, path, *out_name, MOST_BYTES, error);
    free(path);
    return status;
}

/* The file is made for its owner alone; every user of the host may know which modules there are. */
static int write_conf(const char *folder, const char *name, const char *text,
                      struct tarn_error **error)
{
    char *path = NULL;
    int status = persist_write(folder, name, text, strlen(text), error);

    if (status != TARN_OK)
        return status;
    if (asprintf(&path, "%s/%s", folder, name) < 0)
        return error_set(error, TARN_E_INTERNAL, ENOMEM, "cannot set the mode of %s", name);
    if (chmod(path, 0644) < 0)
        status = error_set(error, status_from_errno(errno), errno, "cannot set the mode of %s",
                           path);
    free(path);
    return status;
}

int tarn_module_enable(struct tarn_context *context, const char *name, int enable,
                       struct tarn_error **error)
{
    char *text = NULL;
    char *file_name = NULL;
    char *edited = NULL;
    int status = read_conf(&text, &file_name, context, name, error);

    if (status == TARN_OK) {
        edited = edit(text, enable ? "yes" : "no");
        if (edited == NULL || file_name == NULL)
            status = error_set(error, TARN_E_INTERNAL, ENOMEM, "cannot write the .conf of %s",
                               name);
    }
    if (status == TARN_OK)
        status = write_conf(context->folders.own_plugins, file_name, edited, error);
    free(edited);
    free(file_name);
    free(text);
    return status;
}
