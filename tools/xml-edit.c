/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Small changes to the XML that the library printed.
 */
#include "tools/xml-edit.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tools/text.h"

/* Where the walk is: the elements that are open, as "volume/target". */
struct walk {
    char path[512];
    const char *found; /* start of the element that is looked for */
};

static const char *skip_to(const char *from, const char *end_mark)
{
    const char *end = strstr(from, end_mark);
    return end ? end + strlen(end_mark) : from + strlen(from);
}

/* The end of the tag at `tag`; a '>' in quotes does not end it. */
static const char *end_of_tag(const char *tag)
{
    char quote = 0;

    for (; *tag; tag++) {
        if (quote ? *tag == quote : (*tag == '\'' || *tag == '"'))
            quote = quote ? 0 : *tag;
        else if (*tag == '>' && !quote)
            return tag + 1;
    }
    return tag;
}

static void enter(struct walk *walk, const char *name, size_t length)
{
    size_t used = strlen(walk->path);

    if (used + length + 2 > sizeof(walk->path))
        return; /* deeper than any path that is asked for; `leave` takes it as one of those */
    if (used > 0)
        walk->path[used++] = '/';
    memcpy(walk->path + used, name, length);
    walk->path[used + length] = '\0';
}

static void leave(struct walk *walk)
{
    char *slash = strrchr(walk->path, '/');
    *(slash ? slash : walk->path) = '\0';
}

/* One tag of any kind; the end of the element that is looked for if this tag closes it. */
static const char *take_tag(struct walk *walk, const char *tag, const char *end, const char *path)
{
    bool closes = tag[1] == '/', is_empty = end[-2] == '/';

    if (!closes) {
        enter(walk, tag + 1, strcspn(tag + 1, " \t\r\n/>"));
        if (!walk->found && strcmp(walk->path, path) == 0)
            walk->found = tag;
    }
    if (!closes && !is_empty)
        return NULL;
    bool is_end = walk->found && strcmp(walk->path, path) == 0;
    leave(walk);
    return is_end ? end : NULL;
}

/* The element at `path` is [*out, answer); NULL if there is none. */
static const char *find(const char **out, const char *text, const char *path)
{
    struct walk walk = { .found = NULL };
    const char *tag = text, *end = NULL;

    while (!end && (tag = strchr(tag, '<'))) {
        if (strncmp(tag, "<!--", 4) == 0) {
            tag = skip_to(tag, "-->");
        } else if (strncmp(tag, "<![CDATA[", 9) == 0) {
            tag = skip_to(tag, "]]>");
        } else if (tag[1] == '?' || tag[1] == '!') {
            tag = skip_to(tag, ">");
        } else {
            const char *next = end_of_tag(tag);
            if (next[-1] != '>')
                break; /* cut off: there is no more */
            end = take_tag(&walk, tag, next, path);
            tag = next;
        }
    }
    *out = walk.found;
    return end;
}

void xml_replace(char **text, const char *path, const char *instead)
{
    const char *start, *end = find(&start, *text, path);

    if (!end)
        return;
    if (!*instead) { /* its line goes with it */
        while (start > *text && (start[-1] == ' ' || start[-1] == '\t'))
            start--;
        end += *end == '\n';
    }
    char *changed = text_format("%.*s%s%s", (int)(start - *text), *text, instead, end);
    free(*text);
    *text = changed;
}
