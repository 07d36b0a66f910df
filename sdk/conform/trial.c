/* SPDX-License-Identifier: BSD-2-Clause
 *
 * trial.c - what a check says within its trial. The running of trials is in trial-run.c.
 */
#include "conform/trial.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A verdict is a line: a letter (p, f, s; n for a note) and a text. */
static void report(struct trial *trial, char kind, const char *format, va_list arguments)
    TARN_PRINTF(3, 0);

static void report(struct trial *trial, char kind, const char *format, va_list arguments)
{
    char line[2048];
    int length;

    line[0] = kind;
    length = vsnprintf(line + 1, sizeof(line) - 2, format, arguments);
    length = length < 0 ? 0 : length > (int)sizeof(line) - 3 ? (int)sizeof(line) - 3 : length;
    for (int index = 1; index <= length; index++)
        if (line[index] == '\n')
            line[index] = ' ';
    line[length + 1] = '\n';
    if (write(trial->report, line, (size_t)length + 2) < 0)
        _exit(99);
}

void trial_fail(struct trial *trial, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    report(trial, 'f', format, arguments);
    va_end(arguments);
    _exit(0);
}

void trial_skip(struct trial *trial, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    report(trial, 's', format, arguments);
    va_end(arguments);
    _exit(0);
}

void trial_note(struct trial *trial, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    report(trial, 'n', format, arguments);
    va_end(arguments);
}

const char *trial_setting(const struct trial *trial, const char *key)
{
    return config_get(trial->config, trial->part, key);
}

uint64_t trial_size_setting(struct trial *trial, const char *key, uint64_t absent)
{
    const char *text = trial_setting(trial, key);
    const char *units = "KMG";
    const char *unit;
    char *end;
    uint64_t size;

    if (text == NULL)
        return absent;
    size = strtoull(text, &end, 10);
    unit = *end != '\0' && end[1] == '\0' ? strchr(units, *end) : NULL;
    if (end == text || text[0] == '-' || (*end != '\0' && unit == NULL) || size > UINT64_MAX >> 31)
        trial_fail(trial, "[%s] %s = %s: write a number of bytes, or one with K, M or G behind it",
                   trial->part, key, text);
    return unit != NULL ? size << (10 * (unit - units + 1)) : size;
}

const char *trial_word_setting(struct trial *trial, const char *key, unsigned index)
{
    const char *text = trial_setting(trial, key);
    char *copy;
    char *save = NULL;

    if (text == NULL)
        return NULL;
    copy = trial_text(trial, "%s", text);
    for (copy = strtok_r(copy, " ", &save); copy != NULL && index > 0; index--)
        copy = strtok_r(NULL, " ", &save);
    return copy;
}

void *trial_alloc(struct trial *trial, size_t size)
{
    void *memory = calloc(1, size != 0 ? size : 1);

    trial_require(trial, memory != NULL, "the kit itself is out of memory");
    return memory;
}

char *trial_text(struct trial *trial, const char *format, ...)
{
    va_list arguments;
    char *text = NULL;
    int length;

    va_start(arguments, format);
    length = vasprintf(&text, format, arguments);
    va_end(arguments);
    trial_require(trial, length >= 0, "the kit itself is out of memory");
    return text;
}

char *trial_fill_in(struct trial *trial, const char *text)
{
    char *filled = trial_text(trial, "%s", "");
    const char *mark;

    for (; (mark = strstr(text, TRIAL_FOLDER_MARK)) != NULL;
         text = mark + strlen(TRIAL_FOLDER_MARK))
        filled = trial_text(trial, "%s%.*s%s", filled, (int)(mark - text), text, trial->folder);
    return trial_text(trial, "%s%s", filled, text);
}
