/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * XML out, from what was typed: everything is escaped, and what XML cannot hold is refused.
 */
#ifndef TOOLS_XML_H
#define TOOLS_XML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/tool.h"

/* A document in the making; starts as all zero. */
struct xml {
    char *text;
    size_t length;
    size_t room;
    int depth;
    bool is_bad; /* a value holds what XML cannot */
};

/* "<name a='b' …>" and "</name>". Attributes are pairs of name and value, a list that ends with
 * NULL; a pair whose value is NULL is left out. */
void xml_open(struct xml *xml, const char *name, const char *const *attributes);
void xml_close(struct xml *xml, const char *name);
/* "<name a='b' …/>", and nothing if no attribute has a value. */
void xml_empty(struct xml *xml, const char *name, const char *const *attributes);
/* "<name/>" */
void xml_mark(struct xml *xml, const char *name);
/* "<name>text</name>", and nothing if `text` is NULL. */
void xml_text(struct xml *xml, const char *name, const char *text);
/* "<name unit='bytes'>size</name>" */
void xml_size(struct xml *xml, const char *name, uint64_t size);
/* The finished text, to be freed with free(); the status of a failure if a value was bad. */
int xml_finish(char **out, struct xml *xml, struct tool *tool);

/* The attributes of xml_open and xml_empty. */
#define XML_ATTRIBUTES(...) ((const char *const[]){ __VA_ARGS__, NULL })

#endif
