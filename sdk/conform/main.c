/* SPDX-License-Identifier: BSD-2-Clause
 *
 * main.c - tarn-conform: every check on every part of one module.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conform/report.h"
#include "conform/settings.h"
#include "conform/survey.h"
#include "conform/trial.h"

struct run {
    struct options options;
    struct config *config;
    struct survey survey;
    struct report report;
};

static void try_one(struct run *run, const struct check *check, const char *part)
{
    struct verdict verdict;

    if (!options_want(&run->options, check->name, part))
        return;
    trial_run(&verdict, check, part, &run->options, run->config);
    report_add(&run->report, check, part, &verdict);
    verdict_clear(&verdict);
}

static bool concerns(const struct check *check, const char *part)
{
    bool pool = strncmp(part, "pool:", 5) == 0;

    return check->of == CHECK_PART || (check->of == CHECK_POOL_TYPE && pool) ||
           (check->of == CHECK_FORMAT && !pool);
}

static void try_check(struct run *run, const struct check *check)
{
    if (check->of == CHECK_FILE || check->of == CHECK_MODULE) {
        try_one(run, check, "");
        return;
    }
    for (size_t index = 0; index < run->survey.count; index++)
        if (concerns(check, run->survey.parts[index]))
            try_one(run, check, run->survey.parts[index]);
}

static void each_check(void (*take)(struct run *, const struct check *), struct run *run)
{
    for (size_t group = 0; check_groups[group] != NULL; group++)
        for (const struct check *check = check_groups[group]; check->name != NULL; check++)
            take(run, check);
}

static void tell_check(struct run *run, const struct check *check)
{
    if (options_want(&run->options, check->name, ""))
        printf("%-28s %s\n", check->name, check->promise);
}

/* What the module can do: a line for each part. */
static void print_matrix(const struct survey *survey, const char *before)
{
    for (size_t index = 0; index < survey->count; index++)
        printf("%s%s: %s\n", before, survey->parts[index], survey->abilities[index]);
}

static int complain(char *text)
{
    fprintf(stderr, "tarn-conform: %s\n", text != NULL ? text : "out of memory");
    free(text);
    return 2;
}

/* --- patterns --------------------------------------------------------------------------------- */

static bool fits_check(const struct run *run, const char *pattern, const struct check *check)
{
    if (check->of == CHECK_FILE || check->of == CHECK_MODULE)
        return options_fits(pattern, check->name, "");
    for (size_t index = 0; index < run->survey.count; index++)
        if (concerns(check, run->survey.parts[index]) &&
            options_fits(pattern, check->name, run->survey.parts[index]))
            return true;
    return run->options.list && options_fits(pattern, check->name, "");
}

static bool fits_any(const struct run *run, const char *pattern)
{
    for (size_t group = 0; check_groups[group] != NULL; group++)
        for (const struct check *check = check_groups[group]; check->name != NULL; check++)
            if (fits_check(run, pattern, check))
                return true;
    return false;
}

/* What is wrong with --only; NULL: every pattern fits something. */
static char *unmatched(const struct run *run)
{
    const char *const *pattern = run->options.only;
    char *wrong = NULL;

    while (pattern != NULL && *pattern != NULL && fits_any(run, *pattern))
        pattern++;
    if (pattern != NULL && *pattern != NULL &&
        asprintf(&wrong, "--only %s fits no check, and no part of this module: --list tells the "
                 "checks, --matrix the parts", *pattern) < 0)
        wrong = NULL;
    return wrong;
}

/* --- one run ---------------------------------------------------------------------------------- */

/* A file that the kit cannot open as a module is judged by the checks of files alone. */
static int try_all(struct run *run)
{
    char *wrong;
    char *error = survey_take(&run->survey, run->options.module, run->config, &wrong);
    int status;

    if (wrong == NULL)
        wrong = unmatched(run);
    if (wrong != NULL) {
        free(error);
        survey_clear(&run->survey);
        return complain(wrong);
    }
    if (error != NULL)
        printf("# %s: %s\n", run->options.module, error);
    if (run->options.matrix) {
        print_matrix(&run->survey, "");
        status = error != NULL ? 1 : 0;
    } else if (!report_begin(&run->report, &run->options)) {
        status = 2;
    } else {
        each_check(try_check, run);
        print_matrix(&run->survey, "# ");
        status = report_end(&run->report);
    }
    free(error);
    survey_clear(&run->survey);
    return status;
}

int main(int argc, char **argv)
{
    struct run run;
    char *error = NULL;
    int status = 0;

    memset(&run, 0, sizeof(run));
    if (!options_read(&run.options, &status, argc, argv))
        return status;
    if (run.options.list) {
        error = unmatched(&run);
        if (error == NULL)
            each_check(tell_check, &run);
        else
            status = complain(error);
    } else {
        run.config = config_read(run.options.config, &error);
        status = run.config != NULL && settings_known(run.config, &error) ? try_all(&run)
                                                                          : complain(error);
        config_free(run.config);
    }
    options_clear(&run.options);
    return status;
}
