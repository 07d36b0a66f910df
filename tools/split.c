/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A line of the interactive shell, cut into words.
 */
#include "tools/split.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tools/text.h"

static void add(struct words *words, char *word)
{
    words->list = must_grow(words->list, ((size_t)words->count + 2) * sizeof(*words->list));
    words->list[words->count++] = word;
    words->list[words->count] = NULL;
}

/* Takes one word from `from`; answers where it ends. */
static const char *take_word(char **out, const char *from, char *quote)
{
    char *word = must_alloc(strlen(from) + 1), *to = word;

    *quote = 0;
    for (; *from && (*quote || (!isspace((unsigned char)*from) && *from != ';')); from++) {
        bool escapes = *from == '\\' && from[1] &&
                       (!*quote || (*quote == '"' && strchr("\"\\", from[1])));
        if (escapes)
            *to++ = *++from;
        else if (*quote ? *from == *quote : (*from == '\'' || *from == '"'))
            *quote = *quote ? 0 : *from;
        else
            *to++ = *from;
    }
    *to = '\0';
    *out = word;
    return from;
}

void words_split(struct words *out, const char *line, const char **rest)
{
    *out = (struct words){ 0 };
    out->list = must_alloc(sizeof(*out->list));
    *rest = NULL;
    for (;;) {
        char *word;
        while (isspace((unsigned char)*line))
            line++;
        if (*line == '#' || !*line)
            return;
        if (*line == ';') {
            *rest = line + 1;
            return;
        }
        line = take_word(&word, line, &out->quote);
        add(out, word);
    }
}

void words_clear(struct words *words)
{
    for (int i = 0; i < words->count; i++)
        free(words->list[i]);
    free(words->list);
    *words = (struct words){ 0 };
}
