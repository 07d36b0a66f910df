/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A command line after it was understood.
 */
#ifndef TOOLS_ARGS_H
#define TOOLS_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/command.h"

struct arg {
    const struct option *option;
    const char *text;  /* "" for a flag */
    uint64_t number;   /* of a VALUE_NUMBER or VALUE_SIZE */
    bool negative;
};

struct args {
    const struct command *command; /* NULL if none was named */
    struct arg *list;
    size_t count;
    char *problem; /* why the command line is wrong, or NULL */
};

/* Understands `words` (as main's argv, without the program's name; they must outlive *out). Without
 * a command there are global options only. Answers false, with `problem` and perhaps the command
 * set, if they are wrong. */
bool args_parse(struct args *out, int count, char *const *words);
/* Whether all that is required is there and nothing excludes another; else sets `problem`. */
bool args_check(struct args *args);
void args_clear(struct args *args);

/* An option that is not in the command's table is a defect, and ends the command. */
const struct arg *args_get(const struct args *args, const char *name);
bool args_has(const struct args *args, const char *name);
/* NULL if it was not given. */
const char *args_text(const struct args *args, const char *name);
uint64_t args_number(const struct args *args, const char *name, uint64_t otherwise);
/* One after the other of a repeated option; *position starts with 0. NULL after the last. */
const char *args_each(const struct args *args, const char *name, size_t *position);
/* `flag` if the option was given, else 0. */
uint32_t args_flag(const struct args *args, const char *name, uint32_t flag);

#endif
