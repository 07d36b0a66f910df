/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Completion in the interactive shell.
 */
#include "tools/complete.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <readline/readline.h>

#include "tools/auto.h"
#include "tools/lookup.h"
#include "tools/module.h"
#include "tools/split.h"
#include "tools/text.h"

/* readline knows of one program only. */
static struct {
    struct tool *tool;
    char **words; /* that may stand here; ends with NULL */
    size_t count;
    size_t next;
} state;

static void offer(const char *word)
{
    state.words = must_grow(state.words, (state.count + 2) * sizeof(*state.words));
    state.words[state.count++] = must_copy(word);
    state.words[state.count] = NULL;
}

static void forget_words(void)
{
    names_free(state.words);
    state.words = NULL;
    state.count = 0;
}

/* --- what may stand here: failures offer nothing ---------------------------------------------- */

static void offer_commands(void)
{
    for (const struct command_group *group = command_groups; group->title; group++)
        for (const struct command *command = group->commands; command->name; command++)
            offer(command->name);
}

static void offer_options(const struct option *options)
{
    for (; options->name; options++) {
        AUTO(text) char *word = text_format("--%s", options->name);
        offer(word);
    }
}

static void offer_pools(void)
{
    AUTO(pool_list) struct tarn_pool **pools = NULL;

    if (tarn_pool_list(&pools, state.tool->context, 0, NULL) == TARN_OK)
        for (size_t i = 0; pools[i]; i++)
            offer(tarn_pool_name(pools[i]));
}

/* Of the pool that the line names. */
static void offer_volumes(const char *pool_name)
{
    AUTO(pool) struct tarn_pool *pool = NULL;
    AUTO(volume_list) struct tarn_volume **volumes = NULL;

    if (pool_name && tarn_pool_lookup(&pool, state.tool->context, pool_name, NULL) == TARN_OK &&
        tarn_volume_list(&volumes, pool, 5000, NULL, NULL) == TARN_OK)
        for (size_t i = 0; volumes[i]; i++)
            offer(tarn_volume_name(volumes[i]));
}

static void offer_modules(void)
{
    AUTO(module_list) struct tarn_module_record **modules = NULL;

    if (tarn_module_list(&modules, state.tool->context, NULL) == TARN_OK)
        for (size_t i = 0; modules[i]; i++)
            offer(modules[i]->name);
}

static bool has_word(const char *const *list, const char *word)
{
    while (*list && strcmp(*list, word) != 0)
        list++;
    return *list != NULL;
}

/* The parameters of the type that the line names, as far as their "=". */
static void offer_params(const char *type, bool secret)
{
    AUTO(text) char *wanted = text_format("pool:%s", type ? type : "");
    AUTO(module_list) struct tarn_module_record **modules = NULL;

    if (tarn_module_list(&modules, state.tool->context, NULL) != TARN_OK)
        return;
    for (size_t i = 0; modules[i]; i++) {
        AUTO(module_record) struct tarn_module_record *module = NULL;

        if (!has_word(modules[i]->provides, wanted) ||
            tarn_module_read(&module, state.tool->context, modules[i]->name, NULL) != TARN_OK)
            continue;
        for (size_t k = 0; module->params && module->params[k]; k++) {
            AUTO(text) char *word = text_format("%s=", module->params[k]->name);

            if (strcmp(module->params[k]->scope, wanted) == 0 &&
                (module->params[k]->secret != 0) == secret)
                offer(word);
        }
    }
    rl_completion_suppress_append = 1;
}

static void offer_provided(const char *kind)
{
    char **names;

    if (module_provided(&names, state.tool, kind) == TARN_OK)
        for (char **name = names; *name; name++)
            offer(*name);
    names_free(names);
    tool_forgive(state.tool);
}

static void offer_values(const struct option *option, const struct args *before)
{
    switch (option->value) {
    case VALUE_CHOICE:
        for (const char *const *choice = option->choices; *choice; choice++)
            offer(*choice);
        break;
    case VALUE_COMMAND:
        offer_commands();
        break;
    case VALUE_POOL:
        offer_pools();
        break;
    case VALUE_VOLUME:
        offer_volumes(command_option(before->command, "pool") ? args_text(before, "pool") : NULL);
        break;
    case VALUE_MODULE:
        offer_modules();
        break;
    case VALUE_TYPE:
        offer_provided("pool:");
        break;
    case VALUE_PARAM:
    case VALUE_SECRET:
        offer_params(args_text(before, "type"), option->value == VALUE_SECRET);
        break;
    case VALUE_FORMAT:
        offer_provided("format:");
        break;
    default:
        break;
    }
}

static bool is_file(const struct option *option)
{
    return option && (option->value == VALUE_FILE || option->value == VALUE_DIRECTORY);
}

/* The option whose value is next without a name. */
static const struct option *next_positional(const struct args *before)
{
    const struct option *last = NULL;

    for (const struct option *option = before->command->options; option->name; option++) {
        if (option->value == VALUE_NONE || (option->flags & OPTION_NAMED))
            continue;
        if (!args_has(before, option->name))
            return option;
        last = option;
    }
    return last && (last->flags & OPTION_REPEATED) ? last : NULL;
}

/* The option that the last word before the cursor names, waiting for its value. */
static const struct option *waiting_option(const struct words *words, const struct command *command)
{
    const char *last = words->count > 0 ? words->list[words->count - 1] : "";

    if (strncmp(last, "--", 2) != 0 || strchr(last, '='))
        return NULL;
    const struct option *option = command_option(command, last + 2);
    return option && option->value != VALUE_NONE ? option : NULL;
}

/* Fills state.words for a cursor after `line`; answers whether files may stand here. */
static bool gather(const char *line, const char *text)
{
    struct words words;
    struct args before;
    bool wants_file = false;
    const char *rest;

    do {
        words_split(&words, line, &rest);
        if (rest)
            words_clear(&words);
        line = rest;
    } while (line);
    args_parse(&before, words.count, words.list); /* what is wrong is being typed */
    const struct option *option = waiting_option(&words, before.command);
    if (!option && strncmp(text, "--", 2) == 0) {
        if (before.command)
            offer_options(before.command->options);
        offer_options(global_options);
    } else if (!before.command) {
        offer_commands();
    } else {
        option = option ? option : next_positional(&before);
        wants_file = is_file(option);
        if (option && !wants_file)
            offer_values(option, &before);
    }
    args_clear(&before);
    words_clear(&words);
    return wants_file;
}

/* As rl_compentry_func_t. */
static char *generate(const char *text, int go_on)
{
    if (!go_on)
        state.next = 0;
    while (state.next < state.count) {
        const char *word = state.words[state.next++];
        if (strncmp(word, text, strlen(text)) == 0)
            return must_copy(word);
    }
    return NULL;
}

/* As rl_completion_func_t. */
static char **complete(const char *text, int start, int end)
{
    AUTO(text) char *line = text_format("%.*s", start, rl_line_buffer);

    (void)end;
    forget_words();
    if (tool_open(state.tool) != TARN_OK) {
        tool_forgive(state.tool);
        return NULL;
    }
    bool wants_file = gather(line, text);
    rl_attempted_completion_over = !wants_file;
    return wants_file ? NULL : rl_completion_matches(text, generate);
}

void complete_begin(struct tool *tool)
{
    state.tool = tool;
    rl_readline_name = "tarn";
    rl_attempted_completion_function = complete;
    rl_completer_quote_characters = "'\"";
    rl_basic_word_break_characters = " \t\n;";
    rl_completer_word_break_characters = " \t\n;";
    rl_filename_quote_characters = " \t\n;'\"\\";
}
