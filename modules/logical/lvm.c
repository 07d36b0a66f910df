/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * lvm.c - the command lines of lvm. One program, `lvm COMMAND`, whatever the command.
 */
#include "lvm.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Reports as they are parsed here, whatever lvm.conf says; and no list of devices from udev, which
 * may lag behind what was made just now. */
#define SETTINGS                                                                                   \
    "devices{obtain_device_list_from_udev=0} log{report_command_log=0} "                           \
    "report{compact_output=0 columns_as_rows=0 prefixes=0 quoted=0 headings=1 "                    \
    "binary_values_as_numeric=0 mark_hidden_devices=1 two_word_unknown_device=0 "                  \
    "list_item_separator=\",\"}"

/* Without its daemon lvm would start it, or wait for it with each snapshot and thin pool; without
 * udev it would wait for links that nobody makes. */
static void add_settings(struct lvm_line *line)
{
    bool monitored = access("/run/dmeventd-server", F_OK) == 0;
    bool udev = access("/run/udev/control", F_OK) == 0;

    lvm_word(line, "--config");
    lvm_word(line, "%s%s", SETTINGS,
             monitored && udev ? ""
             : monitored       ? " activation{udev_sync=0 udev_rules=0}"
             : udev            ? " activation{monitoring=0}"
                               : " activation{monitoring=0 udev_sync=0 udev_rules=0}");
}

/* Nothing but the pool's own devices is looked at. */
static void add_scope(struct lvm_line *line, const struct logical *pool)
{
    size_t length = 0, i;
    char *list;

    if (pool == NULL || pool->devices[0] == NULL || __atomic_load_n(&pool->whole, __ATOMIC_RELAXED))
        return;
    for (i = 0; pool->devices[i] != NULL; i++)
        length += strlen(pool->devices[i]) + 1;
    list = malloc(length);
    if (list == NULL) {
        line->failed = true;
        return;
    }
    length = 0;
    for (i = 0; pool->devices[i] != NULL; i++)
        length += (size_t)sprintf(list + length, "%s%s", i > 0 ? "," : "", pool->devices[i]);
    lvm_word(line, "--devices");
    lvm_word(line, "%s", list);
    free(list);
}

static void add(struct lvm_line *line, char *word)
{
    char **grown = reallocarray(line->words, line->count + 2, sizeof(*grown));

    if (grown != NULL)
        line->words = grown;
    if (grown == NULL || word == NULL) {
        free(word);
        line->failed = true;
        return;
    }
    line->words[line->count++] = word;
    line->words[line->count] = NULL;
}

void lvm_word(struct lvm_line *line, const char *format, ...)
{
    char *word = NULL;
    va_list arguments;

    va_start(arguments, format);
    if (vasprintf(&word, format, arguments) < 0)
        word = NULL;
    va_end(arguments);
    add(line, word);
}

void lvm_words(struct lvm_line *line, const char *const *words)
{
    for (; *words != NULL; words++)
        add(line, strdup(*words));
}

void lvm_begin(struct lvm_line *line, const struct logical *pool, const char *command)
{
    *line = (struct lvm_line){ 0 };
    lvm_word(line, "lvm");
    lvm_word(line, "%s", command);
    add_settings(line);
    add_scope(line, pool);
}

void lvm_begin_change(struct lvm_line *line, const struct logical *pool, const char *command)
{
    lvm_begin(line, pool, command);
    lvm_word(line, "--yes");
    lvm_word(line, "--quiet");
}

void lvm_end(struct lvm_line *line)
{
    while (line->count > 0)
        free(line->words[--line->count]);
    free(line->words);
    *line = (struct lvm_line){ 0 };
}

static uint32_t patience(struct tarn_call *call)
{
    const char *seconds = call->host->option(call, "command-timeout");

    return seconds != NULL ? (uint32_t)strtoul(seconds, NULL, 10) * 1000 : 0;
}

int32_t lvm_run(struct tarn_call *call, struct lvm_line *line, uint64_t accepted,
                struct tool_output *out, int *out_status)
{
    struct tool_run run = { .argv = (const char *const *)line->words, .accepted = accepted,
                            .timeout = patience(call) };
    int32_t status;

    if (line->failed)
        status = tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to run lvm");
    else
        status = tool_run(call, &run, out, out_status);
    lvm_end(line);
    return status;
}
