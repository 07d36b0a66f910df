/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a command is: a row of a table. The parser, the help, the shell's and bash's completion and
 * the lint of the manual page all read the same rows.
 */
#ifndef TOOLS_COMMAND_H
#define TOOLS_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct args;
struct tool;

/* What the value of an option is: what it is parsed as, called in the help and completed with. */
enum value {
    VALUE_NONE, /* a flag */
    VALUE_TEXT,
    VALUE_NUMBER, /* decimal */
    VALUE_SIZE,   /* bytes, with an optional unit */
    VALUE_CHOICE, /* one of `choices` */
    VALUE_FILE,
    VALUE_DIRECTORY,
    VALUE_POOL, /* name or UUID */
    VALUE_VOLUME,
    VALUE_TYPE,
    VALUE_FORMAT,
    VALUE_MODULE,
    VALUE_PARAM,  /* NAME=VALUE, of a parameter of the pool type */
    VALUE_SECRET, /* NAME=SECRET, of one that is a secret: what that is called */
    VALUE_COMMAND,
};

/* option.flags */
#define OPTION_REQUIRED 0x1u
#define OPTION_NAMED    0x2u /* never given by position */
#define OPTION_REPEATED 0x4u
#define OPTION_SIGNED   0x8u /* a size that may have a minus sign */

/* An option that takes a value may stand without its name: words that are no options fill those
 * not given yet, in the order of the table, as in virsh; the last of them takes the rest if it may
 * be repeated. */
struct option {
    const char *name;
    enum value value;
    unsigned flags;
    const char *summary;
    const char *const *choices; /* ends with NULL */
};

/* command.flags */
#define COMMAND_OFFLINE 0x1u /* opens no context */
#define COMMAND_JOB     0x2u /* may last: progress is shown, Ctrl-C cancels */
#define COMMAND_BYTES   0x4u /* and its progress counts bytes */
#define COMMAND_HIDDEN  0x8u /* of the interactive shell only */

struct command {
    const char *name;
    const char *summary;
    unsigned flags;
    const struct option *options;        /* ends with a NULL name */
    const char *const (*exclusive)[2];   /* pairs that exclude each other; ends with NULLs */
    const char *details;                 /* a paragraph more for the help, or NULL */
    /* Does it; answers a TARN_… status, whose error is in the tool (tool.h). */
    int (*run)(struct tool *tool, const struct args *args);
};

struct command_group {
    const char *title;
    const struct command *commands; /* ends with a NULL name */
};

/* All groups, in the order of the help; ends with a NULL title. */
extern const struct command_group command_groups[];
/* The options that every command has. */
extern const struct option global_options[];

const struct command *command_find(const char *name);
/* The option of the command, or the global one, or NULL. */
const struct option *command_option(const struct command *command, const char *name);
/* The known name most like this one, or NULL. */
const char *command_nearest(const char *name);
const char *option_nearest(const struct command *command, const char *name);

/* Each group, in a file of its own. */
extern const struct command pool_commands[];
extern const struct command volume_commands[];
extern const struct command module_commands[];
extern const struct command other_commands[];

/* Options that many commands share. */
#define OPTIONS_END { NULL, VALUE_NONE, 0, NULL, NULL }
#define OPTION_POOL { "pool", VALUE_POOL, OPTION_REQUIRED, "name or UUID of the pool", NULL }
#define OPTION_VOLUME \
    { "vol", VALUE_VOLUME, OPTION_REQUIRED, "name, key or path of the volume", NULL }
#define OPTION_IN_POOL { "pool", VALUE_POOL, 0, "name or UUID of its pool", NULL }
#define OPTION_FLAG(name, summary) { name, VALUE_NONE, 0, summary, NULL }

#endif
