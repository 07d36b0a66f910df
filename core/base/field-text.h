/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Text of lines of fields with tabs between them, whatever is in the fields: tabs, newlines and
 * backslashes become \t, \n and \\. NULL is a lone "-", and a field that is one is "\-".
 */
#ifndef CORE_FIELD_TEXT_H
#define CORE_FIELD_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Grows as it is written; begun as zeros. With 10,000 lines a stream would cost more than finding
 * out what is in them. */
struct field_text {
    char *bytes; /* not ended by a NUL; freed with free() */
    size_t length;
    size_t room;
    bool failed; /* no memory: something is missing */
};

/* As they are. */
void field_text_put(struct field_text *to, const char *bytes, size_t length);
/* A tab, and the field. */
void field_text_field(struct field_text *to, const char *field);
/* What the field was; in place. */
const char *field_text_read(char *field);

#endif
