/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of all commands, and looking things up in it.
 */
#include "tools/command.h"

#include <stdlib.h>
#include <string.h>

#include "tools/text.h"

const struct command_group command_groups[] = {
    { "Pools", pool_commands },
    { "Volumes", volume_commands },
    { "Modules", module_commands },
    { "Other", other_commands },
    { NULL, NULL },
};

static const char *const follow_choices[] = { "none", "recorded", "pool", "anywhere", NULL };

const struct option global_options[] = {
    { "root", VALUE_DIRECTORY, OPTION_NAMED,
      "keep configuration, state and run folders below this one", NULL },
    { "follow", VALUE_CHOICE, OPTION_NAMED, "how far names inside of images are followed",
      follow_choices },
    { "deadline", VALUE_NUMBER, OPTION_NAMED, "seconds that storage may take to answer, 60 if 0",
      NULL },
    OPTION_FLAG("json", "print one JSON document, sizes in bytes"),
    OPTION_FLAG("quiet", "print data only: no headings, messages, progress"),
    OPTION_FLAG("help", "explain the command"),
    OPTION_FLAG("version", "print the version"),
    OPTIONS_END
};

const struct command *command_find(const char *name)
{
    for (const struct command_group *group = command_groups; group->title; group++)
        for (const struct command *command = group->commands; command->name; command++)
            if (strcmp(command->name, name) == 0)
                return command;
    return NULL;
}

static const struct option *find_option(const struct option *options, const char *name)
{
    for (; options->name; options++)
        if (strcmp(options->name, name) == 0)
            return options;
    return NULL;
}

const struct option *command_option(const struct command *command, const char *name)
{
    const struct option *option = command ? find_option(command->options, name) : NULL;
    return option ? option : find_option(global_options, name);
}

const char *command_nearest(const char *name)
{
    const char *names[256];
    size_t count = 0, room = sizeof(names) / sizeof(*names) - 1;

    for (const struct command_group *group = command_groups; group->title; group++)
        for (const struct command *command = group->commands; command->name; command++)
            if (count < room && !(command->flags & COMMAND_HIDDEN))
                names[count++] = command->name;
    names[count] = NULL;
    return text_nearest(name, names);
}

const char *option_nearest(const struct command *command, const char *name)
{
    const char *names[64];
    size_t count = 0, room = sizeof(names) / sizeof(*names) - 1;

    for (const struct option *option = command ? command->options : NULL; option && option->name;
         option++)
        if (count < room)
            names[count++] = option->name;
    for (const struct option *option = global_options; option->name; option++)
        if (count < room)
            names[count++] = option->name;
    names[count] = NULL;
    return text_nearest(name, names);
}
