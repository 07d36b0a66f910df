/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * XML from outside, read so that it can do no harm: no DOCTYPE and so no entities of its own, no
 * other file, no network, bounded length and depth, and nothing ever printed by the library below.
 */
#ifndef CORE_XML_DOC_H
#define CORE_XML_DOC_H

#include <stddef.h>
#include <stdint.h>

#include <libxml/tree.h>

#include <tarn/tarn.h>

#include "core/base/arena.h"

/* Bytes of a document. libxml2 compares each attribute of an element with all before it: the time
 * that a hostile document takes grows with the square of this. */
#define XML_LENGTH_LIMIT (512u * 1024u)
#define XML_DEPTH_LIMIT 64u

/* Reads `length` bytes. TARN_E_INVALID with the line and what is wrong. *out is freed with
 * xmlFreeDoc; as long as nobody changes it, any number of threads may read it. */
int xml_doc_parse(xmlDoc **out, const char *xml, size_t length, struct tarn_error **error);

/* The text that `xpath` finds in the document `xml`, the `index`-th of several nodes in document
 * order; a number, string or truth value is text with index 0. NULL: no such node, XML or XPath
 * that cannot be read, or no memory. `prefix` is bound to the namespace `uri`; both may be NULL.
 * The result is the arena's. */
const char *xml_query(struct arena *arena, const char *xml, const char *xpath, uint32_t index,
                      const char *prefix, const char *uri);

#endif
