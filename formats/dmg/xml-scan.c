/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * xml-scan.c - see xml-scan.h.
 */
#include "xml-scan.h"

#include <string.h>

#define DEPTH_MAX 32u

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static bool is_name(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '_' || byte == '.' ||
           byte == ':';
}

static bool starts(const struct xml_scan *scan, const char *text)
{
    size_t length = strlen(text);

    return (uint64_t)(scan->end - scan->at) >= length && memcmp(scan->at, text, length) == 0;
}

/* Passes over everything up to and including `text`. */
static bool skip_past(struct xml_scan *scan, const char *text)
{
    uint8_t *found = memmem(scan->at, (size_t)(scan->end - scan->at), text, strlen(text));

    if (found == NULL)
        return false;
    scan->at = found + strlen(text);
    return true;
}

/* A '[' would begin declarations of entities, a quoted '>' is in nobody's DOCTYPE of a plist. */
static bool skip_doctype(struct xml_scan *scan)
{
    while (scan->at < scan->end && *scan->at != '>' && *scan->at != '[')
        scan->at++;
    return scan->at < scan->end && *scan->at++ == '>';
}

/* What is neither tag nor text; *out_skipped tells whether there was something. */
static bool skip_other(struct xml_scan *scan, bool *out_skipped)
{
    *out_skipped = true;
    if (starts(scan, "<?"))
        return skip_past(scan, "?>");
    if (starts(scan, "<!--")) {
        scan->at += 4;
        return skip_past(scan, "-->");
    }
    if (starts(scan, "<!DOCTYPE"))
        return skip_doctype(scan);
    *out_skipped = false;
    return true;
}

/* Attributes mean nothing here; a '>' inside of one would be unlike any plist's. */
static struct xml_token read_tag(struct xml_scan *scan)
{
    struct xml_token token = { .kind = XML_OPEN };
    uint8_t last = 0;

    scan->at++;
    if (scan->at < scan->end && *scan->at == '/') {
        token.kind = XML_CLOSE;
        scan->at++;
    }
    token.text = scan->at;
    while (scan->at < scan->end && is_name(*scan->at))
        scan->at++;
    token.length = (uint64_t)(scan->at - token.text);
    if (token.length == 0 || scan->at == scan->end ||
        !(is_space(*scan->at) || *scan->at == '/' || *scan->at == '>'))
        return (struct xml_token){ .kind = XML_BAD };
    while (scan->at < scan->end && *scan->at != '>') {
        last = *scan->at++;
        if (last == '<')
            return (struct xml_token){ .kind = XML_BAD };
    }
    if (scan->at == scan->end || (last == '/' && token.kind == XML_CLOSE))
        return (struct xml_token){ .kind = XML_BAD };
    scan->at++;
    if (last == '/')
        token.kind = XML_EMPTY;
    return token;
}

/* Text up to the next '<'; XML_END where only white space is left of the bytes. */
static struct xml_token read_text(struct xml_scan *scan)
{
    struct xml_token token = { .kind = XML_TEXT, .text = scan->at };
    uint8_t *angle = memchr(scan->at, '<', (size_t)(scan->end - scan->at));
    bool blank = true;

    scan->at = angle != NULL ? angle : scan->end;
    token.length = (uint64_t)(scan->at - token.text);
    for (uint64_t i = 0; i < token.length && blank; i++)
        blank = is_space(token.text[i]);
    if (blank)
        token.kind = XML_END;
    return token;
}

static struct xml_token bad(struct xml_scan *scan)
{
    scan->end = scan->at;
    return (struct xml_token){ .kind = XML_BAD };
}

struct xml_token xml_next(struct xml_scan *scan)
{
    while (scan->at < scan->end) {
        struct xml_token token;
        bool skipped;

        if (*scan->at != '<') {
            token = read_text(scan);
            if (token.kind == XML_TEXT)
                return token;
            continue;
        }
        if (!skip_other(scan, &skipped))
            return bad(scan);
        if (!skipped) {
            token = read_tag(scan);
            return token.kind == XML_BAD ? bad(scan) : token;
        }
    }
    return (struct xml_token){ .kind = XML_END };
}

bool xml_text_is(const struct xml_token *token, const char *text)
{
    return token->length == strlen(text) && memcmp(token->text, text, token->length) == 0;
}

bool xml_is(const struct xml_token *token, enum xml_kind kind, const char *name)
{
    return token->kind == kind && xml_text_is(token, name);
}

static bool closes(const struct xml_token *token, const struct xml_token *open)
{
    return token->length == open->length && memcmp(token->text, open->text, open->length) == 0;
}

bool xml_skip(struct xml_scan *scan, const struct xml_token *open)
{
    struct xml_token opened[DEPTH_MAX];
    uint32_t depth = 1;

    opened[0] = *open;
    while (depth > 0) {
        struct xml_token token = xml_next(scan);

        if (token.kind == XML_END || token.kind == XML_BAD)
            return false;
        if (token.kind == XML_OPEN) {
            if (depth == DEPTH_MAX)
                return false;
            opened[depth++] = token;
        } else if (token.kind == XML_CLOSE && !closes(&token, &opened[--depth])) {
            return false;
        }
    }
    return true;
}
