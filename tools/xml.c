/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * XML out.
 */
#include "tools/xml.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/text.h"

static void put(struct xml *xml, const char *text, size_t length)
{
    if (xml->length + length + 1 > xml->room) {
        xml->room = (xml->length + length + 1) * 2;
        xml->text = must_grow(xml->text, xml->room);
    }
    memcpy(xml->text + xml->length, text, length);
    xml->length += length;
    xml->text[xml->length] = '\0';
}

static void put_text(struct xml *xml, const char *text)
{
    put(xml, text, strlen(text));
}

/* White space other than the blank is written as a reference: parsers make blanks of it in
 * attributes, and a newline of a carriage return everywhere. */
static const char *reference(char c)
{
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '\'': return "&apos;";
    case '"': return "&quot;";
    case '\t': return "&#9;";
    case '\n': return "&#10;";
    case '\r': return "&#13;";
    default: return NULL;
    }
}

/* XML 1.0 has no other control characters, no U+FFFE, no U+FFFF. */
static void put_escaped(struct xml *xml, const char *text)
{
    while (*text) {
        unsigned point;
        size_t length = text_decode(&point, text);
        const char *instead = reference(*text);
        if (instead)
            put_text(xml, instead);
        else if (length == 0 || point < 0x20 || point == 0xfffe || point == 0xffff)
            xml->is_bad = true;
        else
            put(xml, text, length);
        text += length ? length : 1;
    }
}

static void indent(struct xml *xml)
{
    for (int i = 0; i < xml->depth; i++)
        put_text(xml, "  ");
}

static void put_attributes(struct xml *xml, const char *const *attributes)
{
    for (; attributes && attributes[0]; attributes += 2) {
        if (!attributes[1])
            continue;
        put_text(xml, " ");
        put_text(xml, attributes[0]);
        put_text(xml, "='");
        put_escaped(xml, attributes[1]);
        put_text(xml, "'");
    }
}

void xml_open(struct xml *xml, const char *name, const char *const *attributes)
{
    indent(xml);
    put_text(xml, "<");
    put_text(xml, name);
    put_attributes(xml, attributes);
    put_text(xml, ">\n");
    xml->depth++;
}

void xml_close(struct xml *xml, const char *name)
{
    xml->depth--;
    indent(xml);
    put_text(xml, "</");
    put_text(xml, name);
    put_text(xml, ">\n");
}

void xml_empty(struct xml *xml, const char *name, const char *const *attributes)
{
    bool has_value = false;

    for (const char *const *pair = attributes; pair[0]; pair += 2)
        has_value |= pair[1] != NULL;
    if (!has_value)
        return;
    indent(xml);
    put_text(xml, "<");
    put_text(xml, name);
    put_attributes(xml, attributes);
    put_text(xml, "/>\n");
}

void xml_mark(struct xml *xml, const char *name)
{
    indent(xml);
    put_text(xml, "<");
    put_text(xml, name);
    put_text(xml, "/>\n");
}

static void put_element(struct xml *xml, const char *name, const char *unit, const char *text)
{
    indent(xml);
    put_text(xml, "<");
    put_text(xml, name);
    put_text(xml, unit);
    put_text(xml, ">");
    put_escaped(xml, text);
    put_text(xml, "</");
    put_text(xml, name);
    put_text(xml, ">\n");
}

void xml_text(struct xml *xml, const char *name, const char *text)
{
    if (text)
        put_element(xml, name, "", text);
}

void xml_size(struct xml *xml, const char *name, uint64_t size)
{
    char digits[32];

    snprintf(digits, sizeof(digits), "%" PRIu64, size);
    put_element(xml, name, " unit='bytes'", digits);
}

int xml_finish(char **out, struct xml *xml, struct tool *tool)
{
    if (xml->is_bad) {
        free(xml->text);
        return tool_wrong(tool, "a value has a control character or bytes that are no UTF-8, which "
                          "XML cannot hold: leave them out");
    }
    *out = xml->text;
    return TARN_OK;
}
