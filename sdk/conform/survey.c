/* SPDX-License-Identifier: BSD-2-Clause
 *
 * survey.c - see survey.h.
 */
#include "conform/survey.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conform/parameters.h"
#include "conform/subject.h"
#include "helpers/abilities.h"

static bool tell(FILE *to, const char *kind, const char *name)
{
    if (name == NULL || strpbrk(name, " \n") != NULL)
        return false;
    fprintf(to, "%s:%s", kind, name);
    return true;
}

static void tell_abilities(FILE *to, const struct abilities *abilities)
{
    for (size_t i = 0; i < abilities->count; i++)
        fprintf(to, " %s", abilities->words[i]);
    fputc('\n', to);
}

static void tell_all(FILE *to, const struct tarn_module *module)
{
    struct abilities abilities;

    for (size_t i = 0; module->pool_types != NULL && module->pool_types[i] != NULL; i++) {
        if (!tell(to, "pool", module->pool_types[i]->name))
            continue;
        abilities = (struct abilities){ .count = 0 };
        abilities_of_type(&abilities, module->pool_types[i]);
        tell_abilities(to, &abilities);
    }
    for (size_t i = 0; module->formats != NULL && module->formats[i] != NULL; i++) {
        if (!tell(to, "format", module->formats[i]->name))
            continue;
        abilities = (struct abilities){ .count = 0 };
        abilities_of_format(&abilities, module->formats[i]);
        tell_abilities(to, &abilities);
    }
}

static _Noreturn void child(FILE *to, const char *module, const struct config *config)
{
    static struct subject subject;
    char *error = NULL;
    char *wrong;

    if (!subject_open(&subject, module, &error)) {
        fprintf(to, "!%s\n", error);
    } else {
        tell_all(to, &subject.module);
        wrong = parameters_judge(&subject.module, config);
        if (wrong != NULL)
            fprintf(to, "?%s\n", wrong);
    }
    fflush(to);
    _exit(0);
}

static void take_line(struct survey *out, char *line)
{
    char *space = strchr(line, ' ');

    if (out->count == SURVEY_MOST)
        return;
    out->abilities[out->count] = strdup(space != NULL ? space + 1 : "");
    if (space != NULL)
        *space = '\0';
    out->parts[out->count++] = strdup(line);
}

char *survey_take(struct survey *out, const char *module, const struct config *config,
                  char **out_wrong)
{
    FILE *told = tmpfile();
    char line[4096];
    char *error = NULL;
    int status = -1;
    pid_t pid;

    memset(out, 0, sizeof(*out));
    *out_wrong = NULL;
    if (told == NULL)
        return strdup("the kit can make no file: set TMPDIR to a folder that can be written");
    pid = fork();
    if (pid == 0)
        child(told, module, config);
    if (pid > 0)
        waitpid(pid, &status, 0);
    rewind(told);
    while (fgets(line, sizeof(line), told) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '!')
            error = strdup(line + 1);
        else if (line[0] == '?')
            *out_wrong = strdup(line + 1);
        else
            take_line(out, line);
    }
    fclose(told);
    if (error == NULL && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
        error = strdup("opening it ended the process");
    return error;
}

void survey_clear(struct survey *survey)
{
    for (size_t index = 0; index < survey->count; index++) {
        free(survey->parts[index]);
        free(survey->abilities[index]);
    }
    survey->count = 0;
}
