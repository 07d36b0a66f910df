/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Understanding a command line. Options may stand before and after other words; a word that begins
 * with "--" and a letter is an option, "--" alone ends them.
 */
#include "tools/args.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <tarn/tarn.h>

#include "tools/text.h"

static bool is_wrong(struct args *args, char *problem)
{
    free(args->problem);
    args->problem = problem;
    return false;
}

static struct arg *find(const struct args *args, const struct option *option)
{
    for (size_t i = 0; i < args->count; i++)
        if (args->list[i].option == option)
            return &args->list[i];
    return NULL;
}

static char *join(const char *const *words)
{
    char *all = must_copy(words[0]);

    while (*++words) {
        char *longer = text_format("%s, %s", all, *words);
        free(all);
        all = longer;
    }
    return all;
}

static bool parse_choice(struct args *args, const struct arg *arg)
{
    for (const char *const *choice = arg->option->choices; *choice; choice++)
        if (strcmp(*choice, arg->text) == 0)
            return true;
    char *all = join(arg->option->choices);
    is_wrong(args, text_format("--%s cannot be '%s': give one of %s", arg->option->name, arg->text,
                               all));
    free(all);
    return false;
}

static bool parse_number(struct args *args, struct arg *arg)
{
    char *end;

    errno = 0;
    arg->number = strtoull(arg->text, &end, 10);
    if (errno || *end || !isdigit((unsigned char)arg->text[0]))
        return is_wrong(args, text_format("--%s '%s' is no number: give decimal digits",
                                          arg->option->name, arg->text));
    return true;
}

static bool parse_size(struct args *args, struct arg *arg)
{
    const char *text = arg->text;

    if ((arg->option->flags & OPTION_SIGNED) && text[0] == '-') {
        arg->negative = true;
        text++;
    }
    if (tarn_size_parse(&arg->number, text, NULL) != TARN_OK)
        return is_wrong(args, text_format("--%s '%s' is no size: give digits and, if not bytes, a "
                                          "unit from KiB to EiB", arg->option->name, arg->text));
    return true;
}

static bool add(struct args *args, const struct option *option, const char *text)
{
    if (!(option->flags & OPTION_REPEATED) && find(args, option))
        return is_wrong(args, text_format("--%s is given twice: leave one of them out",
                                          option->name));
    struct arg *arg = &args->list[args->count++];
    *arg = (struct arg){ .option = option, .text = text };
    switch (option->value) {
    case VALUE_CHOICE:
        return parse_choice(args, arg);
    case VALUE_NUMBER:
        return parse_number(args, arg);
    case VALUE_SIZE:
        return parse_size(args, arg);
    default:
        return true;
    }
}

static bool is_unknown(struct args *args, const char *name)
{
    const char *nearest = option_nearest(args->command, name);

    if (nearest)
        return is_wrong(args, text_format("there is no option --%s: did you mean --%s?", name,
                                          nearest));
    if (args->command)
        return is_wrong(args, text_format("there is no option --%s: see 'tarn help %s'", name,
                                          args->command->name));
    return is_wrong(args, text_format("there is no option --%s: see 'tarn help'", name));
}

/* "--name", "--name value" or "--name=value"; *used = how many words that were. */
static bool add_named(struct args *args, char *const *words, int count, int *used)
{
    const char *equals = strchr(words[0], '=');
    size_t length = equals ? (size_t)(equals - words[0]) - 2 : strlen(words[0]) - 2;
    char *name = text_format("%.*s", (int)length, words[0] + 2);
    const struct option *option = command_option(args->command, name);
    bool right;

    *used = 1;
    if (!option) {
        right = is_unknown(args, name);
    } else if (option->value == VALUE_NONE) {
        right = equals ? is_wrong(args, text_format("--%s takes no value: leave '%s' out", name,
                                                    equals))
                       : add(args, option, "");
    } else if (equals) {
        right = add(args, option, equals + 1);
    } else if (count > 1) {
        *used = 2;
        right = add(args, option, words[1]);
    } else {
        right = is_wrong(args, text_format("--%s needs a value: see 'tarn help%s%s'", name,
                                           args->command ? " " : "",
                                           args->command ? args->command->name : ""));
    }
    free(name);
    return right;
}

