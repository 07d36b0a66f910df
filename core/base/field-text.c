/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Fields in text, there and back.
 */
#include "core/base/field-text.h"

#include <stdlib.h>
#include <string.h>

static bool make_room(struct field_text *text, size_t more)
{
    size_t room = (text->length + more) * 2;
    char *grown;

    if (text->room - text->length >= more)
        return true;
    grown = text->failed ? NULL : realloc(text->bytes, room);
    text->failed = grown == NULL;
    if (grown == NULL)
        return false;
    text->bytes = grown;
    text->room = room;
    return true;
}

void field_text_put(struct field_text *to, const char *bytes, size_t length)
{
    if (!make_room(to, length))
        return;
    memcpy(to->bytes + to->length, bytes, length);
    to->length += length;
}

void field_text_field(struct field_text *to, const char *field)
{
    field_text_put(to, "\t", 1);
    if (field == NULL) {
        field_text_put(to, "-", 1);
        return;
    }
    if (strcmp(field, "-") == 0)
        field_text_put(to, "\\", 1);
    for (;;) {
        size_t plain = strcspn(field, "\\\t\n");
        char escaped[2] = "\\";

        field_text_put(to, field, plain);
        field += plain;
        if (*field == '\0')
            return;
        escaped[1] = *field == '\t' ? 't' : *field == '\n' ? 'n' : '\\';
        field_text_put(to, escaped, 2);
        field++;
    }
}

const char *field_text_read(char *field)
{
    const char *from = field;
    char *to = field;

    if (strcmp(field, "-") == 0)
        return NULL;
    while (*from != '\0') {
        bool is_escaped = *from == '\\' && from[1] != '\0';

        from += is_escaped;
        *to++ = is_escaped && *from == 't' ? '\t' : is_escaped && *from == 'n' ? '\n' : *from;
        from++;
    }
    *to = '\0';
    return field;
}
