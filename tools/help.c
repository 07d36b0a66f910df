/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The help, printed from the table of commands.
 */
#include "tools/help.h"

#include <stdio.h>

#include "tools/auto.h"
#include "tools/json.h"
#include "tools/text.h"

const char *help_value(const struct option *option)
{
    switch (option->value) {
    case VALUE_NONE: return NULL;
    case VALUE_TEXT: return "TEXT";
    case VALUE_NUMBER: return "NUMBER";
    case VALUE_SIZE: return "SIZE";
    case VALUE_CHOICE: return "CHOICE";
    case VALUE_FILE: return "FILE";
    case VALUE_DIRECTORY: return "DIR";
    case VALUE_POOL: return "POOL";
    case VALUE_VOLUME: return "VOLUME";
    case VALUE_TYPE: return "TYPE";
    case VALUE_FORMAT: return "FORMAT";
    case VALUE_MODULE: return "MODULE";
    case VALUE_PARAM: return "NAME=VALUE";
    case VALUE_SECRET: return "NAME=SECRET";
    case VALUE_COMMAND: return "COMMAND";
    }
    return NULL;
}

/* "[--pool] POOL" if it may stand without its name, "--pool POOL", "--bytes". */
static char *option_usage(const struct option *option)
{
    const char *value = help_value(option);
    bool by_position = option->value != VALUE_NONE && !(option->flags & OPTION_NAMED);

    if (!value)
        return text_format("--%s", option->name);
    return text_format(by_position ? "[--%s] %s" : "--%s %s", option->name, value);
}

/* --- what completion reads -------------------------------------------------------------------- */

static void list_options(const struct option *options)
{
    for (; options->name; options++) {
        AUTO(text) char *usage = option_usage(options);
        printf("%s%s", usage, options->flags & OPTION_REPEATED ? "..." : "");
        for (const char *const *choice = options->choices; choice && *choice; choice++)
            printf(" %s", *choice);
        putchar('\n');
    }
}

static void list(const struct command *only)
{
    if (only) {
        list_options(only->options);
        list_options(global_options);
        return;
    }
    for (const struct command_group *group = command_groups; group->title; group++)
        for (const struct command *command = group->commands; command->name; command++)
            if (!(command->flags & COMMAND_HIDDEN))
                puts(command->name);
}

/* --- for programs ----------------------------------------------------------------------------- */

static json_t *describe_options(const struct option *options)
{
    json_t *array = json_array();

    for (; options->name; options++) {
        json_t *object = json_object();
        json_put_text(object, "name", options->name);
        json_put_text(object, "value", help_value(options));
        json_put_text(object, "summary", options->summary);
        json_put_bool(object, "required", options->flags & OPTION_REQUIRED);
        json_put_bool(object, "repeated", options->flags & OPTION_REPEATED);
        json_put_bool(object, "positional",
                      options->value != VALUE_NONE && !(options->flags & OPTION_NAMED));
        if (options->choices)
            json_put_list(object, "choices", options->choices);
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *describe(const struct command_group *group, const struct command *command)
{
    json_t *object = json_object();

    json_put_text(object, "name", command->name);
    json_put_text(object, "group", group->title);
    json_put_text(object, "summary", command->summary);
    json_put(object, "options", describe_options(command->options));
    return object;
}

static void print_json(const struct command *only)
{
    json_t *commands = json_array();

    for (const struct command_group *group = command_groups; group->title; group++)
        for (const struct command *command = group->commands; command->name; command++)
            if (only ? command == only : !(command->flags & COMMAND_HIDDEN))
                json_array_append_new(commands, describe(group, command));
    json_t *document = json_object();
    json_put(document, "commands", commands);
    json_put(document, "options", describe_options(global_options));
    json_print(document);
}

/* --- for people ------------------------------------------------------------------------------- */

static void print_options(const struct option *options)
{
    for (; options->name; options++) {
        AUTO(text) char *usage = option_usage(options);
        printf("    %-30s %s", usage, options->summary);
        for (const char *const *choice = options->choices; choice && *choice; choice++)
            printf("%s%s", choice == options->choices ? ": " : ", ", *choice);
        puts(options->flags & OPTION_REPEATED ? " (may be repeated)" : "");
    }
}

static void print_synopsis(const struct command *command)
{
    printf("    %s", command->name);
    for (const struct option *option = command->options; option->name; option++)
        if ((option->flags & OPTION_REQUIRED) && (option->flags & OPTION_NAMED))
            printf(" --%s %s", option->name, help_value(option));
        else if (option->flags & OPTION_REQUIRED)
            printf(" <%s>%s", option->name, option->flags & OPTION_REPEATED ? "..." : "");
    for (const struct option *option = command->options; option->name; option++) {
        const char *value = help_value(option);
        if (!(option->flags & OPTION_REQUIRED))
            printf(" [--%s%s%s]%s", option->name, value ? " " : "", value ? value : "",
                   option->flags & OPTION_REPEATED ? "..." : "");
    }
    putchar('\n');
}

static void print_command(const struct command *command)
{
    printf("  NAME\n    %s - %s\n\n  SYNOPSIS\n", command->name, command->summary);
    print_synopsis(command);
    if (command->details)
        printf("\n  DESCRIPTION\n%s\n", command->details);
    if (command->options->name) {
        puts("\n  OPTIONS");
        print_options(command->options);
    }
    putchar('\n');
}

static void print_overview(void)
{
    puts("tarn [--root DIR] [--json] [--quiet] COMMAND [OPTIONS]\n");
    for (const struct command_group *group = command_groups; group->title; group++) {
        printf(" %s:\n", group->title);
        for (const struct command *command = group->commands; command->name; command++)
            if (!(command->flags & COMMAND_HIDDEN))
                printf("    %-30s %s\n", command->name, command->summary);
        putchar('\n');
    }
    puts(" Options of every command:");
    print_options(global_options);
    putchar('\n');
}

void help_print(struct tool *tool, const struct command *command)
{
    if (tool->settings.json)
        print_json(command);
    else if (tool->settings.quiet)
        list(command);
    else if (command)
        print_command(command);
    else
        print_overview();
}