/* Words fill the options not given yet; the last takes all that remain if it may be repeated. */
static bool add_positional(struct args *args, const char *word)
{
    const struct option *last = NULL;

    for (const struct option *option = args->command->options; option->name; option++) {
        if (option->value == VALUE_NONE || (option->flags & OPTION_NAMED))
            continue;
        if (!find(args, option))
            return add(args, option, word);
        last = option;
    }
    if (last && (last->flags & OPTION_REPEATED))
        return add(args, last, word);
    return is_wrong(args, text_format("'%s' is one word too many: see 'tarn help %s'", word,
                                      args->command->name));
}

static bool set_command(struct args *args, const char *name)
{
    args->command = command_find(name);
    if (args->command)
        return true;
    const char *nearest = command_nearest(name);
    return is_wrong(args, nearest ? text_format("there is no command '%s': did you mean %s?", name,
                                                nearest)
                                  : text_format("there is no command '%s': see 'tarn help'", name));
}

/* The letters that virsh's users have in their hands. */
static const struct option *find_letter(const char *word)
{
    static const char *const letters[][2] = {
        { "-h", "help" }, { "-q", "quiet" }, { "-v", "version" }, { NULL, NULL },
    };
    for (size_t i = 0; letters[i][0]; i++)
        if (strcmp(word, letters[i][0]) == 0)
            return command_option(NULL, letters[i][1]);
    return NULL;
}

bool args_parse(struct args *out, int count, char *const *words)
{
    bool right = true, options_end = false;

    *out = (struct args){ .list = must_alloc(((size_t)count + 1) * sizeof(*out->list)) };
    for (int i = 0, used = 1; i < count && right; i += used) {
        const char *word = words[i];
        const struct option *letter = options_end ? NULL : find_letter(word);
        used = 1;
        if (letter)
            right = find(out, letter) || add(out, letter, "");
        else if (!options_end && strcmp(word, "--") == 0)
            options_end = true;
        else if (!options_end && strncmp(word, "--", 2) == 0 && isalpha((unsigned char)word[2]))
            right = add_named(out, words + i, count - i, &used);
        else if (!out->command)
            right = set_command(out, word);
        else
            right = add_positional(out, word);
    }
    return right;
}

bool args_check(struct args *args)
{
    const struct command *command = args->command;

    for (const struct option *option = command->options; option->name; option++)
        if ((option->flags & OPTION_REQUIRED) && !find(args, option))
            return is_wrong(args, text_format("--%s is missing: see 'tarn help %s'", option->name,
                                              command->name));
    for (size_t i = 0; command->exclusive && command->exclusive[i][0]; i++)
        if (args_has(args, command->exclusive[i][0]) && args_has(args, command->exclusive[i][1]))
            return is_wrong(args, text_format("--%s and --%s exclude each other: leave one out",
                                              command->exclusive[i][0], command->exclusive[i][1]));
    return true;
}

void args_clear(struct args *args)
{
    free(args->list);
    free(args->problem);
    *args = (struct args){ 0 };
}

const struct arg *args_get(const struct args *args, const char *name)
{
    const struct option *option = command_option(args->command, name);

    if (!option)
        abort();
    return find(args, option);
}

bool args_has(const struct args *args, const char *name)
{
    return args_get(args, name) != NULL;
}

const char *args_text(const struct args *args, const char *name)
{
    const struct arg *arg = args_get(args, name);
    return arg ? arg->text : NULL;
}

uint64_t args_number(const struct args *args, const char *name, uint64_t otherwise)
{
    const struct arg *arg = args_get(args, name);
    return arg ? arg->number : otherwise;
}

const char *args_each(const struct args *args, const char *name, size_t *position)
{
    const struct option *option = command_option(args->command, name);

    if (!option)
        abort();
    while (*position < args->count) {
        const struct arg *arg = &args->list[(*position)++];
        if (arg->option == option)
            return arg->text;
    }
    return NULL;
}

uint32_t args_flag(const struct args *args, const char *name, uint32_t flag)
{
    return args_has(args, name) ? flag : 0;
}
