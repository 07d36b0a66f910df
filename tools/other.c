/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of the commands on images in no pool, version, help, and what ends the shell.
 */
#include <stdio.h>

#include "tools/help.h"
#include "tools/image-options.h"
#include "tools/image.h"
#include "tools/json.h"
#include "tools/report.h"

static int version(struct tool *tool, const struct args *args)
{
    (void)args;
    if (tool->settings.json)
        tool_print(tool, "version", tarn_version());
    else
        printf("tarn %s\n", tarn_version());
    return TARN_OK;
}

static int help(struct tool *tool, const struct args *args)
{
    const char *name = args_text(args, "command");
    const struct command *command = name ? command_find(name) : NULL;

    if (name && !command)
        return tool_wrong(tool, "there is no command '%s': see 'tarn help'", name);
    help_print(tool, command);
    tool->streamed = true; /* it ends with an empty line itself */
    return TARN_OK;
}

static int quit(struct tool *tool, const struct args *args)
{
    (void)args;
    tool->leave_shell = true;
    tool->streamed = true;
    return TARN_OK;
}

#define OPTION_IMAGE { "file", VALUE_FILE, OPTION_REQUIRED, "the image", NULL }
#define OPTION_FORMAT \
    { "format", VALUE_FORMAT, OPTION_NAMED, "its format; found out if not given", NULL }

static const struct option no_options[] = { OPTIONS_END };

static const struct option help_options[] = {
    { "command", VALUE_COMMAND, 0, "what to explain", NULL },
    OPTIONS_END
};

static const struct option info_options[] = {
    { "file", VALUE_FILE, OPTION_REQUIRED | OPTION_REPEATED, "the image", NULL },
    { "format", VALUE_FORMAT, OPTION_NAMED, "format of all; found out if not given", NULL },
    OPTIONS_END
};

static const struct option map_options[] = { OPTION_IMAGE, OPTION_FORMAT, OPTIONS_END };

static const struct option check_options[] = {
    OPTION_IMAGE,
    OPTION_FORMAT,
    OPTION_FLAG("repair", "mend what can be mended"),
    OPTIONS_END
};

static const struct option convert_options[] = {
    { "source", VALUE_FILE, OPTION_REQUIRED, "the image to read", NULL },
    { "target", VALUE_FILE, OPTION_REQUIRED, "the image to make; must not exist", NULL },
    { "format", VALUE_FORMAT, OPTION_REQUIRED | OPTION_NAMED, "format of the new image", NULL },
    { "source-format", VALUE_FORMAT, OPTION_NAMED, "format of the old; found out if not given",
      NULL },
    { "snapshot", VALUE_TEXT, OPTION_NAMED, "snapshot in the old image to take, by id or name",
      NULL },
    IMAGE_OPTIONS,
    OPTION_COMPRESS,
    { "backing", VALUE_FILE, OPTION_NAMED, "image below the new one, as it shall be named there",
      NULL },
    { "backing-format", VALUE_FORMAT, OPTION_NAMED, "format of that", NULL },
    OPTIONS_END
};

static const char info_details[] =
    "    Of several files one that fails keeps nobody from learning of the others; JSON is an\n"
    "    array then, with an object for each file, in their order.";
static const char convert_details[] =
    "    tarn-FORMAT(7) tells which of these options a format takes, and what it means by them.";
static const char check_details[] =
    "    Exit status 0: nothing is wrong, or everything was mended; 1: faults remain.";

const struct command other_commands[] = {
    { .name = "image-info", .summary = "what images say of themselves",
      .options = info_options, .details = info_details, .run = image_info },
    { .name = "image-map", .summary = "print where the data of an image lie",
      .flags = COMMAND_JOB, .options = map_options, .run = image_map },
    { .name = "image-check", .summary = "look for faults in an image",
      .flags = COMMAND_JOB | COMMAND_BYTES, .options = check_options, .details = check_details,
      .run = image_check },
    { .name = "image-convert", .summary = "copy an image into another format",
      .flags = COMMAND_JOB | COMMAND_BYTES, .options = convert_options, .details = convert_details,
      .run = image_convert },
    { .name = "version", .summary = "print the version",
      .flags = COMMAND_OFFLINE, .options = no_options, .run = version },
    { .name = "help", .summary = "explain all commands, or one",
      .flags = COMMAND_OFFLINE, .options = help_options, .run = help },
    { .name = "quit", .summary = "leave the shell",
      .flags = COMMAND_OFFLINE | COMMAND_HIDDEN, .options = no_options, .run = quit },
    { .name = "exit", .summary = "leave the shell",
      .flags = COMMAND_OFFLINE | COMMAND_HIDDEN, .options = no_options, .run = quit },
    { .name = NULL },
};
