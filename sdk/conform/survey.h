/* SPDX-License-Identifier: BSD-2-Clause
 *
 * survey.h - what a module provides, asked in a process of its own, so that one that cannot even be
 * opened ends nothing.
 */
#ifndef CONFORM_SURVEY_H
#define CONFORM_SURVEY_H

#include <stddef.h>

#include "conform/config.h"

#define SURVEY_MOST 64u

struct survey {
    char *parts[SURVEY_MOST];     /* "pool:NAME", "format:NAME" */
    char *abilities[SURVEY_MOST]; /* of each, words */
    size_t count;
};

/* NULL; or why it cannot be opened, freed with free; as *out_wrong, what is wrong with the values
 * that the configuration gives to its parameters. */
char *survey_take(struct survey *out, const char *module, const struct config *config,
                  char **out_wrong);
void survey_clear(struct survey *survey);

#endif
