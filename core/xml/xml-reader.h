/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading definitions out of an XML tree: values that live in an arena, errors that name line and
 * element, and warnings for what nobody reads.
 */
#ifndef CORE_XML_READER_H
#define CORE_XML_READER_H

#include <stdint.h>

#include <libxml/tree.h>

#include <tarn/tarn.h>

#include "core/base/arena.h"

/* One per document being read; used by one thread. */
struct xml_reader {
    struct arena *arena;
    struct tarn_error **error;
    void (*warn)(void *arg, const char *text); /* may be NULL */
    void *warn_arg;
};

/* Records "line N: …" with the line of `node` and returns `status`. */
int xml_fail(const struct xml_reader *reader, const xmlNode *node, int status,
             const char *format, ...) TARN_PRINTF(4, 5);
/* TARN_E_INTERNAL if the arena ran out of memory. */
int xml_memory_check(const struct xml_reader *reader);

/* Reads a document: `read` gets the root element, if that is <root> of no namespace. Nothing of the
 * tree lives on. TARN_E_INTERNAL if memory ran out on the way, which nobody else need ask. */
int xml_read_document(const struct xml_reader *reader, const char *xml, size_t length,
                      const char *root, int (*read)(void *arg, const xmlNode *node), void *arg);

/* Is it an element of no namespace with this name? */
int xml_is(const xmlNode *node, const char *name);
/* Is it an element of some namespace? */
int xml_is_foreign(const xmlNode *node);
/* The first child element <name> of no namespace, or NULL, as of a NULL parent. */
const xmlNode *xml_child(const xmlNode *parent, const char *name);
/* The next sibling of the same name, or NULL. */
const xmlNode *xml_again(const xmlNode *node);

/* The text inside, "" if there is none; NULL of NULL, or without memory. */
const char *xml_text(const struct xml_reader *reader, const xmlNode *node);
/* The value of an attribute of no namespace, NULL if there is none. */
const char *xml_attribute_of(const struct xml_reader *reader, const xmlNode *node,
                             const char *name);
/* The same, but missing or empty it is an error. */
int xml_attribute_required(const char **out, const struct xml_reader *reader,
                           const xmlNode *node, const char *name);
/* "yes" is 1, "no" is 2, no such attribute 0; anything else is an error. */
int xml_attribute_yes_no(uint32_t *out, const struct xml_reader *reader, const xmlNode *node,
                         const char *name);
/* The digits of `text` in `base`, blanks around them allowed. 0, or -1: no digits, something else,
 * or over `limit`. */
int xml_digits(uint64_t *out, const char *text, unsigned base, uint64_t limit);
/* A size element: text and the attribute unit, in bytes. */
int xml_size(uint64_t *out, const struct xml_reader *reader, const xmlNode *node,
             uint64_t limit);

/* How an element below a parent may occur; a table of them ends with a NULL name. */
struct xml_known {
    const char *name;
    uint32_t repeats; /* 1: any number of times */
};

/* Warns of each element of no namespace in `parent` that `known` does not have, or that occurs more
 * often than it says: nobody reads those. */
void xml_warn_unknown(const struct xml_reader *reader, const xmlNode *parent,
                      const struct xml_known *known);
void xml_warn(const struct xml_reader *reader, const xmlNode *node, const char *format, ...)
    TARN_PRINTF(3, 4);

/* An element of some namespace. */
struct xml_name {
    const char *uri;
    const char *name;
};

/* `node` itself, or its first sibling after it, that is this element; NULL = none. */
const xmlNode *xml_find_named(const xmlNode *node, const struct xml_name *name);
/* TARN_OK if the element has no attributes but these (ends with NULL) and no child elements but
 * this one (NULL = none): those of our own namespaces are all known. */
int xml_refuse_unknown(const struct xml_reader *reader, const xmlNode *node,
                       const char *const *attributes, const struct xml_name *child);

/* The child elements of other namespaces, but for those that somebody reads (ends with a NULL name),
 * each as XML text that declares the namespaces it uses; an array that ends with NULL. NULL without
 * memory. */
const char *const *xml_keep_foreign(const struct xml_reader *reader, const xmlNode *parent,
                                    const struct xml_name *read);

#endif
