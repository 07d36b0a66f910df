/* SPDX-License-Identifier: BSD-2-Clause
 *
 * options.c - see options.h.
 */
#include "conform/options.h"

#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: tarn-conform [OPTION]... MODULE.so\n"
    "Tries to break every promise of a module, and reports in TAP.\n"
    "\n"
    "  --conf FILE      the module's .conf; else the file of its name beside it, if there is one\n"
    "  --config FILE    what the kit must know of the module: see tarn-conform(1)\n"
    "  --only PATTERN   checks (format/*) or parts (pool:NAME) of this pattern alone; repeatable\n"
    "  --list           tell the checks and what each looks for; try nothing\n"
    "  --matrix         tell what the module can do, in place of TAP\n"
    "  --tap            report in TAP, which is the default\n"
    "  --junit FILE     report to FILE in JUnit's XML as well\n"
    "  --destructive    storage that the configuration names may be overwritten\n"
    "  --patience N     multiply every limit of time by N\n"
    "  --help, --version\n"
    "\n"
    "Status: 0 every promise held; 1 one was broken; 2 the command line or a file is wrong.\n";

enum { CONF = 256, CONFIG, ONLY, LIST, MATRIX, TAP, JUNIT, DESTRUCTIVE, PATIENCE, HELP, ABOUT };

static const struct option known[] = {
    { "conf", required_argument, NULL, CONF },
    { "config", required_argument, NULL, CONFIG },
    { "only", required_argument, NULL, ONLY },
    { "list", no_argument, NULL, LIST },
    { "matrix", no_argument, NULL, MATRIX },
    { "tap", no_argument, NULL, TAP },
    { "junit", required_argument, NULL, JUNIT },
    { "destructive", no_argument, NULL, DESTRUCTIVE },
    { "patience", required_argument, NULL, PATIENCE },
    { "help", no_argument, NULL, HELP },
    { "version", no_argument, NULL, ABOUT },
    { NULL, 0, NULL, 0 },
};

static bool refuse(int *status, const char *what, const char *which)
{
    fprintf(stderr, "tarn-conform: %s%s: see tarn-conform --help\n", what, which);
    *status = 2;
    return false;
}

static bool add_only(struct options *options, const char *pattern)
{
    const char **grown = (const char **)(uintptr_t)options->only;
    size_t count = 0;

    while (grown != NULL && grown[count] != NULL)
        count++;
    grown = realloc(grown, (count + 2) * sizeof(*grown));
    if (grown == NULL)
        return false;
    grown[count] = pattern;
    grown[count + 1] = NULL;
    options->only = grown;
    return true;
}

static bool take_patience(struct options *options, const char *text)
{
    char *end;

    options->patience = strtod(text, &end);
    return *text != '\0' && *end == '\0' && options->patience >= 0.01 &&
           options->patience <= 1000;
}

static bool take(struct options *options, int *status, int which, const char *value)
{
    switch (which) {
    case CONF: options->conf = value; return true;
    case CONFIG: options->config = value; return true;
    case ONLY: return add_only(options, value) || refuse(status, "no memory for ", value);
    case LIST: options->list = true; return true;
    case MATRIX: options->matrix = true; return true;
    case TAP: return true;
    case JUNIT: options->junit = value; return true;
    case DESTRUCTIVE: options->destructive = true; return true;
    case PATIENCE:
        return take_patience(options, value) ||
               refuse(status, "--patience is a number from 0.01 to 1000, not ", value);
    case HELP: fputs(usage, stdout); break;
    case ABOUT: puts("tarn-conform " PACKAGE_VERSION); break;
    default: return refuse(status, "the command line is wrong", "");
    }
    *status = 0;
    return false;
}

/* The .conf of a module's name beside it. */
static const char *conf_beside(const char *module)
{
    char *path = NULL;
    size_t length = strlen(module);

    if (length > 3 && strcmp(module + length - 3, ".so") == 0)
        length -= 3;
    if (asprintf(&path, "%.*s.conf", (int)length, module) < 0)
        return NULL;
    if (access(path, R_OK) == 0)
        return path;
    free(path);
    return NULL;
}

bool options_read(struct options *out, int *status, int argc, char **argv)
{
    int which;

    memset(out, 0, sizeof(*out));
    out->patience = 1;
    while ((which = getopt_long(argc, argv, "", known, NULL)) != -1)
        if (!take(out, status, which, optarg))
            return false;
    if (out->list && optind == argc)
        return true;
    if (argc - optind != 1)
        return refuse(status, "one module is wanted", "");
    out->module = realpath(argv[optind], NULL);
    if (out->module == NULL || access(out->module, R_OK) < 0) {
        fprintf(stderr, "tarn-conform: %s cannot be read: %s\n", argv[optind], strerror(errno));
        *status = 2;
        return false;
    }
    if (out->conf == NULL)
        out->conf = conf_beside(out->module);
    return true;
}

bool options_fits(const char *pattern, const char *check, const char *part)
{
    char both[512];

    snprintf(both, sizeof(both), "%s %s", check, part);
    return fnmatch(pattern, check, 0) == 0 || fnmatch(pattern, part, 0) == 0 ||
           fnmatch(pattern, both, 0) == 0;
}

bool options_want(const struct options *options, const char *check, const char *part)
{
    const char *const *pattern = options->only;

    while (pattern != NULL && *pattern != NULL && !options_fits(*pattern, check, part))
        pattern++;
    return pattern == NULL || *pattern != NULL;
}

void options_clear(struct options *options)
{
    free((void *)(uintptr_t)options->only);
    free((void *)(uintptr_t)options->module);
    memset(options, 0, sizeof(*options));
}
