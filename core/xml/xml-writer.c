/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A growing text, and the names of the elements that are open in it.
 */
#include "core/xml/xml-writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/xml/xml-char.h"

#define DEPTH_LIMIT 16u
#define FIRST_ROOM 2048u

/* How far the start tag of the innermost element has come. */
enum tag {
    TAG_OPEN,     /* <name, attributes may follow */
    TAG_CHILDREN, /* its > is written, and the line ended */
};

struct xml_writer {
    char *text;
    size_t length;
    size_t room;
    int failed;
    unsigned depth;
    enum tag tag;
    const char *names[DEPTH_LIMIT];
};

struct xml_writer *xml_writer_new(void)
{
    return calloc(1, sizeof(struct xml_writer));
}

int xml_writer_end(char **out, struct xml_writer *writer, struct tarn_error **error)
{
    int failed = writer == NULL || writer->failed || writer->text == NULL;

    if (!failed)
        *out = writer->text;
    else if (writer != NULL)
        free(writer->text);
    free(writer);
    return failed ? error_set(error, TARN_E_INTERNAL, 0, "out of memory") : TARN_OK;
}

/* Room for `more` bytes and a NUL. */
static int grow(struct xml_writer *writer, size_t more)
{
    size_t room = writer->room != 0 ? writer->room : FIRST_ROOM;
    char *text;

    if (writer->failed || more > SIZE_MAX / 4 - writer->length) {
        writer->failed = 1;
        return -1;
    }
    while (room - writer->length <= more)
        room *= 2;
    if (room == writer->room)
        return 0;
    text = realloc(writer->text, room);
    if (text == NULL) {
        writer->failed = 1;
        return -1;
    }
    writer->text = text;
    writer->room = room;
    return 0;
}

static void put_bytes(struct xml_writer *writer, const char *bytes, size_t length)
{
    if (grow(writer, length) < 0)
        return;
    memcpy(writer->text + writer->length, bytes, length);
    writer->length += length;
    writer->text[writer->length] = '\0';
}

static void put(struct xml_writer *writer, const char *text)
{
    put_bytes(writer, text, strlen(text));
}

static void put_indent(struct xml_writer *writer)
{
    for (unsigned i = 0; i < writer->depth; i++)
        put(writer, "  ");
}

/* What stands for an ASCII character within text or a single-quoted attribute; NULL = itself. */
static const char *reference_of(char c, int in_attribute)
{
    switch (c) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '\r':
        return "&#13;"; /* a reader takes a bare one for a line feed */
    case '\'':
        return in_attribute ? "&apos;" : NULL;
    case '\n':
        return in_attribute ? "&#10;" : NULL; /* there, a reader takes a bare one for a blank */
    case '\t':
        return in_attribute ? "&#9;" : NULL;
    default:
        return NULL;
    }
}

/* U+F0NN, in UTF-8. */
static void put_stand_in(struct xml_writer *writer, unsigned char byte)
{
    const char bytes[] = { (char)0xef, (char)(0x80 | byte >> 6), (char)(0x80 | (byte & 0x3f)) };

    put_bytes(writer, bytes, sizeof(bytes));
}

static void put_escaped(struct xml_writer *writer, const char *text, int in_attribute)
{
    size_t room = strlen(text);
    const char *reference;
    size_t length;

    for (; room > 0; text += length, room -= length) {
        length = xml_char_length(text, room);
        reference = reference_of(*text, in_attribute);
        if (reference != NULL)
            put(writer, reference);
        else if (length != 0)
            put_bytes(writer, text, length);
        else
            put_stand_in(writer, (unsigned char)*text);
        length += length == 0;
    }
}

/* Before something goes into the innermost element. */
static void begin_child(struct xml_writer *writer)
{
    if (writer->depth > 0 && writer->tag == TAG_OPEN)
        put(writer, ">\n");
    writer->tag = TAG_CHILDREN;
    put_indent(writer);
}

void xml_open(struct xml_writer *writer, const char *name)
{
    if (writer == NULL)
        return;
    if (writer->depth == DEPTH_LIMIT) {
        writer->failed = 1;
        return;
    }
    begin_child(writer);
    put(writer, "<");
    put(writer, name);
    writer->names[writer->depth++] = name;
    writer->tag = TAG_OPEN;
}

void xml_attribute(struct xml_writer *writer, const char *name, const char *value)
{
    if (writer == NULL)
        return;
    put(writer, " ");
    put(writer, name);
    put(writer, "='");
    put_escaped(writer, value, 1);
    put(writer, "'");
}

void xml_attribute_number(struct xml_writer *writer, const char *name, uint64_t value)
{
    char digits[24];

    snprintf(digits, sizeof(digits), "%" PRIu64, value);
    xml_attribute(writer, name, digits);
}

static void put_end_tag(struct xml_writer *writer, const char *name)
{
    put(writer, "</");
    put(writer, name);
    put(writer, ">\n");
}

void xml_close(struct xml_writer *writer)
{
    const char *name;

    if (writer == NULL || writer->depth == 0)
        return;
    name = writer->names[--writer->depth];
    if (writer->tag == TAG_OPEN) {
        put(writer, "/>\n");
    } else {
        put_indent(writer);
        put_end_tag(writer, name);
    }
    writer->tag = TAG_CHILDREN;
}

void xml_close_wide(struct xml_writer *writer)
{
    if (writer == NULL)
        return;
    if (writer->tag == TAG_OPEN)
        put(writer, ">\n");
    writer->tag = TAG_CHILDREN;
    xml_close(writer);
}

/* Ends the innermost element with text in it. */
static void close_with_text(struct xml_writer *writer, const char *text)
{
    put(writer, ">");
    put_escaped(writer, text, 0);
    put_end_tag(writer, writer->names[--writer->depth]);
    writer->tag = TAG_CHILDREN;
}

void xml_text_element(struct xml_writer *writer, const char *name, const char *text)
{
    if (writer == NULL || text == NULL)
        return;
    xml_open(writer, name);
    close_with_text(writer, text);
}

void xml_empty_element(struct xml_writer *writer, const char *name)
{
    xml_open(writer, name);
    xml_close(writer);
}

void xml_value_element(struct xml_writer *writer, const char *name, const char *attribute,
                       const char *value)
{
    if (value == NULL)
        return;
    xml_open(writer, name);
    xml_attribute(writer, attribute, value);
    xml_close(writer);
}

void xml_size_element(struct xml_writer *writer, const char *name, const char *unit, uint64_t size)
{
    char digits[24];

    if (writer == NULL)
        return;
    snprintf(digits, sizeof(digits), "%" PRIu64, size);
    xml_open(writer, name);
    xml_attribute(writer, "unit", unit);
    close_with_text(writer, digits);
}

void xml_raw_element(struct xml_writer *writer, const char *xml)
{
    if (writer == NULL)
        return;
    begin_child(writer);
    put(writer, xml);
    put(writer, "\n");
}
